"""Planted faults are found, each under its name; copies in all forms form groups; good pictures stay."""

import csv
import hashlib
import io

import pytest
import torch
from PIL import Image, ImageFilter

from cnnlab.data.landmarks.duplicates import candidates, hashes, near_duplicates
from cnnlab.data.landmarks.inspection import inspect, quarantine_of, read_groups
from cnnlab.data.landmarks.manifest import Entry, read_manifest, write_manifest
from cnnlab.data.landmarks.world.drawing import draw_landmark
from cnnlab.data.landmarks.world.files import copied, jpeg

KINDS = ("recompressed", "resized", "cropped", "mirrored")


def fill(folder, files):
    """A download with these files: (landmark_id, id) to content."""
    entries = []
    for (landmark, id), content in files.items():
        (folder / landmark).mkdir(parents=True, exist_ok=True)
        (folder / landmark / f"{id}.jpg").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        entries.append(Entry(id, "u", landmark, "ok", "", digest, len(content), 256, 192))
    write_manifest(folder, entries)


@pytest.fixture(scope="module")
def drawn():
    return [draw_landmark(landmark, number) for landmark in range(12) for number in range(3)]


@pytest.fixture
def pictures(tmp_path, drawn):
    good = {("1", f"g{n}"): jpeg(picture) for n, picture in enumerate(drawn)}
    first = good["1", "g0"]
    bad = {
        ("2", "cut"): first[: len(first) // 2],
        ("2", "noise"): b"no picture" * 50,
        ("2", "grey"): jpeg(Image.new("RGB", (256, 192), (90, 90, 90))),
        ("2", "soft"): jpeg(drawn[1].filter(ImageFilter.GaussianBlur(6))),
        ("1", "twin"): good["1", "g5"],
        ("3", "claimed"): good["1", "g7"],
    }
    copies = {("1", kind): copied(drawn[10], kind, 5) for kind in KINDS}
    fill(tmp_path / "pictures", good | bad | copies)
    return tmp_path / "pictures"


def test_bad_pictures_are_quarantined_and_copies_grouped(pictures, drawn):
    found = inspect(pictures)
    assert found.quarantined == {"duplicate": 3, "truncated": 1, "corrupt": 1, "blank": 1, "blurred": 1}
    told = {id: entry.reason for id, entry in read_manifest(pictures).items() if entry.status == "quarantined"}
    assert told == {
        "cut": "truncated", "noise": "corrupt", "grey": "blank", "soft": "blurred",
        "twin": "duplicate", "claimed": "duplicate", "g7": "duplicate",
    }  # fmt: skip
    for id, reason in told.items():
        (file,) = quarantine_of(pictures).rglob(f"{id}.jpg")
        assert file.parts[-3] == reason
        assert not list(pictures.rglob(f"{id}.jpg"))
    assert read_groups(pictures) == dict.fromkeys(["g10", *KINDS], "g10")
    assert (found.kept, found.near_duplicates, found.groups) == (len(drawn) - 1 + len(KINDS), 5, 1)
    with open(pictures / "inspection.csv", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows["twin"]["detail"] == "of g5"
    assert rows["claimed"]["detail"] == "claimed by landmarks 1, 3"


def test_a_second_inspection_changes_nothing_and_makes_good_what_a_kill_left(pictures):
    first = inspect(pictures)
    kept = {name: (pictures / name).read_bytes() for name in ("manifest.csv", "inspection.csv")}
    (file,) = quarantine_of(pictures).rglob("grey.jpg")
    file.rename(pictures / "2" / "grey.jpg")  # as if the process had died before it moved it
    assert inspect(pictures) == first
    assert {name: (pictures / name).read_bytes() for name in kept} == kept
    assert file.exists()
    assert not (pictures / "2" / "grey.jpg").exists()


def test_features_can_reject_a_pair(tmp_path, drawn):
    paths = [tmp_path / f"{n}.jpg" for n in range(2)]
    paths[0].write_bytes(jpeg(drawn[0]))
    paths[1].write_bytes(copied(drawn[0], "mirrored", 1))
    found = [hashes(Image.open(path)) for path in paths]

    def asked(images):
        assert images.shape[1:] == (3, 144, 192)
        return images.flatten(1).float()

    assert near_duplicates(paths, found, features=asked) == {0: 0, 1: 0}
    assert near_duplicates(paths, found, features=lambda images: torch.eye(2)) == {}


def test_a_mirrored_picture_has_the_hash_of_the_mirror_image(drawn):
    plain = hashes(drawn[3])
    mirrored = hashes(drawn[3].transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert candidates([plain, mirrored], limit=0).tolist() == [[0, 1, 1]]


def test_pictures_of_one_landmark_are_no_duplicates(tmp_path):
    """Forty pictures of one building from other places and days: similar, and not the same picture."""
    pictures = [draw_landmark(4, number) for number in range(40)]
    fill(tmp_path / "pictures", {("4", f"p{n}"): jpeg(picture) for n, picture in enumerate(pictures)})
    assert inspect(tmp_path / "pictures").near_duplicates == 0


def test_fog_and_night_are_neither_blank_nor_blurred(tmp_path):
    fill(tmp_path / "pictures", {("4", f"p{n}"): jpeg(draw_landmark(n % 100, 50 + n)) for n in range(150)})
    assert inspect(tmp_path / "pictures").quarantined == {}


def test_a_picture_rotated_by_its_camera_is_read_upright(tmp_path, drawn):
    """The same picture, once with its pixels turned and an EXIF entry that turns them back."""
    file, turned = io.BytesIO(), drawn[2].transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 270 degrees counter-clockwise to see it upright
    turned.save(file, "JPEG", quality=90, exif=exif)
    fill(tmp_path / "pictures", {("1", "a"): jpeg(drawn[2]), ("1", "b"): file.getvalue(), ("1", "c"): jpeg(drawn[8])})
    inspect(tmp_path / "pictures")
    assert read_groups(tmp_path / "pictures") == {"a": "a", "b": "a"}
