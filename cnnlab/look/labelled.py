"""A photograph with text on it."""

from collections.abc import Sequence

from matplotlib.patheffects import withStroke
from PIL import Image
from torch import Tensor

from cnnlab.look.figure import INCH, Figure
from cnnlab.look.grid import check_photo

SMALLEST = 240  # CSS pixels: a smaller photograph is enlarged, so that its label is legible
LARGEST = 2000  # CSS pixels: a larger one is reduced; 24 million pixels would take half a minute and 3 GB
SPACING = 1.3  # of lines, in heights of a line


def labelled(photo: Tensor, lines: Sequence[str]) -> Figure:
    """A photograph with ``lines`` of text, such as its most probable classes, at its upper left.

    It keeps its size if its sides are between 240 and 2,000 pixels.

    Shape: photo (3, H, W) uint8.

    Raises:
        ValueError: for a photo of another shape.

    >>> from cnnlab.data import photo
    >>> labelled(photo("chelsea"), ["Egyptian cat 63 %"])
    <Figure: A photograph, labelled: Egyptian cat 63 %>
    """
    check_photo(photo)
    shown = Image.fromarray(photo.permute(1, 2, 0).numpy())
    shown.thumbnail((LARGEST, LARGEST))
    scale = max(1.0, min(SMALLEST / min(shown.size), LARGEST / max(shown.size)))
    width, height = shown.width * scale, shown.height * scale
    figure = Figure((width / INCH, height / INCH), alt=f"A photograph, labelled: {', '.join(lines)}", constrained=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(shown, aspect="auto")
    axes.set_axis_off()
    longest = max(map(len, lines), default=1)
    size = max(9.0, min(height / 14, 1.6 * width / max(longest, 12)))  # CSS pixels: legible, no wider than the photo
    for row, line in enumerate(lines):
        axes.text(
            0.4 * size / width,
            1 - (0.4 + row * SPACING) * size / height,
            line,
            transform=axes.transAxes,
            size=size * 72 / INCH,
            color="white",
            va="top",
            parse_math=False,
            path_effects=[withStroke(linewidth=size / 6, foreground="black")],
        )
    return figure
