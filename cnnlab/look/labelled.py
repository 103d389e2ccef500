"""A photograph with words on it."""

from collections.abc import Sequence

from matplotlib.patheffects import withStroke
from PIL import Image
from torch import Tensor

from cnnlab.look.figure import INCH, Figure

LINE = 1.3  # of a line's height
SMALLEST = 240  # CSS pixels: a smaller photograph is enlarged so far, or its label could not be read
LARGEST = 2000  # CSS pixels: a larger one is reduced, or 24 million pixels would take half a minute and 3 GB


def labelled(photo: Tensor, lines: Sequence[str]) -> Figure:
    """A photograph with ``lines`` written on its upper left, as one shows what a classifier says.

    It keeps its size, if its sides are between 240 and 2,000 pixels.

    Shape: photo (3, H, W) uint8.

    Raises:
        ValueError: if ``photo`` is not such a tensor.

    >>> from cnnlab.data import photo
    >>> labelled(photo("chelsea"), ["Egyptian cat 63 %"])
    <Figure: A photograph, labelled: Egyptian cat 63 %>
    """
    if photo.ndim != 3 or photo.shape[0] != 3:
        raise ValueError(f"a photograph must have shape (3, H, W), got {tuple(photo.shape)}")
    shown = Image.fromarray(photo.permute(1, 2, 0).numpy())
    shown.thumbnail((LARGEST, LARGEST))
    scale = max(1.0, min(SMALLEST / min(shown.size), LARGEST / max(shown.size)))
    width, height = shown.width * scale, shown.height * scale
    figure = Figure((width / INCH, height / INCH), alt=f"A photograph, labelled: {', '.join(lines)}", constrained=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(shown, aspect="auto")
    axes.set_axis_off()
    longest = max(map(len, lines), default=1)
    pixels = max(
        9.0, min(height / 14, 1.6 * width / max(longest, 12))
    )  # high enough to read, and no wider than the photo
    for row, line in enumerate(lines):
        axes.text(
            0.4 * pixels / width,
            1 - (0.4 + row * LINE) * pixels / height,
            line,
            transform=axes.transAxes,
            size=pixels * 72 / INCH,
            color="white",
            va="top",
            parse_math=False,
            path_effects=[withStroke(linewidth=pixels / 6, foreground="black")],
        )
    return figure
