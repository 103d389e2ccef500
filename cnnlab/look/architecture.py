"""A network as boxes in rows, drawn to scale."""

import re
from collections.abc import Sequence
from itertools import accumulate
from math import prod, sqrt
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Polygon, Rectangle
from torch import nn

from cnnlab.look.drawing import LINE, in_rows, span, written
from cnnlab.look.figure import Figure, canvas
from cnnlab.look.grid import WIDEST
from cnnlab.look.theme import BLUE, ORANGE, PURPLE, SKY, TEXT, TITLE, in_words, join_first
from cnnlab.models import parts

COLOURS = {"input": "#C8C8C8", "convolution": SKY, "module": BLUE, "pooling": ORANGE, "linear": PURPLE}
BODY, BROADEST = 150, 120  # CSS pixels: the tallest and the widest box
DEPTH = 0.22  # of a column of the feature maps, to the right and upward, in rows
SLABS = 3  # boxes drawn of equal parts in a row
HEAD, LEFT, RIGHT, GAP, JOINT = 48, 88, 10, 14, 2  # CSS pixels; the joint is between equal parts
COUNT, BELOW = 16, 10  # CSS pixels: the number of equal parts above a box; below it, to the labels


class Block(NamedTuple):
    """A part of a network, or several equal ones in a row."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    parts: int = 1

    @property
    def box(self) -> tuple[int, int, int]:
        """Channels, rows and columns; a vector has one row and one column."""
        channels, rows, columns = self.output_shape if len(self.output_shape) == 3 else (prod(self.output_shape), 1, 1)
        return channels, rows, columns

    @property
    def shown(self) -> int:
        """How many boxes are drawn."""
        return min(self.parts, SLABS)

    @property
    def labels(self) -> tuple[str, str, str]:
        """What stands under it."""
        return self.name, written(self.output_shape), f"{self.parameters:,}" if self.parameters else "–"


class Drawn(NamedTuple):
    """A network ready for drawing."""

    heading: str
    alt: str
    blocks: tuple[Block, ...]


def architecture(model: nn.Module, input_size: Sequence[int], *, title: str | None = None) -> Figure:
    """The parts of ``model`` for a picture of ``input_size`` (C, H, W) as boxes, from the picture to the logits.

    A box's height and depth are the rows and columns of the feature maps that the part puts out, to scale, and its
    width grows with the root of the number of channels. Equal parts stand together: three boxes at most, and how many
    they are. Under each: its name, output shape (C×H×W) and parameters. The model may lie on the meta device.

    Raises:
        ValueError: if ``input_size`` is not (C, H, W), and what the model raises if it can't take such a picture.

    >>> from cnnlab.models import build
    >>> architecture(build("lenet5"), (1, 28, 28))
    <Figure: lenet5 for pictures of 1×28×28: 44,426 parameters, 282 thousand multiply-adds. From input to output:
    input 1×28×28, conv1 6×24×24, pool1 6×12×12, conv2 16×8×8, pool2 16×4×4, fc1 120, fc2 84, fc3 10>
    """
    drawn = prepared(model, input_size, title=title)
    return picture([drawn])


def prepared(model: nn.Module, input_size: Sequence[int], *, title: str | None = None) -> Drawn:
    """The blocks of a network, and what is said of it."""
    table = parts(model, input_size)
    size = tuple(input_size)
    runs: list[list[Any]] = []
    for row in table.itertuples(index=False):
        if runs and _equal(runs[-1][-1], row):
            runs[-1].append(row)
        else:
            runs.append([row])
    found = [Block("input", "input", size, 0)]
    for run in runs:
        name, parameters = _together(run[0].name, run[-1].name), sum(row.parameters for row in run)
        found.append(Block(name, run[0].kind, run[0].output_shape, parameters, len(run)))
    cost = f"{table.parameters.sum():,} parameters, {in_words(table.multiply_adds.sum())} multiply-adds"
    name = title or getattr(model, "recipe", {}).get("name") or type(model).__name__
    boxes = [
        f"{block.name} {block.labels[1]}" + (f" ({block.parts} parts)" if block.parts > 1 else "") for block in found
    ]
    alt = f"{name} for pictures of {written(size)}: {cost}. From input to output: {join_first(boxes, most=24)}"
    return Drawn(f"{name}, {written(size)}: {cost}", alt, tuple(found))


def picture(networks: Sequence[Drawn]) -> Figure:
    """One or more networks, one under the other, in one scale."""
    blocks = [block for drawn in networks for block in drawn.blocks]
    scale = _Scale(
        BODY / max(block.box[1] + DEPTH * block.box[2] for block in blocks),
        min(3.0, BROADEST / max(block.shown * sqrt(block.box[0]) for block in blocks)),
    )
    rows = [_rows(drawn.blocks, scale) for drawn in networks]
    height = sum(HEAD + sum(_height(row, scale) for row in each) for each in rows)
    width = max(WIDEST, *(span(drawn.heading, points=TITLE) + 16 for drawn in networks))
    figure, axes = canvas(width, height, alt=" Below it: ".join(drawn.alt for drawn in networks))
    top = 0.0
    for drawn, each in zip(networks, rows, strict=True):
        _head(axes, drawn, top)
        top += HEAD
        for row in each:
            _draw_row(axes, row, scale, top)
            top += _height(row, scale)
    return figure


class _Scale(NamedTuple):
    """CSS pixels of a row of the feature maps, and of the root of a channel."""

    row: float
    root: float

    def slab(self, block: Block) -> float:
        """The width of a box."""
        return max(2.5, self.root * sqrt(block.box[0]))

    def width(self, block: Block) -> float:
        """The width of all boxes of a block."""
        return block.shown * (self.slab(block) + JOINT) - JOINT

    def depth(self, block: Block) -> float:
        """How far a box extends to the back."""
        return DEPTH * self.row * block.box[2]

    def height(self, block: Block) -> float:
        """The height of a box and its depth."""
        return max(3.0, self.row * block.box[1]) + self.depth(block)


_Row = Sequence[tuple[Block, float]]  # blocks side by side, and the middle of each


def _rows(blocks: Sequence[Block], scale: _Scale) -> list[_Row]:
    """Blocks in as few rows as their boxes and labels allow, of nearly the same width."""
    widths = [
        max(*(span(label) for label in block.labels), scale.width(block) + scale.depth(block)) + GAP for block in blocks
    ]
    room = WIDEST - LEFT - RIGHT
    rows: list[_Row] = []
    for places in in_rows(widths, room):
        spare = min((room - sum(widths[place] for place in places)) / len(places), 40)
        ends = [LEFT + end for end in accumulate(widths[place] + spare for place in places)]
        middles = [end - (widths[place] + spare) / 2 for end, place in zip(ends, places, strict=True)]
        rows.append([(blocks[place], middle) for place, middle in zip(places, middles, strict=True)])
    return rows


def _body(row: _Row, scale: _Scale) -> float:
    return max(scale.height(block) for block, _ in row)


def _height(row: _Row, scale: _Scale) -> float:
    """Boxes and labels."""
    return COUNT + _body(row, scale) + BELOW + 3 * LINE + GAP


def _head(axes: Axes, drawn: Drawn, top: float) -> None:
    """The heading and the kinds of blocks."""
    axes.text(8, top + 14, drawn.heading, fontsize=TITLE, va="center")
    left = 10.0
    for kind in dict.fromkeys(block.kind for block in drawn.blocks):
        axes.add_patch(Rectangle((left, top + 29), 9, 9, facecolor=COLOURS[kind], edgecolor="0.3", linewidth=0.5))
        axes.text(left + 13, top + 34, kind, fontsize=TEXT, va="center")
        left += 13 + span(kind) + 16


def _draw_row(axes: Axes, row: _Row, scale: _Scale, top: float) -> None:
    body = _body(row, scale)
    middle, below = top + COUNT + body / 2, top + COUNT + body + BELOW + LINE / 2
    for place, heading in enumerate(("part", "output", "parameters")):
        axes.text(8, below + place * LINE, heading, fontsize=TEXT, va="center")
    for block, centre in row:
        for place in range(block.shown):
            _box(axes, block, centre - scale.width(block) / 2 + place * (scale.slab(block) + JOINT), middle, scale)
        labels = [(below + place * LINE, label) for place, label in enumerate(block.labels)]
        if block.parts > block.shown:
            labels.append((middle - scale.height(block) / 2 - 8, f"{block.parts}×"))
        for level, label in labels:
            axes.text(centre, level, label, fontsize=TEXT, ha="center", va="center")


def _box(axes: Axes, block: Block, left: float, middle: float, scale: _Scale) -> None:
    """A box whose centre lies on the axis that all boxes of a row share: front, side and top."""
    deep = scale.depth(block)
    tall = scale.height(block) - deep
    left, right = left - deep / 2, left + scale.slab(block) - deep / 2
    upper, lower = middle - tall / 2 + deep / 2, middle + tall / 2 + deep / 2
    faces = (
        ([(left, upper), (right, upper), (right, lower), (left, lower)], 1.0),
        ([(right, upper), (right + deep, upper - deep), (right + deep, lower - deep), (right, lower)], 0.75),
        ([(left, upper), (right, upper), (right + deep, upper - deep), (left + deep, upper - deep)], 1.25),
    )
    for corners, light in faces:
        axes.add_patch(Polygon(corners, facecolor=_lit(COLOURS[block.kind], light), edgecolor="0.25", linewidth=0.4))


def _lit(colour: str, light: float) -> tuple[float, float, float]:
    """A colour in more or less light."""
    red, green, blue = (part * light if light < 1 else 1 - (1 - part) * (2 - light) for part in to_rgb(colour))
    return red, green, blue


def _equal(first: Any, second: Any) -> bool:
    """Whether two parts are of a kind: one may have a layer more, the projection of a shortcut."""
    return (
        first.kind == second.kind
        and first.kind in ("convolution", "module")
        and first.output_shape == second.output_shape
        and abs(first.layers - second.layers) <= 1
        and _stem(first.name) == _stem(second.name)
    )


def _stem(name: str) -> str:
    """A name without what counts it.

    >>> _stem("conv3_2"), _stem("inception4a")
    ('conv3_', 'inception')
    """
    return re.sub(r"\d+[a-z]?$", "", name)


def _together(first: str, last: str) -> str:
    """The name of a run of equal parts.

    >>> _together("conv3_1", "conv3_4"), _together("mixed5c", "mixed5d"), _together("block1", "block10")
    ('conv3_1 … 4', 'mixed5c … 5d', 'block1 … 10')
    """
    return first if first == last else f"{first} … {last[len(_stem(first)) :]}"
