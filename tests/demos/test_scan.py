"""The demo of a classifier that slides: maps, both ways to compute them, and what is wrong."""

import pytest
import torch

from cnnlab import data, demos, models
from cnnlab.demos import _scan as scan
from tests.demos.reading import picture

SIDE = 256  # small, so that crop by crop takes no time


@pytest.fixture
def demo():
    demo = demos.scan()
    demo.side.value = SIDE
    yield demo
    demo.close()


def test_crop_by_crop_the_map_is_what_the_network_says_of_every_crop():
    network = models.pretrained()
    whole = network.preprocess.whole(data.photo("chelsea"), side=SIDE)  # 256×384 pixels: 2×6 windows
    maps = scan.scanned("chelsea", SIDE, "crop by crop").probabilities
    assert maps.shape == (1000, 2, 6)
    left = (whole.shape[2] - 384) // 2
    with torch.no_grad():
        for row, column in ((0, 0), (1, 2), (1, 5)):
            crop = whole[:, 32 * row :, left + 32 * column :][:, :224, :224].clamp(-1, 1)
            expected = network.model(crop[None]).softmax(dim=1)[0]
            torch.testing.assert_close(maps[:, row, column], expected, atol=1e-4, rtol=1e-3)


def test_in_one_pass_the_map_is_that_of_the_network_that_slides():
    maps = scan.scanned("chelsea", SIDE, "one pass").probabilities
    assert maps.shape == (1000, 2, 6)
    torch.testing.assert_close(maps.sum(dim=0), torch.ones(2, 6))
    with torch.no_grad():
        expected = scan.network().dense(scan._picture("chelsea", SIDE)[None]).softmax(dim=1)[0]
    torch.testing.assert_close(maps, expected, atol=1e-5, rtol=1e-4)


def test_the_figure_names_the_class_and_its_best_window():
    figure = scan.figure(scan.Settings("coffee", side=SIDE))
    assert figure.alt.startswith("espresso in a picture of 384×256 pixels, a map of 6×2 windows of 224×224 pixels")
    assert scan.figure(scan.Settings("coffee", "cup", SIDE)).alt.startswith("cup in a picture of")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (scan.Settings(photo="cat"), "no photograph is called 'cat'"),
        (scan.Settings(label="tabbi", side=SIDE), "none of the 1,000 classes is called 'tabbi'; near ones: .*tabby"),
        (scan.Settings(label="helmet", side=SIDE), "called 'helmet'; near ones: crash helmet, football helmet"),
        (scan.Settings(side=200), "side must be at least the window's 224 pixels, got 200"),
        (scan.Settings(method="twice"), "method must be one of one pass, crop by crop, got 'twice'"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        scan.figure(settings)


def test_every_control_changes_picture_and_alternative_text(demo):
    before = picture(demo)
    for control, value in (
        (demo.photo, "chelsea"),
        (demo.label, "lynx"),
        (demo.side, 224),
        (demo.method, "crop by crop"),
    ):
        control.value = value
        after = picture(demo)
        if control is not demo.method:  # at 224 pixels the first window is the same both ways
            assert before[1] != after[1]
        assert before[0] != after[0]
        before = after


def test_the_line_below_compares_both_ways(demo):
    assert "12 windows in one pass: " in demo.status.value
    assert "choose “crop by crop” to compare" in demo.status.value
    demo.method.value = "crop by crop"
    assert "crop by crop, 32 at a time: " in demo.status.value
    assert " times as long" in demo.status.value
    assert "The maps differ by up to " in demo.status.value
