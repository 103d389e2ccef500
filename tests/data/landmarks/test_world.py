"""The drawn world: pictures, ids, rows, faults and files are what their numbers say, everywhere."""

import io
import subprocess
import sys
from collections import Counter

import numpy as np
import polars as pl
import pytest
from PIL import Image

from cnnlab.data.landmarks.world.drawing import draw_landmark
from cnnlab.data.landmarks.world.files import copied, jpeg, picture_file
from cnnlab.data.landmarks.world.rows import BAD, LANDMARKS, ROWS, TROUBLE, World


def test_a_picture_is_the_same_in_another_process():
    """Nothing depends on what was drawn before, nor on a process's hash seed."""
    draw_landmark(40, 2)
    here = draw_landmark(41, 7, seed=3)
    code = (
        "import sys; from cnnlab.data.landmarks.world.drawing import draw_landmark\n"
        "sys.stdout.buffer.write(draw_landmark(41, 7, seed=3).tobytes())"
    )
    there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    assert here.tobytes() == there


def test_each_number_of_a_picture_matters():
    pictures = [draw_landmark(*numbers, seed=seed) for *numbers, seed in [(5, 1, 0), (6, 1, 0), (5, 2, 0), (5, 1, 1)]]
    assert {picture.size for picture in pictures} == {(256, 192)}
    assert len({picture.tobytes() for picture in pictures}) == 4


def test_ids_tell_their_row_and_no_other_id_does():
    world, random = World(seed=7), np.random.default_rng(0)
    for landmark, number in zip(random.integers(LANDMARKS, size=200), random.integers(50_000, size=200), strict=True):
        id = world.id_of(int(landmark), int(number))
        row = world.row(id)
        assert row is not None
        assert row.labelled == landmark
        assert row.number == number or row.copy or row.fault
    assert [world.row(id) for id in ("", "x" * 16, "12", "f" * 17, "-" + "1" * 15)] == [None] * 5
    foreign = [f"{value:016x}" for value in random.integers(1 << 62, size=300)]
    assert not any(map(world.row, foreign))  # a code has 24 + 40 bits, of which rows use a ten-billionth


def test_wrong_labels_faults_and_copies_have_their_shares():
    """Of 30,000 rows, within four standard deviations of a binomial count."""
    world, count = World(seed=0), 30_000
    rows = [world.row(world.id_of(number % 100, number // 100)) for number in range(count)]

    def share(found, expected):
        assert abs(found - count * expected) < 4 * (count * expected * (1 - expected)) ** 0.5

    share(sum(row.shown != row.labelled for row in rows), 0.03)
    share(sum(bool(row.copy) for row in rows), 0.02)
    faults = Counter(row.fault for row in rows)
    for name, expected in (BAD | TROUBLE).items():
        share(faults[name], expected)
    assert sum(BAD.values()) == pytest.approx(64 / 8158, abs=1e-4)  # the report: 64 of 8,158


def test_the_csv_has_the_challenges_size_and_tail():
    """Kim 2018, section II: 1,225,029 rows, 14,951 landmarks, and 8,158 rows are 2 % of the 100 largest."""
    counts = World(seed=0).counts()
    assert (len(counts), ROWS) == (14_951, 1_225_029)
    assert round(0.02 * counts[:100].sum()) == 8158
    assert (np.diff(counts) <= 0).all()
    assert counts.min() >= 1


def test_a_csv_is_in_googles_form_with_its_dirt(tmp_path):
    world = World(seed=2)
    assert world.write_csv(tmp_path / "train.csv", rows=20_000, address="http://127.0.0.1:1/") == 20_000
    table = pl.read_csv(tmp_path / "train.csv", infer_schema=False)
    assert table.columns == ["id", "url", "landmark_id"]
    assert (len(table), table.filter(pl.col("url") == "None").height) == (20_000, 20)
    named = table.filter(pl.col("url") != "None")
    assert named.height - named["id"].n_unique() == pytest.approx(10, abs=1)
    id, url, landmark = named.row(0)
    assert url == f"http://127.0.0.1:1/{id}.jpg"
    assert world.name(world.row(id).labelled) == landmark
    assert table["landmark_id"].head(50).n_unique() > 20, "the order is random"


def test_files_show_what_their_rows_say():
    world = World(seed=0)
    rows = (world.row(world.id_of(0, number)) for number in range(20_000))
    of = {}
    for row in rows:
        of.setdefault((row.fault, row.copy), row)
    plain = of["", ""]
    assert picture_file(plain) == jpeg(draw_landmark(plain.shown, plain.number))
    blank = Image.open(io.BytesIO(picture_file(of["blank", ""]))).convert("L")
    assert np.asarray(blank).std() < 1
    blurred = of["blurred", ""]
    sharp = np.asarray(draw_landmark(blurred.shown, blurred.number).convert("L"), dtype=float)
    soft = np.asarray(Image.open(io.BytesIO(picture_file(blurred))).convert("L"), dtype=float)
    assert np.abs(np.diff(soft)).mean() < 0.5 * np.abs(np.diff(sharp)).mean()


def test_copies_are_the_edits_that_they_are_called():
    picture = draw_landmark(11, 0)
    sizes = {}
    for kind in ("recompressed", "resized", "cropped", "mirrored"):
        with Image.open(io.BytesIO(copied(picture, kind, 3))) as copy:
            sizes[kind] = copy.size
            if kind == "mirrored":
                back = np.asarray(copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT), dtype=int)
                assert np.abs(back - np.asarray(picture)).mean() < 8
    assert sizes["recompressed"] == sizes["mirrored"] == picture.size
    assert sizes["cropped"] == (243, 182)  # 95 % of each side
    assert sizes["resized"] != picture.size
    with pytest.raises(ValueError, match="got 'painted'"):
        copied(picture, "painted", 0)
