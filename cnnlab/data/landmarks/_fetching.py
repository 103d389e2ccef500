"""Many requests at once, and what each answer means."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import cnnlab
from cnnlab.data.landmarks._hosts import Host, retry_after
from cnnlab.data.landmarks._picture import BadPictureError, store
from cnnlab.data.landmarks.manifest import Entry

if TYPE_CHECKING:
    import aiohttp

REDIRECTS = 5
CONNECTIONS = 256  # to all hosts together
BACK_OFF = 0.5  # seconds before the first further attempt
WAITS = 10  # times that a picture's host may ask to wait, apart from the attempts
REDIRECTED = (301, 302, 303, 307, 308)
ASKED_TO_WAIT = (429, 503)  # RFC 6585, section 4; RFC 9110, section 15.6.4
MAY_PASS = (408, 425, 500, 502, 504)
OPT_OUT = {"noai", "noimageai", "noindex", "noimageindex", "none"}
UNTYPED = ("", "application/octet-stream", "binary/octet-stream")


@dataclass(frozen=True)
class Limits:
    """See `download`."""

    per_host: int
    timeout: float
    retries: int
    patience: float
    max_bytes: int
    contact: str


@dataclass
class _Job:
    """A picture that is not settled yet."""

    entry: Entry
    attempts: int = 0
    waits: int = 0


class _MayPassError(Exception):
    """A failure that another attempt may not have; its text is the reason."""


class _WaitError(Exception):
    """The host asks to wait ``seconds``; its text is the status."""

    def __init__(self, status: str, host: Host, seconds: float) -> None:
        super().__init__(status)
        self.host, self.seconds = host, seconds


class _AwayError(Exception):
    """``host`` cannot be reached."""

    def __init__(self, host: Host) -> None:
        super().__init__("connection")
        self.host = host


class Fetcher:
    """Fetches pictures to a folder; ``settled`` is called with each finished entry."""

    def __init__(self, pictures: Path, limits: Limits, settled: Callable[[Entry], None]) -> None:
        self.pictures, self.limits, self.settled = pictures, limits, settled
        self.hosts: dict[str, Host] = {}

    async def fetch(self, entries: list[Entry]) -> None:
        """Fetch all; ends when the last one is in or given up."""
        import aiohttp

        for entry in entries:
            if not _is_http(entry.url):
                self.settled(entry.failed("url"))
            else:
                self.host(entry.url).put(_Job(entry))
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self.limits.timeout, sock_connect=min(10, self.limits.timeout)),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                headers={
                    "User-Agent": f"cnnlab/{cnnlab.__version__} (contact: {self.limits.contact})",
                    "Accept-Encoding": "identity",  # a picture is compressed already
                },
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as self.session,
            asyncio.TaskGroup() as workers,
        ):
            for host in list(self.hosts.values()):
                # Twice as many as connections, since some are checking and writing what they got.
                for _ in range(min(2 * self.limits.per_host, len(host.waiting))):
                    workers.create_task(self.work(host))

    def host(self, url: str) -> Host:
        """The host of a URL, with its port."""
        name = urlsplit(url).netloc.rpartition("@")[2].lower()
        if name not in self.hosts:
            self.hosts[name] = Host(self.limits.per_host, self.limits.patience)
        return self.hosts[name]

    async def work(self, host: Host) -> None:
        """Take one picture after the other from a host, until none is left."""
        while (job := await host.take()) is not None:
            entry = await self.tried(job, host)
            if entry is not None:
                self.settled(entry)

    async def tried(self, job: _Job, host: Host) -> Entry | None:
        """One attempt: the finished entry, or None if the picture was put back for another one."""
        try:
            return await self.answer(job.entry)
        except _AwayError as error:
            if error.host.given_up:
                return job.entry.failed(str(error))
            host.put(job)
        except _WaitError as error:
            job.waits += 1
            if error.host.given_up or job.waits > WAITS:
                return job.entry.failed(str(error))
            host.put(job, after=error.seconds)
        except _MayPassError as error:
            job.attempts += 1
            if job.attempts > self.limits.retries:
                return job.entry.failed(str(error))
            host.put(job, after=BACK_OFF * 2 ** (job.attempts - 1))
        return None

    async def answer(self, entry: Entry) -> Entry:
        """Ask for a picture, through redirections, and store it.

        Raises:
            _AwayError, _WaitError, _MayPassError: if it should be asked for again.
        """
        url = entry.url
        for _ in range(REDIRECTS + 1):
            host = self.host(url)
            await host.quiet()
            if host.given_up:
                return entry.failed(host.given_up)
            async with host.slots:
                found = await self.request(url, host)
            if isinstance(found, bytes):
                try:
                    return await asyncio.to_thread(store, found, self.pictures, entry)
                except BadPictureError as error:
                    if error.reason == "truncated":
                        raise _MayPassError(error.reason) from None
                    return entry.failed(error.reason)
            if isinstance(found, _Final):
                return entry.opted_out() if found.reason == "x-robots-tag" else entry.failed(found.reason)
            url = urljoin(url, found)
            if not _is_http(url):
                return entry.failed("url")
        return entry.failed("redirects")

    async def request(self, url: str, host: Host) -> "bytes | str | _Final":
        """One request: the content, the URL to go on with, or the final reason.

        Raises:
            _AwayError, _WaitError, _MayPassError: as `answer`.
        """
        import aiohttp

        try:
            async with self.session.get(url, allow_redirects=False) as response:
                host.answered()
                return await self.read(response, host)
        except (aiohttp.InvalidURL, ValueError):
            return _Final("url")
        except aiohttp.ClientSSLError:
            return _Final("certificate")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            host.silent("connection", away=True)
            raise _AwayError(host) from None
        except TimeoutError:
            host.silent("timeout", away=False)
            raise _MayPassError("timeout") from None
        except aiohttp.ClientPayloadError:
            raise _MayPassError("truncated") from None
        except (aiohttp.ClientConnectionError, OSError):
            host.silent("connection", away=False)
            raise _MayPassError("connection") from None
        except aiohttp.ClientError:
            raise _MayPassError("protocol") from None

    async def read(self, response: "aiohttp.ClientResponse", host: Host) -> "bytes | str | _Final":
        """What an answer is."""
        status = response.status
        if status in REDIRECTED and "Location" in response.headers:
            return response.headers["Location"]
        if status in ASKED_TO_WAIT:
            seconds = retry_after(response.headers.get("Retry-After"))
            if seconds is None:
                raise _MayPassError(str(status))
            host.asked_to_wait(seconds, str(status))
            raise _WaitError(str(status), host, seconds)
        if status in MAY_PASS:
            raise _MayPassError(str(status))
        if status != 200:
            return _Final(str(status))
        if opts_out(response.headers.getall("X-Robots-Tag", [])):
            return _Final("x-robots-tag")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not (kind.startswith("image/") or kind in UNTYPED):
            return _Final("type")
        if (response.content_length or 0) > self.limits.max_bytes:
            return _Final("size")
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > self.limits.max_bytes:
                return _Final("size")
        return bytes(content)


@dataclass(frozen=True)
class _Final:
    """A reason for which a picture is given up at once."""

    reason: str


def opts_out(headers: list[str]) -> bool:
    """Whether an X-Robots-Tag forbids to train on a picture: for all robots, or for one called cnnlab.

    >>> opts_out(["noai, noimageai"]), opts_out(["otherbot: noindex"]), opts_out(["nofollow"])
    (True, False, False)
    """
    for header in headers:
        robot = ""
        for part in header.lower().split(","):
            name, colon, directive = part.partition(":")
            if colon:
                robot = name.strip()
            if (directive if colon else name).strip() in OPT_OUT and robot in ("", "*", "cnnlab"):
                return True
    return False


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
