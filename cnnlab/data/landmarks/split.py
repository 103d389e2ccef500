"""Parts for training, validation and test: every class in every part, every group of near-duplicates in one."""

import csv
import filecmp
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnlab.data.landmarks.inspection import read_groups
from cnnlab.data.landmarks.manifest import picture_path, read_manifest
from cnnlab.files import atomic

PARTS = ("train", "validation", "test")
NAME = "split.csv"


@dataclass(frozen=True)
class Divided:
    """How many pictures each part has, and the groups of near-duplicates that stayed together."""

    train: int
    validation: int
    test: int
    classes: int
    groups: int


def split(
    pictures: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    copy: bool = False,
) -> Divided:
    """Put the good pictures of a download into ``out/train|validation|test/<landmark_id>/``.

    Each class is divided in the given proportions, to within a picture or a group, with at least one picture in each
    part. Near-duplicates, the groups that `inspect` found, stay in one part. The pictures are hard links, which take no
    space, or copies where the file system has no links or with ``copy``. ``out/split.csv`` lists them. A second call
    with other arguments, or after pictures were quarantined, changes only what is different.

    Kim 2018, section II: 0.8, 0.1 and 0.1.

    Raises:
        FileNotFoundError: if ``pictures`` has no manifest.
        ValueError: for fractions that leave nothing to train on, or a class with fewer than three groups of pictures.
        OSError: if ``out`` has pictures that this function did not put there.
    """
    pictures, out = Path(pictures), Path(out)
    entries = sorted(
        (entry for entry in read_manifest(pictures).values() if entry.status == "ok"),
        key=lambda entry: (entry.landmark_id, entry.id),
    )
    if not entries:
        raise ValueError(f"{pictures} has no good pictures; see its manifest.csv")
    groups = read_groups(pictures)
    group_of = [groups.get(entry.id, entry.id) for entry in entries]
    parts = assign([entry.landmark_id for entry in entries], group_of, validation=validation, test=test, seed=seed)
    wanted = {
        f"{part}/{entry.landmark_id}/{entry.id}.jpg": (picture_path(pictures, entry), group)
        for part, entry, group in zip(parts, entries, group_of, strict=True)
    }
    before = _listed(out)
    foreign = [file for file in _found(out) if file not in before and file not in wanted]
    if foreign:
        raise OSError(f"{out} has files that are not of this split, as {foreign[0]}; name another folder, or empty it")
    _list(out, {**before, **{name: group for name, (_, group) in wanted.items()}})  # a kill now is made good next time
    for name in before.keys() - wanted.keys():
        (out / name).unlink(missing_ok=True)
    for name, (picture, _) in wanted.items():
        _place(picture, out / name, copy=copy)
    _list(out, {name: group for name, (_, group) in wanted.items()})
    sizes = Counter(parts)
    shared = sum(count > 1 for count in Counter(group_of).values())
    classes = len({entry.landmark_id for entry in entries})
    return Divided(sizes["train"], sizes["validation"], sizes["test"], classes, shared)


def assign(
    classes: Sequence[str], groups: Sequence[str], *, validation: float = 0.1, test: float = 0.1, seed: int = 0
) -> list[str]:
    """The part of each picture, "train", "validation" or "test".

    ``classes`` and ``groups`` name the class and the group of each picture. Classes are divided one by one, the
    smallest first. Each part is to get its fraction of the class, rounded, and at least one picture. Groups are taken
    from the largest to the smallest, equally large ones in random order, and each goes to the part that lacks most. A
    group with pictures of several classes is placed with the first of them.

    Raises:
        ValueError: for fractions that leave nothing to train on, or a class with fewer than three groups.

    >>> parts = assign(["a"] * 20 + ["b"] * 10, [f"{n // 2}" for n in range(30)])
    >>> [parts[:20].count(part) for part in PARTS], [parts[20:].count(part) for part in PARTS]
    ([16, 2, 2], [6, 2, 2])
    """
    if not (0 < validation < 1 and 0 < test < 1 and validation + test < 1):
        raise ValueError(
            "validation and test must be fractions above 0 that leave something to train on, "
            f"got {validation} and {test}; try 0.1 and 0.1"
        )
    members: dict[str, Counter[str]] = defaultdict(Counter)  # of each class: its groups with their numbers of pictures
    for name, group in zip(classes, groups, strict=True):
        members[name][group] += 1
    few = [f"{name} ({len(found)})" for name, found in sorted(members.items()) if len(found) < 3]
    if few:
        raise ValueError(
            "every class needs at least 3 pictures that are no copies of each other, one for each part; too few: "
            f"{', '.join(few[:5])}{' …' if len(few) > 5 else ''}; take a larger share, or fewer landmarks"
        )
    random = np.random.Generator(np.random.PCG64(seed))
    part_of: dict[str, str] = {}
    for name, found in sorted(members.items(), key=lambda item: (sum(item[1].values()), item[0])):
        size = sum(found.values())
        held_out = {"validation": max(1, round(validation * size)), "test": max(1, round(test * size))}
        wanted = {"train": size - sum(held_out.values()), **held_out}
        numbers = dict(zip(sorted(found), random.random(len(found)).tolist(), strict=True))
        order = sorted(found, key=lambda group: (-found[group], numbers[group]))
        for group in order:
            if group in part_of:  # placed with another class
                wanted[part_of[group]] -= found[group]
        free = [group for group in order if group not in part_of]
        for place, group in enumerate(free):
            # The last groups go to the parts that have none.
            empty = [part for part in PARTS if not any(part_of.get(other) == part for other in found)]
            choice = empty if len(empty) >= len(free) - place else PARTS
            part_of[group] = max(choice, key=lambda part: wanted[part])
            wanted[part_of[group]] -= found[group]
        if len({part_of[group] for group in found}) < len(PARTS):
            raise ValueError(
                f"class {name} is missing in a part: its near-duplicates are in other classes; take it out"
            )
    return [part_of[group] for group in groups]


def _place(picture: Path, at: Path, *, copy: bool) -> None:
    """A link to, or a copy of, a picture, unless it is there."""
    if at.exists():
        linked = at.samefile(picture)
        if not copy if linked else filecmp.cmp(at, picture, shallow=False):
            return
        at.unlink()
    at.parent.mkdir(parents=True, exist_ok=True)
    if not copy:
        try:
            os.link(picture, at)
            return
        except OSError:  # another file system, or one without links
            pass
    with atomic(at) as draft:
        shutil.copyfile(picture, draft)


def _found(out: Path) -> list[str]:
    """The visible files in the parts."""
    return [
        file.relative_to(out).as_posix()
        for part in PARTS
        for file in (out / part).rglob("*")
        if file.is_file() and not file.name.startswith(".")
    ]


def _listed(out: Path) -> dict[str, str]:
    """The files that an earlier call put there, with their groups."""
    path = out / NAME
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["path"]: row["group"] for row in csv.DictReader(file)}


def _list(out: Path, rows: dict[str, str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with atomic(out / NAME) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", "group"])
        writer.writerows(rows.items())
