"""Every class in every part, every group in one; the same again, and only what changed when something did."""

import hashlib
from collections import Counter

import pytest

from cnnlab.data.landmarks.manifest import Entry, read_manifest, write_manifest
from cnnlab.data.landmarks.split import PARTS, assign, split
from tests.data.landmarks.conftest import picture


@pytest.fixture
def pictures(tmp_path):
    """Three landmarks with 30, 10 and 3 pictures; the first four of landmark 1 are one group."""
    folder, entries = tmp_path / "pictures", []
    for landmark, count in (("1", 30), ("2", 10), ("3", 3)):
        (folder / landmark).mkdir(parents=True)
        for number in range(count):
            content, id = picture(number, size=(8, 8)), f"{landmark}-{number:02}"
            (folder / landmark / f"{id}.jpg").write_bytes(content)
            entries.append(Entry(id, "u", landmark, "ok", "", hashlib.sha256(content).hexdigest(), len(content), 8, 8))
    entries.append(Entry("bad", "u", "1", "failed", "404"))
    write_manifest(folder, entries)
    rows = [f"1-{number:02},1,near-duplicate,,1-00" for number in range(4)]
    (folder / "inspection.csv").write_text("\n".join(["id,landmark_id,finding,detail,group", *rows]) + "\n")
    return folder


def parts_of(out):
    return {file.stem: part for part in PARTS for file in (out / part).rglob("*.jpg")}


def test_proportions_classes_and_groups(pictures, tmp_path):
    found = split(pictures, tmp_path / "sets")
    parts = parts_of(tmp_path / "sets")
    assert len(parts) == 43
    assert (found.train, found.validation, found.test) == tuple(Counter(parts.values())[part] for part in PARTS)
    for landmark, sizes in (("1", (24, 3, 3)), ("2", (8, 1, 1)), ("3", (1, 1, 1))):
        counted = Counter(part for id, part in parts.items() if id.startswith(landmark))
        assert tuple(counted[part] for part in PARTS) == sizes
    assert len({parts[f"1-{number:02}"] for number in range(4)}) == 1
    assert (found.classes, found.groups) == (3, 1)
    file = next((tmp_path / "sets" / "test" / "2").iterdir())
    assert file.samefile(pictures / "2" / file.name), "hard links take no space"


def test_a_second_call_changes_nothing_and_another_seed_moves_pictures(pictures, tmp_path):
    out = tmp_path / "sets"
    split(pictures, out)
    parts, times = parts_of(out), {file: file.stat().st_ctime_ns for file in out.rglob("*.jpg")}
    split(pictures, out)
    assert {file: file.stat().st_ctime_ns for file in out.rglob("*.jpg")} == times
    split(pictures, out, seed=1)
    moved = parts_of(out)
    assert moved.keys() == parts.keys()
    assert moved != parts


def test_quarantined_pictures_leave_the_parts(pictures, tmp_path):
    out = tmp_path / "sets"
    split(pictures, out, copy=True)
    entries = read_manifest(pictures)
    entries["1-10"] = Entry("1-10", "u", "1", "quarantined", "blank")
    write_manifest(pictures, entries.values())
    split(pictures, out, copy=True)
    assert parts_of(out).keys() == set(entries) - {"1-10", "bad"}
    file = next((out / "train" / "1").iterdir())
    assert file.read_bytes() == (pictures / "1" / file.name).read_bytes()
    assert not file.samefile(pictures / "1" / file.name)


def test_foreign_files_are_not_mixed_with_the_parts(pictures, tmp_path):
    mine = tmp_path / "sets" / "train" / "1" / "mine.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(OSError, match=r"train/1/mine\.jpg"):
        split(pictures, tmp_path / "sets")
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize("seed", range(5))
def test_groups_of_any_size_stay_whole_and_no_class_misses_a_part(seed):
    """Classes of many sizes, with groups of one to six pictures, some across two classes."""
    classes = [name for name, size in (("a", 200), ("b", 40), ("c", 9), ("d", 60)) for _ in range(size)]
    groups = [f"{name}{number // (1 + len(name * number) % 6)}" for number, name in enumerate(classes)]
    groups[0] = groups[205] = "shared"
    parts = assign(classes, groups, seed=seed)
    assert all(len({part for part, g in zip(parts, groups, strict=True) if g == group}) == 1 for group in set(groups))
    for name in "abcd":
        counted = Counter(part for part, c in zip(parts, classes, strict=True) if c == name)
        assert set(counted) == set(PARTS)
        assert abs(counted["test"] - max(1, round(0.1 * sum(counted.values())))) <= 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation": 0.5, "test": 0.5}, "leave something to train on, got 0.5 and 0.5"),
        ({"groups": ["x", "x", "y"]}, r"too few: a \(2\)"),
    ],
)
def test_what_cannot_be_split_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        assign(**{"classes": ["a"] * 3, "groups": ["x", "y", "z"], **arguments})
