"""A local HTTP server for the drawn world, with the faults of real ones; a picture is drawn when it is asked for.

``/<id>.jpg`` is a picture and ``/train.csv`` the CSV with all their URLs.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from cnnlab.data.landmarks.extra import needed
from cnnlab.data.landmarks.world.rows import ROWS, Row, World

if TYPE_CHECKING:
    from aiohttp import web

PORT = 8765
SLOW, STALLED = 1.0, 3600.0  # seconds between two halves of a picture; before a picture that never comes
START = 60  # seconds in which the server must have started


@contextmanager
def serving(
    *, seed: int = 0, rows: int = ROWS, port: int = 0, log: str | os.PathLike[str] | None = None
) -> Iterator[str]:
    """Serve the drawn world from another process until the block ends; gives the address, as "http://127.0.0.1:51234".

    Its CSV, at the address followed by ``/train.csv``, has ``rows`` rows. With ``port`` 0 the system chooses a free
    port. ``log`` names a file to which the server appends a line for each answer: the path asked for, and the status,
    or the fault for an answer that was broken off.

    Raises:
        OSError: if the port is taken.
        ImportError: if aiohttp is not installed.
    """
    with needed("aiohttp"):
        import aiohttp  # noqa: F401
    options = {"seed": seed, "rows": rows, "port": port, "log": None if log is None else str(Path(log).resolve())}
    command = [sys.executable, "-m", "cnnlab.data.landmarks.world.server", json.dumps(options)]
    # The server ends when its input does: with this process, whatever ends that.
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdin  # for the type checker
    assert server.stdout
    assert server.stderr
    try:
        address = server.stdout.readline().strip()
        if not address:
            raise OSError(f"the server did not start: {server.stderr.read().strip()[-500:]}")
        yield address
    finally:
        server.stdin.close()
        server.wait(START)
        server.stdout.close()
        server.stderr.close()


def serve(*, seed: int, rows: int, port: int, log: str | None, ready: Callable[[str], None]) -> None:
    """Serve the drawn world in this process until it is interrupted; ``ready`` gets the address.

    Raises:
        OSError: if the port is taken.
        ImportError: if aiohttp is not installed.
    """
    with needed("aiohttp"):
        asyncio.run(_Server(seed, rows, log).run(port, ready, until=asyncio.Event().wait))


class _Painters:
    """Processes that draw, as many as there are cores."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.free: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()

    async def start(self) -> None:
        command = [sys.executable, "-m", "cnnlab.data.landmarks.world.files", str(self.seed)]
        pipe = asyncio.subprocess.PIPE
        for _ in range(os.cpu_count() or 1):
            self.free.put_nowait(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))

    async def draw(self, id: str) -> bytes:
        """The picture file of a row. A client that goes away leaves no half answer in the pipe."""
        return await asyncio.shield(asyncio.ensure_future(self._drawn(id)))

    async def _drawn(self, id: str) -> bytes:
        painter = await self.free.get()
        try:
            assert painter.stdin  # for the type checker
            assert painter.stdout
            painter.stdin.write(f"{id}\n".encode())
            return await painter.stdout.readexactly(int(await painter.stdout.readexactly(8)))
        finally:
            self.free.put_nowait(painter)


class _Server:
    def __init__(self, seed: int, rows: int, log: str | None) -> None:
        self.world, self.rows, self.painters = World(seed=seed), rows, _Painters(seed)
        self.log = None if log is None else Path(log).open("a", buffering=1)  # noqa: SIM115 (open as long as the server runs)
        self.asked: set[str] = set()
        self.address = ""

    async def run(self, port: int, ready: Callable[[str], None], until: Callable[[], Awaitable[object]]) -> None:
        from aiohttp import web

        await self.painters.start()
        app = web.Application()
        app.add_routes(
            [
                web.get("/train.csv", self.csv),
                web.get("/moved/{id}.jpg", self.moved),
                web.get("/{id}.jpg", self.picture),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)  # 0 would wait for the stalled answers
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready(self.address)
            await until()
        finally:
            await runner.cleanup()

    @cached_property
    def folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="cnnlab-landmarks-")

    async def csv(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        path = Path(self.folder.name, "train.csv")
        if not path.exists():
            await asyncio.to_thread(self.world.write_csv, path, rows=self.rows, address=self.address)
        return web.FileResponse(path)

    async def moved(self, request: "web.Request") -> "web.StreamResponse":
        """Where a redirection leads."""
        row = self.world.row(request.match_info["id"])
        return await self.whole(request, row) if row else self.status(request, 404)

    async def picture(self, request: "web.Request") -> "web.StreamResponse":
        """A picture, or the fault that belongs to it."""
        from aiohttp import web

        row = self.world.row(request.match_info["id"])
        first = request.match_info["id"] not in self.asked
        self.asked.add(request.match_info["id"])
        if row is None:
            return self.status(request, 404)
        if row.fault in ("404", "403"):
            return self.status(request, int(row.fault))
        if row.fault == "busy" and first:
            return self.status(request, 429, {"Retry-After": "1"})
        if row.fault == "redirect":
            return self.status(request, 302, {"Location": f"/moved/{row.id}.jpg"})
        if row.fault == "wrong type":
            self.write(request, "200")
            return web.Response(
                text="<html><body>This photo is no longer here.</body></html>", content_type="text/html"
            )
        if row.fault == "corrupt":
            self.write(request, "200")
            return web.Response(body=bytes.fromhex(row.id) * 500, content_type="image/jpeg")
        if row.fault in ("truncated", "slow", "stalled") or (row.fault == "broken off" and first):
            return await self.in_parts(request, row)
        return await self.whole(request, row)

    async def whole(self, request: "web.Request", row: Row) -> "web.StreamResponse":
        from aiohttp import web

        content = await self.painters.draw(row.id)
        if row.fault == "cut":
            content = content[: len(content) // 2]
        headers = {"X-Robots-Tag": "noai, noimageai"} if row.fault == "opted out" else {}
        self.write(request, "200")
        return web.Response(body=content, content_type="image/jpeg", headers=headers)

    async def in_parts(self, request: "web.Request", row: Row) -> "web.StreamResponse":
        """Half of the picture, and the other half later or never."""
        from aiohttp import web

        content = await self.painters.draw(row.id)
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg", "Content-Length": str(len(content))})
        await response.prepare(request)
        half = len(content) // 2
        await response.write(content[:half])
        if row.fault in ("truncated", "broken off"):
            self.write(request, row.fault)
            assert request.transport is not None  # for the type checker
            request.transport.close()
            return response
        await asyncio.sleep(SLOW if row.fault == "slow" else STALLED)
        await response.write(content[half:])
        self.write(request, "200")
        return response

    def status(self, request: "web.Request", status: int, headers: dict[str, str] | None = None) -> "web.Response":
        from aiohttp import web

        self.write(request, str(status))
        return web.Response(status=status, headers=headers)

    def write(self, request: "web.Request", status: str) -> None:
        if self.log:
            self.log.write(f"{request.path} {status}\n")


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted cell of a notebook leaves the server running
    options = json.loads(sys.argv[1])
    port, server = options.pop("port"), _Server(**options)

    async def input_ends() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def wait() -> None:
            sys.stdin.read()
            loop.call_soon_threadsafe(ended.set)

        Thread(target=wait, daemon=True).start()
        await ended.wait()

    asyncio.run(server.run(port, lambda address: print(address, flush=True), until=input_ends))


if __name__ == "__main__":
    _main()
