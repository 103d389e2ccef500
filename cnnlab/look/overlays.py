"""A photograph, and beside it maps of the same scene laid over it."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from cnnlab.look.figure import Figure
from cnnlab.look.theme import DIVERGING, SEQUENTIAL, colour_bar, label_axes, number, symmetric_limit

ACROSS = 7.4  # inches of all panels together
OPACITY = 0.6  # of a map: what lies under it must stay recognisable


def overlays(photo: Tensor, maps: Mapping[str, Tensor], *, limits: tuple[float, float] | None = None) -> Figure:
    """``photo``, and each of ``maps`` over it in colours, under its name.

    A map with negative values is shown from blue over white (0) to red, any other from dark (its least) to yellow.
    ``limits`` are the values of both ends for all maps, so that equal colours are equal values.

    Shape: photo (3, H, W) uint8; maps (H, W), or smaller and then stretched over the photo.

    Raises:
        ValueError: for a photo or a map of another shape, or no map.

    >>> import torch
    >>> overlays(torch.zeros(3, 60, 90, dtype=torch.uint8), {"Grad-CAM": torch.eye(6, 9)})
    <Figure: A photograph of 90×60 pixels, and over it: Grad-CAM, from 0 to 1, largest at 6 % of its width and 8 % of
    its height>
    """
    if photo.ndim != 3 or photo.shape[0] != 3:
        raise ValueError(f"a photograph must have shape (3, H, W), got {tuple(photo.shape)}")
    if not maps or any(values.ndim != 2 for values in maps.values()):
        shapes = {name: tuple(values.shape) for name, values in maps.items()}
        raise ValueError(f"maps must be one or more tensors (H, W) by name, got {shapes}")
    height, width = photo.shape[1:]
    across = ACROSS / max(3, 1 + len(maps))
    size = (across * (1 + len(maps)), across * height / width + 0.55)
    told = "; ".join(_told(name, values.detach().cpu().numpy()) for name, values in maps.items())
    figure = Figure(size, alt=f"A photograph of {width}×{height} pixels, and over it: {told}")
    panels = figure.subplots(1, 1 + len(maps), squeeze=False)[0]
    picture = photo.permute(1, 2, 0).cpu().numpy()
    for axes, (name, values) in zip(panels, [("photograph", None), *maps.items()], strict=True):
        label_axes(axes, title=name)
        axes.imshow(picture, extent=(0, width, height, 0))
        axes.set_axis_off()
        if values is None:
            continue
        shown = values.detach().cpu().numpy()
        limit = symmetric_limit(shown)
        low, high = limits or ((-limit, limit) if shown.min() < 0 else (float(shown.min()), float(shown.max())))
        image = axes.imshow(
            shown,
            extent=(0, width, height, 0),
            cmap=DIVERGING if shown.min() < 0 else SEQUENTIAL,
            vmin=low,
            vmax=high,
            alpha=OPACITY,
            interpolation="bilinear",
        )
        colour_bar(image, axes, "")
    return figure


def _told(name: str, values: np.ndarray) -> str:
    row, column = np.unravel_index(values.argmax(), values.shape)
    across, down = (column + 0.5) / values.shape[1], (row + 0.5) / values.shape[0]
    return (
        f"{name}, from {number(float(values.min()))} to {number(float(values.max()))}, largest at {across:.0%} of its "
        f"width and {down:.0%} of its height"
    ).replace("%", " %")
