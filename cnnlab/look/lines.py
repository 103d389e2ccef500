"""Values over a number, such as a loss over the depth: a line for each column, with the range of repeats."""

import pandas as pd
from matplotlib.ticker import MaxNLocator
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from cnnlab.look._axes import DASHES, check_logarithmic
from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, MARKERS, SMALL, label_axes, number

MOST_MARKED = 30  # x values of a line with markers
MOST_TICKS = 8  # x values with a tick each


def lines(table: pd.DataFrame, *, y: str, title: str = "", logarithmic: str = "") -> Figure:
    """The columns of ``table`` as lines over its index, whose name labels the x axis. ``y`` labels the y axis.

    Rows with the same index are repeats of one measurement, such as runs with other initial weights: the line connects
    their means, each value is a dot, and a band covers the range. ``logarithmic`` is "x", "y" or "xy". Missing values
    are left out, and columns may have different lengths.

    Raises:
        ValueError: for a table without numbers, an index that is not numeric, or a value of 0 or less on a logarithmic
            axis.

    >>> seeds = pd.DataFrame({"plain": [0.2, 0.3, 2.0, 2.2]}, index=pd.Index([8, 8, 56, 56], name="layers"))
    >>> lines(seeds, y="training loss (nats)", title="Degradation")
    <Figure: Degradation: training loss (nats) over layers: plain from 0.25 (0.2 to 0.3) at 8 to 2.1 (2 to 2.2) at 56>
    """
    if table.columns.empty or table.isna().all(axis=None):
        raise ValueError(f"there is nothing to draw: the table has {len(table)} rows and no number in any column")
    if not is_numeric_dtype(table.index):
        raise ValueError(f"the index must be numbers, the values on the x axis, got {table.index[0]!r}")
    shown = table.sort_index(kind="stable").astype(float)
    check_logarithmic(logarithmic, shown.index.to_frame(), shown)
    name = str(shown.index.name or "")
    alt = f"{title}: " if title else ""
    alt += f"{y} over {name}: " if name else f"{y}: "
    figure = Figure((7.2, 3.2), alt=alt + ", ".join(f"{column} {_in_words(shown[column])}" for column in shown))
    axes = label_axes(figure.subplots(), title=title, x=name, y=y, grid=True)
    axes.set(xscale="log" if "x" in logarithmic else "linear", yscale="log" if "y" in logarithmic else "linear")
    if "x" not in logarithmic and shown.index.nunique() <= MOST_TICKS:
        axes.set_xticks(shown.index.unique())
    elif "x" not in logarithmic and is_integer_dtype(shown.index):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for index, column in enumerate(shown):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        values = shown[column].dropna()
        spread = values.groupby(level=0).agg(["mean", "min", "max"])
        size = 5 if len(spread) <= MOST_MARKED else 0
        dash = DASHES[index % len(DASHES)]
        axes.plot(spread.index, spread["mean"], dash, color=colour, marker=marker, ms=size, label=str(column))
        if len(values) > len(spread):
            axes.fill_between(spread.index, spread["min"], spread["max"], color=colour, alpha=0.2, lw=0)
            axes.plot(values.index, values, "o", color=colour, ms=2.5, alpha=0.7)
    if len(shown.columns) > 1:
        axes.legend(fontsize=SMALL, frameon=False)
    return figure


def _in_words(values: pd.Series) -> str:
    """The first and the last value of a line."""
    values = values.dropna()
    if values.empty:
        return "without a value"
    first, last = (_at(values.loc[[at]]) for at in (values.index[0], values.index[-1]))
    return first if first == last else f"from {first} to {last}"


def _at(repeats: pd.Series) -> str:
    spread = f" ({number(repeats.min())} to {number(repeats.max())})" if len(repeats) > 1 else ""
    return f"{number(repeats.mean())}{spread} at {number(repeats.index[0])}"
