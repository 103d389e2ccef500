"""Where in a photograph a network sees a class: what it answers for every window, laid over the picture."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from cnnlab.look.figure import Figure
from cnnlab.look.grid import as_arrays
from cnnlab.look.theme import (
    DIVERGING,
    SEQUENTIAL,
    VERMILION,
    colour_bar,
    label_axes,
    number,
    percent,
    shortened,
    symmetric_limit,
)

ACROSS = 7.4  # inches of both panels
TALLEST, NARROWEST = 5.0, 6.0  # inches of the photograph, and of both panels under their titles
OPACITY = 0.65  # of the map: what lies under it must stay recognisable


def heatmap(
    photo: Tensor,
    scores: Tensor,
    *,
    window: tuple[int, int],
    stride: tuple[int, int],
    label: str = "",
    limits: tuple[float, float] | None = None,
) -> Figure:
    """The scores of a class for every window of a photograph: the window with the best, and the map of all.

    ``photo`` is the picture as the network saw it. The cell in row i and column j of ``scores`` belongs to the window
    of ``window`` pixels whose upper left corner is i·stride below and j·stride right of the picture's; it is drawn
    at the window's centre. ``limits`` are the ends of the colour scale: without them 0 and the highest score, or, if
    there are negative ones, symmetric about white for 0.

    Shape: photo (3, H, W) or (1, H, W); scores (H', W'), such as probabilities.

    Raises:
        ValueError: for other shapes, scores that are not numbers, or windows that the photograph does not hold.

    >>> import torch
    >>> scores = torch.tensor([[0.1, 0.2, 0.9], [0.0, 0.1, 0.3]])
    >>> heatmap(torch.rand(3, 48, 64), scores, window=(32, 32), stride=(16, 16), label="tabby")
    <Figure: tabby in a picture of 64×48 pixels, a map of 3×2 windows of 32×32 pixels: from 0 % to 90 %; the best
    window begins 32 pixels from the left and 0 from the top, in column 3 of 3 and row 1 of 2>
    """
    picture = as_arrays([photo], None)[0]
    values = scores.detach().cpu().float().numpy()
    _check(picture, values, window, stride)
    height, width = picture.shape[:2]
    row, column = (int(place) for place in np.unravel_index(values.argmax(), values.shape))
    top, left = row * stride[0], column * stride[1]
    low, high = limits or _limits(values)
    told = percent if values.min() >= 0 and values.max() <= 1 else number
    shape = min(TALLEST, (ACROSS - 0.7) / 2 * height / width)
    figure = Figure((max(NARROWEST, 2 * shape * width / height + 0.7), shape + 0.4))
    best = told(float(values[row, column]))
    figure.alt = (
        f"{label + ' in' if label else 'A class in'} a picture of {width}×{height} pixels, a map of "
        f"{values.shape[1]}×{values.shape[0]} windows of {window[1]}×{window[0]} pixels: from "
        f"{told(float(values.min()))} to {best}; the best window begins {left} pixels from the left and {top} from the "
        f"top, in column {column + 1} of {values.shape[1]} and row {row + 1} of {values.shape[0]}"
    )
    whole, mapped = figure.subplots(1, 2)
    label_axes(whole, title=f"best window: {shortened(label, 24) + ', ' if label else ''}{best}")
    label_axes(mapped, title=f"{values.shape[1]}×{values.shape[0]} windows, {stride[1]} pixels apart")
    for axes, shown in ((whole, picture), (mapped, np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2))):
        axes.imshow(shown, extent=(0, width, height, 0), interpolation="antialiased")
        axes.set_axis_off()
        _frame(axes, left, top, window, width, height)
    across, down = (window[1] - stride[1]) / 2, (window[0] - stride[0]) / 2  # the first cell's left and top
    extent = (across, across + values.shape[1] * stride[1], down + values.shape[0] * stride[0], down)
    image = mapped.imshow(
        values,
        extent=extent,
        cmap=DIVERGING if low < 0 else SEQUENTIAL,
        vmin=low,
        vmax=high,
        alpha=OPACITY,
        interpolation="nearest",
    )
    mapped.set(xlim=(0, width), ylim=(height, 0))
    colour_bar(image, mapped, "probability" if told is percent else "score")
    return figure


def _frame(axes: Axes, left: float, top: float, window: tuple[int, int], width: int, height: int) -> None:
    """Outline a window, on white so that it is seen on any picture."""
    corner, across, down = (left, top), min(window[1], width - left), min(window[0], height - top)
    for colour, line in (("white", 3.5), (VERMILION, 2.0)):
        axes.add_patch(Rectangle(corner, across, down, fill=False, edgecolor=colour, linewidth=line, clip_on=False))


def _limits(values: np.ndarray) -> tuple[float, float]:
    if values.min() < 0:
        limit = symmetric_limit(values)
        return -limit, limit
    return 0.0, float(values.max()) or 1.0


def _check(picture: np.ndarray, values: np.ndarray, window: tuple[int, int], stride: tuple[int, int]) -> None:
    if values.ndim != 2 or not values.size:
        raise ValueError(f"scores must be the map (H', W') of one class, as in logits[0, label], got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("scores must be numbers, got NaN or infinity among them")
    for side, cells, size, step in zip(picture.shape, values.shape, window, stride, strict=False):
        if (cells - 1) * step + size >= side + step:
            raise ValueError(
                f"{values.shape[0]}×{values.shape[1]} windows of {window[0]}×{window[1]} pixels, {stride[0]} and "
                f"{stride[1]} pixels apart, do not fit into a picture of {picture.shape[0]}×{picture.shape[1]}; pass "
                "the picture in the size in which the network saw it"
            )
