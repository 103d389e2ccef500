"""Receptive fields as published, their windows over the picture."""

import pytest
from matplotlib.patches import Rectangle
from torch import nn

from cnnlab import look
from cnnlab.models import blueprint
from cnnlab.models.catalogue import native_size
from tests.look.reading import labelled


def windows(figure: look.Figure) -> dict[str, tuple[float, float, float, float]]:
    patches = [patch for patch in figure.axes[1].patches if isinstance(patch, Rectangle)][1:]
    return {
        patch.get_label(): (patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) for patch in patches
    }


def test_the_curves_are_the_fields_and_strides_of_the_parts():
    figure = look.receptive_field(blueprint("vgg16"), (3, 224, 224))
    ends = [(labelled(figure.axes[0], name).get_ydata()[-1]) for name in ("receptive field", "stride")]
    assert ends == [212, 32]  # Araujo, Norris and Sim 2019, table 1
    assert figure.alt.endswith("212 (32)")
    stacked = look.receptive_field(nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(3))), (1, 20, 20))
    assert labelled(stacked.axes[0], "receptive field").get_ydata().tolist() == [3, 5, 7]


def test_windows_lie_over_the_middle_of_the_picture():
    figure = look.receptive_field(blueprint("lenet5"), (1, 28, 28))
    expected = {"conv1: 5×5": (11.5, 11.5, 5, 5), "conv2: 14×14": (7, 7, 14, 14), "pool2: 16×16": (6, 6, 16, 16)}
    assert windows(figure) == expected


def test_the_last_part_of_each_stride_is_shown():
    shown = windows(look.receptive_field(blueprint("vgg16"), (3, 224, 224)))
    assert [label.split(":")[0] for label in shown] == ["conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3", "pool5"]


def test_windows_larger_than_the_view_are_named_as_such():
    shown = windows(look.receptive_field(blueprint("resnet152"), (3, 224, 224)))
    assert "conv5_3: 1507×1507 (not drawn)" in shown
    assert any(label.startswith("conv3_8: 163×163") and "not drawn" not in label for label in shown)


def test_what_sees_the_whole_picture_is_left_out():
    figure = look.receptive_field(blueprint("resnet18"), (3, 224, 224))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()][-1] == "conv5_2"


@pytest.mark.parametrize("name", ["lenet5", "vgg16", "inception_v3", "resnet152", "landmark_cnn"])
def test_a_network_has_its_figure_and_no_label_is_cut(name):
    figure = look.receptive_field(blueprint(name), native_size(name))
    assert figure.alt.startswith(f"Receptive fields of {name} in a picture of ")
    figure.canvas.draw()
    (legend,) = figure.legends
    for part in (legend, figure.axes[0].get_legend(), *figure.axes[0].get_xticklabels()):
        box = part.get_window_extent()
        assert box.y0 >= -1
        assert figure.bbox.x0 - 1 <= box.x0
        assert box.x1 <= figure.bbox.x1 + 1
    assert not legend.get_window_extent().overlaps(figure.axes[1].get_window_extent())


def test_networks_without_maps_are_refused():
    with pytest.raises(ValueError, match="has no feature maps"):
        look.receptive_field(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), (1, 8, 8))
