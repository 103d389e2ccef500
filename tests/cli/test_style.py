"""`cnnlab style`: the picture that is written, folders, mixtures, Ctrl-C and bad input."""

import json
from importlib.resources import files
from typing import Any

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from cnnlab import data, style
from cnnlab.cli import app

COFFEE = str(files("skimage.data") / "coffee.png")
QUICK = ("--size", 48, "--steps", 2)


def cnnlab_says(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["style", *map(str, arguments)])


def size_of(path: Any) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_a_photo_in_the_style_of_a_picture(tmp_path):
    result = cnnlab_says(COFFEE, "--style", "mosaic", "--out", tmp_path / "out.png", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"→ {tmp_path / 'out.png'}\n"
    expected = style.transfer(data.decode(COFFEE), "mosaic", size=48, steps=2).picture
    assert torch.equal(data.decode(tmp_path / "out.png"), expected)


def test_a_picture_of_ones_own_mixed_with_a_style(tmp_path):
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    out = tmp_path / "out.jpg"
    result = cnnlab_says(COFFEE, "--style", "mosaic", "--style-image", tmp_path / "red.png", "--out", out, *QUICK)
    assert result.exit_code == 0, result.stderr
    assert size_of(out) == (48, 32)


def test_strength_keeps_more_or_less_of_the_photo(tmp_path):
    photo = style.transfer(data.decode(COFFEE), "mosaic", size=48, steps=1).picture.int()
    change = {}
    for strength in (0, 1):
        options = ("--strength", strength, "--size", 48, "--steps", 8, "--style", "mosaic")
        assert cnnlab_says(COFFEE, "--out", tmp_path / f"{strength}.png", *options).exit_code == 0
        change[strength] = (data.decode(tmp_path / f"{strength}.png").int() - photo).abs().float().mean()
    assert change[0] < 0.7 * change[1]


def test_a_folder_in_one_pass_as_json(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    with Image.open(COFFEE) as picture:
        picture.resize((60, 40)).save(photos / "coffee.jpg")
    (photos / "notes.txt").write_text("no picture")
    result = cnnlab_says(photos, "--style", "night", "--fast", "--out", tmp_path / "painted", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["written"] == [str(tmp_path / "painted" / "coffee.png")]
    assert [entry["reason"] for entry in told["unreadable"]] == ["it is no picture that Pillow can read"]
    assert size_of(tmp_path / "painted" / "coffee.png") == (60, 40)


def test_ctrl_c_writes_the_best_so_far(tmp_path, monkeypatch):
    from cnnlab.style._descent import Descent

    step, taken = Descent.step, []

    def interrupted(self: Descent) -> Any:
        taken.append(1)
        if len(taken) == 4:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(Descent, "step", interrupted)
    result = cnnlab_says(COFFEE, "--style", "mosaic", "--out", tmp_path / "out.png", "--size", 48, "--steps", 50)
    assert result.exit_code == 130
    assert "cnnlab: stopped; the best picture so far is written" in result.stderr
    assert size_of(tmp_path / "out.png") == (48, 32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((COFFEE, "--style", "monet", "--out", "a.png"), "cnnlab: no style picture is called 'monet'; there are night"),
        ((COFFEE, "--fast", "--style", "ink", "--out", "a.png"), "cnnlab: no fast style is called 'ink'; there are"),
        ((COFFEE, "--fast", "--style-image", COFFEE, "--out", "a.png"), "cnnlab: --fast needs a network that was"),
        ((COFFEE, "--fast", "--strength", 2, "--out", "a.png"), "cnnlab: --strength must be from 0 to 1 with --fast"),
        (("nowhere.jpg", "--out", "a.png"), "cnnlab: there is no file nowhere.jpg"),
        ((COFFEE, "--out", "a.gif"), "cnnlab: --out must name a .png or .jpg file for one photo, got a.gif"),
        ((COFFEE, "--network", "resnet81", "--out", "a.png"), "cnnlab: no network is called 'resnet81'"),
        ((COFFEE, "--size", 9, "--out", "a.png"), "cnnlab: size must be at least 32 pixels"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = cnnlab_says(*arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(message)
    assert not list(tmp_path.iterdir())
