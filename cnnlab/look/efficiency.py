"""Accuracy against operations, with the parameters as areas."""

from collections.abc import Sequence
from math import cos, floor, log10, pi, sin, sqrt
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from cnnlab.look.figure import INCH, Figure
from cnnlab.look.theme import BLUE, SMALL, VERMILION, in_words, join_first, label_axes, number

COLUMNS = ("parameters", "multiply_adds", "top1")
AREA = 700  # points² of the network with the most parameters
SPREAD = 8  # an axis over more than this has a logarithmic scale
WIDE, TALL, HEAD, LEFT, RIGHT, BOTTOM = 700, 460, 34, 66, 136, 46  # CSS pixels of a panel, and its margins
LETTER, LINE = 4.8, 10  # points: a letter of a name, and its height
AROUND = [(cos(angle), sin(angle)) for angle in (pi * part / 8 for part in (0, 8, 4, 12, 2, 6, 10, 14, 1, 7, 9, 15))]
FAR = (0, 9, 18, 30)  # points from a circle to its name; beyond the first with a line between them
UNITS = ((1e9, "10⁹"), (1e6, "10⁶"), (1e3, "10³"), (1.0, "single"))


def efficiency(
    published: pd.DataFrame, measured: pd.DataFrame | None = None, *, names: Sequence[str] | None = None
) -> Figure:
    """Accuracy against multiply-adds, a circle a network, its area in proportion to the parameters (Canziani et al.).

    Above is what is ``published`` (``models.published()``), below what one has ``measured`` oneself, each with scales
    of its own, since accuracies on different pictures do not compare. Both are tables by the network's name with
    columns ``parameters``, ``multiply_adds`` and ``top1`` (in percent). Only ``names`` are shown, if given. Rows with a
    gap are left out, and of a network with several complete rows the last is shown.

    What a source does not print can be filled in: ``published.fillna(models.catalogue().loc[published.index])``.

    Raises:
        ValueError: for a table without these columns or without a complete row, accuracies that are not in percent,
            or a name that neither table has.

    >>> from cnnlab.models import published
    >>> efficiency(published(), names=["alexnet", "googlenet"])
    <Figure: Published accuracy on ImageNet against multiply-adds, area = parameters. Best first: googlenet 69.8 % with
    1.5 billion multiply-adds and 6.62 million parameters, alexnet 56.5 % with 714 million multiply-adds and 61.1
    million parameters>
    """
    tables = {"Published accuracy on ImageNet": published}
    if measured is not None:
        tables["Own measurements"] = measured
    if names is not None:
        known = dict.fromkeys(str(name) for table in tables.values() for name in table.index)
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"names must be networks of the tables: {', '.join(known)}; got {', '.join(unknown)}")
    shown = {title: _complete(title, table, names) for title, table in tables.items()}
    alt = "; ".join(_words(title, table) for title, table in shown.items())
    figure = Figure((WIDE / INCH, TALL * len(shown) / INCH), alt=alt, constrained=False)
    for place, (title, table) in enumerate(shown.items()):
        whole = TALL * len(shown)
        box = (
            LEFT / WIDE,
            (whole - (place + 1) * TALL + BOTTOM) / whole,
            (WIDE - LEFT - RIGHT) / WIDE,
            (TALL - HEAD - BOTTOM) / whole,
        )
        _panel(figure.add_axes(box), table, title, (BLUE, VERMILION)[place])
    return figure


def _complete(title: str, table: pd.DataFrame, names: Sequence[str] | None) -> pd.DataFrame:
    """The rows to draw, a row a network, the most parameters first."""
    if missing := [column for column in COLUMNS if column not in table]:
        raise ValueError(f"{title}: the table needs the columns {', '.join(COLUMNS)}; it lacks {', '.join(missing)}")
    rows = table.loc[table.index.isin(names), list(COLUMNS)] if names is not None else table[list(COLUMNS)]
    rows = rows.astype(float).dropna()
    rows = rows[~rows.index.duplicated(keep="last")].sort_values("parameters", ascending=False, kind="stable")
    if not len(rows):
        raise ValueError(f"{title}: no row has all of {', '.join(COLUMNS)}; fill the gaps, or name other networks")
    if rows.top1.min() < 0 or rows.top1.max() > 100 or rows.top1.max() <= 1:
        raise ValueError(
            f"{title}: top1 must be in percent, 0 to 100, got {rows.top1.min():g} to {rows.top1.max():g}; multiply "
            "fractions by 100"
        )
    if rows[["parameters", "multiply_adds"]].min().min() <= 0:
        raise ValueError(f"{title}: parameters and multiply_adds must be positive")
    return rows


def _panel(axes: Axes, rows: pd.DataFrame, title: str, colour: str) -> None:
    unit, word = next((size, word) for size, word in UNITS if rows.multiply_adds.median() >= size)
    operations = rows.multiply_adds / unit
    label_axes(axes, title=title, x=f"multiply-adds of a picture ({word})", y="top-1 accuracy (%)", grid=True)
    areas = AREA * rows.parameters / rows.parameters.max()
    axes.scatter(operations, rows.top1, s=areas, color=colour, alpha=0.35, linewidths=0)
    axes.scatter(operations, rows.top1, s=areas, facecolors="none", edgecolors=colour, linewidths=1)
    low, high = operations.min(), operations.max()
    if high / low > SPREAD:
        axes.set_xscale("log")
        axes.set_xlim(low / 1.6, high * 1.6)
        ticks = [step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5)]
        axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low / 1.6 <= tick <= high * 1.6]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda value, _: number(value))
    else:
        room = 0.2 * (high - low) or 0.5 * high
        axes.set_xlim(low - room, high + room)
    room = 0.16 * (rows.top1.max() - rows.top1.min()) or 2
    axes.set_ylim(rows.top1.min() - room, rows.top1.max() + room)
    _names(axes, operations, rows.top1, areas)
    sizes = [_round(rows.parameters.max() / share) for share in (1, 5, 25)]
    handles = [
        Line2D([], [], ls="", marker="o", color=colour, alpha=0.5, label=in_words(size), ms=_diameter(size, rows))
        for size in dict.fromkeys(sizes)
    ]
    axes.legend(
        handles=handles,
        title="parameters",
        title_fontsize=SMALL,
        fontsize=SMALL,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        labelspacing=1.6,
        handletextpad=1.2,
        borderpad=0.8,
    )


def _diameter(parameters: float, rows: pd.DataFrame) -> float:
    """In points."""
    return sqrt(AREA * parameters / rows.parameters.max())


def _names(axes: Axes, x: pd.Series, y: pd.Series, areas: pd.Series) -> None:
    """Write each name beside its circle, where it hides the least."""
    dots = axes.figure.dpi / 72  # of a point
    circles = [
        Box.around(across, up, 2 * radius, 2 * radius)
        for (across, up), radius in zip(
            axes.transData.transform(list(zip(x, y, strict=True))) / dots,
            [sqrt(area) / 2 for area in areas],
            strict=True,
        )
    ]
    extent = axes.get_window_extent()
    frame = Box(*(float(edge) / dots for edge in (extent.x0, extent.y0, extent.x1, extent.y1)))
    taken: list[Box] = []
    for name, circle in sorted(zip(x.index, circles, strict=True), key=lambda pair: -pair[1].top):
        wide, middle = LETTER * len(str(name)), (circle.left + circle.right) / 2
        level = (circle.low + circle.top) / 2
        radius = circle.right - middle
        choices = [
            (
                far,
                Box.around(
                    middle + x_ * (radius + 2 + far + wide / 2), level + y_ * (radius + 1 + far + LINE / 2), wide, LINE
                ),
            )
            for far in FAR
            for x_, y_ in AROUND
        ]

        def cost(choice: tuple[int, Box], own: Box = circle) -> float:
            far, box = choice
            others = sum(box.shared(other) for other in circles if other is not own)
            return (
                others + 3 * sum(box.shared(other) for other in taken) + 20 * (box.area - box.shared(frame)) + 2 * far
            )

        far, best = min(choices, key=cost)
        taken.append(best)
        axes.annotate(
            str(name),
            (float(x[name]), float(y[name])),
            xytext=((best.left + best.right) / 2 - middle, (best.low + best.top) / 2 - level),
            textcoords="offset points",
            fontsize=SMALL,
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "-", "color": "0.4", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
            if far
            else None,
        )


class Box(NamedTuple):
    """A rectangle on the page, in points."""

    left: float
    low: float
    right: float
    top: float

    @classmethod
    def around(cls, across: float, up: float, wide: float, tall: float) -> "Box":
        """The rectangle with this middle."""
        return cls(across - wide / 2, up - tall / 2, across + wide / 2, up + tall / 2)

    @property
    def area(self) -> float:
        """In square points."""
        return (self.right - self.left) * (self.top - self.low)

    def shared(self, other: "Box") -> float:
        """The area that both cover."""
        across = min(self.right, other.right) - max(self.left, other.left)
        up = min(self.top, other.top) - max(self.low, other.low)
        return across * up if across > 0 and up > 0 else 0.0


def _round(value: float) -> float:
    """The next round number below.

    >>> _round(143e6), _round(28.7e6)
    (100000000.0, 20000000.0)
    """
    power = 10.0 ** floor(log10(value))
    return max(step for step in (1, 2, 5) if step * power <= value) * power


def _words(title: str, rows: pd.DataFrame) -> str:
    best = rows.sort_values("top1", ascending=False, kind="stable")
    told = [
        f"{name} {number(row.top1)} % with {in_words(row.multiply_adds)} multiply-adds and {in_words(row.parameters)} "
        "parameters"
        for name, row in best.iterrows()
    ]
    return f"{title} against multiply-adds, area = parameters. Best first: {join_first(told, most=20)}"
