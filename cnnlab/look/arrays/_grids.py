"""Grids of pixels and the windows in them: what the drawings of convolutions are made of."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.path import Path

from cnnlab.look.theme import BLUE, TEXT

INK, LINE, PADDED = "#222222", "#9A9A9A", "#ECECEC"
TINT = "#BBDDF3"  # of a window: light, so that what stands on it can be read


class Grid(NamedTuple):
    """A grid of square pixels on a page; ``padding`` rows and columns of zeros around it."""

    left: float
    top: float
    rows: int
    columns: int
    pixel: float
    padding: tuple[int, int] = (0, 0)

    @property
    def width(self) -> float:
        """CSS pixels, the padding included."""
        return (self.columns + 2 * self.padding[1]) * self.pixel

    @property
    def height(self) -> float:
        """CSS pixels, the padding included."""
        return (self.rows + 2 * self.padding[0]) * self.pixel

    def corner(self, row: float, column: float) -> tuple[float, float]:
        """Where a pixel begins; the padding has rows and columns below 0."""
        x = self.left + (column + self.padding[1]) * self.pixel
        return x, self.top + (row + self.padding[0]) * self.pixel

    def draw(self, axes: Axes, *, tinted: Collection[tuple[int, int]] = (), tint: str = TINT) -> None:
        """Draw its pixels, some of them tinted, and the zeros around it."""
        for row in range(-self.padding[0], self.rows + self.padding[0]):
            for column in range(-self.padding[1], self.columns + self.padding[1]):
                inside = 0 <= row < self.rows and 0 <= column < self.columns
                fill = tint if (row, column) in tinted else "white" if inside else PADDED
                x, y = self.corner(row, column)
                border: dict[str, Any] = {"linestyle": "solid" if inside else "dotted", "edgecolor": LINE}
                axes.add_patch(Rectangle((x, y), self.pixel, self.pixel, facecolor=fill, linewidth=0.7, **border))
                if not inside and self.pixel >= 15:
                    middle = x + self.pixel / 2, y + self.pixel / 2
                    axes.text(*middle, "0", fontsize=TEXT, color="#5A5A5A", ha="center", va="center")
        width, height = self.columns * self.pixel, self.rows * self.pixel
        axes.add_patch(Rectangle(self.corner(0, 0), width, height, fill=False, edgecolor=INK, linewidth=1))


class Stack(NamedTuple):
    """Channels one behind the other, the first in front; ``shift`` leads to the next, to the right and upward."""

    front: Grid
    channels: int
    shift: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.front.left + self.front.width + (self.channels - 1) * self.shift

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.front.top - (self.channels - 1) * self.shift

    def grid(self, channel: int) -> Grid:
        """The grid of a channel."""
        offset = channel * self.shift
        return self.front._replace(left=self.front.left + offset, top=self.front.top - offset)

    def draw(self, axes: Axes, tints: Sequence[str], pixels: Collection[tuple[int, int]]) -> None:
        """Draw all channels, the last one first, with the same pixels tinted in each."""
        for channel in reversed(range(self.channels)):
            self.grid(channel).draw(axes, tinted=pixels, tint=tints[channel])


class Window(NamedTuple):
    """Rows and columns of a grid, from the first to the one after the last; some may lie in the padding."""

    top: int
    left: int
    bottom: int
    right: int

    def pixels(self, step: tuple[int, int] = (1, 1)) -> set[tuple[int, int]]:
        """The rows and columns of its pixels, or of every second one and so on."""
        rows, columns = range(self.top, self.bottom, step[0]), range(self.left, self.right, step[1])
        return {(row, column) for row in rows for column in columns}

    def in_words(self) -> str:
        """Its rows and columns.

        >>> Window(-1, 3, 2, 4).in_words()
        'rows −1 to 1 and column 3'
        """
        return f"{span_in_words('row', self.top, self.bottom)} and {span_in_words('column', self.left, self.right)}"

    def draw(self, axes: Axes, grid: Grid, *, colour: str = BLUE, dashed: bool = False) -> None:
        """Draw its frame."""
        (x, y), (right, bottom) = grid.corner(self.top, self.left), grid.corner(self.bottom, self.right)
        style: dict[str, Any] = {"linewidth": 2.0, "linestyle": (0, (3, 2)) if dashed else "solid", "zorder": 3}
        axes.add_patch(Rectangle((x, y), right - x, bottom - y, fill=False, edgecolor=colour, **style))

    def draw_through(self, axes: Axes, stack: Stack, *, colour: str) -> None:
        """Draw its frame in the first channel and its edges through all of them."""
        back = stack.grid(stack.channels - 1)
        thin: dict[str, Any] = {"color": colour, "linewidth": 0.9, "zorder": 2.5}
        corners = [(self.top, self.left), (self.top, self.right), (self.bottom, self.right), (self.bottom, self.left)]
        axes.plot(*zip(*(back.corner(*corner) for corner in [*corners, corners[0]]), strict=True), **thin)
        for corner in corners:
            axes.plot(*zip(stack.front.corner(*corner), back.corner(*corner), strict=True), **thin)
        self.draw(axes, stack.front, colour=colour)


def span_in_words(word: str, first: int, end: int) -> str:
    """Some rows or columns.

    >>> span_in_words("row", 0, 3), span_in_words("row", 2, 3)
    ('rows 0 to 2', 'row 2')
    """
    text = f"{word} {first}" if end == first + 1 else f"{word}s {first} to {end - 1}"
    return text.replace("-", "−")


def zoom(axes: Axes, window: Window, grid: Grid, other: Window, beyond: Grid) -> None:
    """Two lines from the right side of a window to the left side of what it becomes in another grid."""
    for here, there in ((window.top, other.top), (window.bottom, other.bottom)):
        start, end = grid.corner(here, window.right), beyond.corner(there, other.left)
        axes.plot(*zip(start, end, strict=True), color=BLUE, linewidth=0.9, zorder=2.5)


def arrow(axes: Axes, *corners: tuple[float, float]) -> None:
    """An arrow along some corners."""
    path = Path(list(corners))
    axes.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=10, color=INK, linewidth=1.1))
