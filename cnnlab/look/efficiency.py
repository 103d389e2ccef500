"""Accuracy against multiply-adds, with the parameters as areas."""

from math import floor, log10

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from cnnlab.look._axes import log_ticks
from cnnlab.look._names import write_names
from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLUE, SMALL, VERMILION, in_words, join_first, label_axes, number

COLUMNS = ("parameters", "multiply_adds", "top1")
AREA = 700  # square points: the circle of the network with the most parameters


def efficiency(published: pd.DataFrame, measured: pd.DataFrame | None = None) -> Figure:
    """Accuracy against multiply-adds: a circle for each network, its area in proportion to the parameters.

    ``published`` is `cnnlab.models.published`; networks that you have ``measured`` are in a second panel with scales of
    its own, since accuracies on different pictures cannot be compared. Both tables are indexed by the network's name
    and have the columns ``parameters``, ``multiply_adds`` and ``top1`` (in percent). Rows with a missing value are left
    out; of a network with several complete rows the last is shown. Canziani et al. 2016, arXiv:1605.07678, figure 2.

    To fill in what a source does not print: ``published.fillna(models.catalogue().loc[published.index])``.

    Raises:
        ValueError: for a table without these columns or without a complete row, or for accuracies that are not in
            percent.

    >>> from cnnlab.models import published
    >>> efficiency(published().loc[["alexnet", "googlenet"]])
    <Figure: Published accuracy on ImageNet against multiply-adds, area = parameters. Best first: googlenet 69.8 % with
    1.5 billion multiply-adds and 6.62 million parameters, alexnet 56.5 % with 714 million multiply-adds and 61.1
    million parameters>
    """
    tables = {"Published accuracy on ImageNet": published}
    if measured is not None:
        tables["Own measurements"] = measured
    shown = {title: _complete(title, table) for title, table in tables.items()}
    figure = Figure((7.0, 4.6 * len(shown)), alt="; ".join(_alt(title, rows) for title, rows in shown.items()))
    panels = figure.subplots(len(shown), 1, squeeze=False)[:, 0]
    for axes, (title, rows), colour in zip(panels, shown.items(), (BLUE, VERMILION), strict=False):
        _panel(axes, rows, title, colour)
    for axes, rows in zip(panels, shown.values(), strict=True):  # last: the layout of all panels is known then
        write_names(axes, list(rows.index), rows.multiply_adds, rows.top1, radii=0.5 * np.sqrt(_areas(rows).to_numpy()))
    return figure


def _complete(title: str, table: pd.DataFrame) -> pd.DataFrame:
    """The rows to draw, one for each network, with the most parameters first."""
    if missing := [column for column in COLUMNS if column not in table]:
        raise ValueError(f"{title}: the table needs the columns {', '.join(COLUMNS)}; it lacks {', '.join(missing)}")
    rows = table[list(COLUMNS)].astype(float).dropna()
    rows = rows[~rows.index.duplicated(keep="last")].sort_values("parameters", ascending=False, kind="stable")
    if not len(rows):
        raise ValueError(f"{title}: no row has all of {', '.join(COLUMNS)}; fill in the missing values")
    if rows.top1.min() < 0 or rows.top1.max() > 100 or rows.top1.max() <= 1:
        raise ValueError(
            f"{title}: top1 must be in percent, 0 to 100, got {rows.top1.min():g} to {rows.top1.max():g}; multiply "
            "fractions by 100"
        )
    if rows[["parameters", "multiply_adds"]].min().min() <= 0:
        raise ValueError(f"{title}: parameters and multiply_adds must be positive")
    return rows


def _areas(rows: pd.DataFrame) -> pd.Series:
    return AREA * rows.parameters / rows.parameters.max()


def _panel(axes: Axes, rows: pd.DataFrame, title: str, colour: str) -> None:
    x, y = rows.multiply_adds, rows.top1
    label_axes(axes, title=title, x="multiply-adds of a picture", y="top-1 accuracy (%)", grid=True)
    circles = axes.scatter(x, y, s=_areas(rows), color=colour, alpha=0.35, linewidths=0)
    axes.scatter(x, y, s=_areas(rows), facecolors="none", edgecolors=colour, linewidths=1)
    low, high = x.min(), x.max()
    axes.set_xscale("log")
    axes.set_xlim(low / 1.6, high * 1.6)
    log_ticks(axes.xaxis, high / low)
    axes.xaxis.set_major_formatter(lambda value, _: in_words(value))
    room = 0.16 * (y.max() - y.min()) or 2
    axes.set_ylim(y.min() - room, y.max() + room)
    most = rows.parameters.max()
    sizes = sorted({_rounded_down(most / share) for share in (1, 5, 25)}, reverse=True)
    handles, labels = circles.legend_elements(
        "sizes", num=sizes, func=lambda area: area * most / AREA, fmt=FuncFormatter(lambda size, _: in_words(size))
    )
    axes.legend(
        handles,
        labels,
        title="parameters",
        title_fontsize=SMALL,
        fontsize=SMALL,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        frameon=False,
        labelspacing=1.6,
        handletextpad=1.2,
        borderpad=0.8,
    )


def _rounded_down(value: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50 … that is not above ``value``.

    >>> _rounded_down(143e6), _rounded_down(28.7e6)
    (100000000.0, 20000000.0)
    """
    power = 10.0 ** floor(log10(value))
    return max(step for step in (1, 2, 5) if step * power <= value) * power


def _alt(title: str, rows: pd.DataFrame) -> str:
    best = rows.sort_values("top1", ascending=False, kind="stable")
    networks = [
        f"{name} {number(row.top1)} % with {in_words(row.multiply_adds)} multiply-adds and "
        f"{in_words(row.parameters)} parameters"
        for name, row in best.iterrows()
    ]
    return f"{title} against multiply-adds, area = parameters. Best first: {join_first(networks, most=20)}"
