"""What drawings of networks share: the width of texts, shapes as the papers print them, titles, and rows."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from cnnlab.look.figure import INCH
from cnnlab.look.theme import TEXT, TITLE

MARGIN, HEADING = 14, 30  # CSS pixels: around a drawing, and of its title
LINE = 15  # CSS pixels: from one line of text to the next


def span(text: str, *, points: float = TEXT, code: bool = False, bold: bool = False) -> float:
    """The width of a text in CSS pixels; ``code`` is set in a monospaced font.

    >>> span("56×56") < span("64×56×56") < span("64×56×56", bold=True)
    True
    """
    font = FontProperties(
        family="monospace" if code else "sans-serif", size=points, weight="bold" if bold else "normal"
    )
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) * INCH / 72


def put_title(axes: Axes, title: str) -> None:
    """Write a drawing's title at its top left."""
    axes.text(MARGIN, MARGIN + 8, title, fontsize=TITLE, va="center", weight="bold")


def written(shape: Sequence[int]) -> str:
    """A shape as the papers print it.

    >>> written((64, 56, 56))
    '64×56×56'
    """
    return "×".join(map(str, shape))


def in_rows(widths: Sequence[float], room: float) -> list[list[int]]:
    """The numbers of things side by side, in as few rows as their widths allow, and the rows of nearly one width.

    >>> in_rows([40, 40, 40, 90], room=150)
    [[0, 1, 2], [3]]
    >>> in_rows([40, 40, 40, 40], room=150)
    [[0, 1], [2, 3]]
    """

    def rows(limit: float) -> list[list[int]]:
        found: list[list[int]] = [[]]
        for number, width in enumerate(widths):
            if found[-1] and sum(widths[other] for other in found[-1]) + width > limit:
                found.append([])
            found[-1].append(number)
        return found

    fewest = len(rows(room))
    limits = (room * part / 20 for part in range(1, 21))
    return next(found for found in map(rows, limits) if len(found) == fewest)
