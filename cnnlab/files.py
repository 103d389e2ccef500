"""Where data is kept, and how files are written: whole or not at all.

Below all rooms and free of PyTorch, since the command line must not wait for it to write a notebook.
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path


def cache_folder() -> Path:
    """Folder for what can be made again: ``CNNLAB_CACHE`` if it is set, else the system's cache folder for users."""
    from platformdirs import user_cache_path  # only those who look for the cache wait for it

    chosen = os.environ.get("CNNLAB_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("cnnlab")


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a file to write to that takes ``path``'s place when the block ends well, and vanishes when it does not.

    The file lies beside ``path``, since a rename is atomic only within one file system, and is on the disk before
    it gets its name, so that a power cut cannot leave an empty file. What a process left there that was killed while
    it wrote is removed by the next that writes to ``path``.

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
    """Remove the drafts of ``path`` whose writers are no more."""
    for draft in path.parent.glob(f".{escape(path.name)}.*.partial"):
        writer = re.fullmatch(r"(\d+)-(\d+)\.partial", draft.name.removeprefix(f".{path.name}."))
        if writer and not _alive(int(writer[1]), int(writer[2])):
            with suppress(OSError):  # somebody else's, in a folder for all: it harms no more than before
                draft.unlink()


def _alive(process: int, thread: int) -> bool:
    if process == os.getpid():
        return thread in {known.ident for known in threading.enumerate()}
    if os.name != "posix":
        return True  # there is no harmless way to ask: Windows would end the process
    try:
        os.kill(process, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs under another user
    return True
