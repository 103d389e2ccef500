"""The Gram matrix of feature maps: the matrix of channels × positions times its transpose."""

from collections.abc import Sequence

from cnnlab.look.arrays._grids import INK, Grid, Window, arrow, position
from cnnlab.look.arrays._page import page
from cnnlab.look.drawing import LINE, written
from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLUE, VERMILION

CHANNELS, POSITIONS = 8, 30  # that can be drawn
PIXEL, WIDEST, SHIFT = 17, 220, 13  # CSS pixels: of an entry, of F, from a channel to the one behind it
GAP = 66  # CSS pixels
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
        f"Feature maps of {channels}×{height}×{width} become the matrix F of {channels} channels × {positions} "
        f"positions; F times its transpose is the Gram matrix G of {channels}×{channels} channels. Marked: entry "
        f"({at[0]}, {at[1]}) of G, the sum over all positions of channel {at[0]} times channel {at[1]}"
    )
    pixel = min(PIXEL, WIDEST / positions)
    maps = Grid(height, width, PIXEL, (0, 0), channels, SHIFT)
    f, transposed = Grid(channels, positions, pixel), Grid(positions, channels, pixel)
    product = Grid(channels, channels, pixel)
    captions = [
        f"feature maps {written(shape)}",
        f"F  {channels}×{positions}",
        f"Fᵀ  {positions}×{channels}",
        f"G  {channels}×{channels}",
    ]
    drawings = (maps, f, transposed, product)
    body = max(drawing.height for drawing in drawings)
    widths = [drawing.width for drawing in drawings]
    sheet = page(captions, widths, body, gaps=(GAP, GAP, GAP), title=title, alt=alt, room=(LINE, 0))
    axes, level = sheet.axes, sheet.top + body / 2
    maps, f, transposed, product = (
        drawing.around(x, level) for drawing, x in zip(drawings, sheet.middles, strict=True)
    )
    tints = {channel: tint for channel, (_, tint) in zip(reversed(at), reversed(COLOURS), strict=True)}
    whole = Window(range(height), range(width))
    maps.draw(axes, tinted=whole.pixels(), tints=[tints.get(channel, "white") for channel in range(channels)])
    row, column = position(*at)._replace(columns=range(positions)), position(*at)._replace(rows=range(positions))
    marked = ((f, row, *COLOURS[0]), (transposed, column, *COLOURS[1]), (product, position(*at), INK, "#DADADA"))
    for grid, window, colour, tint in marked:
        grid.draw(axes, tinted=window.pixels(), tints=[tint])
        window.draw(axes, grid, colour=colour)
    for matrix_of_rows in (f, product):
        x, y = matrix_of_rows.corner(at[0] + 0.5, 0)
        sheet.text(x - 5, y, str(at[0]), ha="right")
    for matrix_of_columns in (transposed, product):
        x, y = matrix_of_columns.corner(0, at[1] + 0.5)
        sheet.text(x, y - 9, str(at[1]))
    right = maps.left + maps.width
    arrow(axes, (right + 6, level), (f.left - 16, level))
    sheet.text((right + f.left - 15) / 2, level - 9, "flatten")
    for left, sign, after in ((f, "×", transposed), (transposed, "=", product)):
        sheet.text((left.left + left.width + after.left) / 2 - 3, level, sign, fontsize=14)
    return sheet.figure
