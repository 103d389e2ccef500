"""Names beside the points of a plot, each where it hides the least."""

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from cnnlab.look.theme import SMALL, shortened

# Where a name may be: in these directions from its point, the best first, at these distances in 1/72 inch.
DIRECTIONS = [(cos(step * pi / 8), sin(step * pi / 8)) for step in (0, 8, 4, 12, 2, 6, 10, 14, 1, 7, 9, 15)]
DISTANCES = (0, 9, 18, 30)
GAP = 3  # 1/72 inch: between a point and its name at distance 0
LONGEST = 24  # letters


def write_names(axes: Axes, names: Sequence[object], x: pd.Series, y: pd.Series, *, radii: np.ndarray | float) -> None:
    """Write a name beside each point, one after the other from top to bottom, each where it covers the least area.

    A name may not cover other names, points, dashed lines or the legend, nor leave the axes. From a name that is not
    next to its point a thin line leads to it. ``radii`` are those of the points, in 1/72 inch.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # applies the layout, so that positions in pixels are known
    unit = figure.dpi / 72  # pixels
    centres = axes.transData.transform(np.column_stack([x, y]))
    sizes = np.broadcast_to(radii, len(centres)) * unit
    obstacles = np.concatenate([np.column_stack([centres - sizes[:, None], centres + sizes[:, None]]), *_others(axes)])
    frame = np.array([axes.get_window_extent().extents])
    written = np.empty((0, 4))
    options = [(distance, *direction) for distance in DISTANCES for direction in DIRECTIONS]
    for point in np.argsort(-centres[:, 1], kind="stable"):
        name = _annotation(axes, shortened(str(names[point]), LONGEST), (x.iloc[point], y.iloc[point]))
        extent = name.get_window_extent()
        half = np.array([extent.width, extent.height]) / 2
        offsets = np.array([(a, b) * (sizes[point] + (GAP + far) * unit + half) for far, a, b in options])
        boxes = np.column_stack([centres[point] + offsets - half, centres[point] + offsets + half])
        others = np.delete(obstacles, point, axis=0)
        outside = extent.width * extent.height - _overlap(boxes, frame)
        farness = np.array([far for far, *_ in options]) * unit**2
        cost = _overlap(boxes, others) + 3 * _overlap(boxes, written) + 20 * outside + 2 * farness
        best = int(cost.argmin())
        name.set_position(tuple(offsets[best] / unit))
        if name.arrow_patch is not None:
            name.arrow_patch.set_visible(options[best][0] > 0)
        written = np.concatenate([written, boxes[[best]]])


def _annotation(axes: Axes, text: str, point: tuple[float, float]) -> Annotation:
    line = {"arrowstyle": "-", "color": "0.4", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
    annotation = axes.annotate(text, point, (0, 0), textcoords="offset points", fontsize=SMALL - 1, arrowprops=line)
    annotation.set(horizontalalignment="center", verticalalignment="center", in_layout=False)
    return annotation


def _others(axes: Axes) -> list[np.ndarray]:
    """Boxes (N, 4) of the legend and along the dashed lines, in pixels: left, bottom, right, top."""
    legend = axes.get_legend()
    boxes = [] if legend is None else [np.array([legend.get_window_extent().extents])]
    for line in axes.lines:
        if line.is_dashed():
            along = np.asarray(axes.transData.transform_path(line.get_path()).interpolated(100).vertices)
            boxes.append(np.column_stack([along - 1, along + 1]))
    return boxes


def _overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The area that each of ``boxes`` (N, 4) shares with all of ``others`` (M, 4), in square pixels: (N,)."""
    sides = np.minimum(boxes[:, None, 2:], others[:, 2:]) - np.maximum(boxes[:, None, :2], others[:, :2])
    return sides.clip(min=0).prod(axis=2).sum(axis=1)
