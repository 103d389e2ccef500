"""A page of arrays: columns side by side, each with its caption below."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from cnnlab.look.drawing import HEADING, MARGIN, put_title, span
from cnnlab.look.figure import Figure, canvas
from cnnlab.look.theme import TEXT, TITLE

CAPTION = 23  # CSS pixels: from a drawing to the caption below it


class Page(NamedTuple):
    """A figure with a title and captions, and where the drawings stand in it, in CSS pixels."""

    figure: Figure
    axes: Axes
    middles: list[float]  # of the columns
    top: float  # of the drawings

    def text(self, x: float, y: float, text: str, **options: Any) -> None:
        """Write a text around a point."""
        style: dict[str, Any] = {"fontsize": TEXT, "ha": "center", "va": "center"}
        self.axes.text(x, y, text, **style | options)


def page(
    captions: Sequence[str],
    widths: Sequence[float],
    body: float,
    *,
    gaps: Sequence[float],
    title: str,
    alt: str,
    room: tuple[float, float] = (0, 0),
    least: float = 0,
) -> Page:
    """A page with room for drawings of these ``widths`` and the height ``body``, and their captions below them.

    ``gaps`` stand between the columns, ``room`` above the drawings and below the captions; all in CSS pixels.
    """
    middles, right = [], float(MARGIN)
    for caption, width, gap in zip(captions, widths, (0, *gaps), strict=True):
        across = max(span(caption), width)
        middles.append(right + gap + across / 2)
        right += gap + across
    top = MARGIN + HEADING * bool(title) + room[0]
    width = max(right, least, MARGIN + span(title, points=TITLE, bold=True)) + MARGIN
    figure, axes = canvas(width, top + body + CAPTION + room[1] + MARGIN, alt=f"{title}: {alt}" if title else alt)
    put_title(axes, title)
    made = Page(figure, axes, middles, top)
    for middle, caption in zip(middles, captions, strict=True):
        made.text(middle, top + body + CAPTION, caption)
    return made
