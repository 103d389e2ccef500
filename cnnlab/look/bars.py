"""A table of numbers as grouped bars, such as a paper's numbers beside ours."""

from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from cnnlab.look._axes import check_logarithmic, log_ticks
from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, SMALL, label_axes, number, shortened

HATCHES = ("", "///", "...", "xx", "\\\\\\", "ooo", "++")  # columns differ in hatch as well as in colour
MOST_WRITTEN = 12  # bars with their numbers above them
WIDEST, LEFT, LETTER = 7.2, 0.8, 0.065  # inches: a notebook's output, the y axis with its label, a letter of a name


def bars(table: pd.DataFrame, *, unit: str = "", title: str = "", logarithmic: bool = False) -> Figure:
    """The numbers of ``table`` as bars: a group of bars for each row, a colour for each column.

    ``unit`` labels the y axis, the name of the index labels the x axis. A missing number has no bar. Up to 12 bars
    have their numbers above them.

    Raises:
        ValueError: for a table without numbers, more than 7 columns, or a number of 0 or less on a logarithmic axis.

    >>> table = pd.DataFrame({"printed": [34, 360], "ours": [118.0, 359.7]}, index=["conv1", "conv2"])
    >>> bars(table, unit="million multiply-adds")
    <Figure: Bar chart, million multiply-adds: printed: conv1 34, conv2 360; ours: conv1 118, conv2 360>
    """
    if len(table.columns) > len(COLOURS):
        raise ValueError(f"bars have colours for {len(COLOURS)} columns at most, got {len(table.columns)}")
    values = table.to_numpy(dtype=float, na_value=np.nan)
    if not np.isfinite(values).any():
        raise ValueError(f"the table holds no number to draw: it has {table.shape[0]} rows, {table.shape[1]} columns")
    check_logarithmic("y" if logarithmic else "", table, table)
    rows, columns = values.shape
    wide = 0.8 / columns
    written = rows * columns <= MOST_WRITTEN
    names = [shortened(str(name), 24) for name in table.index]
    legend = 0.6 + LETTER * max(len(str(name)) for name in table.columns) if columns > 1 else 0.0
    room, long = WIDEST - LEFT - legend, rows * LETTER * (1 + max(map(len, names)))
    body = min(room, max(3.0, rows * columns * (0.48 if written else 0.3), long if long <= room else 0))
    figure = Figure((LEFT + body + legend, 3.0), alt=_alt(table, values, unit, title))
    axes = label_axes(figure.subplots(), title=title, x=str(table.index.name or ""), y=unit)
    if logarithmic:
        axes.set_yscale("log")
        log_ticks(axes.yaxis, np.nanmax(values) / np.nanmin(values))
    else:
        axes.yaxis.set_major_formatter(lambda value, _: number(value))
        axes.axhline(0, color="0.3", linewidth=0.8)
    for column, name in enumerate(table.columns):
        where = np.arange(rows) + (column - (columns - 1) / 2) * wide
        hatched: dict[str, Any] = {"hatch": HATCHES[column], "edgecolor": "white", "linewidth": 0}
        drawn = axes.bar(where, values[:, column], 0.9 * wide, color=COLOURS[column], label=str(name), **hatched)
        if written:
            labels = [number(value) if isfinite(value) else "" for value in values[:, column]]
            axes.bar_label(drawn, labels, fontsize=SMALL, padding=2)
    axes.set_xticks(range(rows), names, rotation=90 if long > body else 0)
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.12 if written else 0.05)
    if columns > 1:
        axes.legend(fontsize=SMALL, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _alt(table: pd.DataFrame, values: np.ndarray, unit: str, title: str) -> str:
    columns = []
    for column, name in enumerate(table.columns):
        pairs = zip(table.index, values[:, column], strict=True)
        columns.append(f"{name}: " + ", ".join(f"{row} {number(value)}" for row, value in pairs if isfinite(value)))
    lead = f"{title}. " if title else ""
    return f"{lead}Bar chart{', ' + unit if unit else ''}: {'; '.join(columns)}"
