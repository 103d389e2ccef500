"""Folders of pictures, one for each class: file names are read at once, pictures when a batch needs them."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import torch
from PIL import Image
from torch import Tensor

from cnnlab.data.decoding import UnreadablePictureError, decode, open_picture, require_size
from cnnlab.data.split import Split, Splits, Unreadable, stratify


@dataclass(frozen=True, eq=False)
class Pictures:
    """Picture files that are decoded on demand, all to the same ``size`` (height, width) in pixels.

    An integer index gives one picture, (C, H, W) uint8; a tensor of indices gives the `Pictures` of those files.
    """

    paths: tuple[Path, ...]
    size: tuple[int, int]
    channels: int = 3

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""
        return (len(self.paths), self.channels, *self.size)

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: Tensor) -> "Pictures": ...
    def __getitem__(self, index: int | Tensor) -> "Tensor | Pictures":
        if isinstance(index, Tensor):
            return replace(self, paths=tuple(self.paths[i] for i in index.tolist()))
        return decode(self.paths[index], size=self.size, channels=self.channels)


def folder(
    path: str | os.PathLike[str],
    *,
    size: tuple[int, int],
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
) -> Splits:
    """Pictures in folders named after their class (``path/cat/1.jpg``), as a stratified split into three parts.

    Only file names and headers are read here, so that a data set may be larger than the memory; `batches` decodes.
    ``size`` is (height, width) in pixels: pictures are scaled to cover it and cropped at the centre. Files with an
    unreadable header are left out, counted in a warning and listed in ``Splits.unreadable``; pictures that cannot be
    decoded later are listed by `batches`.

    Raises:
        FileNotFoundError, NotADirectoryError: if ``path`` is not a folder.
        ValueError: if there are no class folders, for a class with fewer than three readable pictures, or if ``size``
            is not two whole numbers of at least 1.
    """
    require_size(size)
    root = Path(path)
    if not root.exists():
        raise FileNotFoundError(f"there is no folder {root}; name the one that holds a folder for each class")
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is a file; name the folder that holds a folder for each class")
    classes = sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if not classes:
        raise ValueError(f"{root} holds no class folders; put the pictures in {root}/<class>/, a folder for each class")
    files = [(file, label) for label, name in enumerate(classes) for file in _files(root / name)]
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=8) as threads:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        reasons = list(threads.map(_unreadable, (file for file, _ in files)))
    readable = [entry for entry, reason in zip(files, reasons, strict=True) if reason is None]
    left_out = tuple(
        Unreadable(str(file.relative_to(root)), reason)
        for (file, _), reason in zip(files, reasons, strict=True)
        if reason is not None
    )
    present = {label for _, label in readable}
    empty = [name for label, name in enumerate(classes) if label not in present]
    if empty:
        raise ValueError(
            f"no readable picture in {', '.join(empty[:5])}{' …' if len(empty) > 5 else ''} "
            f"({len(left_out)} unreadable files in {root}); add pictures or remove the folder"
        )
    if left_out:
        warnings.warn(
            f"{len(left_out)} of {len(files)} files in {root} cannot be read and are left out: "
            f"{', '.join(entry.path for entry in left_out[:5])}{' …' if len(left_out) > 5 else ''}; "
            "Splits.unreadable lists them with the reasons",
            stacklevel=2,
        )
    whole = Split(
        Pictures(tuple(file for file, _ in readable), size),
        torch.tensor([label for _, label in readable]),
        tuple(classes),
    )
    return stratify(whole, validation=validation, test=test, seed=seed)._replace(unreadable=left_out)


def _files(folder: Path) -> list[Path]:
    """Every file below ``folder`` that is not hidden, sorted, so that the order is the same on every machine."""
    return sorted(
        Path(parent) / name for parent, _, names in os.walk(folder) for name in names if not name.startswith(".")
    )


def _unreadable(file: Path) -> str | None:
    """Why the picture's header cannot be read; None if it can."""
    try:
        open_picture(file).close()
    except (UnreadablePictureError, OSError) as error:
        return str(error).removeprefix(f"{file}: ")
    return None
