"""Numbers side by side: what is printed beside what is ours, one way beside another."""

from math import isfinite

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, SMALL, label_axes, number, shortened

HATCHES = ("", "///", "...", "xx", "\\\\\\", "ooo", "++")  # colour is never the only difference
MOST_WRITTEN = 12  # bars whose numbers fit above them
WIDEST, LEFT, LETTER = 7.2, 0.8, 0.065  # inches: a notebook's column, an axis with its label, a letter of a name


def bars(table: pd.DataFrame, *, unit: str = "", title: str = "", logarithmic: bool = False) -> Figure:
    """The numbers of ``table`` as bars: a group of bars for each row, a colour for each column.

    ``unit`` labels the axis of the numbers, the index's name the other one. A missing number leaves its place empty.
    With few bars the number stands above each.

    Raises:
        ValueError: for a table without numbers, more columns than there are colours, or a logarithmic axis with a
            number of 0 or less.

    >>> table = pd.DataFrame({"printed": [34, 360], "ours": [118.0, 359.7]}, index=["conv1", "conv2"])
    >>> bars(table, unit="million multiply-adds")
    <Figure: Bar chart, million multiply-adds: printed: conv1 34, conv2 360; ours: conv1 118, conv2 360>
    """
    values = _checked(table, logarithmic)
    rows, columns = values.shape
    wide = 0.8 / columns
    written = rows * columns <= MOST_WRITTEN
    names = [shortened(str(name), 24) for name in table.index]
    legend = 0.6 + LETTER * max(len(str(name)) for name in table.columns) if columns > 1 else 0.0
    room, long = WIDEST - LEFT - legend, rows * LETTER * (1 + max(map(len, names)))
    body = min(room, max(3.0, rows * columns * (0.48 if written else 0.3), long if long <= room else 0))
    figure = Figure((LEFT + body + legend, 3.0), alt=_told(table, values, unit, title))
    axes = label_axes(figure.subplots(), title=title, x=str(table.index.name or ""), y=unit)
    if logarithmic:
        axes.set_yscale("log")
        close = np.nanmax(values) / np.nanmin(values) < 1000
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if close else (1,)))
        axes.yaxis.set_minor_locator(NullLocator())
        if close:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axes.axhline(0, color="0.3", linewidth=0.8)
    for column, name in enumerate(table.columns):
        where = np.arange(rows) + (column - (columns - 1) / 2) * wide
        drawn = axes.bar(
            where,
            values[:, column],
            width=0.9 * wide,
            color=COLOURS[column],
            hatch=HATCHES[column],
            edgecolor="white",
            linewidth=0,
            label=str(name),
        )
        if written:
            labels = [number(value) if isfinite(value) else "" for value in values[:, column]]
            axes.bar_label(drawn, labels, fontsize=SMALL, padding=2)
    axes.set_xticks(range(rows), names, rotation=90 if long > body else 0)
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.12 if written else 0.05)
    if columns > 1:
        axes.legend(fontsize=SMALL, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _checked(table: pd.DataFrame, logarithmic: bool) -> np.ndarray:
    """The numbers, (rows, columns)."""
    if len(table.columns) > len(COLOURS):
        raise ValueError(f"bars have colours for {len(COLOURS)} columns at most, got {len(table.columns)}")
    values = table.to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(values).any():
        raise ValueError(f"the table holds no number to draw: it has {table.shape[0]} rows, {table.shape[1]} columns")
    if logarithmic and (values <= 0).any():
        row, column = np.argwhere(values <= 0)[0]
        raise ValueError(
            f"a logarithmic axis needs numbers above 0, but {table.columns[column]!r} of {table.index[row]!r} is "
            f"{number(values[row, column])}; leave it out, as NaN"
        )
    return values


def _told(table: pd.DataFrame, values: np.ndarray, unit: str, title: str) -> str:
    """The numbers in words."""
    told = []
    for column, name in enumerate(table.columns):
        pairs = zip(table.index, values[:, column], strict=True)
        told.append(f"{name}: " + ", ".join(f"{row} {number(value)}" for row, value in pairs if isfinite(value)))
    lead = f"{title}. " if title else ""
    return f"{lead}Bar chart{', ' + unit if unit else ''}: {'; '.join(told)}"
