"""The scores of a class for every window of a photograph, drawn over it."""

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

WIDTH, NARROWEST, TALLEST = 7.4, 6.0, 5.0  # inches: both panels, the least that their titles need, the photograph
OPACITY = 0.65  # of the scores: the photograph under them must stay recognisable


def heatmap(
    photo: Tensor,
    scores: Tensor,
    *,
    window: tuple[int, int],
    stride: tuple[int, int],
    label: str = "",
) -> Figure:
    """A photograph with the window of the highest score, and beside it the scores of all windows.

    ``photo`` is the input of the network. The score in row i and column j belongs to the window of ``window`` pixels
    that begins i·``stride`` pixels from the top and j·``stride`` pixels from the left. It is drawn at the centre of its
    window. The colours run from 0 to the highest score, or, with negative scores, are symmetric about 0 (white).

    Shape: photo (3, H, W) or (1, H, W); scores (H', W'), such as probabilities.

    Raises:
        ValueError: for other shapes, for scores that are not finite, or for windows that do not fit the photo.

    >>> import torch
    >>> scores = torch.tensor([[0.1, 0.2, 0.9], [0.0, 0.1, 0.3]])
    >>> heatmap(torch.rand(3, 48, 64), scores, window=(32, 32), stride=(16, 16), label="tabby")
    <Figure: tabby in a picture of 64×48 pixels, a map of 3×2 windows of 32×32 pixels: from 0 % to 90 %; the best
    window begins 32 pixels from the left and 0 from the top, in column 3 of 3 and row 1 of 2>
    """
    picture = as_arrays([photo])[0]
    values = scores.detach().cpu().float().numpy()
    _check(picture, values, window, stride)
    height, width = picture.shape[:2]
    row, column = (int(index) for index in np.unravel_index(values.argmax(), values.shape))
    top, left = row * stride[0], column * stride[1]
    end = symmetric_limit(values)
    low = -end if values.min() < 0 else 0.0
    written = percent if values.min() >= 0 and values.max() <= 1 else number
    best, size = written(float(values.max())), f"{values.shape[1]}×{values.shape[0]} windows"
    tall = min(TALLEST, (WIDTH - 0.7) / 2 * height / width)
    figure = Figure((max(NARROWEST, 2 * tall * width / height + 0.7), tall + 0.4))
    figure.alt = (
        f"{label or 'A class'} in a picture of {width}×{height} pixels, a map of {size} of {window[1]}×{window[0]} "
        f"pixels: from {written(float(values.min()))} to {best}; the best window begins {left} pixels from the left "
        f"and {top} from the top, in column {column + 1} of {values.shape[1]} and row {row + 1} of {values.shape[0]}"
    )
    plain, overlaid = figure.subplots(1, 2)
    label_axes(plain, title=f"best window: {shortened(label, 24) + ', ' if label else ''}{best}")
    label_axes(overlaid, title=f"{size}, {stride[1]} pixels apart")
    # Grey and light under the scores: a dark photograph would darken their colours, and they are read off the bar.
    light = 0.5 + 0.5 * np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    for axes, shown in ((plain, picture), (overlaid, light)):
        axes.imshow(shown, extent=(0, width, height, 0), interpolation="antialiased")
        axes.set_axis_off()
        _outline(axes, (left, top), min(window[1], width - left), min(window[0], height - top))
    across, down = (window[1] - stride[1]) / 2, (window[0] - stride[0]) / 2  # the first score's left and top edge
    extent = (across, across + values.shape[1] * stride[1], down + values.shape[0] * stride[0], down)
    scale = {"cmap": DIVERGING if low < 0 else SEQUENTIAL, "vmin": low, "vmax": end}
    image = overlaid.imshow(values, extent=extent, alpha=OPACITY, interpolation="nearest", **scale)
    overlaid.set(xlim=(0, width), ylim=(height, 0))
    colour_bar(image, overlaid, "probability" if written is percent else "score")
    return figure


def _outline(axes: Axes, corner: tuple[int, int], wide: int, tall: int) -> None:
    """Outline a window, with a white margin that makes it visible on any picture."""
    for colour, line in (("white", 3.5), (VERMILION, 2.0)):
        axes.add_patch(Rectangle(corner, wide, tall, fill=False, edgecolor=colour, linewidth=line, clip_on=False))


def _check(picture: np.ndarray, values: np.ndarray, window: tuple[int, int], stride: tuple[int, int]) -> None:
    if values.ndim != 2 or not values.size:
        raise ValueError(f"scores must be the map (H', W') of one class, as in logits[0, label], got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite, got NaN or infinity among them")
    for side, count, size, step in zip(picture.shape, values.shape, window, stride, strict=False):
        if (count - 1) * step + size >= side + step:
            raise ValueError(
                f"{values.shape[0]}×{values.shape[1]} windows of {window[0]}×{window[1]} pixels, {stride[0]} and "
                f"{stride[1]} pixels apart, do not fit into a picture of {picture.shape[0]}×{picture.shape[1]}; pass "
                "the picture in the size of the network's input"
            )
