"""The weights of a convolution as pictures."""

import math
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_rgba
from torch import Tensor, nn

from cnnlab.look.figure import INCH, Figure, canvas
from cnnlab.look.grid import picture_grid
from cnnlab.look.theme import BLUE, DIVERGING, SMALL, TITLE, VERMILION, join_first, number, symmetric_limit

MODES = ("channels", "rgba")
WIDE, TALL = 560, 500  # CSS pixels: the area of all kernels
LARGEST_CELL = 20  # CSS pixels of a weight
MOST_INPUTS = 32  # input channels shown of each kernel
LEFT, TOP, RIGHT, BOTTOM, LABEL = 22, 62, 88, 12, 24  # CSS pixels: margins, and the number of a row
GREY = np.array([0.8, 0.8, 0.8, 1.0])  # between kernels
OPACITY = LinearSegmentedColormap.from_list(
    "opacity",
    [(0, to_rgba(BLUE, 1)), (0.5, to_rgba(BLUE, 0)), (0.5, to_rgba(VERMILION, 0)), (1, to_rgba(VERMILION, 1))],
)


def kernels(
    layer: nn.Module | Tensor,
    *,
    mode: str = "channels",
    limit: int = 64,
    scale: float | None = None,
    title: str = "",
) -> Figure:
    """The kernels of a convolution as pictures, at most ``limit`` of them.

    ``mode="channels"``: a row for each output channel, a column for each input channel (of its group); negative weights
    are blue, positive ones red. ``mode="rgba"``: the opacity is |weight|. A kernel over three input channels is then
    one picture whose red, green and blue are the weights (grey is zero); any other has a picture for each input
    channel, blue or red by sign. All kernels share one scale that is centred at zero; it ends at the largest |weight|,
    or at ``scale``, to compare figures.

    Shape: the weights are (out_channels, in_channels / groups, height, width).

    Raises:
        ValueError: if ``layer`` is not a convolution (the error lists a network's convolutions), for an unknown mode,
            a limit or scale that is not positive, or weights that are not finite.

    >>> conv = nn.Conv2d(1, 2, 2)
    >>> conv.weight.data = torch.tensor([[[[0.0, 1], [-1, 0]]], [[[2, 2], [2, 2]]]])
    >>> kernels(conv)
    <Figure: 2 kernels of 2×2 weights over 1 input channel: weights from −1 to 2. Strongest kernel: 1, weakest: 0>
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    if limit < 1 or (scale is not None and not scale > 0):
        raise ValueError(f"limit and scale must be positive, got limit={limit}, scale={scale}")
    weights = _weights(layer)
    grouped = isinstance(layer, nn.Conv2d) and layer.groups > 1
    shown = weights[:limit, :MOST_INPUTS]
    end = scale or symmetric_limit(weights)
    coloured = mode == "rgba" and weights.shape[1] == 3
    heading, alt = _in_words(weights, shown, coloured, grouped)
    heading, alt = (f"{title}: {text}" if title else text for text in (heading, alt))
    if coloured:
        figure = _one_picture_each(_as_colours(shown, end), heading, alt)
        _colour_key(figure, end)
        return figure
    colours = OPACITY if mode == "rgba" else colormaps[DIVERGING]
    pictures = colours(Normalize(-end, end)(shown))
    if shown.shape[1] > 1:
        figure = _row_each(pictures, heading, alt)
    else:
        figure = _one_picture_each(pictures[:, 0], heading, alt)
    _weight_bar(figure, colours, end)
    return figure


def _weights(layer: nn.Module | Tensor) -> np.ndarray:
    """(out, in, height, width), in float32 and on the CPU."""
    if isinstance(layer, Tensor):
        weight = layer
    elif isinstance(layer, nn.Conv2d):
        weight = layer.weight
    else:
        inside = [name for name, module in layer.named_modules() if isinstance(module, nn.Conv2d)]
        way_out = (
            f"pass one of its convolutions, as in net.get_submodule({inside[0]!r}): {join_first(inside, most=20)}"
            if inside
            else "it holds no Conv2d; pass one of a network's convolutions, or a weight tensor"
        )
        raise ValueError(f"a {type(layer).__name__} is not a convolution; {way_out}")
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(
            f"the weights of a convolution are (out_channels, in_channels, height, width), got {tuple(weight.shape)}"
        )
    values = weight.detach().cpu().float().numpy()
    if wrong := np.sum(~np.isfinite(values)):
        raise ValueError(f"{wrong:,} of {values.size:,} weights are NaN or infinite: training failed")
    return values


def _as_colours(weights: np.ndarray, end: float) -> np.ndarray:
    """(N, 3, h, w) weights -> (N, h, w, 4): red, green, blue with zero at grey, as opaque as the largest |weight|.

    The grey lies behind them: on white, weights that are positive in all three channels would be invisible.
    """
    relative = np.clip(weights / end, -1, 1).transpose(0, 2, 3, 1)
    opacity = np.abs(relative).max(axis=-1, keepdims=True)
    return np.concatenate([0.5 + 0.5 * opacity * relative, np.ones_like(opacity)], axis=-1)


def _arrangement(kernels: int, inputs: int, height: int, width: int) -> tuple[int, int]:
    """The rows of a block and the image pixels of a weight, with the largest weights, and then nearest to 8:5."""

    def quality(blocks: int) -> tuple[int, float]:
        rows = math.ceil(kernels / blocks)
        wide = (WIDE - LABEL * blocks) / (blocks * inputs * (width + 0.4))
        weight = min(wide, TALL / (rows * (height + 0.4)), LARGEST_CELL)
        ratio = blocks * inputs * width / (rows * height)
        return int(2 * weight), -abs(math.log(ratio / 1.6))

    blocks = max(range(1, min(kernels, 16) + 1), key=quality)
    return math.ceil(kernels / blocks), max(2, quality(blocks)[0])


def _one_picture_each(pictures: np.ndarray, title: str, alt: str) -> Figure:
    """``pictures`` (kernels, h, w, 4) in a grid, row by row."""
    count, height, width = pictures.shape[:3]
    columns = count if count <= 8 else math.ceil(count / math.ceil(math.sqrt(count / 2.5)))
    weight = max(3, 48 // max(height, width))  # fewer pixels than on the screen, so that edges stay sharp
    framed = [_mosaic(picture[None, None], weight, gap=1) for picture in pictures]
    numbers = [str(index) for index in range(count)]
    return picture_grid(framed, titles=numbers, columns=columns, title=title, alt=alt, right=RIGHT, largest=110)


def _row_each(pictures: np.ndarray, title: str, alt: str) -> Figure:
    """``pictures`` (kernels, inputs, h, w, 4): a numbered row for each kernel, in blocks side by side."""
    count, inputs, height, width = pictures.shape[:4]
    rows, weight = _arrangement(count, inputs, height, width)
    gap = max(1, min(8, weight // 3))
    step_y, step_x = ((side * weight + gap) / 2 for side in (height, width))  # CSS pixels
    block_wide, tall = inputs * step_x + gap / 2, max(rows * step_y, 90)
    wide = max(LEFT + math.ceil(count / rows) * (block_wide + LABEL) + RIGHT, 7.2 * len(title) + 20)
    figure, axes = canvas(wide, TOP + tall + BOTTOM, alt=alt)
    axes.text(8, 16, title, fontsize=TITLE, va="center")
    small: dict[str, Any] = {"fontsize": SMALL - 1, "va": "center"}
    for block, first in enumerate(range(0, count, rows)):
        left = LEFT + LABEL + block * (block_wide + LABEL)
        mosaic = _mosaic(pictures[first : first + rows], weight, gap)
        extent = (left, left + mosaic.shape[1] / 2, TOP + mosaic.shape[0] / 2, TOP)
        axes.imshow(mosaic, extent=extent, aspect="auto", interpolation="nearest")
        for row in range(0, min(rows, count - first), math.ceil(11 / step_y)):
            axes.text(left - 4, TOP + (row + 0.5) * step_y, str(first + row), ha="right", **small)
        for column in range(0, inputs, math.ceil(16 / step_x)):
            axes.text(left + (column + 0.5) * step_x, TOP - 8, str(column), ha="center", **small)
    axes.text(LEFT + LABEL, TOP - 22, "input channel →", fontsize=SMALL, va="center")
    down = "kernel (output channel) ↓" if tall > 150 else "kernel ↓"
    axes.text(10, TOP, down, fontsize=SMALL, rotation=90, va="top", ha="center")
    axes.set(xlim=(0, wide), ylim=(TOP + tall + BOTTOM, 0))
    return figure


def _mosaic(pictures: np.ndarray, weight: int, gap: int) -> np.ndarray:
    """(rows, columns, h, w, 4) -> one picture, ``weight`` pixels for each weight, with grey gaps around all."""
    rows, columns, height, width = pictures.shape[:4]
    high, wide = height * weight + gap, width * weight + gap
    cells = np.broadcast_to(GREY, (rows, columns, high, wide, 4)).copy()
    cells[:, :, gap:, gap:] = pictures.repeat(weight, axis=2).repeat(weight, axis=3)
    whole = np.broadcast_to(GREY, (rows * high + gap, columns * wide + gap, 4)).copy()
    whole[:-gap, :-gap] = cells.swapaxes(1, 2).reshape(rows * high, columns * wide, 4)
    return whole


def _weight_bar(figure: Figure, colours: Colormap, end: float) -> None:
    """The colour bar at the right."""
    wide, high = figure.get_figwidth() * INCH, figure.get_figheight() * INCH
    length = min(high - TOP - BOTTOM, 220)
    box = figure.add_axes(((wide - 68) / wide, 1 - (TOP + length) / high, 9 / wide, length / high))
    bar = figure.colorbar(ScalarMappable(Normalize(-end, end), colours), cax=box, ticks=[-end, 0, end])
    bar.ax.set_yticklabels([number(-end), "0", number(end)], fontsize=SMALL)
    bar.ax.set_title("weight", fontsize=SMALL, pad=6)
    bar.outline.set_visible(False)


def _colour_key(figure: Figure, end: float) -> None:
    """What the colours of a kernel over three channels mean, at the right."""
    key = f"red, green,\nblue: weight\nfor channel\n0, 1, 2\n(grey: 0)\n\nopacity:\nlargest |w|\n/ {number(end)}"
    figure.text(1 - (RIGHT - 10) / (figure.get_figwidth() * INCH), 0.5, key, fontsize=SMALL - 1, va="center")


def _in_words(weights: np.ndarray, shown: np.ndarray, coloured: bool, grouped: bool) -> tuple[str, str]:
    """The heading, and the alternative text."""
    out_channels, in_channels, height, width = weights.shape
    kernels = f"{out_channels} kernel" + "s" * (out_channels > 1)
    inputs = f"{in_channels} input channel" + "s" * (in_channels > 1) + " of its group" * grouped
    if len(shown) < out_channels:
        kernels = f"{len(shown)} of {kernels} shown,"
    if shown.shape[1] < in_channels:
        inputs = f"{shown.shape[1]} of {inputs}"
    heading = f"{kernels} of {height}×{width} weights over {inputs}"
    strength = np.sqrt((weights**2).mean(axis=(1, 2, 3)))
    alt = f"{heading}: weights from {number(weights.min())} to {number(weights.max())}"
    if out_channels > 1:
        alt += f". Strongest kernel: {strength.argmax()}, weakest: {strength.argmin()}"
    return heading, alt + (", as colour pictures" if coloured else "")
