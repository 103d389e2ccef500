"""Pictures in a grid, each under its title."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from cnnlab.look.figure import Figure, canvas
from cnnlab.look.theme import SMALL, TITLE, join_first, shortened

WIDEST = 700  # CSS pixels: the width of a notebook's output
GAP, LINE, HEADING = 8, 14, 26  # CSS pixels: between pictures, a line of a title, the figure's own title
LARGEST_SIDE, SMALLEST_SIDE = 200, 56  # CSS pixels of a picture
MOST = 400  # pictures in a grid


def pictures(
    images: Tensor | Sequence[Tensor],
    *,
    titles: Sequence[str] = (),
    columns: int | None = None,
    title: str = "",
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Pictures in a grid, each under its title.

    Shape: (N, C, H, W), or a list of (C, H, W) or (H, W) of any sizes, with 1 or 3 channels. uint8 pictures have
    values from 0 to 255. Float pictures have values from ``limits[0]`` (black) to ``limits[1]`` (white); the default
    is −1 to 1, the range of `cnnlab.data.to_float`, or 0 to 1 if no value is negative.

    Raises:
        ValueError: if there are no pictures or more than 400, for another shape, for values outside the limits, or
            if the number of titles differs from the number of pictures.
        TypeError: for file names.

    >>> pictures(torch.zeros(3, 1, 28, 28), titles=["a", "b", "c"])
    <Figure: 3 pictures of 28×28 pixels: a, b, c>
    """
    arrays = as_arrays(images, limits)
    if titles and len(titles) != len(arrays):
        raise ValueError(f"each picture needs a title, got {len(titles)} titles for {len(arrays)} pictures")
    sizes = {f"{array.shape[0]}×{array.shape[1]} pixels" for array in arrays}
    alt = f"{title}: " if title else ""
    alt += "1 picture" if len(arrays) == 1 else f"{len(arrays)} pictures"
    alt += f" of {sizes.pop()}" if len(sizes) == 1 else ""
    alt += f": {join_first([text.replace(chr(10), ', ') for text in titles])}" if titles else ""
    return picture_grid(arrays, titles=titles, columns=columns, title=title, alt=alt)


def picture_grid(
    arrays: Sequence[np.ndarray],
    *,
    alt: str,
    titles: Sequence[str] = (),
    columns: int | None = None,
    title: str = "",
    right: float = 0,
    largest: float = LARGEST_SIDE,
) -> Figure:
    """Draw arrays (H, W, 3 or 4) with values from 0 to 1 in a grid, under titles with the same number of lines.

    A margin of ``right`` CSS pixels stays empty at the right; ``largest`` is about the longest side of a picture.
    """
    count = len(arrays)
    ratio = float(np.median([array.shape[0] / array.shape[1] for array in arrays]))  # height / width of a cell
    columns = min(_columns(count, 1 / ratio) if columns is None else columns, count)
    if columns < 1:
        raise ValueError(f"columns must be 1 or more, got {columns}")
    side = max(min((WIDEST - GAP - right) / columns - GAP, largest * max(1.0, 1 / ratio)), SMALLEST_SIDE)
    tall = min(side * ratio, 2 * LARGEST_SIDE)
    lines = max((text.count("\n") + 1 for text in titles), default=0)
    step_x, step_y = side + GAP, tall + GAP + LINE * lines
    head = GAP + (HEADING if title else 0)
    width = max(columns * step_x + GAP + right, 7.2 * len(title) + 20, 160)
    figure, axes = canvas(width, head + math.ceil(count / columns) * step_y, alt=alt)
    if title:
        axes.text(GAP, GAP + HEADING / 2 - 3, title, fontsize=TITLE, va="center")
    for index, array in enumerate(arrays):
        left, top = GAP + index % columns * step_x, head + index // columns * step_y
        if titles:
            text = "\n".join(shortened(line, max(4, int(step_x / 6))) for line in titles[index].split("\n"))
            middle = (left + side / 2, top + LINE * lines / 2 - 1)
            axes.text(*middle, text, fontsize=SMALL, ha="center", va="center")
        draw_picture(axes, array, left, top + LINE * lines, side, tall)
    return figure


def draw_picture(axes: Axes, array: np.ndarray, left: float, top: float, width: float, height: float) -> None:
    """Draw an (H, W, 3 or 4) array into a box of a `canvas`, with its aspect ratio."""
    scale = min(width / array.shape[1], height / array.shape[0])
    wide, tall = array.shape[1] * scale, array.shape[0] * scale
    left += (width - wide) / 2  # centred, and at the top, near its title
    limits = {"xlim": axes.get_xlim(), "ylim": axes.get_ylim()}
    smooth = "nearest" if scale > 1 else "antialiased"  # enlarged pixels have sharp edges, reduced ones are averaged
    axes.imshow(array, extent=(left, left + wide, top + tall, top), aspect="auto", interpolation=smooth)
    # A thin grey frame, so that a white picture is seen on the white figure.
    axes.add_patch(Rectangle((left, top), wide, tall, fill=False, edgecolor="0.75", linewidth=0.5))
    axes.set(**limits)


def as_arrays(images: Tensor | Sequence[Tensor], limits: tuple[float, float] | None = None) -> list[np.ndarray]:
    """Pictures as (H, W, 3) arrays with values from 0 to 1."""
    if isinstance(images, Tensor) and images.ndim not in (3, 4):
        raise ValueError(f"pictures must come as (N, C, H, W) or as a list of (C, H, W), got {tuple(images.shape)}")
    if isinstance(images, Tensor) and images.ndim == 3:
        images = images[None]
    if not isinstance(images, Tensor) and any(isinstance(image, str | Path) for image in images):
        raise TypeError(f"pictures must be tensors, got {images!r}; data.decode reads a file")
    tensors = [torch.as_tensor(image).detach().cpu() for image in images]
    if not 1 <= len(tensors) <= MOST:
        raise ValueError(f"a grid shows 1 to {MOST} pictures, got {len(tensors)}; select some, as in images[:20]")
    tensors = [image[None] if image.ndim == 2 else image for image in tensors]
    for image in tensors:
        if image.ndim != 3 or image.shape[0] not in (1, 3) or 0 in image.shape:
            raise ValueError(f"a picture must be (1, H, W) or (3, H, W), got {tuple(image.shape)}")
    low, high = limits or _limits(tensors)
    if not high > low:
        raise ValueError(f"limits must be (black, white) with black below white, got {(low, high)}")
    scaled = [((image.float() - low) / (high - low)).clamp(0, 1) for image in tensors]
    return [image.expand(3, -1, -1).permute(1, 2, 0).numpy() for image in scaled]


def check_count(count: int) -> None:
    """Raise ValueError unless ``count``, a number of pictures or classes to show, is positive."""
    if count < 1:
        raise ValueError(f"count must be 1 or more, got {count}")


def check_photo(photo: Tensor) -> None:
    """Raise ValueError unless ``photo`` is (3, H, W)."""
    if photo.ndim != 3 or photo.shape[0] != 3:
        raise ValueError(f"a photograph must have shape (3, H, W), got {tuple(photo.shape)}")


def _limits(tensors: list[Tensor]) -> tuple[float, float]:
    if not tensors[0].is_floating_point():
        return 0.0, 255.0
    low, high = min(image.min().item() for image in tensors), max(image.max().item() for image in tensors)
    if not (low >= -1.0001 and high <= 1.0001):  # also true for NaN
        raise ValueError(
            f"float pictures must lie between −1 and 1 (or 0 and 1), got values from {low:.3g} to {high:.3g}; "
            "give the values of black and white, as in limits=(black, white)"
        )
    return (-1.0, 1.0) if low < 0 else (0.0, 1.0)


def _columns(count: int, proportion: float) -> int:
    """Columns of a grid that is a little wider than tall, with rows of equal length; a few pictures have one row."""
    if count <= (5 if proportion < 2 else 3):
        return count
    columns = min(10, math.ceil(math.sqrt(count * 2 / proportion)))
    return math.ceil(count / math.ceil(count / columns))
