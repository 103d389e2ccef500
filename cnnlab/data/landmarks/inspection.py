"""Pictures that a data set should not have: damaged, blank, blurred, twice there; and near-duplicates, as groups."""

import csv
import os
import shutil
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps

from cnnlab.data.landmarks._picture import BadPictureError, measured
from cnnlab.data.landmarks.duplicates import Hashes, hashes, near_duplicates
from cnnlab.data.landmarks.manifest import Entry, picture_path, read_manifest, write_manifest
from cnnlab.files import atomic

if TYPE_CHECKING:
    from torch import Tensor

NAME = "inspection.csv"
COLUMNS = ("id", "landmark_id", "finding", "detail", "group")
SIDE = (192, 256)  # pixels to which a picture is scaled before its sharpness is measured
BLANK = 4.0  # standard deviation of the grey values, of 255
BLURRED = 0.004  # variance of the Laplacian, as a part of the variance of the grey values


@dataclass(frozen=True)
class Inspected:
    """What `inspect` found: pictures that stay, pictures in quarantine by reason, and groups of near-duplicates."""

    kept: int
    quarantined: dict[str, int]
    near_duplicates: int  # pictures in the groups
    groups: int


class _Look(NamedTuple):
    """What one picture shows."""

    problem: str
    detail: str
    hashes: Hashes | None


def inspect(
    pictures: str | os.PathLike[str],
    *,
    features: "Callable[[Tensor], Tensor] | None" = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Inspected:
    """Look at every picture of a download; move bad ones to a folder beside it, and group near-duplicates.

    - "truncated" or "corrupt": the file does not decode to its end.
    - "blank": the grey values differ by less than 4 of 255 (standard deviation).
    - "blurred": next to no fine detail, measured by the variance of the Laplacian (Pech-Pacheco et al. 2000), here as
      a part of the picture's own variance, so that fog alone does not count.
    - "duplicate": the same bytes as an earlier picture. Where two landmarks claim them, nobody knows which is right,
      and all are taken out.

    Bad pictures go to ``<pictures>-quarantine/<reason>/<landmark_id>/<id>.jpg``, and their line in the manifest says
    "quarantined" and the reason, so that no download asks for them again.

    Near-duplicates (recompressed, resized, cropped by some per cent, mirrored) stay, in groups that `split` puts into
    one part. Perceptual hashes find candidates. ``features``, which turns pictures (N, 3, H, W) uint8 into features
    (N, D), and the details of both pictures confirm them; see `cnnlab.data.landmarks.duplicates`.

    ``pictures/inspection.csv`` lists what was found: ``id,landmark_id,finding,detail,group``. A second call inspects
    what is still there, and keeps what the first one found.

    Raises:
        FileNotFoundError: if ``pictures`` has no manifest.
        ImportError: if imagehash is not installed.
    """
    from cnnlab.data.decoding import ahead

    pictures = Path(pictures)
    manifest = read_manifest(pictures)
    _move(pictures, [entry for entry in manifest.values() if entry.status == "quarantined"])  # if a kill came between
    present = [entry for entry in manifest.values() if entry.status == "ok" and picture_path(pictures, entry).exists()]
    looks: list[_Look] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        for look in ahead(_look, [picture_path(pictures, entry) for entry in present], pending=64):
            looks.append(look)
            progress(len(looks), len(present))
    found = {entry.id: look for entry, look in zip(present, looks, strict=True) if look.problem}
    found |= _repeated([entry for entry in present if entry.id not in found])
    kept = [(entry, look.hashes) for entry, look in zip(present, looks, strict=True) if entry.id not in found]
    confirmed = near_duplicates(
        [picture_path(pictures, entry) for entry, _ in kept],
        [value for _, value in kept if value is not None],
        features=features,
    )
    groups = {kept[place][0].id: kept[group][0].id for place, group in confirmed.items()}
    for id, look in found.items():
        manifest[id] = replace(manifest[id], status="quarantined", reason=look.problem)
    _report(pictures, manifest, found, groups)
    write_manifest(pictures, manifest.values())
    _move(pictures, [manifest[id] for id in found])
    reasons = Counter(entry.reason for entry in manifest.values() if entry.status == "quarantined")
    return Inspected(len(kept), dict(reasons.most_common()), len(groups), len(set(groups.values())))


def read_groups(pictures: str | os.PathLike[str]) -> dict[str, str]:
    """The group of each picture that has near-duplicates, by id; empty before an inspection."""
    return {row["id"]: row["group"] for row in _read_report(Path(pictures)) if row["group"]}


def quarantine_of(pictures: str | os.PathLike[str]) -> Path:
    """The folder for bad pictures, beside that of the download."""
    pictures = Path(pictures).resolve()
    return pictures.with_name(f"{pictures.name}-quarantine")


def _look(path: Path) -> _Look:
    try:
        measured(path.read_bytes())
    except BadPictureError as error:
        return _Look("corrupt" if error.reason == "size" else error.reason, "", None)
    with Image.open(path) as picture:
        grey = ImageOps.exif_transpose(picture).convert("L")
    values = np.asarray(grey.resize((SIDE[1], SIDE[0]), Image.Resampling.BILINEAR), dtype=np.float32)
    deviation = float(values.std())
    if deviation < BLANK:
        return _Look("blank", f"standard deviation {deviation:.2f}", None)
    neighbours = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]
    detail = float((4 * values[1:-1, 1:-1] - neighbours).var()) / deviation**2
    if detail < BLURRED:
        return _Look("blurred", f"variance of the Laplacian {detail:.4f} of the picture's", None)
    return _Look("", "", hashes(grey))


def _repeated(entries: Sequence[Entry]) -> dict[str, _Look]:
    """Pictures with the bytes of an earlier one, and those that two landmarks claim."""
    equal: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        equal[entry.sha256].append(entry)
    found: dict[str, _Look] = {}
    for same in equal.values():
        if len({entry.landmark_id for entry in same}) > 1:
            landmarks = ", ".join(sorted({entry.landmark_id for entry in same}))
            found |= {entry.id: _Look("duplicate", f"claimed by landmarks {landmarks}", None) for entry in same}
        else:
            found |= {entry.id: _Look("duplicate", f"of {same[0].id}", None) for entry in same[1:]}
    return found


def _report(pictures: Path, manifest: dict[str, Entry], found: dict[str, _Look], groups: dict[str, str]) -> None:
    """Write what was found now, and what an earlier call put into quarantine."""
    details = {row["id"]: row["detail"] for row in _read_report(pictures)} | {id: found[id].detail for id in found}
    with atomic(pictures / NAME) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for id, entry in manifest.items():
            if entry.status == "quarantined":
                writer.writerow([id, entry.landmark_id, entry.reason, details.get(id, ""), ""])
            elif id in groups:
                writer.writerow([id, entry.landmark_id, "near-duplicate", "", groups[id]])


def _read_report(pictures: Path) -> list[dict[str, str]]:
    path = pictures / NAME
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _move(pictures: Path, entries: Sequence[Entry]) -> None:
    """Move quarantined pictures out of the folder, those that are still in it."""
    for entry in entries:
        path = picture_path(pictures, entry)
        if path.exists():
            place = quarantine_of(pictures) / entry.reason / entry.landmark_id / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, place)
