"""The state of an unfinished run, on the disk after every epoch."""

import hashlib
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cnnlab.data import Pictures, Split
from cnnlab.files import atomic

VERSION = 1
PARTS = {"version", "settings", "rows", "model", "optimizer", "schedule", "best", "way", "finished"}


def write_checkpoint(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write ``state`` so that a kill at any moment leaves the last checkpoint or this one.

    Raises:
        OSError: if the disk is full or the folder not writable; the checkpoint before is untouched.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as draft, open(draft, "wb") as file:
            torch.save(_plain({"version": VERSION, **state}), file)
    except (OSError, RuntimeError) as error:  # torch's writer turns a full disk into a RuntimeError
        raise OSError(
            f"the checkpoint {path} could not be written ({error}); the one before is untouched: free some space or "
            "make the folder writable, then call fit again with the same resume"
        ) from error


def read_checkpoint(path: str | os.PathLike[str], settings: dict[str, Any]) -> dict[str, Any] | None:
    """Read the state of a run that was begun with ``settings``; None if there is none yet.

    Never runs code from the file.

    Raises:
        ValueError: if the file is damaged, no checkpoint of cnnlab, or belongs to a run with other settings.
    """
    if not Path(path).exists():
        return None
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is cut off or something else")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0][:120]
        raise ValueError(
            f"{path} is damaged or no checkpoint of cnnlab ({reason}); delete it, or name another file in resume"
        ) from error
    if not isinstance(state, dict) or set(state) != PARTS or state["version"] != VERSION:
        raise ValueError(
            f"{path} is no checkpoint of this version of cnnlab; delete it, or name another file in resume"
        )
    changed = [
        _difference(name, state["settings"].get(name), value)
        for name, value in settings.items()
        if state["settings"].get(name) != value
    ]
    if changed:
        raise ValueError(
            f"{path} belongs to a run with other settings: {'; '.join(changed)}; call fit as before, or name "
            "another file in resume"
        )
    return state


def fingerprint(split: Split) -> str:
    """What tells a split from another: its labels, and the bytes of its pictures or their paths."""
    digest = hashlib.sha256(split.labels.cpu().numpy().tobytes())
    images = split.images
    if isinstance(images, Tensor):
        digest.update(images[:: max(1, len(images) // 100)].cpu().numpy().tobytes())  # a hundred of them
    elif isinstance(images, Pictures):
        digest.update("\n".join(map(str, images.paths)).encode())
    return digest.hexdigest()[:12]


def _difference(name: str, before: object, now: object) -> str:
    if isinstance(before, dict) and isinstance(now, dict):  # of a network's many tensors, the first that is another
        part = next(key for key in {**before, **now} if before.get(key) != now.get(key))
        name, before, now = f"{name}'s {part}", before.get(part, "missing"), now.get(part, "missing")
    return f"{name} {_short(before)}, now {_short(now)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _plain(value: Any) -> Any:
    """``value`` with NumPy's numbers as Python's: a checkpoint is read without running code, and they would need it."""
    match value:
        case np.generic():
            return value.item()
        case dict():
            return type(value)((key, _plain(item)) for key, item in value.items())
        case list() | tuple():
            return type(value)(map(_plain, value))
    return value
