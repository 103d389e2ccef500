"""The receptive field of every part of a network."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, NullLocator
from torch import nn

from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLACK, BLUE, COLOURS, SMALL, TEXT, VERMILION, join_first, label_axes
from cnnlab.models import parts

MOST_NAMED = 26  # parts with their names at the x axis
MOST_WINDOWS = 6
WIDEST_VIEW = 2  # sides of the picture that the right panel shows at most


def receptive_field(model: nn.Module, input_size: Sequence[int]) -> Figure:
    """The receptive field and the stride of every part of ``model``, and receptive fields drawn over a picture.

    Left: the pixels that an output of each part depends on (the longer side, ignoring the borders of the picture), and
    the pixels between neighbouring outputs. Right: the receptive fields of the central output of the last part at each
    stride, in a picture of ``input_size`` (C, H, W). Global pooling and linear layers, whose outputs depend on the
    whole picture, are left out.

    Raises:
        ValueError: if ``input_size`` is not (C, H, W), or for a network without feature maps; and what the model raises
            for a picture of this size.

    >>> from cnnlab.models import build
    >>> receptive_field(build("lenet5"), (1, 28, 28))
    <Figure: Receptive fields of lenet5 in a picture of 28×28 pixels, layer by layer: conv1 5 pixels (stride 1), pool1 6
    (2), conv2 14 (2), pool2 16 (4)>
    """
    table = _with_maps(parts(model, input_size))
    name = getattr(model, "recipe", {}).get("name") or type(model).__name__
    if not len(table):
        raise ValueError(f"{name} has no feature maps: it has neither convolutions nor poolings")
    chosen = table.groupby(table.stride, sort=False).tail(1).iloc[-MOST_WINDOWS:]
    height, width = tuple(input_size)[1:]
    fields = [max(field) for field in table.receptive_field]
    strides = [max(stride) for stride in table.stride]
    in_words = [f"{part} {field} ({stride})" for part, field, stride in zip(table.name, fields, strides, strict=True)]
    in_words[0] = f"{table.name.iloc[0]} {fields[0]} pixels (stride {strides[0]})"
    if len(in_words) > 24:
        in_words = [*in_words[:8], "…", *in_words[-4:]]
    alt = f"Receptive fields of {name} in a picture of {height}×{width} pixels, layer by layer: "
    figure = Figure((7.0, 3.9), alt=alt + join_first(in_words, most=24))
    growth, windows = figure.subplots(1, 2, width_ratios=(1.45, 1))
    _draw_growth(growth, table, fields, strides, max(height, width))
    figure.legend(
        handles=_draw_windows(windows, chosen, height, width),
        loc="outside lower right",
        ncols=3,
        fontsize=SMALL,
        frameon=False,
        title="receptive field of the central output (pixels)",
        title_fontsize=SMALL,
    )
    figure.suptitle(f"Receptive fields of {name}", fontsize=TEXT + 2)
    return figure


def _with_maps(table: pd.DataFrame) -> pd.DataFrame:
    """The parts with feature maps, without a global pooling at the end."""
    maps = table[[len(shape) == 3 for shape in table.output_shape]].reset_index(drop=True)
    sizes = [shape[1:] for shape in maps.output_shape]
    whole = len(maps) > 1 and maps.kind.iloc[-1] == "pooling" and sizes[-1] == (1, 1) and max(sizes[-2]) > 2
    return maps.iloc[:-1] if whole else maps


def _draw_growth(axes: Axes, table: pd.DataFrame, fields: list[int], strides: list[int], side: int) -> None:
    at, few = np.arange(len(table)), len(table) <= 40
    label_axes(axes, x="" if len(table) <= MOST_NAMED else "parts of the network", y="pixels of the input", grid=True)
    axes.axhline(side, color=BLACK, lw=1, ls="--")
    axes.plot(at, fields, "o-", color=BLUE, ms=4 if few else 2, lw=1.2, label="receptive field")
    stairs = axes.plot(at, strides, "s-", color=VERMILION, ms=3.5 if few else 2, lw=1.2, label="stride")
    stairs[0].set_drawstyle("steps-mid")
    if fields[-1] > 1.5 * side:  # the curve ends above the dashed line, and leaves space below it at the right
        axes.text(len(table) - 0.5, side / 1.06, f"the picture: {side}", fontsize=SMALL, va="top", ha="right")
    else:
        axes.text(-0.5, side * 1.06, f"the picture: {side}", fontsize=SMALL, va="bottom")
    axes.set_yscale("log", base=2)
    top = max(*fields, side)
    powers = [2**power for power in range(int(np.ceil(np.log2(top))) + 1)]
    axes.yaxis.set_major_locator(FixedLocator(powers))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set(ylim=(0.85, 1.9 * top), xlim=(-0.6, len(table) - 0.4))
    axes.legend(fontsize=SMALL, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderaxespad=0.2)
    step = -(-len(table) // MOST_NAMED)
    axes.set_xticks(at[::step], table.name.iloc[::step], rotation=90)
    axes.tick_params(axis="x", labelsize=SMALL - 1)


def _draw_windows(axes: Axes, chosen: pd.DataFrame, height: int, width: int) -> list[Rectangle]:
    """The picture with the receptive fields around its centre; a field larger than twice the picture is only named."""
    side = max(height, width)
    end = 1.06 * max(side, *(max(field) for field in chosen.receptive_field if max(field) <= WIDEST_VIEW * side))
    label_axes(axes, x="column (pixels)", y="row (pixels)")
    axes.add_patch(Rectangle((0, 0), width, height, facecolor="0.92", edgecolor=BLACK, linewidth=1, linestyle="--"))
    windows = []
    for index, (name, (tall, wide)) in enumerate(zip(chosen.name, chosen.receptive_field, strict=True)):
        corner, colour = ((width - wide) / 2, (height - tall) / 2), COLOURS[index % len(COLOURS)]
        beyond = " (not drawn)" if max(tall, wide) > end else ""
        window = Rectangle(corner, wide, tall, facecolor="none", edgecolor=colour, linewidth=1.8)
        window.set_label(f"{name}: {tall}×{wide}{beyond}")
        axes.add_patch(window)
        windows.append(window)
    axes.set(xlim=((width - end) / 2, (width + end) / 2), ylim=((height + end) / 2, (height - end) / 2))
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    return windows
