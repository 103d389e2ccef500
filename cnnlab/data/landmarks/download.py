"""Pictures by URL, from hosts that may be slow, full or gone, or that send something else."""

import asyncio
import getpass
import os
import re
import socket
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnlab.data.landmarks._fetching import Fetcher, Limits
from cnnlab.data.landmarks._picture import BadPictureError, store
from cnnlab.data.landmarks.extra import needed
from cnnlab.data.landmarks.manifest import NAME, Entry, appending, picture_path, read_manifest, write_manifest
from cnnlab.data.landmarks.subset import COLUMNS, read_rows

NAMES = re.compile(r"[\w-]{1,100}")  # of pictures and landmarks: they become names of files and folders


@dataclass(frozen=True)
class Downloaded:
    """How the rows of a CSV ended: ``reasons`` counts the pictures that are not there by the reason in the manifest."""

    rows: int
    ok: int
    asked_now: int  # rows that were not settled before
    reasons: dict[str, int]


def download(
    csv: str | os.PathLike[str],
    pictures: str | os.PathLike[str],
    *,
    retry_failed: Collection[str] = (),
    per_host: int = 8,
    timeout: float = 20,
    retries: int = 3,
    patience: float = 60,
    max_bytes: int = 20_000_000,
    contact: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Downloaded:
    """Download the pictures of a CSV ``id,url,landmark_id`` to ``pictures/<landmark_id>/<id>.jpg``.

    ``pictures/manifest.csv`` gets a line for each row: ``id,url,landmark_id,status,reason,sha256,bytes,width,height``.
    A row whose line is there is settled, and no later call asks for it, except one that failed for a reason in
    ``retry_failed``. So a call that was interrupted or killed goes on where it was.

    A picture is whole if it has the announced length and decodes. Redirections are followed. A host has ``per_host``
    connections at most, and is left alone for as long as its Retry-After says. A request takes ``timeout`` seconds at
    most; what may pass (a timeout, a broken answer, an error of the server) is tried again ``retries`` times, after
    half a second, then twice as long each time. A host that cannot be reached is waited for, without counting these
    attempts, and given up after ``patience`` seconds without an answer.

    Every host gets ``contact`` in the User-Agent, an address at which its operator reaches you (user@machine unless
    given). Pictures whose X-Robots-Tag forbids this use (noai, noimageai, noindex, noimageindex, none) are left out
    with the status "opted out".

    Reasons: a status of HTTP ("404"), "timeout", "connection", "truncated", "corrupt", "type" (no picture), "size"
    (more than ``max_bytes``, or 80 million pixels), "redirects", "certificate", "protocol", "url", "row" (an id that
    cannot be a file name), "x-robots-tag".

    ``progress`` is called with the number of rows that are settled and the number of all rows.

    Raises:
        FileNotFoundError, ValueError: if there is no ``csv``, or it has other columns.
        OSError: if another process downloads to ``pictures``, or nothing can be written there.
        ImportError: if aiohttp, polars or filelock is not installed.
    """
    with needed("aiohttp"):
        import aiohttp  # noqa: F401
    with needed("filelock"):
        from filelock import FileLock, Timeout
    rows = read_rows(csv).select(COLUMNS).fill_null("").unique("id", keep="first", maintain_order=True)
    pictures = Path(pictures)
    pictures.mkdir(parents=True, exist_ok=True)
    contact = contact or f"{getpass.getuser()}@{socket.gethostname()}"
    limits = Limits(per_host, timeout, retries, patience, max_bytes, contact)
    try:
        with FileLock(pictures / ".lock", timeout=0):
            return _download(rows.rows(), pictures, frozenset(retry_failed), limits, progress)
    except Timeout:
        raise OSError(f"another process is downloading to {pictures}; wait for it, or stop it") from None


def _download(
    rows: list[tuple[str, str, str]],
    pictures: Path,
    retry_failed: frozenset[str],
    limits: Limits,
    progress: Callable[[int, int], None],
) -> Downloaded:
    settled = read_manifest(pictures) if (pictures / NAME).exists() else {}
    for leftover in pictures.glob("*/.*.part"):
        leftover.unlink()
    todo: list[Entry] = []
    with appending(pictures) as manifest:

        def add(entry: Entry) -> None:
            manifest.add(entry)
            settled[entry.id] = entry
            progress(len(rows) - len(todo) + manifest.added.total(), len(rows))

        for id, url, landmark_id in rows:
            known = settled.get(id)
            if known is None or known.reason in retry_failed or not _still_there(pictures, known):
                todo.append(Entry(id, url, landmark_id, ""))
        asked = []
        for entry in todo:
            if not (NAMES.fullmatch(entry.id) and NAMES.fullmatch(entry.landmark_id)):
                add(entry.failed("row"))
            elif (found := _adopted(pictures, entry)) is not None:  # a kill came between the picture and its line
                add(found)
            else:
                asked.append(entry)
        _run(Fetcher(pictures, limits, add).fetch(asked))
    write_manifest(pictures, settled.values())  # one line for each id
    final = [settled[id] for id, _, _ in rows]
    reasons = Counter(entry.reason for entry in final if entry.status != "ok")
    return Downloaded(len(rows), len(final) - reasons.total(), len(todo), dict(reasons.most_common()))


def _still_there(pictures: Path, entry: Entry) -> bool:
    """Whether a picture that arrived lies where it should; always for others."""
    if entry.status != "ok":
        return True
    path = picture_path(pictures, entry)
    return path.exists() and path.stat().st_size == entry.bytes


def _adopted(pictures: Path, entry: Entry) -> Entry | None:
    """The finished entry for a whole picture that lies there already."""
    path = picture_path(pictures, entry)
    if not path.exists():
        return None
    try:
        return store(path.read_bytes(), pictures, entry)
    except BadPictureError:
        return None


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end; in a thread where an event loop is running already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    loops = []

    async def noted() -> None:
        loops.append(asyncio.get_running_loop())
        await work

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, noted())
        try:
            return running.result()
        except KeyboardInterrupt:  # the cell was interrupted
            for loop in loops:
                loop.call_soon_threadsafe(_cancel_all, loop)
            raise


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
