"""How a convolution works with channels: each kernel spans all input channels and computes one output channel."""

from collections.abc import Sequence

from torch import nn

from cnnlab.look.arrays._grids import Grid, Stack, Window, arrow
from cnnlab.look.arrays._slides import steps_of, three
from cnnlab.look.drawing import HEADING, MARGIN, put_title, span, written
from cnnlab.look.figure import Figure, canvas
from cnnlab.look.theme import BLUE, GREEN, TEXT, TITLE, VERMILION

PIXEL, SIDE, MOST = 14, 150, 24  # CSS pixels of a pixel and of a channel at most; pixels of a channel's side
SHIFT = 9  # CSS pixels: from a channel to the one behind it, to the right and upward
DRAWN = 4  # channels of a stack, at most
COLOURS = ((BLUE, "#BBDDF3"), (VERMILION, "#F7CFB0"), (GREEN, "#B5E3D3"))  # of kernels: frame and tint
INK, GREY = "#222222", "#DADADA"  # of the window in the input, which all kernels share
GAP, BETWEEN, OTHERS, CAPTION = 62, 36, 20, 18  # CSS pixels


def channels(conv: nn.Conv2d, input_shape: Sequence[int], *, at: tuple[int, int] = (0, 0), title: str = "") -> Figure:
    """The channels of a convolution: the input's, the kernels' and the output's.

    Every kernel has a slice for each input channel and computes one output channel. At the position ``at`` (row,
    column) of the output it adds up the products over the window in all input channels. Four channels and three
    kernels are drawn at most; the captions have the true numbers.

    Shape: ``input_shape`` is (C, H, W), with at most 24 rows and columns, padding included.

    Raises:
        ValueError: for another layer, for groups, a larger input, or a position outside the output.

    >>> channels(nn.Conv2d(3, 2, 3), (3, 6, 6), at=(1, 1))
    <Figure: input: 3 channels of 6×6; 2 kernels of 3×3×3; output: 2 channels of 4×4. Each kernel spans all input
    channels and computes one output channel. Marked: row 1, column 1 of the output, and its window, rows 1 to 3 and
    columns 1 to 3 of every input channel>
    """
    if type(conv) is not nn.Conv2d or conv.groups > 1:
        raise ValueError(f"the channels are drawn of a convolution without groups, got {conv}")
    inputs = three(input_shape)
    step = steps_of(conv, inputs)[0]
    outputs, kernel = step.output, three((conv.in_channels, *conv.kernel_size))
    if not (0 <= at[0] < outputs[1] and 0 <= at[1] < outputs[2]):
        raise ValueError(f"at must be (row, column) in the output of {written(outputs[1:])} positions, got {at}")
    here = Window(at[0], at[1], at[0] + 1, at[1] + 1)
    window = step.over(here)
    sides = [size + 2 * pad for size, pad in zip(inputs[1:], step.padding, strict=True)]
    if max(sides) > MOST:
        raise ValueError(f"at most {MOST} rows and columns can be drawn, padding included, got {max(sides)}")
    captions = [
        f"input: {_counted(inputs[0], 'channel')} of {written(inputs[1:])}",
        f"{_counted(outputs[0], 'kernel')} of {written(kernel)}",
        f"output: {_counted(outputs[0], 'channel')} of {written(outputs[1:])}",
    ]
    pixel = min(PIXEL, SIDE / max(sides))
    depth = (min(inputs[0], DRAWN) - 1) * SHIFT
    widths = [sides[1] * pixel + depth, kernel[2] * pixel + depth, outputs[2] * pixel]
    columns = [max(span(caption), width) for caption, width in zip(captions, widths, strict=True)]
    middles = [MARGIN + sum(columns[:place]) + place * GAP + columns[place] / 2 for place in range(3)]

    shown = outputs[0] if outputs[0] <= len(COLOURS) else len(COLOURS) - 1  # with a last row for the others
    row = max(kernel[1] * pixel + depth, outputs[1] * pixel) + BETWEEN
    top = MARGIN + HEADING * bool(title)
    others = OTHERS * (outputs[0] > shown)
    body = max(shown * row + others, sides[0] * pixel + depth)
    first = top + (body - shown * row - others) / 2 + (row - BETWEEN) / 2
    width = max(middles[2] + columns[2] / 2, MARGIN + span(title, points=TITLE, bold=True)) + MARGIN
    figure, axes = canvas(width, top + body + CAPTION + 2 * MARGIN, alt=_alt(title, captions, at, window))
    put_title(axes, title)
    for middle, caption in zip(middles, captions, strict=True):
        axes.text(middle, top + body + CAPTION, caption, fontsize=TEXT, ha="center", va="center")

    def stack(count: int, column: int, level: float, size: tuple[int, int], padding: tuple[int, int] = (0, 0)) -> Stack:
        tall, back = (size[0] + 2 * padding[0]) * pixel, (min(count, DRAWN) - 1) * SHIFT
        left = middles[column] - ((size[1] + 2 * padding[1]) * pixel + back) / 2
        front = Grid(left, level - (tall - back) / 2, *size, pixel, padding)
        return Stack(front, min(count, DRAWN), SHIFT)

    source = stack(inputs[0], 0, top + body / 2, inputs[1:], step.padding)
    source.draw(axes, [GREY] * DRAWN, step.taps(window))
    window.draw_through(axes, source, colour=INK)
    whole = Window(0, 0, *kernel[1:])
    fork = (source.right + middles[1] - widths[1] / 2) / 2
    for number, (colour, tint) in enumerate(COLOURS[:shown]):
        level = first + number * row
        weights, result = stack(inputs[0], 1, level, kernel[1:]), stack(1, 2, level, outputs[1:])
        weights.draw(axes, [tint] * DRAWN, whole.pixels())
        whole.draw_through(axes, weights, colour=colour)
        result.draw(axes, [tint], {at})
        here.draw(axes, result.front, colour=colour)
        begin = (source.right + 6, top + body / 2)
        arrow(axes, begin, (fork, begin[1]), (fork, level), (weights.front.left - 6, level))
        arrow(axes, (weights.right + 6, level), (result.front.left - 6, level))
        axes.text((weights.right + result.front.left - 5) / 2, level - 9, "Σ", fontsize=TEXT, ha="center", va="center")
        below = level + (row - BETWEEN) / 2 + 11
        axes.text(middles[1], below, f"kernel {number + 1}", fontsize=TEXT, ha="center", va="center")
        axes.text(middles[2], below, f"channel {number + 1}", fontsize=TEXT, ha="center", va="center")
    if others:
        for column, word in ((1, "kernels"), (2, "channels")):
            text = f"⋮  {outputs[0] - shown} more {word}"
            axes.text(middles[column], top + body - 8, text, fontsize=TEXT, ha="center", va="center")
    return figure


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _alt(title: str, captions: Sequence[str], at: tuple[int, int], window: Window) -> str:
    heading = f"{title}: " if title else ""
    return (
        f"{heading}{'; '.join(captions)}. Each kernel spans all input channels and computes one output channel. "
        f"Marked: row {at[0]}, column {at[1]} of the output, and its window, {window.in_words()} of every input channel"
    )
