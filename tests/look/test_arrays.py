"""Windows, channels and the Gram matrix: the pixels marked are those that the layer really uses."""

import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from torch import nn

from cnnlab import look
from cnnlab.look.arrays._grids import TINT, position
from cnnlab.look.arrays._slides import steps_of
from tests.look.reading import check_texts, texts

LAYERS = {
    "3×3": (nn.Conv2d(1, 1, 3), (1, 6, 6), (1, 2)),
    "stride and padding": (nn.Conv2d(1, 1, 3, stride=2, padding=1), (1, 7, 7), (1, 1)),
    "same": (nn.Conv2d(1, 1, 3, padding="same"), (1, 5, 5), (2, 2)),
    "dilation": (nn.Conv2d(1, 1, 3, dilation=2, padding=2), (1, 7, 7), (3, 2)),
    "one by seven": (nn.Conv2d(1, 1, (1, 7), padding=(0, 3)), (1, 5, 9), (2, 4)),
    "pooling": (nn.AvgPool2d(2), (1, 6, 6), (1, 2)),
    "three of 3×3": (nn.Sequential(*(nn.Conv2d(1, 1, 3) for _ in range(3))), (1, 9, 9), (1, 1)),
    "as one": (
        nn.Sequential(nn.Sequential(nn.Conv2d(1, 1, 3), nn.AvgPool2d(2)), nn.Conv2d(1, 1, 3)),
        (1, 14, 14),
        (1, 2),
    ),
}


def used(layers: nn.Module, shape: tuple[int, int, int], at: tuple[int, int]) -> set[tuple[int, int]]:
    """The pixels on which an output depends, by backpropagation."""
    for parameter in layers.parameters():
        nn.init.ones_(parameter)
    x = torch.ones(1, *shape, requires_grad=True)
    layers(x)[0, 0, at[0], at[1]].backward()
    return {(row, column) for row, column in (x.grad[0, 0] != 0).nonzero().tolist()}


def tinted(figure: look.Figure) -> list[tuple[float, float]]:
    """The corners of all tinted pixels."""
    patches = [patch for patch in figure.axes[0].patches if type(patch) is Rectangle and patch.get_fill()]
    return [patch.get_xy() for patch in patches if to_hex(patch.get_facecolor()).upper() == TINT]


@pytest.mark.parametrize("name", LAYERS)
def test_the_window_holds_the_pixels_that_the_output_depends_on(name):
    layers, shape, at = LAYERS[name]
    expected = used(layers, shape, at)
    rows, columns = ([place[axis] for place in expected] for axis in (0, 1))
    steps = steps_of(layers, shape)
    window = position(*at)
    for step in reversed(steps):
        window = step.over(window)
    ends = [(along.start, along.stop) for along in window]
    assert ends == [(min(rows), max(rows) + 1), (min(columns), max(columns) + 1)]
    if len(steps) == 1:
        assert window.pixels() == expected
        assert len(tinted(look.sliding(layers, shape, at=at))) == len(expected) + 1  # and the output's


def test_a_window_at_the_edge_reaches_into_the_padding():
    figure = look.sliding(nn.Conv2d(1, 1, 3, stride=2, padding=1), (1, 5, 5), at=(0, 0))
    assert "rows −1 to 1 and columns −1 to 1 of the input, padding included" in figure.alt
    zeros = texts(figure).count("0")
    assert zeros == 7 * 7 - 5 * 5


def test_the_next_window_is_a_stride_to_the_right():
    figure = look.sliding(nn.MaxPool2d(3, stride=2), (6, 9, 9), at=(0, 1))
    assert "columns 2 to 4 of the input; the one beside it from columns 4 to 6" in figure.alt
    assert "dashed: the window of the next output, 2 to the right" in texts(figure)
    last = look.sliding(nn.MaxPool2d(3, stride=2), (6, 9, 9), at=(0, 3))
    assert "beside" not in last.alt


def test_sizes_are_those_that_the_layer_puts_out():
    conv = nn.Conv2d(3, 8, 4, stride=3, padding=1, dilation=2)
    out = conv(torch.zeros(1, 3, 28, 28)).shape
    assert f"output {out[1]}×{out[2]}×{out[3]}" in texts(look.sliding(conv, (3, 28, 28)))


def test_a_window_is_traced_through_several_layers_under_their_names():
    features = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
    net = nn.Sequential()
    net.add_module("features", features)
    net.add_module("linear", nn.Conv2d(8, 10, 5))
    figure = look.sliding(net, (1, 16, 20), at=(1, 2))
    shown = texts(figure)
    for expected in ("input 1×16×20", "features", "8×7×9", "linear", "5×5 conv", "output 10×3×5"):
        assert expected in shown
    assert "through rows 1 to 5 and columns 2 to 6 of 8×7×9" in figure.alt


def test_a_kernel_spans_all_input_channels():
    conv = nn.Conv2d(3, 2, 3)
    figure = look.channels(conv, (3, 6, 6), at=(1, 1))
    shown = texts(figure)
    assert "input: 3 channels of 6×6" in shown
    assert f"2 kernels of {'×'.join(map(str, conv.weight.shape[1:]))}" in shown
    assert "output: 2 channels of 4×4" in shown
    assert {"kernel 1", "channel 1", "kernel 2", "channel 2"} <= set(shown)


def test_channels_that_are_not_drawn_are_counted():
    shown = texts(look.channels(nn.Conv2d(256, 64, 1), (256, 8, 8)))
    assert {"64 kernels of 256×1×1", "⋮  62 more kernels"} <= set(shown)


def test_the_gram_matrix_is_the_product_that_is_drawn():
    maps = torch.randn(4, 3, 5)
    rows = maps.flatten(1)
    gram = rows @ rows.T
    figure = look.gram_matrix(maps.shape, at=(0, 2))
    for word, matrix in (("F", rows), ("Fᵀ", rows.T), ("G", gram)):
        assert f"{word}  {'×'.join(map(str, matrix.shape))}" in texts(figure)
    assert gram[0, 2] == pytest.approx((maps[0] * maps[2]).sum().item(), rel=1e-4)  # what the text says of the entry
    assert "entry (0, 2) of G, the sum over all positions of channel 0 times channel 2" in figure.alt


@pytest.mark.parametrize(
    "figure",
    [
        lambda: look.sliding(nn.Conv2d(1, 1, 3, stride=2, padding=1), (1, 5, 5), at=(0, 1), title="Stride and padding"),
        lambda: look.sliding(LAYERS["three of 3×3"][0], (1, 9, 9), title="Three 3×3 see 7×7"),
        lambda: look.channels(nn.Conv2d(256, 64, 3, padding=1), (256, 8, 8), title="Channels"),
        lambda: look.gram_matrix((4, 3, 4), title="Gram matrix"),
        lambda: look.gram_matrix((8, 5, 6)),
    ],
)
def test_every_text_is_large_enough_inside_the_page_and_apart(figure):
    figure = figure()
    assert figure.get_figwidth() <= 9  # 900 CSS pixels, a notebook's column
    check_texts(figure)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: look.sliding(nn.Linear(4, 4), (1, 4, 4)), "convolutions, poolings and activations, got a Linear"),
        (lambda: look.sliding(nn.ReLU(), (1, 4, 4)), "a layer that slides is a convolution or a pooling, got ReLU"),
        (lambda: look.sliding(nn.Conv2d(1, 1, 3), (5, 5)), r"input_shape must be \(channels, height, width\)"),
        (
            lambda: look.sliding(nn.Conv2d(1, 1, 3), (1, 5, 5), at=(0, 3)),
            r"in the output of 3×3 positions, got \(0, 3\)",
        ),
        (lambda: look.sliding(nn.Conv2d(1, 1, 3), (1, 99, 99)), "at most 64 rows and columns can be drawn.*got 99"),
        (lambda: look.channels(nn.Conv2d(4, 4, 3, groups=2), (4, 5, 5)), "a convolution without groups, got Conv2d"),
        (lambda: look.channels(nn.MaxPool2d(2), (4, 5, 5)), "a convolution without groups, got MaxPool2d"),
        (lambda: look.channels(nn.Conv2d(1, 1, 3), (1, 40, 40)), "at most 24 rows and columns"),
        (lambda: look.gram_matrix((64, 28, 28)), "up to 8 channels and 30 positions can be drawn, got 64"),
        (lambda: look.gram_matrix((3, 2, 2), at=(0, 3)), r"two channels from 0 to 2, got \(0, 3\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
