from contextlib import nullcontext

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from cnnlab import data


def draw(path, *, paper="white", ink="black", size=(300, 400), at=(60, 80)):
    picture = Image.new("RGB", size, paper)
    x, y = at
    ImageDraw.Draw(picture).line([(x, y), (x + 120, y), (x + 40, y + 200)], fill=ink, width=25)
    picture.save(path)
    return data.drawing(path)


def test_a_drawing_becomes_white_on_black_in_a_box_of_twenty_centred_by_mass(tmp_path):
    digit = draw(tmp_path / "seven.png")
    assert digit.shape == (1, 1, 28, 28)
    assert digit.dtype == torch.uint8
    inked = np.argwhere(digit[0, 0].numpy() > 0)
    assert (inked.max(axis=0) - inked.min(axis=0) + 1).max() == 20
    weights = digit[0, 0].double()
    centre = [(weights.sum(dim=axis) @ torch.arange(28.0).double() / weights.sum()).item() for axis in (1, 0)]
    assert centre == pytest.approx([14, 14], abs=0.6)  # as MNIST's own, see below
    assert digit.max() > 200


def test_paper_and_place_do_not_matter(tmp_path):
    white = draw(tmp_path / "a.png")
    black = draw(tmp_path / "b.png", paper="black", ink="white")
    moved = draw(tmp_path / "c.png", at=(150, 170))
    assert (white.int() - black.int()).abs().max() <= 1
    assert torch.equal(white, moved)


@pytest.mark.parametrize("paper", ["white", "black"])
def test_light_from_one_side_a_shadow_and_dirt_do_not_matter(tmp_path, paper):
    ink = "black" if paper == "white" else "white"
    even = draw(tmp_path / "even.png", paper=paper, ink=ink)
    sheet = Image.open(tmp_path / "even.png").convert("L")
    pixels = 30 + 0.8 * np.asarray(sheet, dtype=float)  # no photograph is quite white or black
    across, down = np.meshgrid(np.linspace(0.45, 1, 300), np.linspace(0.9, 1, 400))
    shadow = np.where(across + down < 1.5, 0.7, 1.0)  # with a sharp edge that runs through the digit
    noise = np.random.default_rng(0).normal(0, 3, pixels.shape)
    pixels = pixels * across * down * shadow + noise
    pixels[20:24, 280:284] = 255 - pixels[20:24, 280:284]
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(tmp_path / "uneven.png")
    uneven = data.drawing(tmp_path / "uneven.png")
    inked = [set(map(tuple, np.argwhere(digit[0, 0].numpy() > 100))) for digit in (even, uneven)]
    assert len(inked[0] & inked[1]) / len(inked[0] | inked[1]) > 0.8


def test_a_stroke_in_deep_shadow_is_as_black_as_one_in_the_light(tmp_path):
    """The foot of the sheet gets a fifth of the light: the same ink swallows the same share of it."""
    even = draw(tmp_path / "even.png")
    with Image.open(tmp_path / "even.png") as sheet:
        pixels = np.asarray(sheet, dtype=float)
    pixels[230:] *= 0.2
    Image.fromarray(pixels.round().astype(np.uint8)).save(tmp_path / "shadow.png")
    assert (data.drawing(tmp_path / "shadow.png").int() - even.int()).abs().max() <= 1


@pytest.mark.parametrize(("ink", "drawn"), [(235, False), (225, False), (205, True), (150, True)])
def test_a_pencil_counts_from_an_eighth_of_the_papers_light(tmp_path, ink, drawn):
    """On white, 32 of 255 is the least: a grey of 223."""
    with nullcontext() if drawn else pytest.raises(ValueError, match="nothing is drawn on it"):
        assert draw(tmp_path / "pencil.png", ink=(ink, ink, ink)).max() > 200


def test_a_fine_pen_gives_strokes_as_thick_as_a_brush(tmp_path):
    def seven(width):
        page = Image.new("L", (500, 600), 240)
        ImageDraw.Draw(page).line([(100, 100), (350, 100), (200, 500)], fill=30, width=width, joint="curve")
        page.save(tmp_path / "seven.png")
        return data.drawing(tmp_path / "seven.png").float()

    fine, brush = seven(6), seven(44)
    assert fine.max() > 200
    assert 0.5 < fine.sum() / brush.sum() < 1.1
    assert ((fine > 100) & (brush > 50)).sum() > 0.9 * (fine > 100).sum()


def test_an_empty_sheet_is_named(tmp_path):
    Image.new("L", (50, 50), 250).save(tmp_path / "empty.png")
    with pytest.raises(ValueError, match=r"empty\.png: nothing is drawn on it"):
        data.drawing(tmp_path / "empty.png")


def test_mnist_digits_drawn_large_come_back_where_they_were(digits, tmp_path):
    """MNIST itself is the oracle: its digits, enlarged onto white paper at random, must return to their own place."""
    generator, right_place = torch.Generator().manual_seed(0), 0
    for image in digits.test.images[:30]:
        large = Image.fromarray(255 - image[0].numpy()).resize((280, 280), Image.Resampling.BICUBIC)
        page = Image.new("L", (600, 500), 255)
        page.paste(
            large, (int(torch.randint(300, (), generator=generator)), int(torch.randint(200, (), generator=generator)))
        )
        page.save(tmp_path / "digit.png")
        back = data.drawing(tmp_path / "digit.png")[0, 0].float()
        distance = {
            shift: (back.roll(shift, (0, 1)) - image[0].float()).abs().mean().item()
            for shift in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
        }
        right_place += min(distance, key=distance.get) == (0, 0)
    assert right_place >= 24  # rounding may move one by a pixel
