"""The drawing of a network: what stands in it, to scale, and in words."""

from functools import cache

import pytest
import torch
import torchvision
from matplotlib.patches import Polygon
from torch import nn

from cnnlab import look
from cnnlab.look.architecture import DEPTH, picture, prepared
from cnnlab.models import blueprint, small
from cnnlab.models.catalogue import native_size
from tests.look.reading import check_texts, texts

NETWORKS = ("lenet5", "vgg16", "googlenet", "inception_v3", "resnet152", "landmark_cnn", "tronnet")


@cache
def drawn(name: str) -> look.Figure:
    return look.architecture(blueprint(name), native_size(name))


def fronts(figure: look.Figure) -> list[tuple[float, float]]:
    """Width and height of each box's front, in CSS pixels."""
    boxes = [patch.get_xy() for patch in figure.axes[0].patches if type(patch) is Polygon][::3]
    return [(corners[1][0] - corners[0][0], corners[2][1] - corners[1][1]) for corners in boxes]


def test_every_part_of_lenet_stands_there_with_its_shape_and_parameters():
    shown = texts(drawn("lenet5"))
    for expected in ("conv1", "6×24×24", "156", "pool2", "16×4×4", "fc1", "120", "30,840", "850"):
        assert expected in shown
    assert shown[0] == "lenet5, 1×28×28: 44,426 parameters, 282 thousand multiply-adds"


def test_heights_are_to_scale_and_widths_grow_with_the_root_of_the_channels():
    boxes = fronts(drawn("lenet5"))  # input, conv1, pool1, conv2, pool2, three vectors
    heights = [height / boxes[0][1] * 28 for _, height in boxes]
    assert heights[:5] == pytest.approx([28, 24, 12, 8, 4])
    assert boxes[3][0] / boxes[1][0] == pytest.approx((16 / 6) ** 0.5)
    assert boxes[5][0] / boxes[6][0] == pytest.approx((120 / 84) ** 0.5)


def test_a_wide_picture_is_deeper_than_a_square_one():
    figure = drawn("landmark_cnn")
    front, side = [patch.get_xy() for patch in figure.axes[0].patches if type(patch) is Polygon][:2]
    tall, deep = front[2][1] - front[1][1], side[1][0] - side[0][0]
    assert deep / tall == pytest.approx(DEPTH * 256 / 192)


def test_equal_parts_stand_together_and_others_apart():
    shown = texts(drawn("resnet152"))
    for expected in ("conv2_1 … 3", "conv3_1 … 8", "conv4_1 … 36", "36×", "8×", "conv5_1 … 3"):
        assert expected in shown
    assert "3×" not in shown  # three boxes show that themselves
    names = texts(drawn("inception_v3"))
    assert "mixed6a" in names  # a reduction, though its map is as large as those after it
    assert "mixed6b … 6e" in names
    assert "inception_resnet_b1 … 20" in texts(drawn("inception_resnet_v2"))


def test_a_groups_parameters_are_those_of_its_parts():
    shown = texts(drawn("vgg16"))
    assert f"{2 * (9 * 512 * 512 + 512) + 9 * 256 * 512 + 512:,}" in shown  # conv4_1 to conv4_3
    assert "102,764,544" in shown  # fc6


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_drawn_with_alternative_text_and_no_label_outside_or_over_another(name):
    figure = drawn(name)
    assert figure.alt.startswith(f"{name} for pictures of {'×'.join(map(str, native_size(name)))}: ")
    assert "From input to output: input" in figure.alt
    check_texts(figure)


def test_networks_of_others_and_small_ones_are_drawn():
    theirs = look.architecture(torchvision.models.resnet18(), (3, 64, 64), title="torchvision's")
    assert theirs.alt.startswith("torchvision's for pictures of 3×64×64: 11,689,512 parameters")
    assert "vgg16 for" in look.architecture(small("vgg16"), (3, 32, 32)).alt
    own = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))
    assert "Sequential for pictures of 1×8×8" in look.architecture(own, (1, 8, 8)).alt
    assert own(torch.zeros(1, 1, 8, 8)).shape == (1, 2)  # its weights stay where they are


def test_two_networks_under_each_other_share_a_scale():
    both = picture(
        [prepared(blueprint("lenet5"), (1, 28, 28)), prepared(blueprint("lenet5", (1, 56, 56)), (1, 56, 56))]
    )
    heights = [height for _, height in fronts(both)]
    assert heights[8] / heights[0] == pytest.approx(2)
    assert "Below it: lenet5 for pictures of 1×56×56" in both.alt


def test_what_the_network_refuses_is_refused():
    with pytest.raises(ValueError, match="takes pictures of shape"):
        look.architecture(blueprint("vgg16"), (3, 64, 64))
    with pytest.raises(ValueError, match=r"input_size must be \(channels, height, width\)"):
        look.architecture(blueprint("vgg16"), (224, 224))
