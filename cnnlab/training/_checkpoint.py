"""The state of an unfinished run, on the disk after every epoch."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from cnnlab.files import atomic
from cnnlab.training._settings import numpy_free

MARK, VERSION = "cnnlab checkpoint", 2


def write_checkpoint(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write ``state`` so that a kill at any moment leaves the last checkpoint or this one.

    Raises:
        OSError: if the disk is full or the folder not writable; the checkpoint before is untouched.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as draft, open(draft, "wb") as file:
            torch.save(numpy_free({MARK: VERSION, **state}), file)
    except (OSError, RuntimeError) as error:
        reason: BaseException | None = error
        while reason is not None and not isinstance(reason, OSError):  # torch's writer hides the system's words
            reason = reason.__context__
        raise OSError(
            f"the checkpoint {path} could not be written ({reason or error}); the one before is untouched: free "
            "some space or make the folder writable, then call fit again with the same resume"
        ) from error


def read_checkpoint(path: str | os.PathLike[str], settings: dict[str, Any], epochs: int) -> dict[str, Any] | None:
    """Read the state of a run of ``epochs`` that was begun with ``settings``; None if there is none yet.

    Never runs code from the file.

    Raises:
        ValueError: if the file is damaged, no checkpoint of cnnlab, or of a run with other settings or more epochs.
    """
    path = Path(path)
    if not path.exists():
        return None
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it, as resume={str(path / 'run.pt')!r}")
    try:
        state = _read(path)
    except (pickle.UnpicklingError, zipfile.BadZipFile, RuntimeError, EOFError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0][:120]
        raise ValueError(
            f"{path} is no checkpoint of this version of cnnlab, or a damaged one ({reason}); name another file in "
            "resume to begin again"
        ) from error
    changed = [
        _difference(name, state["settings"].get(name), settings.get(name))
        for name in {**state["settings"], **settings}
        if state["settings"].get(name) != settings.get(name)
    ]
    if changed:
        raise ValueError(
            f"{path} belongs to a run with other settings: {'; '.join(changed)}; call fit as before, or name "
            "another file in resume"
        )
    if len(state["rows"]) > epochs:
        raise ValueError(f"{path} has {len(state['rows'])} epochs already, more than epochs={epochs}; ask for more")
    return state


def _read(path: Path) -> dict[str, Any]:
    if not zipfile.is_zipfile(path):
        raise ValueError("it is cut off or something else")
    with zipfile.ZipFile(path) as archive:  # torch.load does not look at the checksums
        broken = archive.testzip()
    if broken:
        raise ValueError(f"the checksum of its part {broken} is wrong")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or state.get(MARK) != VERSION:
        raise ValueError(f"its first entry is not {MARK!r}: {VERSION}")
    return state


def _difference(name: str, before: object, now: object) -> str:
    if isinstance(before, dict) and isinstance(now, dict):  # of a network's many tensors, the first that is another
        part = next(key for key in {**before, **now} if before.get(key) != now.get(key))
        name, before, now = f"{name}'s {part}", before.get(part, "missing"), now.get(part, "missing")
    return f"{name} {_short(before)}, now {_short(now)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
