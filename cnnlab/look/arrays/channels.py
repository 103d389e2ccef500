"""How a convolution works with channels: each kernel spans all input channels and computes one output channel."""

from collections.abc import Sequence

from torch import nn

from cnnlab.look.arrays._grids import Grid, Window, arrow, position
from cnnlab.look.arrays._page import page
from cnnlab.look.arrays._slides import check_inside, steps_of, three
from cnnlab.look.drawing import written
from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLUE, GREEN, VERMILION

PIXEL, SIDE, MOST = 14, 150, 24  # CSS pixels of a pixel and of a channel at most; pixels of a channel's side
SHIFT = 9  # CSS pixels: from a channel to the one behind it, to the right and upward
DRAWN = 4  # channels of a stack, at most
COLOURS = ((BLUE, "#BBDDF3"), (VERMILION, "#F7CFB0"), (GREEN, "#B5E3D3"))  # of kernels: frame and tint
INK, GREY = "#222222", "#DADADA"  # of the window in the input, which all kernels share
GAP, BETWEEN, OTHERS = 62, 36, 20  # CSS pixels


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
    check_inside(at, outputs)
    here = position(*at)
    window = step.over(here)
    sides = [size + 2 * pad for size, pad in zip(inputs[1:], step.padding, strict=True)]
    if max(sides) > MOST:
        raise ValueError(f"at most {MOST} rows and columns can be drawn, padding included, got {max(sides)}")
    captions = [
        f"input: {_counted(inputs[0], 'channel')} of {written(inputs[1:])}",
        f"{_counted(outputs[0], 'kernel')} of {written(kernel)}",
        f"output: {_counted(outputs[0], 'channel')} of {written(outputs[1:])}",
    ]
    pixel, drawn = min(PIXEL, SIDE / max(sides)), min(inputs[0], DRAWN)
    source = Grid(*inputs[1:], pixel, step.padding, drawn, SHIFT)
    weights, result = Grid(*kernel[1:], pixel, (0, 0), drawn, SHIFT), Grid(*outputs[1:], pixel)
    shown = outputs[0] if outputs[0] <= len(COLOURS) else len(COLOURS) - 1  # with a last row for the others
    row = max(weights.height, result.height) + BETWEEN
    others = OTHERS * (outputs[0] > shown)
    body = max(shown * row + others, source.height)
    widths = [source.width, weights.width, result.width]
    alt = (
        f"{'; '.join(captions)}. Each kernel spans all input channels and computes one output channel. Marked: row "
        f"{at[0]}, column {at[1]} of the output, and its window, {window.in_words()} of every input channel"
    )
    sheet = page(captions, widths, body, gaps=(GAP, GAP), title=title, alt=alt)
    source = source.around(sheet.middles[0], sheet.top + body / 2)
    source.draw(sheet.axes, tinted=window.pixels(), tints=[GREY])
    window.draw(sheet.axes, source, colour=INK)
    begin = source.left + source.width + 6, sheet.top + body / 2
    fork = (begin[0] - 6 + sheet.middles[1] - weights.width / 2) / 2
    for number, (colour, tint) in enumerate(COLOURS[:shown]):
        level = sheet.top + (body - shown * row - others) / 2 + (row - BETWEEN) / 2 + number * row
        weights, result = weights.around(sheet.middles[1], level), result.around(sheet.middles[2], level)
        whole = Window(range(kernel[1]), range(kernel[2]))
        for grid, marked in ((weights, whole), (result, here)):
            grid.draw(sheet.axes, tinted=marked.pixels(), tints=[tint])
            marked.draw(sheet.axes, grid, colour=colour)
        arrow(sheet.axes, begin, (fork, begin[1]), (fork, level), (weights.left - 6, level))
        right = weights.left + weights.width
        arrow(sheet.axes, (right + 6, level), (result.left - 6, level))
        sheet.text((right + result.left - 5) / 2, level - 9, "Σ")
        below = level + (row - BETWEEN) / 2 + 11
        sheet.text(sheet.middles[1], below, f"kernel {number + 1}")
        sheet.text(sheet.middles[2], below, f"channel {number + 1}")
    if others:
        for column, word in ((1, "kernels"), (2, "channels")):
            text = f"⋮  {outputs[0] - shown} more {word}"
            sheet.text(sheet.middles[column], sheet.top + body - 8, text)
    return sheet.figure


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
