"""A scatter plot whose points have names, with lines to compare them with."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.ticker import MaxNLocator
from pandas.api.types import is_integer_dtype

from cnnlab.look._axes import check_logarithmic, log_ticks
from cnnlab.look._names import write_names
from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, MARKERS, SMALL, label_axes, number

DASHES = ("--", ":", "-.")
RADIUS = 4  # 1/72 inch: of a point with the white edge around it


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
    """The rows of ``table`` as points: column ``x`` against column ``y``. The names of the columns label the axes.

    ``group`` is a column: each of its values has a colour, a marker and an entry in the legend. ``names`` writes the
    index of each row beside its point. ``lines`` are drawn dashed behind the points; each is a series of y values
    indexed by x. ``logarithmic`` is "x", "y" or "xy". Rows without a value in x or y are left out.

    Raises:
        ValueError: if a column is missing, if no row has both values, or for a value of 0 or less on a logarithmic
            axis.

    >>> table = pd.DataFrame({"GFLOP": [0.7, 15.5], "top-1 (%)": [56.5, 71.6]}, index=["AlexNet", "VGG-16"])
    >>> points(table, x="GFLOP", y="top-1 (%)", logarithmic="x")
    <Figure: 2 points: GFLOP from 0.7 to 15.5, top-1 (%) from 56.5 (AlexNet) to 71.6 (VGG-16)>
    """
    lines = dict(lines or {})
    for column in (x, y, group):
        if column is not None and column not in table:
            raise ValueError(f"the table has no column {column!r}; it has {', '.join(map(str, table.columns))}")
    shown = table.dropna(subset=[x, y])
    if shown.empty:
        raise ValueError(f"no row of the table has both {x!r} and {y!r}")
    check_logarithmic(logarithmic, shown[[x]], shown[[y]])
    groups = [("", shown)] if group is None else list(shown.groupby(group, sort=False, observed=True))
    figure = Figure((7.2, 4.2), alt=_alt(shown, x, y, groups, lines, title, names))
    axes = label_axes(figure.subplots(), title=title, x=x, y=y, grid=True)
    axes.set(xscale="log" if "x" in logarithmic else "linear", yscale="log" if "y" in logarithmic else "linear")
    _ticks(axes.xaxis, shown[x], "x" in logarithmic)
    _ticks(axes.yaxis, shown[y], "y" in logarithmic)
    for index, (name, line) in enumerate(lines.items()):
        axes.plot(line.index, line, DASHES[index % len(DASHES)], color="0.4", lw=1.2, label=name, zorder=1)
    for index, (value, rows) in enumerate(groups):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        axes.plot(rows[x], rows[y], ls="none", marker=marker, ms=6, color=colour, mec="white", mew=0.6, label=value)
    axes.margins(0.08, 0.1)
    if group is not None or lines:
        axes.legend(fontsize=SMALL, frameon=False)
    if names:
        write_names(axes, list(shown.index), shown[x], shown[y], radii=RADIUS)
    return figure


def _ticks(axis: Axis, values: pd.Series, logarithmic: bool) -> None:
    if logarithmic:
        log_ticks(axis, values.max() / values.min())
    elif is_integer_dtype(values):
        axis.set_major_locator(MaxNLocator(integer=True))  # no half years


def _alt(
    shown: pd.DataFrame,
    x: str,
    y: str,
    groups: Sequence[tuple[object, pd.DataFrame]],
    lines: Mapping[str, pd.Series],
    title: str,
    names: bool,
) -> str:
    lowest, highest = shown.iloc[shown[y].to_numpy().argmin()], shown.iloc[shown[y].to_numpy().argmax()]
    alt = f"{title}: " if title else ""
    alt += f"{len(shown)} points"
    if groups[0][0] != "":
        alt += " of " + ", ".join(str(name) for name, _ in groups)
    alt += f": {x} from {_written(shown[x].min())} to {_written(shown[x].max())}"
    of_lowest, of_highest = (f" ({row.name})" if names else "" for row in (lowest, highest))
    alt += f", {y} from {_written(lowest[y])}{of_lowest} to {_written(highest[y])}{of_highest}"
    return alt + (f"; lines: {', '.join(lines)}" if lines else "")


def _written(value: float) -> str:
    """A whole number, such as a year, in full; any other with three digits."""
    return str(value) if isinstance(value, int | np.integer) else number(value)
