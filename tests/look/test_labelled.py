import pytest
import torch

from cnnlab.look import labelled
from cnnlab.look.figure import INCH


def test_the_label_is_on_a_photo_of_its_own_size():
    figure = labelled(torch.zeros(3, 300, 451, dtype=torch.uint8), ["tabby 63%", "tiger cat 20%"])
    assert (figure.get_size_inches() * INCH).round().tolist() == [451, 300]
    assert [text.get_text() for text in figure.axes[0].texts] == ["tabby 63%", "tiger cat 20%"]


@pytest.mark.parametrize("size", [(40, 60), (300, 300), (2000, 1500), (200, 1200)])
def test_every_label_is_within_its_photo(size):
    figure = labelled(torch.zeros(3, *size, dtype=torch.uint8), ["German short-haired pointer 100%"])
    renderer = figure.canvas.get_renderer()
    label, photo = figure.axes[0].texts[0].get_window_extent(renderer), figure.bbox
    assert label.x1 <= photo.x1
    assert label.y0 >= photo.y0
    assert label.height >= 9


@pytest.mark.parametrize(("size", "expected"), [((4000, 3000), (2000, 1500)), ((1, 4000), (1, 2000))])
def test_a_photo_of_a_camera_or_a_mere_line_is_bounded(size, expected):
    figure = labelled(torch.zeros(3, *size, dtype=torch.uint8), ["tabby 63%"])
    width, height = (figure.get_size_inches() * INCH).round().tolist()
    assert (height, width) == expected


def test_what_is_no_photo_is_refused():
    with pytest.raises(ValueError, match=r"a photograph must have shape \(3, H, W\), got \(1, 28, 28\)"):
        labelled(torch.zeros(1, 28, 28, dtype=torch.uint8), ["seven"])
