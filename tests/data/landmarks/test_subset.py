"""The sample is exactly stratified, in the source's order, and the same again."""

import json
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cnnlab.cli import app
from cnnlab.data.landmarks.subset import largest_remainders, subset


def write(path, sizes, *, extra=()):
    """A CSV with so many pictures of each landmark, shuffled, and further lines as they are."""
    rows = [f"{name}x{n},http://host/{name}/{n}.jpg,{name}" for name, size in sizes.items() for n in range(size)]
    rows = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))]
    path.write_text("id,url,landmark_id\n" + "\n".join([*rows, *extra]) + "\n")
    return path


SIZES = {"7": 411, "300": 205, "12": 205, "5": 97, "44": 33, "8": 3}


def test_every_landmark_gets_its_quota_by_hamiltons_method(tmp_path):
    found = subset(write(tmp_path / "a.csv", SIZES), tmp_path / "b.csv", top=5, share=0.1, seed=3)
    quotas = {name: Fraction(95 * size, 951) for name, size in SIZES.items() if name != "8"}  # 95 of 951 pictures
    floors = {name: int(quota) for name, quota in quotas.items()}
    left = 95 - sum(floors.values())
    most = sorted(quotas, key=lambda name: (floors[name] - quotas[name], int(name)))[:left]
    assert found.counts == {name: floors[name] + (name in most) for name in quotas}
    kept = pl.read_csv(tmp_path / "b.csv", infer_schema=False)
    assert dict(kept["landmark_id"].value_counts().iter_rows()) == found.counts
    assert list(found.counts)[:3] == ["7", "12", "300"], "equally frequent ones by number"


@pytest.mark.parametrize("total", [0, 1, 17, 100, 1000])
def test_remainders_give_the_total_and_each_within_one_of_its_share(total):
    sizes = np.random.default_rng(total).integers(1, 500, size=40)
    parts = largest_remainders(sizes, total)
    exact = sizes * total / sizes.sum()
    assert parts.sum() == total
    assert (np.abs(parts - exact) < 1).all()


def test_rows_and_columns_are_the_sources_in_its_order(tmp_path):
    source = write(tmp_path / "a.csv", SIZES)
    subset(source, tmp_path / "b.csv", top=3, share=0.3)
    lines = source.read_text().splitlines()
    kept = (tmp_path / "b.csv").read_text().splitlines()
    places = [lines.index(line) for line in kept]
    assert places == sorted(places)
    assert kept[0] == lines[0]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(tmp_path):
    source = write(tmp_path / "a.csv", SIZES)
    for name, seed in [("b", 0), ("c", 0), ("d", 1)]:
        subset(source, tmp_path / name, top=3, share=0.3, seed=seed)
    b, c, d = ((tmp_path / name).read_bytes() for name in "bcd")
    assert b == c != d
    assert len(b.splitlines()) == len(d.splitlines())


def test_none_rows_and_duplicates_are_counted_and_left_out(tmp_path):
    extra = [
        "n1,None,7", "n2,http://host/n2.jpg,None", "n3,,7", '"q,1","http://host/q,1.jpg","7"',
        "7x0,http://host/other.jpg,7",  # an id that was there
        "new,http://host/7/1.jpg,5",  # a URL that was there
        "7x2,http://host/7/2.jpg,7",  # the whole row
    ]  # fmt: skip
    found = subset(write(tmp_path / "a.csv", {"7": 20, "5": 10}, extra=extra), tmp_path / "b.csv", top=9, share=1)
    assert (found.rows_read, found.none_rows, found.duplicate_rows) == (37, 3, 3)
    assert (found.classes, found.classes_kept, found.rows_kept) == (2, 2, 31)
    assert '"q,1"' in (tmp_path / "b.csv").read_text()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("id,url\na,b\n", {}, "missing: landmark_id"),
        ("", {}, "is not a CSV"),
        ("id,url,landmark_id\na,None,None\n", {}, "has no row with"),
        ("id,url,landmark_id\na,b,c\n", {"share": 0}, "share must be above 0"),
        ("id,url,landmark_id\na,b,c\n", {"top": 0}, "top must be 1 or more"),
    ],
)
def test_bad_input_is_named(tmp_path, text, options, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        subset(tmp_path / "a.csv", tmp_path / "b.csv", **options)
    assert not (tmp_path / "b.csv").exists()


def test_the_command_prints_its_counts_for_a_program(tmp_path):
    source = write(tmp_path / "a.csv", SIZES)
    arguments = ["landmarks", "subset", source, "--top", 2, "--share", 0.5, "--seed", 1, "--out", tmp_path / "b.csv"]
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    told = json.loads(result.stdout)
    assert (told["rows_read"], told["none_rows"], told["duplicate_rows"], told["classes"]) == (954, 0, 0, 6)
    assert told["rows_kept"] == 308  # half of 411 + 205
    missing = CliRunner().invoke(app, ["landmarks", "subset", "nowhere.csv", "--out", str(tmp_path / "c.csv")])
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
    assert "there is no file nowhere.csv" in missing.stderr
