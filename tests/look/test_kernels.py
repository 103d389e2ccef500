"""Kernels of any convolution, with the colours that their weights ask for."""

import numpy as np
import pytest
import torch
from matplotlib import colormaps
from torch import nn

from cnnlab import look, models


def drawn(figure: look.Figure) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for image in figure.axes[0].images]


def texts(figure: look.Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts] + [text.get_text() for text in figure.texts]


def colours(figure: look.Figure) -> set[tuple[float, ...]]:
    """All colours of all pictures but the frame's grey, rounded."""
    return {tuple(np.round(colour, 2)) for array in drawn(figure) for colour in array.reshape(-1, 4)} - {
        (0.8, 0.8, 0.8, 1)
    }


def rounded(colour: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(np.round(colour, 2))


@pytest.mark.parametrize("inputs", [1, 2])
def test_zero_is_the_middle_of_the_scale_and_the_largest_weight_its_end(inputs):
    weight = torch.zeros(2, inputs, 2, 2)
    weight[0, 0, 0, 0], weight[1, 0, 1, 1] = -0.5, 0.25
    signed = colormaps["RdBu_r"]
    assert colours(look.kernels(weight)) == {rounded(signed(value)) for value in (0.0, 0.5, 0.75)}


def test_rgba_of_one_channel_shows_the_sign_as_colour_and_the_size_as_opacity():
    weight = torch.tensor([[[[1.0, -0.5]]]])
    assert {colour[3] for colour in colours(look.kernels(weight, mode="rgba"))} == {1.0, 0.5}
    positive = next(colour for colour in colours(look.kernels(weight, mode="rgba")) if colour[3] == 1)
    assert positive[0] > positive[2]  # vermilion, not blue


def test_rgba_of_three_channels_is_a_colour_picture():
    weight = torch.zeros(1, 3, 1, 2)
    weight[0, :, 0, 0] = torch.tensor([1.0, -1.0, 0.0])
    weight[0, :, 0, 1] = torch.tensor([0.0, 0.0, 0.5])  # half as opaque, over grey
    figure = look.kernels(weight, mode="rgba")
    assert len(drawn(figure)) == 1
    assert colours(figure) == {(1.0, 0.0, 0.5, 1.0), (0.5, 0.5, 0.62, 1.0)}


def test_a_given_scale_makes_figures_comparable():
    weight = torch.full((1, 1, 1, 1), 0.5)
    assert colours(look.kernels(weight, scale=1.0)) == {rounded(colormaps["RdBu_r"](0.75))}


def test_rows_are_output_channels_and_columns_input_channels():
    weight = torch.zeros(2, 3, 1, 1)
    weight[1, 2] = 1.0  # kernel 1, input channel 2: last row, last column
    (mosaic,) = drawn(look.kernels(weight))
    strong = np.argwhere(np.all(np.isclose(mosaic, colormaps["RdBu_r"](1.0)), axis=-1))
    assert strong[:, 0].min() > mosaic.shape[0] / 2 - 2
    assert strong[:, 1].min() > mosaic.shape[1] * 2 / 3 - 2


@pytest.mark.parametrize(
    ("conv", "words"),
    [
        (nn.Conv2d(3, 64, 7), "64 kernels of 7×7 weights over 3 input channels"),
        (nn.Conv2d(64, 128, 1), "64 of 128 kernels shown, of 1×1 weights over 32 of 64 input channels"),
        (nn.Conv2d(32, 64, 3, groups=32), "64 kernels of 3×3 weights over 1 input channel of its group"),
        (nn.Conv2d(4, 6, (1, 7)), "6 kernels of 1×7 weights over 4 input channels"),
        (nn.Conv2d(1, 1, 5), "1 kernel of 5×5 weights over 1 input channel"),
        (nn.Conv2d(2, 3, 3, dtype=torch.bfloat16), "3 kernels of 3×3 weights over 2 input channels"),
    ],
)
@pytest.mark.parametrize("mode", ["channels", "rgba"])
def test_any_convolution_has_a_figure_of_sensible_size(conv, words, mode):
    figure = look.kernels(conv, mode=mode)
    assert words in figure.alt
    assert any(words in text for text in texts(figure))
    width, height = figure.get_size_inches()
    assert width <= 8.2
    assert height <= 6.5
    assert len(figure.png()) < 100_000


def test_zero_weights_have_a_figure_too():
    assert "from 0 to 0" in look.kernels(torch.zeros(2, 1, 3, 3)).alt


def test_a_network_is_answered_with_its_convolutions():
    with pytest.raises(ValueError, match="a LeNet5 is not a convolution.*features.conv1, features.conv2"):
        look.kernels(models.build("lenet5"))


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (nn.ReLU(), {}, "a ReLU is not a convolution; it holds no Conv2d"),
        (torch.zeros(3, 3), {}, "the weights of a convolution are .* got \\(3, 3\\)"),
        (torch.full((1, 1, 2, 2), float("nan")), {}, "4 of 4 weights are NaN or infinite"),
        (torch.zeros(1, 1, 2, 2), {"mode": "rgb"}, "mode must be one of channels, rgba, got 'rgb'"),
        (torch.zeros(1, 1, 2, 2), {"limit": 0}, "limit and scale must be positive"),
        (torch.zeros(1, 1, 2, 2), {"scale": -1.0}, "limit and scale must be positive"),
    ],
)
def test_what_has_no_kernels_is_refused(layer, options, message):
    with pytest.raises(ValueError, match=message):
        look.kernels(layer, **options)
