"""Numbers over a number, such as a loss over the depth: a line a column, and how far repeats are spread."""

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, MARKERS, SMALL, label_axes, number

LOGARITHMIC = ("", "x", "y", "xy")
DASHES = ("-", "--", "-.", ":")
MARKED = 30  # places on the x axis: more are drawn without markers
NAMED = 8  # places on the x axis that get a tick each


def lines(table: pd.DataFrame, *, y: str, title: str = "", logarithmic: str = "") -> Figure:
    """The columns of ``table`` as lines over its index, whose name labels the x axis.

    Rows of the same index are repeats of one measurement, such as runs with other random weights: the line goes through
    their means, every single value is a dot, and a band reaches from the lowest to the highest. ``logarithmic`` is "x",
    "y" or "xy". Missing values are left out; a column may end before the others.

    Raises:
        ValueError: for a table without numbers, an index of something else than numbers, or a logarithmic axis with
            values of 0 or less.

    >>> seeds = pd.DataFrame({"plain": [0.2, 0.3, 2.0, 2.2]}, index=pd.Index([8, 8, 56, 56], name="layers"))
    >>> lines(seeds, y="training loss (nats)", title="Degradation")
    <Figure: Degradation: training loss (nats) over layers: plain from 0.25 (0.2 to 0.3) at 8 to 2.1 (2 to 2.2) at 56>
    """
    shown = _checked(table, logarithmic)
    name = str(shown.index.name or "")
    over = f" over {name}" if name else ""
    told = f"{title}: " if title else ""
    told += f"{y}{over}: " + ", ".join(f"{column} {_told(shown[column])}" for column in shown)
    figure = Figure((7.2, 3.2), alt=told)
    axes = label_axes(figure.subplots(), title=title, x=name, y=y, grid=True)
    axes.set(xscale="log" if "x" in logarithmic else "linear", yscale="log" if "y" in logarithmic else "linear")
    places = shown.index.unique()
    if len(places) <= NAMED and "x" not in logarithmic:
        axes.set_xticks(places)
    elif is_integer_dtype(shown.index) and "x" not in logarithmic:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for index, column in enumerate(shown):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        values = shown[column].dropna()
        spread = values.groupby(level=0).agg(["mean", "min", "max"])
        size = 5 if len(spread) <= MARKED else 0
        dash = DASHES[index % len(DASHES)]
        axes.plot(spread.index, spread["mean"], dash, color=colour, marker=marker, ms=size, label=str(column))
        if len(values) > len(spread):
            axes.fill_between(spread.index, spread["min"], spread["max"], color=colour, alpha=0.2, lw=0)
            axes.plot(values.index, values, "o", color=colour, ms=2.5, alpha=0.7)
    if len(shown.columns) > 1:
        axes.legend(fontsize=SMALL, frameon=False)
    return figure


def _checked(table: pd.DataFrame, logarithmic: str) -> pd.DataFrame:
    """The table in the order of its index, as floats."""
    if logarithmic not in LOGARITHMIC:
        raise ValueError(f"logarithmic must be one of '', 'x', 'y', 'xy', got {logarithmic!r}")
    if table.columns.empty or table.isna().all(axis=None):
        raise ValueError(f"there is nothing to draw: the table has {len(table)} rows and no number in any column")
    if not is_numeric_dtype(table.index):
        raise ValueError(f"the index must be numbers, the places on the x axis, got {table.index[0]!r}")
    shown = table.sort_index(kind="stable").astype(float)
    for axis, values in (("x", shown.index.to_numpy(float)), ("y", shown.to_numpy())):
        if axis in logarithmic and np.nanmin(values) <= 0:
            raise ValueError(f"a logarithmic {axis} axis needs values above 0, got {np.nanmin(values):g}; leave it out")
    return shown


def _told(values: pd.Series) -> str:
    """Where a line begins and where it ends, in words."""
    values = values.dropna()
    if values.empty:
        return "without a value"
    ends = [values.index[0], values.index[-1]]
    parts = [_place(values.loc[[place]]) for place in ends]
    return parts[0] if ends[0] == ends[1] else f"from {parts[0]} to {parts[1]}"


def _place(repeats: pd.Series) -> str:
    spread = f" ({number(repeats.min())} to {number(repeats.max())})" if len(repeats) > 1 else ""
    return f"{number(repeats.mean())}{spread} at {number(repeats.index[0])}"
