"""A photograph, and beside it heat maps of the same scene drawn over it."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from cnnlab.look.figure import Figure
from cnnlab.look.grid import check_photo
from cnnlab.look.theme import DIVERGING, SEQUENTIAL, colour_bar, label_axes, number, symmetric_limit

WIDTH = 7.4  # inches of all panels
OPACITY = 0.6  # of a map: the photograph under it must stay recognisable


def overlays(photo: Tensor, maps: Mapping[str, Tensor], *, limits: tuple[float, float] | None = None) -> Figure:
    """``photo``, and each of ``maps`` drawn over it in colours, under its name.

    The colours of a map with negative values run from blue over white (0) to red, those of any other map from dark (its
    smallest value) to yellow. ``limits`` are the ends of the scale of all maps, to compare them by colour.

    Shape: photo (3, H, W) uint8; maps (H, W), or smaller, and then stretched over the photo.

    Raises:
        ValueError: for a photo or a map of another shape, or for no map.

    >>> import torch
    >>> overlays(torch.zeros(3, 60, 90, dtype=torch.uint8), {"Grad-CAM": torch.eye(6, 9)})
    <Figure: A photograph of 90×60 pixels, and over it: Grad-CAM, from 0 to 1, largest at 6 % of its width and 8 % of
    its height>
    """
    check_photo(photo)
    if not maps or any(values.ndim != 2 for values in maps.values()):
        shapes = {name: tuple(values.shape) for name, values in maps.items()}
        raise ValueError(f"maps must be one or more tensors (H, W) by name, got {shapes}")
    arrays = {name: values.detach().cpu().numpy() for name, values in maps.items()}
    height, width = photo.shape[1:]
    side = WIDTH / max(3, 1 + len(maps))
    in_words = "; ".join(_in_words(name, values) for name, values in arrays.items())
    figure = Figure((side * (1 + len(maps)), side * height / width + 0.55))
    figure.alt = f"A photograph of {width}×{height} pixels, and over it: {in_words}"
    panels = figure.subplots(1, 1 + len(maps), squeeze=False)[0]
    extent = (0, width, height, 0)
    for axes, name in zip(panels, ("photograph", *arrays), strict=True):
        label_axes(axes, title=name)
        axes.imshow(photo.permute(1, 2, 0).cpu().numpy(), extent=extent)
        axes.set_axis_off()
    for axes, values in zip(panels[1:], arrays.values(), strict=True):
        signed, end = bool(values.min() < 0), symmetric_limit(values)
        low, high = limits or ((-end, end) if signed else (float(values.min()), float(values.max())))
        scale = {"cmap": DIVERGING if signed else SEQUENTIAL, "vmin": low, "vmax": high}
        image = axes.imshow(values, extent=extent, alpha=OPACITY, interpolation="bilinear", **scale)
        colour_bar(image, axes, "")
    return figure


def _in_words(name: str, values: np.ndarray) -> str:
    row, column = np.unravel_index(values.argmax(), values.shape)
    across, down = 100 * (column + 0.5) / values.shape[1], 100 * (row + 0.5) / values.shape[0]
    return (
        f"{name}, from {number(float(values.min()))} to {number(float(values.max()))}, largest at {across:.0f} % of "
        f"its width and {down:.0f} % of its height"
    )
