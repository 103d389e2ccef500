"""How a host is treated: few connections at once, pauses when it asks for them or is away, an end to patience."""

import asyncio
import heapq
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0  # seconds before a host that is away is tried again


@dataclass
class Host:
    """A host with what is to be asked of it. Times are those of `time.monotonic`, in seconds."""

    connections: int
    patience: float  # seconds without any answer after which it is given up
    waiting: list[tuple[float, int, Any]] = field(default_factory=list)  # (not before, order, what)
    quiet_until: float = 0.0
    silent_since: float | None = None
    given_up: str = ""  # the reason
    _pause: float = FIRST_PAUSE
    _order: int = 0

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.connections)

    def put(self, what: Any, *, after: float = 0.0) -> None:
        """Have something asked, not earlier than in ``after`` seconds."""
        self._order += 1
        heapq.heappush(self.waiting, (time.monotonic() + after if after else 0.0, self._order, what))

    async def take(self) -> Any:
        """The next thing to ask, when its time has come; None if there is nothing left."""
        while self.waiting:
            wait = self.waiting[0][0] - time.monotonic()
            if wait <= 0 or self.given_up:
                return heapq.heappop(self.waiting)[2]
            await asyncio.sleep(min(wait, 0.2))  # something that is due earlier may be put in meanwhile
        return None

    async def quiet(self) -> None:
        """Wait while the host must not be asked."""
        while not self.given_up and (wait := self.quiet_until - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    def answered(self) -> None:
        """It is there."""
        self.silent_since, self._pause = None, FIRST_PAUSE

    def silent(self, reason: str, *, away: bool) -> None:
        """It did not answer; a host that is ``away`` is not asked by anyone for a while, longer each time."""
        now = time.monotonic()
        self.silent_since = self.silent_since or now
        if now - self.silent_since >= self.patience:
            self.given_up = reason
        elif away and self.quiet_until <= now:
            self.quiet_until = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def asked_to_wait(self, seconds: float, reason: str) -> None:
        """It answered with Retry-After; more than our patience means that it is given up."""
        self.answered()
        if seconds > self.patience:
            self.given_up = reason
        self.quiet_until = max(self.quiet_until, time.monotonic() + seconds)


def retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header, which has seconds or a date (RFC 9110, section 10.2.3); None without one.

    >>> retry_after("120"), retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), retry_after("soon")
    (120.0, 0.0, None)
    """
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
