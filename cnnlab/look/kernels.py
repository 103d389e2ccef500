"""What a convolution learned: its weights as pictures."""

import math
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, to_rgba
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from cnnlab.look.figure import INCH, Figure, canvas
from cnnlab.look.grid import picture_grid
from cnnlab.look.theme import BLUE, DIVERGING, SMALL, TITLE, VERMILION, join_first, number, symmetric_limit

MODES = ("channels", "rgba")
WIDE, TALL = 560, 500  # CSS pixels for the kernels
LARGEST_CELL = 20  # CSS pixels of a weight
MOST_INPUTS = 32  # input channels shown of each kernel
LEFT, TOP, RIGHT, BOTTOM, LABEL = 22, 62, 88, 12, 24  # CSS pixels: margins, and a row's number
GUTTER = np.array([0.8, 0.8, 0.8, 1.0])
OPACITY = LinearSegmentedColormap.from_list(
    "opacity",
    [(0, to_rgba(BLUE, 1)), (0.5, to_rgba(BLUE, 0)), (0.5, to_rgba(VERMILION, 0)), (1, to_rgba(VERMILION, 1))],
)


class _Grid(NamedTuple):
    """Where kernels go: ``blocks`` side by side, each ``rows`` tall, a weight ``cell`` dots (half a CSS pixel) wide."""

    blocks: int
    rows: int
    cell: int
    gutter: int


def kernels(
    layer: nn.Module | Tensor,
    *,
    mode: str = "channels",
    limit: int = 64,
    scale: float | None = None,
    title: str = "",
) -> Figure:
    """The kernels of a convolution as pictures, at most ``limit`` of them.

    ``mode="channels"``: a row for each output channel, a column for each input channel (of its group), blue below
    zero and red above. ``mode="rgba"``: opacity is |weight|; a kernel over three input channels is one picture whose
    red, green and blue are its weights (grey is zero), others show their sign as colour, a matrix for each input
    channel. One scale, centred at zero, holds for all kernels: it ends at the largest |weight|, or at ``scale`` to
    compare figures.

    Shape: the weights are (out_channels, in_channels / groups, height, width).

    Raises:
        ValueError: if ``layer`` is no convolution (a network's convolutions are listed), or for an unknown mode,
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
    heading, alt = _words(weights, shown, coloured, grouped)
    heading, alt = (f"{title}: {text}" if title else text for text in (heading, alt))
    if coloured:
        figure = _one_matrix_each(_as_colours(shown, end), heading, alt)
        _grey_paper(figure)
        _colour_key(figure, end)
        return figure
    colours = OPACITY if mode == "rgba" else colormaps[DIVERGING]
    pictures = colours(Normalize(-end, end)(shown))
    draw = _matrices if shown.shape[1] > 1 else _one_matrix_each
    figure = draw(pictures if shown.shape[1] > 1 else pictures[:, 0], heading, alt)
    _scale(figure, colours, end)
    return figure


def _weights(layer: nn.Module | Tensor) -> np.ndarray:
    """(out, in, height, width), in float32 and on the CPU."""
    if isinstance(layer, nn.Conv2d):
        weight: Tensor = layer.weight
    elif isinstance(layer, Tensor):
        weight = layer
        if weight.ndim != 4 or 0 in weight.shape:
            raise ValueError(
                "the weights of a convolution are (out_channels, in_channels, height, width), got "
                f"{tuple(weight.shape)}"
            )
    else:
        inside = [name for name, module in layer.named_modules() if isinstance(module, nn.Conv2d)]
        way_out = (
            f"pass one of its convolutions, as in net.get_submodule({inside[0]!r}): {join_first(inside, most=20)}"
            if inside
            else "it holds no Conv2d; pass one of a network's convolutions, or a weight tensor"
        )
        raise ValueError(f"a {type(layer).__name__} is no convolution; {way_out}")
    values = weight.detach().cpu().float().numpy()
    if not np.isfinite(values).all():
        raise ValueError(
            f"{np.sum(~np.isfinite(values)):,} of {values.size:,} weights are NaN or infinite: training failed"
        )
    return values


def _as_colours(weights: np.ndarray, end: float) -> np.ndarray:
    """(N, 3, h, w) weights -> (N, h, w, 4): red, green, blue with zero at grey, and opacity = largest |weight|."""
    relative = np.clip(weights / end, -1, 1).transpose(0, 2, 3, 1)
    opacity = np.abs(relative).max(axis=-1, keepdims=True)
    return np.concatenate([0.5 + 0.5 * relative, opacity], axis=-1)


def _grid(kernels: int, matrices: int, height: int, width: int) -> _Grid:
    """The arrangement with the largest weights; among equals the one nearest to 8:5."""

    def quality(blocks: int) -> tuple[int, float]:
        rows = math.ceil(kernels / blocks)
        wide = (WIDE - LABEL * blocks) / (blocks * matrices * (width + 0.4))
        cell = min(wide, TALL / (rows * (height + 0.4)), LARGEST_CELL)
        proportion = blocks * matrices * width / (rows * height)
        return int(2 * cell), -abs(math.log(proportion / 1.6))

    blocks = max(range(1, min(kernels, 16) + 1), key=quality)
    cell = max(2, quality(blocks)[0])
    return _Grid(blocks, math.ceil(kernels / blocks), cell, max(1, min(8, cell // 3)))


def _one_matrix_each(pictures: np.ndarray, title: str, alt: str) -> Figure:
    """``pictures`` (kernels, h, w, 4) in a grid that is read like text."""
    count, height, width = pictures.shape[:3]
    columns = count if count <= 8 else math.ceil(count / math.ceil(math.sqrt(count / 2.5)))
    cell = max(3, 48 // max(height, width))  # fewer dots than on the page, so that edges stay sharp
    framed = [_mosaic(picture[None, None], cell, gutter=1) for picture in pictures]
    numbers = [str(index) for index in range(count)]
    return picture_grid(framed, titles=numbers, columns=columns, title=title, alt=alt, right=RIGHT, largest=110)


def _matrices(pictures: np.ndarray, title: str, alt: str) -> Figure:
    """``pictures`` (kernels, matrices, h, w, 4): a row a kernel, numbered, in blocks side by side."""
    count, matrices, height, width = pictures.shape[:4]
    grid = _grid(count, matrices, height, width)
    step_y, step_x = (side * grid.cell + grid.gutter for side in (height, width))  # dots
    block_wide = (matrices * step_x + grid.gutter) / 2
    tall = max(grid.rows * step_y / 2, 90)
    page_wide = max(LEFT + grid.blocks * (block_wide + LABEL) + RIGHT, 7.2 * len(title) + 20)
    figure, axes = canvas(page_wide, TOP + tall + BOTTOM, alt=alt)
    axes.text(8, 16, title, fontsize=TITLE, va="center")
    for block in range(grid.blocks):
        left = LEFT + block * (block_wide + LABEL) + LABEL
        chosen = range(count)[block * grid.rows :][: grid.rows]
        if not len(chosen):
            continue
        mosaic = _mosaic(pictures[chosen.start : chosen.stop], grid.cell, grid.gutter)
        extent = (left, left + mosaic.shape[1] / 2, TOP + mosaic.shape[0] / 2, TOP)
        axes.imshow(mosaic, extent=extent, aspect="auto", interpolation="nearest")
        small: dict[str, Any] = {"fontsize": SMALL - 1, "va": "center"}
        for row in range(0, len(chosen), math.ceil(11 / (step_y / 2))):
            axes.text(left - 4, TOP + (row + 0.5) * step_y / 2, str(chosen[row]), ha="right", **small)
        for column in range(0, matrices, math.ceil(16 / (step_x / 2))):
            axes.text(left + (column + 0.5) * step_x / 2, TOP - 8, str(column), ha="center", **small)
    axes.text(LEFT + LABEL, TOP - 22, "input channel →", fontsize=SMALL, va="center")
    down = "kernel (output channel) ↓" if tall > 150 else "kernel ↓"
    axes.text(10, TOP, down, fontsize=SMALL, rotation=90, va="top", ha="center")
    axes.set(xlim=(0, page_wide), ylim=(TOP + tall + BOTTOM, 0))
    return figure


def _mosaic(pictures: np.ndarray, cell: int, gutter: int) -> np.ndarray:
    """(rows, columns, h, w, 4) -> one picture, ``cell`` dots a weight, with gutters."""
    large = pictures.repeat(cell, axis=2).repeat(cell, axis=3)
    rows, columns, height, width = large.shape[:4]
    high, wide = height + gutter, width + gutter
    whole = np.broadcast_to(GUTTER, (rows * high + gutter, columns * wide + gutter, 4)).copy()
    for row in range(rows):
        for column in range(columns):
            top, left = gutter + row * high, gutter + column * wide
            whole[top : top + height, left : left + width] = large[row, column]
    return whole


def _scale(figure: Figure, colours: Colormap, end: float) -> None:
    """The colour bar at the right."""
    wide, high = figure.get_figwidth() * INCH, figure.get_figheight() * INCH
    length = min(high - TOP - BOTTOM, 220)
    box = figure.add_axes(((wide - 68) / wide, 1 - (TOP + length) / high, 9 / wide, length / high))
    bar = figure.colorbar(ScalarMappable(Normalize(-end, end), colours), cax=box, ticks=[-end, 0, end])
    bar.ax.set_yticklabels([number(-end), "0", number(end)], fontsize=SMALL)
    bar.ax.set_title("weight", fontsize=SMALL, pad=6)
    bar.outline.set_visible(False)


def _grey_paper(figure: Figure) -> None:
    """Put grey under the kernels: on the page's white, weights that are positive in all three channels would vanish."""
    axes = figure.axes[0]
    for image in axes.images:
        left, right, bottom, top = image.get_extent()
        axes.add_patch(Rectangle((left, top), right - left, bottom - top, color="0.5", linewidth=0, zorder=-1))


def _colour_key(figure: Figure, end: float) -> None:
    """What the colours of a kernel over three channels mean, at the right."""
    words = f"red, green,\nblue: weight\nfor channel\n0, 1, 2\n(grey: 0)\n\nopacity:\nlargest |w|\n/ {number(end)}"
    figure.text(1 - (RIGHT - 10) / (figure.get_figwidth() * INCH), 0.5, words, fontsize=SMALL - 1, va="center")


def _words(weights: np.ndarray, shown: np.ndarray, coloured: bool, grouped: bool) -> tuple[str, str]:
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
