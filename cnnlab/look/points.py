"""Points in a plane: one thing against another, with the names of the points and lines to compare them with."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from pandas.api.types import is_integer_dtype

from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, MARKERS, SMALL, label_axes, number, shortened

DASHES = ("--", ":", "-.")
LOGARITHMIC = ("", "x", "y", "xy")
SHARE = {"left": 0.0, "center": 0.5, "right": 1.0, "bottom": 0.0, "top": 1.0}  # of a text before its anchor
PLACES = (  # where a name may stand beside its point, the best place first: points to the right and up, and its anchor
    (6, 0, "left", "center"),
    (-6, 0, "right", "center"),
    (0, 6, "center", "bottom"),
    (0, -6, "center", "top"),
    (5, 5, "left", "bottom"),
    (5, -5, "left", "top"),
    (-5, 5, "right", "bottom"),
    (-5, -5, "right", "top"),
    (9, 12, "left", "bottom"),
    (9, -12, "left", "top"),
    (-9, 12, "right", "bottom"),
    (-9, -12, "right", "top"),
)


def points(
    table: pd.DataFrame,
    *,
    x: str,
    y: str,
    group: str | None = None,
    names: bool = True,
    lines: Mapping[str, pd.Series] | None = None,
    logarithmic: str = "",
    title: str = "",
) -> Figure:
    """The rows of ``table`` as points: column ``x`` against column ``y``, whose names label the axes.

    ``group`` names a column of which each value gets a colour, a marker and a line in the legend. ``names`` writes
    each row's index beside its point, where it hides the least. ``lines`` are drawn dashed behind the points: values
    by x. ``logarithmic`` is "x", "y" or "xy". Rows in which x or y is missing are left out.

    Raises:
        ValueError: if a column is missing, no row has both values, or a logarithmic axis gets a value of 0 or less.

    >>> table = pd.DataFrame({"GFLOP": [0.7, 15.5], "top-1 (%)": [56.5, 71.6]}, index=["AlexNet", "VGG-16"])
    >>> points(table, x="GFLOP", y="top-1 (%)", logarithmic="x")
    <Figure: 2 points: GFLOP from 0.7 to 15.5, top-1 (%) from 56.5 (AlexNet) to 71.6 (VGG-16)>
    """
    lines = dict(lines or {})
    shown = _checked(table, x, y, group, logarithmic)
    groups = [("", shown)] if group is None else list(shown.groupby(group, sort=False, observed=True))
    figure = Figure((7.2, 4.2), alt=_told(shown, x, y, groups, lines, title, names))
    axes = label_axes(figure.subplots(), title=title, x=x, y=y, grid=True)
    axes.set(xscale="log" if "x" in logarithmic else "linear", yscale="log" if "y" in logarithmic else "linear")
    _ticks(axes.xaxis, shown[x], "x" in logarithmic)
    _ticks(axes.yaxis, shown[y], "y" in logarithmic)
    for index, (name, line) in enumerate(lines.items()):
        axes.plot(line.index, line, DASHES[index % len(DASHES)], color="0.4", lw=1.2, label=name, zorder=1)
    for index, (value, rows) in enumerate(groups):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        label = "" if group is None else str(value)
        axes.plot(rows[x], rows[y], ls="none", marker=marker, ms=6, color=colour, mec="white", mew=0.6, label=label)
    axes.margins(0.08, 0.1)
    legend = axes.legend(fontsize=SMALL, frameon=False) if group is not None or lines else None
    if names:
        _name(axes, shown, x, y, legend)
    return figure


def _checked(table: pd.DataFrame, x: str, y: str, group: str | None, logarithmic: str) -> pd.DataFrame:
    """The rows that can be drawn."""
    if logarithmic not in LOGARITHMIC:
        raise ValueError(f"logarithmic must be one of '', 'x', 'y', 'xy', got {logarithmic!r}")
    for column in (x, y, group):
        if column is not None and column not in table:
            raise ValueError(f"the table has no column {column!r}; it has {', '.join(map(str, table.columns))}")
    shown = table.dropna(subset=[x, y])
    if shown.empty:
        raise ValueError(f"no row of the table has both {x!r} and {y!r}")
    for axis, column in (("x", x), ("y", y)):
        if axis in logarithmic and not (shown[column] > 0).all():
            bad = shown.index[shown[column] <= 0][0]
            raise ValueError(f"a logarithmic axis needs values above 0, but {column!r} of {bad} is not; leave it out")
    return shown


def _ticks(axis: Axis, values: pd.Series, logarithmic: bool) -> None:
    """Ticks that one reads easily: 1, 2, 5, 10 on a logarithmic axis, and whole years between whole years."""
    if logarithmic:
        decades = values.max() / values.min()
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 1000 else (1,)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, _: number(value))
    elif is_integer_dtype(values):
        axis.set_major_locator(MaxNLocator(integer=True))


def _name(axes: Axes, shown: pd.DataFrame, x: str, y: str, legend: Legend | None) -> None:
    """Write every row's index beside its point, one after the other, each at the place where it covers the least."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()  # the layout, so that places on the page are known
    dots = figure.dpi / 72  # of a point
    places = shown[[x, y]].to_numpy(float)
    taken = [_boxes(axes.transData.transform(places), 3.5 * dots)]
    taken += [_boxes(_along(line), 1) for line in axes.lines if line.is_dashed()]
    if legend is not None:
        taken.append(np.array([legend.get_window_extent().extents]))
    frame = np.array([axes.get_window_extent().extents])
    for name, place in zip(shown.index, places, strict=True):
        note = axes.annotate(
            shortened(str(name), 24), tuple(place), xytext=(0, 0), textcoords="offset points", fontsize=SMALL - 1
        )
        extent = note.get_window_extent()  # of a text that stands to the right of its point and above it
        tried = []
        for right, up, horizontal, vertical in PLACES:
            left = extent.x0 + right * dots - SHARE[horizontal] * extent.width
            low = extent.y0 + up * dots - SHARE[vertical] * extent.height
            tried.append(np.array([left, low, left + extent.width, low + extent.height]))
        outside = [extent.width * extent.height - _shared(box, frame) for box in tried]
        costs = [_shared(box, np.concatenate(taken)) + out for box, out in zip(tried, outside, strict=True)]
        best = int(np.argmin(costs))
        right, up, horizontal, vertical = PLACES[best]
        note.set(position=(right, up), horizontalalignment=horizontal, verticalalignment=vertical)
        taken.append(tried[best][None])


def _along(line: Line2D) -> np.ndarray:
    """Places on the page along a line, a few dots from one to the next."""
    assert line.axes is not None
    corners = line.axes.transData.transform(line.get_xydata())
    return np.concatenate([np.linspace(a, b, 100) for a, b in pairwise(corners)])


def _boxes(centres: np.ndarray, reach: float) -> np.ndarray:
    """(N, 2) places -> (N, 4) boxes around them: left, low, right, top."""
    return np.concatenate([centres - reach, centres + reach], axis=1)


def _shared(box: np.ndarray, others: np.ndarray) -> float:
    """The area that ``box`` shares with all of ``others`` (N, 4), in square dots."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return float(sides.clip(min=0).prod(axis=1).sum())


def _told(
    shown: pd.DataFrame,
    x: str,
    y: str,
    groups: Sequence[tuple[object, pd.DataFrame]],
    lines: Mapping[str, pd.Series],
    title: str,
    names: bool,
) -> str:
    """The figure in words."""
    lowest, highest = shown.iloc[shown[y].to_numpy().argmin()], shown.iloc[shown[y].to_numpy().argmax()]
    told = f"{title}: " if title else ""
    told += f"{len(shown)} points"
    if groups[0][0] != "":
        told += " of " + ", ".join(str(name) for name, _ in groups)
    told += f": {x} from {_said(shown[x].min())} to {_said(shown[x].max())}"
    of_lowest, of_highest = (f" ({row.name})" if names else "" for row in (lowest, highest))
    told += f", {y} from {_said(lowest[y])}{of_lowest} to {_said(highest[y])}{of_highest}"
    return told + (f"; lines: {', '.join(lines)}" if lines else "")


def _said(value: float) -> str:
    """A number as it is read aloud; a whole one, such as a year, in full."""
    return str(value) if isinstance(value, int | np.integer) else number(value)
