"""A network as a row of boxes, drawn to scale."""

import re
from collections.abc import Sequence
from math import prod, sqrt
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Polygon, Rectangle
from torch import nn

from cnnlab.look.figure import INCH, Figure, canvas
from cnnlab.look.grid import WIDEST
from cnnlab.look.theme import BLUE, ORANGE, PURPLE, SKY, SMALL, TITLE, in_words, join_first
from cnnlab.models import parts

COLOURS = {"input": "#C8C8C8", "convolution": SKY, "module": BLUE, "pooling": ORANGE, "linear": PURPLE}
BODY = 150  # CSS pixels: the tallest box
DEPTH = 0.22  # of a column of the map, to the right and upward, in rows
SLABS = 3  # boxes drawn of equal parts in a row
HEAD, LEFT, RIGHT, GAP, JOINT = 54, 78, 10, 9, 2  # CSS pixels; the joint is between equal parts
LINE = 13  # CSS pixels: a line of labels
LABEL = SMALL - 1  # points
UPRIGHT = 9  # blocks at most whose labels stand upright
EM = {"×": 0.84, ",": 0.32, "…": 1.0, "_": 0.5, "l": 0.28, "i": 0.28}  # widths of letters; others 0.62


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
        if len(self.output_shape) == 3:
            channels, rows, columns = self.output_shape
            return channels, rows, columns
        return prod(self.output_shape), 1, 1

    @property
    def labels(self) -> tuple[str, str, str]:
        """What stands under it."""
        return self.name, "×".join(map(str, self.output_shape)), f"{self.parameters:,}" if self.parameters else "–"


class Drawn(NamedTuple):
    """A network ready for drawing."""

    heading: str
    alt: str
    blocks: tuple[Block, ...]


def architecture(model: nn.Module, input_size: Sequence[int], *, title: str | None = None) -> Figure:
    """The parts of ``model`` for a picture of ``input_size`` (C, H, W) as boxes, from the picture to the logits.

    A box's height and depth are the rows and columns of the map that the part puts out, to scale, and its width is the
    root of the number of channels. Equal parts in a row stand together (three boxes at most, and how many they are).
    Under each: its name, output shape (C×H×W) and parameters. The model may lie on the meta device.

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
    found = [Block("input", "input", size, 0)]
    runs: list[list[Any]] = []
    for row in table.itertuples(index=False):
        if runs and _equal(runs[-1][-1], row):
            runs[-1].append(row)
        else:
            runs.append([row])
    for run in runs:
        first, name = run[0], _together(run[0].name, run[-1].name)
        found.append(Block(name, first.kind, first.output_shape, sum(row.parameters for row in run), len(run)))
    cost = f"{table.parameters.sum():,} parameters, {in_words(table.multiply_adds.sum())} multiply-adds"
    name = title or getattr(model, "recipe", {}).get("name") or type(model).__name__
    told = f"{name} for pictures of {'×'.join(map(str, size))}: {cost}"
    heading = f"{name}, {'×'.join(map(str, size))}: {cost}"
    boxes = [
        f"{block.name} {block.labels[1]}" + (f" ({block.parts} parts)" if block.parts > 1 else "") for block in found
    ]
    return Drawn(heading, f"{told}. From input to output: {join_first(boxes, most=24)}", tuple(found))


def picture(networks: Sequence[Drawn]) -> Figure:
    """One or more networks, one under the other, in one scale."""
    cells = max(block.box[1] + DEPTH * block.box[2] for drawn in networks for block in drawn.blocks)
    unit = BODY / cells  # CSS pixels of a row
    layouts = [_layout(drawn.blocks) for drawn in networks]
    bodies = [unit * max(block.box[1] + DEPTH * block.box[2] for block in drawn.blocks) for drawn in networks]
    heights = [HEAD + body + _labels_height(drawn.blocks) for drawn, body in zip(networks, bodies, strict=True)]
    headings = [_span(drawn.heading, TITLE) + 16 for drawn in networks]
    width = max(WIDEST, *headings, *(layout.width for layout in layouts))
    figure, axes = canvas(width, sum(heights), alt=" Below it: ".join(drawn.alt for drawn in networks))
    top = 0.0
    for drawn, layout, body, height in zip(networks, layouts, bodies, heights, strict=True):
        _network(axes, drawn, layout, unit, top, body)
        top += height
    return figure


class _Layout(NamedTuple):
    """Where blocks stand: the middle of each, and CSS pixels a root of a channel."""

    middles: list[float]
    scale: float
    width: float


def _layout(blocks: Sequence[Block]) -> _Layout:
    """Blocks side by side over the page, as wide as fits and never narrower than their labels."""
    upright = len(blocks) <= UPRIGHT
    least = [max(map(_span, block.labels)) + 9 if upright else LINE for block in blocks]
    room = max(WIDEST - LEFT - RIGHT, sum(least))

    def cells(scale: float) -> list[float]:
        return [max(low, _width(block, scale) + GAP) for low, block in zip(least, blocks, strict=True)]

    low, high = 0.0, 3.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(cells(middle)) <= room else (low, middle)
    sizes = cells(low)
    spread = min((room - sum(sizes)) / len(sizes), 40)
    middles, left = [], float(LEFT)
    for size in sizes:
        middles.append(left + (size + spread) / 2)
        left += size + spread
    return _Layout(middles, low, left + RIGHT)


def _width(block: Block, scale: float) -> float:
    shown = min(block.parts, SLABS)
    return shown * _slab(block, scale) + (shown - 1) * JOINT


def _slab(block: Block, scale: float) -> float:
    return max(2.5, scale * sqrt(block.box[0]))


def _labels_height(blocks: Sequence[Block]) -> float:
    if len(blocks) <= UPRIGHT:
        return 3 * LINE + 26
    return sum(max(_span(block.labels[row]) for block in blocks) + 10 for row in range(3)) + 14


def _network(axes: Axes, drawn: Drawn, layout: _Layout, unit: float, top: float, body: float) -> None:
    axes.text(8, top + 14, drawn.heading, fontsize=TITLE, va="center")
    left = 10.0
    for kind in dict.fromkeys(block.kind for block in drawn.blocks):
        axes.add_patch(Rectangle((left, top + 27), 9, 9, facecolor=COLOURS[kind], edgecolor="0.3", linewidth=0.5))
        axes.text(left + 13, top + 32, kind, fontsize=SMALL, va="center")
        left += 13 + 5.6 * len(kind) + 16
    middle = top + HEAD + body / 2
    for block, centre in zip(drawn.blocks, layout.middles, strict=True):
        slab, shown = _slab(block, layout.scale), min(block.parts, SLABS)
        start = centre - _width(block, layout.scale) / 2
        for place in range(shown):
            _box(axes, block, start + place * (slab + JOINT), middle, slab, unit)
        if block.parts > shown:
            reach = max(2.5, unit * block.box[1]) / 2 + DEPTH * unit * block.box[2] / 2
            axes.text(centre, middle - reach - 7, f"{block.parts}×", fontsize=SMALL, ha="center", va="center")
    _labels(axes, drawn.blocks, layout.middles, top + HEAD + body + 14)


def _box(axes: Axes, block: Block, left: float, middle: float, slab: float, unit: float) -> None:
    """A box whose centre lies on the axis that all boxes share: front, side and top."""
    _, rows, columns = block.box
    tall, deep = max(3.0, rows * unit), DEPTH * columns * unit
    left, right = left - deep / 2, left + slab - deep / 2
    upper, lower = middle - tall / 2 + deep / 2, middle + tall / 2 + deep / 2
    faces = (
        ([(left, upper), (right, upper), (right, lower), (left, lower)], 1.0),
        ([(right, upper), (right + deep, upper - deep), (right + deep, lower - deep), (right, lower)], 0.75),
        ([(left, upper), (right, upper), (right + deep, upper - deep), (left + deep, upper - deep)], 1.25),
    )
    for corners, light in faces:
        axes.add_patch(Polygon(corners, facecolor=_lit(COLOURS[block.kind], light), edgecolor="0.25", linewidth=0.4))


def _labels(axes: Axes, blocks: Sequence[Block], middles: Sequence[float], top: float) -> None:
    upright = len(blocks) <= UPRIGHT
    for row, heading in enumerate(("part", "output", "parameters")):
        axes.text(8, top + (LINE / 2 if upright else 2), heading, fontsize=SMALL, va="center" if upright else "top")
        texts = [block.labels[row] for block in blocks]
        for text, middle in zip(texts, middles, strict=True):
            if upright:
                axes.text(middle, top + LINE / 2, text, fontsize=LABEL, ha="center", va="center")
            else:
                axes.text(middle, top, text, fontsize=LABEL, rotation=90, ha="center", va="top")
        top += LINE + 2 if upright else max(map(_span, texts)) + 10


def _span(text: str, points: float = LABEL) -> float:
    """CSS pixels that a text takes, nearly."""
    return sum(EM.get(letter, 0.62) for letter in text) * points * INCH / 72


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
