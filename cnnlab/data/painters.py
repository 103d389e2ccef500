"""Drawn pictures as files in the cache: drawn when they are needed first, by as many processes as cores."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FEW = 50  # pictures; a process takes as long to start as to draw so many


def draw_missing(pictures: Sequence[tuple[str, Path]], module: str, seed: int) -> None:
    """Draw the pictures whose files are missing. Each is (what to ask the painter for, its file).

    ``module`` is a program that draws with a ``seed``, see `answer`.

    Raises:
        OSError: if a file cannot be written, or a painter ends.
    """
    missing = [(asked, path) for asked, path in pictures if not path.exists()]
    processes = min(os.cpu_count() or 1, 1 + len(missing) // FEW)
    command = [sys.executable, "-m", module, str(seed)]
    with ThreadPoolExecutor(processes) as threads:
        list(threads.map(lambda start: _ask(missing[start::processes], command), range(processes) if missing else ()))


def _ask(wanted: Sequence[tuple[str, Path]], command: Sequence[str]) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as painter:
        assert painter.stdin  # for the type checker
        assert painter.stdout
        for asked, path in wanted:
            painter.stdin.write(f"{asked}\n".encode())
            painter.stdin.flush()
            length = painter.stdout.read(8)
            if not length:
                raise OSError(f"the process that draws pictures, {command[-2]}, ended; try again")
            content = painter.stdout.read(int(length))
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}.part")
            draft.write_bytes(content)
            draft.replace(path)
        painter.stdin.close()


def answer(content_of: Callable[[list[str]], bytes]) -> None:
    """The other side: read lines, and answer each, as words, with the length and the bytes of a file.

    A program of its own, because drawing holds Python's global lock, and one that ends when its input does, so that
    a process that is killed leaves nothing behind.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; the other one decides
    for line in sys.stdin:
        content = content_of(line.split())
        sys.stdout.buffer.write(b"%08d" % len(content) + content)
        sys.stdout.buffer.flush()
