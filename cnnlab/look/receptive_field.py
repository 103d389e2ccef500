"""How much of the picture a cell of each layer sees."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from torch import nn

from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLACK, BLUE, COLOURS, SMALL, TEXT, VERMILION, join_first, label_axes
from cnnlab.models import parts

MOST_NAMED = 26  # layers whose names stand under the axis
MOST_WINDOWS = 6
WIDEST_VIEW = 2  # pictures side by side


def receptive_field(model: nn.Module, input_size: Sequence[int], *, layers: Sequence[str] | None = None) -> Figure:
    """The receptive field of every part of ``model``, and the windows of some drawn over a picture of ``input_size``.

    At the left, on a scale of powers of two, the pixels that a cell sees (the longer side, of an unbounded picture) and
    the pixels from a cell to the next; where the field is larger than the picture, a cell sees all of it. At the right
    the windows of the cell in the middle: of ``layers`` (names of parts, as in ``conv3_1``), or of the last part at
    each stride. What comes after the maps, a global pooling or linear layers, sees the whole picture
    and is left out.

    Raises:
        ValueError: if ``input_size`` is not (C, H, W), for a layer that is no part of the network's maps, or a network
            without any; and what the model raises if it can't take such a picture.

    >>> from cnnlab.models import build
    >>> receptive_field(build("lenet5"), (1, 28, 28))
    <Figure: Receptive fields of lenet5 in a picture of 28×28 pixels, layer by layer: conv1 5 pixels (stride 1), pool1 6
    (2), conv2 14 (2), pool2 16 (4)>
    """
    table = _maps(parts(model, input_size))
    name = getattr(model, "recipe", {}).get("name") or type(model).__name__
    if not len(table):
        raise ValueError(f"{name} puts out no maps: it has neither convolutions nor poolings, whose fields would grow")
    chosen = _chosen(table, layers)
    height, width = tuple(input_size)[1:]
    fields = [max(field) for field in table.receptive_field]
    strides = [max(stride) for stride in table.stride]
    told = [f"{part} {field} ({stride})" for part, field, stride in zip(table.name, fields, strides, strict=True)]
    told[0] = f"{table.name.iloc[0]} {fields[0]} pixels (stride {strides[0]})"
    kept = told if len(told) <= 24 else [*told[:8], "…", *told[-4:]]
    size = f"{height}×{width} pixels"
    alt = f"Receptive fields of {name} in a picture of {size}, layer by layer: {join_first(kept, most=24)}"
    figure = Figure((7.0, 3.9), alt=alt)
    growth, windows = figure.subplots(1, 2, width_ratios=(1.45, 1))
    _growth(growth, table, fields, strides, max(height, width))
    figure.legend(
        handles=_windows(windows, chosen, height, width),
        loc="outside lower right",
        ncols=3,
        fontsize=SMALL,
        frameon=False,
        title="window of the cell in the middle (pixels)",
        title_fontsize=SMALL,
    )
    figure.suptitle(f"Receptive fields of {name}", fontsize=TEXT + 2)
    return figure


def _maps(table: pd.DataFrame) -> pd.DataFrame:
    """The parts that put out maps, without a pooling over the whole map at the end."""
    maps = table[[len(shape) == 3 for shape in table.output_shape]]
    if len(maps) > 1 and maps.kind.iloc[-1] == "pooling" and maps.output_shape.iloc[-1][1:] == (1, 1):
        before = maps.output_shape.iloc[-2][1:]
        if max(before) > 2:
            maps = maps.iloc[:-1]
    return maps.reset_index(drop=True)


def _chosen(table: pd.DataFrame, layers: Sequence[str] | None) -> pd.DataFrame:
    """The parts whose windows are drawn."""
    if layers is None:
        last = table.groupby(table.stride, sort=False).tail(1)
        return last.iloc[-MOST_WINDOWS:]
    known = set(table.name)
    names = [layer if layer in known else layer.rpartition(".")[2] for layer in layers]
    if not names or not known.issuperset(names):
        raise ValueError(f"layers must name parts that put out maps, {', '.join(table.name)}; got {list(layers)}")
    return table[table.name.isin(names)]


def _growth(axes: Axes, table: pd.DataFrame, fields: list[int], strides: list[int], side: int) -> None:
    places = np.arange(len(table))
    few = len(table) <= 40
    label_axes(
        axes, x="" if len(table) <= MOST_NAMED else "part of the network, in order", y="pixels of the input", grid=True
    )
    axes.axhline(side, color=BLACK, lw=1, ls="--")
    axes.plot(places, fields, "o-", color=BLUE, ms=4 if few else 2, lw=1.2, label="receptive field")
    axes.plot(
        places, strides, "s-", color=VERMILION, ms=3.5 if few else 2, lw=1.2, drawstyle="steps-mid", label="stride"
    )
    above = fields[-1] > 1.5 * side  # then the curve leaves the right of the line free, otherwise the left
    if above:
        axes.text(len(table) - 0.5, side / 1.06, f"the picture: {side}", fontsize=SMALL, va="top", ha="right")
    else:
        axes.text(-0.5, side * 1.06, f"the picture: {side}", fontsize=SMALL, va="bottom")
    axes.set_yscale("log", base=2)
    top = max(*fields, side)
    powers = [2**power for power in range(int(np.ceil(np.log2(top))) + 1)]
    axes.yaxis.set_major_locator(FixedLocator(powers))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set(ylim=(0.85, 1.9 * top), xlim=(-0.6, len(table) - 0.4))
    axes.legend(fontsize=SMALL, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
    step = -(-len(table) // MOST_NAMED)
    axes.set_xticks(places[::step], table.name.iloc[::step], rotation=90)
    axes.tick_params(axis="x", labelsize=SMALL - 1)


def _windows(axes: Axes, chosen: pd.DataFrame, height: int, width: int) -> list[Rectangle]:
    """The picture with the windows over its middle; the view ends at twice the picture."""
    side = max(height, width)
    end = 1.06 * max(side, *(max(field) for field in chosen.receptive_field if max(field) <= WIDEST_VIEW * side))
    label_axes(axes, x="column (pixels)", y="row (pixels)")
    axes.add_patch(Rectangle((0, 0), width, height, facecolor="0.92", edgecolor=BLACK, linewidth=1, linestyle="--"))
    windows = []
    for place, (name, field) in enumerate(zip(chosen.name, chosen.receptive_field, strict=True)):
        tall, wide = field
        corner, colour = ((width - wide) / 2, (height - tall) / 2), COLOURS[place % len(COLOURS)]
        beyond = " (not drawn)" if max(tall, wide) > end else ""
        window = Rectangle(corner, wide, tall, facecolor="none", edgecolor=colour, linewidth=1.8)
        window.set_label(f"{name}: {tall}×{wide}{beyond}")
        axes.add_patch(window)
        windows.append(window)
    axes.set(xlim=((width - end) / 2, (width + end) / 2), ylim=((height + end) / 2, (height - end) / 2))
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    return windows
