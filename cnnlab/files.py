"""Where data is kept, and how files are written: whole or not at all.

Below all rooms and free of PyTorch, since the command line must not wait for it to write a notebook.
"""

import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from glob import escape
from pathlib import Path

ABANDONED = 3600  # seconds; no file takes so long to write


def cache_folder() -> Path:
    """Folder for what can be made again: ``CNNLAB_CACHE`` if it is set, else the system's cache folder for users.

    Where that one cannot be written (a read-only home), a temporary folder is used, and one line says so.
    """
    from platformdirs import user_cache_path  # only those who look for the cache wait for it

    chosen = os.environ.get("CNNLAB_CACHE")
    return Path(chosen).expanduser() if chosen else _writable_cache(user_cache_path("cnnlab"))


@cache  # so that the line is printed once
def _writable_cache(folder: Path) -> Path:
    if is_writable(folder):
        return folder
    used = temporary_folder() / "cache"
    print(f"cnnlab: {folder} cannot be written; the cache is {used} (CNNLAB_CACHE names another)", file=sys.stderr)
    return used


def is_writable(folder: Path) -> bool:
    """Whether files can be written in a folder, which need not exist yet.

    >>> is_writable(Path(tempfile.gettempdir(), "not there yet")), is_writable(Path(__file__, "below a file"))
    (True, False)
    """
    existing = next(parent for parent in (folder, *folder.parents) if os.path.exists(parent))
    return existing.is_dir() and os.access(existing, os.W_OK)


@cache
def temporary_folder() -> Path:
    """A folder of the user's own below the system's temporary folder: the same one in every process."""
    if not hasattr(os, "getuid"):  # Windows has a temporary folder for each user
        return Path(tempfile.gettempdir(), "cnnlab")
    folder = Path(tempfile.gettempdir(), f"cnnlab-{os.getuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    # Jupyter runs the configuration that it finds there, so a folder or a link of another user must not be taken.
    return folder if folder.lstat().st_uid == os.getuid() else Path(tempfile.mkdtemp(prefix="cnnlab-"))


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a file to write to that takes ``path``'s place when the block ends well, and vanishes when it does not.

    The file lies beside ``path``, since a rename is atomic only within one file system, and is on the disk before
    it gets its name, so that a power cut cannot leave an empty file. What a process left there that was killed while
    it wrote is removed by who writes to ``path`` an hour later.

    Raises:
        OSError: if the folder is missing or not writable or the disk is full; ``path`` is then what it was before.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> with atomic(target) as draft:
    ...     _ = draft.write_text("done")
    >>> target.read_text(), [file.name for file in target.parent.iterdir()]
    ('done', ['notes.txt'])
    """
    path = Path(path)
    _remove_abandoned(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        yield draft
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _remove_abandoned(path: Path) -> None:
    """Remove the drafts of ``path`` that nobody has written to for long.

    Their age tells, not the writer's process number: in a folder for several machines or containers it means nothing.
    """
    for draft in path.parent.glob(f".{escape(path.name)}.*.partial"):
        ours = re.fullmatch(r"\d+-\d+", draft.name[len(path.name) + 2 : -len(".partial")])
        with suppress(OSError):  # gone already, or somebody else's: it harms no more than before
            if ours and time.time() - draft.stat().st_mtime > ABANDONED:
                draft.unlink()
