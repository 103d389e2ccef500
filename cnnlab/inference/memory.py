"""Freed memory kept for the next layer, while a network runs on a processor.

A layer's output is often larger than 32 MiB. The C library of Linux (glibc) takes such a block from the system and
gives it back when it is freed, so that the next layer begins with memory that has never been touched: a page fault for
every 4 KiB. On a virtual machine that can take longer than the arithmetic.
"""

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # numbers of mallopt(3)
KEEP = {M_MMAP_THRESHOLD: 1 << 30, M_TRIM_THRESHOLD: (1 << 31) - 1}  # bytes
USUAL = {M_MMAP_THRESHOLD: 32 << 20, M_TRIM_THRESHOLD: 64 << 20}  # what glibc itself arrives at with large blocks
_running = 0
_change = threading.Lock()


@contextmanager
def memory_kept() -> Iterator[None]:
    """Let blocks up to 1 GiB stay with the process when they are freed; afterwards they go back to the system.

    The process holds up to a fifth more at its peak. Without effect where the C library is not glibc.

    >>> with memory_kept():
    ...     torch.ones(2).sum()
    tensor(2.)
    """
    global _running
    libc = _glibc()
    with _change:  # networks may run in several threads, and inside each other
        _running += 1
        _set(libc, KEEP)
    try:
        yield
    finally:
        with _change:
            _running -= 1
            if not _running:
                _set(libc, USUAL)
                if libc is not None:
                    libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "mallopt") else None  # musl has none


def _set(libc: ctypes.CDLL | None, options: dict[int, int]) -> None:
    if libc is not None:
        for option, value in options.items():
            libc.mallopt(option, value)
