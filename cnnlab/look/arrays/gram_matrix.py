"""The Gram matrix of feature maps: the matrix of channels × positions times its transpose."""

from collections.abc import Sequence

from cnnlab.look.arrays._grids import INK, Grid, Stack, Window, arrow
from cnnlab.look.drawing import HEADING, LINE, MARGIN, put_title, span, written
from cnnlab.look.figure import Figure, canvas
from cnnlab.look.theme import BLUE, TEXT, TITLE, VERMILION

CHANNELS, POSITIONS = 8, 30  # that can be drawn
PIXEL, WIDEST, SHIFT = 17, 220, 13  # CSS pixels: of an entry, of F, from a channel to the one behind it
GAP, CAPTION = 66, 20  # CSS pixels
COLOURS = ((BLUE, "#BBDDF3"), (VERMILION, "#F7CFB0"))  # of both channels: frame and tint


def gram_matrix(shape: Sequence[int], *, at: tuple[int, int] = (0, 1), title: str = "") -> Figure:
    """The Gram matrix of feature maps: the maps, the matrix F that has a row for each channel, and G = F Fᵀ.

    The entry ``at`` (i, j) of G is marked, and channels i and j: it is the sum over all positions of the one times the
    other. Gatys et al. 2016, section 2.2.

    Shape: ``shape`` is (C, H, W), with at most 8 channels and 30 positions.

    Raises:
        ValueError: for more than can be drawn, or an entry outside the matrix.

    >>> gram_matrix((3, 2, 4), at=(0, 2))
    <Figure: Feature maps of 3×2×4 become the matrix F of 3 channels × 8 positions; F times its transpose is the Gram
    matrix G of 3×3 channels. Marked: entry (0, 2) of G, the sum over all positions of channel 0 times channel 2>
    """
    channels, height, width = shape
    positions = height * width
    if not (1 <= channels <= CHANNELS and 1 <= positions <= POSITIONS):
        raise ValueError(
            f"up to {CHANNELS} channels and {POSITIONS} positions can be drawn, got {channels} and {height}×{width} = "
            f"{positions}; show smaller feature maps, such as (3, 3, 4)"
        )
    if not all(0 <= index < channels for index in at):
        raise ValueError(f"at must be two channels from 0 to {channels - 1}, got {at}")
    alt = (
        f"{f'{title}: ' if title else ''}Feature maps of {channels}×{height}×{width} become the matrix F of {channels} "
        f"channels × {positions} positions; F times its transpose is the Gram matrix G of {channels}×{channels} "
        f"channels. Marked: entry ({at[0]}, {at[1]}) of G, the sum over all positions of channel {at[0]} times channel "
        f"{at[1]}"
    )
    pixel = min(PIXEL, WIDEST / positions)
    depth, top = (channels - 1) * SHIFT, MARGIN + HEADING * bool(title) + LINE
    body = max(positions * pixel, height * PIXEL + depth)
    level, matrix = top + body / 2, (channels, positions)
    captions = [
        f"feature maps {written(shape)}",
        f"F  {written(matrix)}",
        f"Fᵀ  {written(matrix[::-1])}",
        f"G  {channels}×{channels}",
    ]
    widths = [width * PIXEL + depth, positions * pixel, channels * pixel, channels * pixel]
    columns = [max(span(caption), across) for caption, across in zip(captions, widths, strict=True)]
    middles = [MARGIN + sum(columns[:place]) + GAP * place + columns[place] / 2 for place in range(4)]
    right = max(middles[3] + columns[3] / 2, MARGIN + span(title, points=TITLE, bold=True))
    figure, axes = canvas(right + MARGIN, top + body + CAPTION + MARGIN, alt=alt)
    put_title(axes, title)

    def grid(column: int, size: tuple[int, int]) -> Grid:
        return Grid(middles[column] - size[1] * pixel / 2, level - size[0] * pixel / 2, *size, pixel)

    front = Grid(middles[0] - widths[0] / 2, level + (depth - height * PIXEL) / 2, height, width, PIXEL)
    maps = Stack(front, channels, SHIFT)
    for channel in reversed(range(channels)):  # the first in front
        tint = next((tint for index, (_, tint) in zip(at, COLOURS, strict=True) if index == channel), "white")
        maps.grid(channel).draw(axes, tinted=Window(0, 0, height, width).pixels(), tint=tint)
    f, transposed, product = grid(1, matrix), grid(2, matrix[::-1]), grid(3, (channels, channels))
    row, column = Window(at[0], 0, at[0] + 1, positions), Window(0, at[1], positions, at[1] + 1)
    entry = Window(at[0], at[1], at[0] + 1, at[1] + 1)
    f.draw(axes, tinted=row.pixels(), tint=COLOURS[0][1])
    transposed.draw(axes, tinted=column.pixels(), tint=COLOURS[1][1])
    product.draw(axes, tinted={at}, tint="#DADADA")
    row.draw(axes, f, colour=COLOURS[0][0])
    column.draw(axes, transposed, colour=COLOURS[1][0])
    entry.draw(axes, product, colour=INK)
    for matrix_of_rows in (f, product):
        x, y = matrix_of_rows.corner(at[0] + 0.5, 0)
        axes.text(x - 5, y, str(at[0]), fontsize=TEXT, ha="right", va="center")
    for matrix_of_columns in (transposed, product):
        x, y = matrix_of_columns.corner(0, at[1] + 0.5)
        axes.text(x, y - 9, str(at[1]), fontsize=TEXT, ha="center", va="center")
    arrow(axes, (maps.right + 6, level), (f.left - 16, level))
    axes.text((maps.right + f.left - 15) / 2, level - 9, "flatten", fontsize=TEXT, ha="center", va="center")
    for left, sign, after in ((f, "×", transposed), (transposed, "=", product)):
        middle = (left.left + left.width + after.left) / 2 - 3
        axes.text(middle, level, sign, fontsize=14, ha="center", va="center")
    for middle, caption in zip(middles, captions, strict=True):
        axes.text(middle, top + body + CAPTION, caption, fontsize=TEXT, ha="center", va="center")
    return figure
