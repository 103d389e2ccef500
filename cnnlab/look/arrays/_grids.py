"""Grids of pixels and the windows in them: what the drawings of convolutions are made of."""

from collections.abc import Collection, Sequence
from itertools import product
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle
from matplotlib.path import Path

from cnnlab.look.theme import BLUE, TEXT

INK, LINE, PADDED = "#222222", "#9A9A9A", "#ECECEC"
TINT = "#BBDDF3"  # of a window: light, so that what stands on it can be read


class Grid(NamedTuple):
    """A grid of square pixels on a page, with ``padding`` rows and columns of zeros around it.

    Several channels stand one behind the other, the first in front, each ``shift`` further to the right and upward.
    """

    rows: int
    columns: int
    pixel: float
    padding: tuple[int, int] = (0, 0)
    channels: int = 1
    shift: float = 0
    left: float = 0
    top: float = 0

    @property
    def depth(self) -> float:
        """CSS pixels from the first channel to the last, along each axis."""
        return (self.channels - 1) * self.shift

    @property
    def width(self) -> float:
        """CSS pixels, padding and all channels included."""
        return (self.columns + 2 * self.padding[1]) * self.pixel + self.depth

    @property
    def height(self) -> float:
        """CSS pixels, padding and all channels included."""
        return (self.rows + 2 * self.padding[0]) * self.pixel + self.depth

    def around(self, x: float, y: float) -> "Grid":
        """The same grid with its middle at a point."""
        return self._replace(left=x - self.width / 2, top=y - self.height / 2)

    def corner(self, row: float, column: float, channel: int = 0) -> tuple[float, float]:
        """Where a pixel begins; the padding has rows and columns below 0."""
        x = self.left + (column + self.padding[1]) * self.pixel + channel * self.shift
        return x, self.top + self.depth + (row + self.padding[0]) * self.pixel - channel * self.shift

    def draw(self, axes: Axes, *, tinted: Collection[tuple[int, int]], tints: Sequence[str] = (TINT,)) -> None:
        """Draw its pixels, some of them tinted in the colour of their channel, and the zeros around it."""
        down, along = self.padding
        pixels = list(product(range(-down, self.rows + down), range(-along, self.columns + along)))
        for channel in reversed(range(self.channels)):
            for row, column in pixels:
                inside = 0 <= row < self.rows and 0 <= column < self.columns
                tint = tints[channel % len(tints)]
                fill = tint if (row, column) in tinted else "white" if inside else PADDED
                x, y = self.corner(row, column, channel)
                border: dict[str, Any] = {"linestyle": "solid" if inside else "dotted", "edgecolor": LINE}
                axes.add_patch(Rectangle((x, y), self.pixel, self.pixel, facecolor=fill, linewidth=0.7, **border))
                if not inside and self.pixel >= 15:
                    middle = x + self.pixel / 2, y + self.pixel / 2
                    axes.text(*middle, "0", fontsize=TEXT, color="#5A5A5A", ha="center", va="center")
            size = self.columns * self.pixel, self.rows * self.pixel
            axes.add_patch(Rectangle(self.corner(0, 0, channel), *size, fill=False, edgecolor=INK, linewidth=1))


class Window(NamedTuple):
    """Rows and columns of a grid; some may lie in the padding, and with dilation some in between are left out."""

    rows: range
    columns: range

    def pixels(self) -> set[tuple[int, int]]:
        """The rows and columns of its pixels."""
        return set(product(self.rows, self.columns))

    def in_words(self) -> str:
        """Its rows and columns.

        >>> Window(range(-1, 2), range(3, 4)).in_words()
        'rows −1 to 1 and column 3'
        """
        return f"{span_in_words('row', self.rows)} and {span_in_words('column', self.columns)}"

    def draw(self, axes: Axes, grid: Grid, *, colour: str = BLUE, dashed: bool = False) -> None:
        """Draw its frame, in the first of several channels, and its edges through all of them."""
        (top, bottom), (left, right) = ((along.start, along.stop) for along in self)
        corners = [(top, left), (top, right), (bottom, right), (bottom, left)]
        style: dict[str, Any] = {"linewidth": 2.0, "linestyle": (0, (3, 2)) if dashed else "solid", "zorder": 3}
        front = [grid.corner(*corner) for corner in corners]
        axes.add_patch(Polygon(front, fill=False, edgecolor=colour, joinstyle="miter", **style))
        if grid.channels > 1:
            back = [grid.corner(*corner, grid.channels - 1) for corner in corners]
            for line in ([*back, back[0]], *zip(front, back, strict=True)):
                axes.plot(*zip(*line, strict=True), color=colour, linewidth=0.9, zorder=2.5)


def position(row: int, column: int) -> Window:
    """The window of one pixel."""
    return Window(range(row, row + 1), range(column, column + 1))


def span_in_words(word: str, along: range) -> str:
    """Some rows or columns.

    >>> span_in_words("row", range(0, 3)), span_in_words("row", range(2, 3))
    ('rows 0 to 2', 'row 2')
    """
    text = f"{word} {along[0]}" if len(along) == 1 else f"{word}s {along[0]} to {along[-1]}"
    return text.replace("-", "−")


def arrow(axes: Axes, *corners: tuple[float, float]) -> None:
    """An arrow along some corners."""
    path = Path(list(corners))
    axes.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=10, color=INK, linewidth=1.1))
