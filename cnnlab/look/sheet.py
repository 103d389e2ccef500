"""Small pictures in rows and columns, each with a title: one drawing area whose unit is the CSS pixel."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from cnnlab.look.figure import INCH, Figure
from cnnlab.look.style import SMALL, TITLE, shortened

WIDEST = 700  # CSS pixels: what a notebook's column holds
GAP, LINE, HEADING = 8, 14, 26  # CSS pixels: between pictures, a line of a title, the sheet's own title
LARGEST_SIDE, SMALLEST_SIDE = 200, 56  # CSS pixels of a picture
MOST = 400  # pictures on a sheet


def pictures(
    images: Tensor | Sequence[Tensor],
    *,
    titles: Sequence[str] = (),
    columns: int | None = None,
    title: str = "",
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Pictures in a grid, each under its title.

    Shape: (N, C, H, W), or a list of (C, H, W) or (H, W) of any sizes, with 1 or 3 channels. uint8 runs from 0 to
    255; float pictures from ``limits[0]`` (black) to ``limits[1]`` (white), by default −1 to 1 as
    `cnnlab.data.to_float` makes them, or 0 to 1 if none of their values is negative.

    Raises:
        ValueError: for no pictures or too many, another shape, values outside the limits, or titles that do not fit.

    >>> pictures(torch.zeros(3, 1, 28, 28), titles=["a", "b", "c"])
    <Figure: 3 pictures of 28×28 pixels: a, b, c>
    """
    arrays = as_arrays(images, limits)
    if titles and len(titles) != len(arrays):
        raise ValueError(f"there must be a title for each picture, got {len(titles)} titles for {len(arrays)} pictures")
    sizes = {f"{array.shape[0]}×{array.shape[1]} pixels" for array in arrays}
    size = f" of {sizes.pop()}" if len(sizes) == 1 else ""
    alt = f"{title}: " if title else ""
    alt += "1 picture" if len(arrays) == 1 else f"{len(arrays)} pictures"
    alt += size + (f": {listed([text.replace(chr(10), ', ') for text in titles])}" if titles else "")
    return sheet(arrays, titles=titles, columns=columns, title=title, alt=alt)


def sheet(
    arrays: Sequence[np.ndarray],
    *,
    titles: Sequence[str] = (),
    columns: int | None = None,
    title: str = "",
    alt: str = "",
    right: float = 0,
    largest: float = LARGEST_SIDE,
) -> Figure:
    """The grid behind `pictures`: arrays (H, W, 3 or 4) from 0 to 1, under titles of equally many lines.

    In CSS pixels, ``right`` is kept free there and ``largest`` is a picture's longest side, nearly.
    """
    count = len(arrays)
    narrow = float(np.median([array.shape[0] / array.shape[1] for array in arrays]))  # height / width of a box
    columns = min(_columns(count, 1 / narrow) if columns is None else columns, count)
    if columns < 1:
        raise ValueError(f"columns must be 1 or more, got {columns}")
    rows = math.ceil(count / columns)
    side = max(min((WIDEST - GAP - right) / columns - GAP, largest * max(1.0, 1 / narrow)), SMALLEST_SIDE)
    tall = min(side * narrow, 2 * LARGEST_SIDE)
    lines = max((text.count("\n") + 1 for text in titles), default=0)
    step_x, step_y = side + GAP, tall + GAP + LINE * lines
    head = GAP + (HEADING if title else 0)
    page_width, page_height = max(columns * step_x + GAP + right, 7.2 * len(title) + 20, 160), head + rows * step_y
    figure, axes = page(page_width, page_height, alt=alt)
    if title:
        axes.text(GAP, GAP + HEADING / 2 - 3, title, fontsize=TITLE, va="center")
    for index, array in enumerate(arrays):
        left, top = GAP + index % columns * step_x, head + index // columns * step_y
        if titles:
            text = "\n".join(shortened(line, max(4, int(step_x / 6))) for line in titles[index].split("\n"))
            axes.text(
                left + side / 2,
                top + LINE * lines / 2 - 1,
                text,
                fontsize=SMALL,
                ha="center",
                va="center",
            )
        place(axes, array, left, top + LINE * lines, side, tall)
    return figure


def page(width: float, height: float, *, alt: str) -> tuple[Figure, Axes]:
    """A figure of ``width`` × ``height`` CSS pixels with one axes over it, in these pixels, y downward."""
    figure = Figure((width / INCH, height / INCH), alt=alt, constrained=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))
    return figure, axes


def place(axes: Axes, array: np.ndarray, left: float, top: float, width: float, height: float) -> None:
    """Draw an (H, W, 3 or 4) array into a box of a page, keeping its proportions."""
    scale = min(width / array.shape[1], height / array.shape[0])
    wide, tall = array.shape[1] * scale, array.shape[0] * scale
    left += (width - wide) / 2  # at the top, near its title
    limits = axes.get_xlim(), axes.get_ylim()
    # Large pixels have sharp edges; a photograph that is made smaller is averaged.
    smooth = "nearest" if scale > 1 else "antialiased"
    axes.imshow(array, extent=(left, left + wide, top + tall, top), aspect="auto", interpolation=smooth)
    # A hair of grey, so that white paper ends somewhere on a white page.
    axes.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor="0.75", linewidth=0.5))
    axes.set(xlim=limits[0], ylim=limits[1])


def as_arrays(images: Tensor | Sequence[Tensor], limits: tuple[float, float] | None = None) -> list[np.ndarray]:
    """Pictures as (H, W, 3) arrays from 0 to 1."""
    if isinstance(images, Tensor) and images.ndim not in (3, 4):
        raise ValueError(f"pictures must come as (N, C, H, W) or as a list of (C, H, W), got {tuple(images.shape)}")
    if isinstance(images, Tensor) and images.ndim == 3:
        images = images[None]
    if not isinstance(images, Tensor) and any(isinstance(image, str | Path) for image in images):
        raise TypeError(f"pictures must be tensors, got {images!r}; data.decode reads a file")
    tensors = [torch.as_tensor(image).detach().cpu() for image in images]
    if not 1 <= len(tensors) <= MOST:
        raise ValueError(f"a sheet shows 1 to {MOST} pictures, got {len(tensors)}; choose some, as in images[:20]")
    tensors = [image[None] if image.ndim == 2 else image for image in tensors]
    for image in tensors:
        if image.ndim != 3 or image.shape[0] not in (1, 3) or 0 in image.shape:
            raise ValueError(f"a picture must be (1, H, W) or (3, H, W), got {tuple(image.shape)}")
    low, high = limits or _limits(tensors)
    if not high > low:
        raise ValueError(f"limits must be (black, white) with black below white, got {(low, high)}")
    arrays = []
    for image in tensors:
        array = ((image.float() - low) / (high - low)).clamp(0, 1)
        arrays.append(array.expand(3, -1, -1).permute(1, 2, 0).numpy())
    return arrays


def listed(items: Sequence[str], most: int = 12) -> str:
    """Items with commas, cut after some.

    >>> listed(list("abcd"), most=2)
    'a, b and 2 more'
    """
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def _limits(tensors: list[Tensor]) -> tuple[float, float]:
    if not tensors[0].is_floating_point():
        return 0.0, 255.0
    low, high = min(image.min().item() for image in tensors), max(image.max().item() for image in tensors)
    if not (low >= -1.0001 and high <= 1.0001):  # NaN fails both
        raise ValueError(
            f"float pictures must lie between −1 and 1 (or 0 and 1), got values from {low:.3g} to {high:.3g}; "
            "say which value is black and which white with limits=(black, white)"
        )
    return (-1.0, 1.0) if low < 0 else (0.0, 1.0)


def _columns(count: int, proportion: float) -> int:
    """Columns of a grid a little wider than tall; all in a row if there are few."""
    few = 5 if proportion < 2 else 3
    if count <= few:
        return count
    columns = min(10, math.ceil(math.sqrt(count * 2 / proportion)))
    return math.ceil(count / math.ceil(count / columns))  # rows of equal length
