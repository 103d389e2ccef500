"""A kernel or a pooling window as it slides over its input, and the output that it computes."""

from collections.abc import Sequence

from torch import nn

from cnnlab.look.arrays._grids import Grid, Window, arrow, position, span_in_words
from cnnlab.look.arrays._page import CAPTION, page
from cnnlab.look.arrays._slides import Step, check_inside, steps_of, three
from cnnlab.look.drawing import LINE, MARGIN, span, written
from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLUE, VERMILION

PIXEL, LARGEST = 26, 240  # CSS pixels: of a pixel at most, of the largest grid
UNREADABLE, ENLARGED = 60, 120  # CSS pixels: a smaller grid is enlarged
MOST = 64  # pixels of a grid's side
GAP = 44  # CSS pixels


def sliding(layers: nn.Module, input_shape: Sequence[int], *, at: tuple[int, int] = (0, 0), title: str = "") -> Figure:
    """The window of the input from which a layer computes the position ``at`` (row, column) of its output.

    Of a convolution or pooling: the pixels of one channel, the zeros of the padding around them, the window, and dashed
    the one beside it, ``stride`` pixels on. Of several layers in an ``nn.Sequential``: the feature maps between them as
    well, with the window traced back to the input, where it is the receptive field. Layers in a nested
    ``nn.Sequential`` count as one.

    Shape: ``input_shape`` is (C, H, W), with at most 64 rows and columns, padding included.

    Raises:
        ValueError: for a layer that does not slide, a larger input, or a position outside the output.

    >>> sliding(nn.Conv2d(1, 1, 3, stride=2, padding=1), (1, 5, 5), at=(0, 1))
    <Figure: 3×3 conv, stride 2, padding 1, from input 1×5×5 to output 1×3×3. The output in row 0, column 1 is computed
    from rows −1 to 1 and columns 1 to 3 of the input, padding included; the one beside it from columns 3 to 5>
    """
    steps = steps_of(layers, three(input_shape))
    shapes = [three(input_shape), *(step.output for step in steps)]
    check_inside(at, shapes[-1])
    windows = _traced_back(position(*at), steps)
    alone = len(steps) == 1 and at[1] + 1 < shapes[-1][2]
    beside = _traced_back(position(at[0], at[1] + 1), steps) if alone else []
    captions = [written(shape) for shape in shapes]
    captions[0], captions[-1] = f"input {captions[0]}", f"output {captions[-1]}"
    grids = _grids(shapes, steps)
    free = [max(0, grid.width - span(caption)) / 2 for grid, caption in zip(grids, captions, strict=True)]
    gaps = [
        max(GAP, max(map(span, step.words)) + 30 - left - right)
        for step, left, right in zip(steps, free[:-1], free[1:], strict=True)
    ]
    key = f"dashed: the window of the next output, {steps[0].slides[0][1].stride} to the right" if beside else ""
    below = LINE * max(len(step.words) for step in steps)
    body = max(grid.height for grid in grids)
    drawn = page(
        captions,
        [grid.width for grid in grids],
        body,
        gaps=gaps,
        title=title,
        alt=_alt(steps, captions, at, windows, beside),
        room=(0, below + (LINE + 6) * bool(key)),
        least=MARGIN + span(key),
    )
    grids = [grid.around(x, drawn.top + body / 2) for grid, x in zip(grids, drawn.middles, strict=True)]
    for place, (grid, window) in enumerate(zip(grids, windows, strict=True)):
        grid.draw(drawn.axes, tinted=window.pixels())
        window.draw(drawn.axes, grid)
        if beside:
            beside[place].draw(drawn.axes, grid, colour=VERMILION, dashed=True)
    level = drawn.top + body + CAPTION
    for place, step in enumerate(steps):
        here, there = windows[place], windows[place + 1]
        for row, its_row in ((here.rows.start, there.rows.start), (here.rows.stop, there.rows.stop)):
            corners = (
                grids[place].corner(row, here.columns.stop),
                grids[place + 1].corner(its_row, there.columns.start),
            )
            drawn.axes.plot(*zip(*corners, strict=True), color=BLUE, linewidth=0.9, zorder=2.5)
        begin = drawn.middles[place] + span(captions[place]) / 2 + 6
        end = drawn.middles[place + 1] - span(captions[place + 1]) / 2 - 6
        arrow(drawn.axes, (begin, level), (end, level))
        for line, text in enumerate(step.words):
            drawn.text((begin + end - 5) / 2, level + (LINE * line + 1 if line else -9), text)
    drawn.text(MARGIN, level + below + 14, key, ha="left")
    return drawn.figure


def _traced_back(window: Window, steps: Sequence[Step]) -> list[Window]:
    """A window of the output and the windows before it, from the input on."""
    windows = [window]
    for step in reversed(steps):
        windows.insert(0, step.over(windows[0]))
    return windows


def _grids(shapes: Sequence[tuple[int, ...]], steps: Sequence[Step]) -> list[Grid]:
    """The grids of all feature maps, in one scale if the smallest of them can be read in it."""
    paddings = [*(step.padding for step in steps), (0, 0)]
    sides = [
        max(rows + 2 * down, columns + 2 * along)
        for (_, rows, columns), (down, along) in zip(shapes, paddings, strict=True)
    ]
    if max(sides) > MOST:
        raise ValueError(
            f"at most {MOST} rows and columns can be drawn, padding included, got {max(sides)}; show the layers on a "
            f"smaller input"
        )
    scale = min(PIXEL, LARGEST / max(sides))
    scales = [min(PIXEL, ENLARGED / side) if scale * side < UNREADABLE else scale for side in sides]
    return [
        Grid(rows, columns, pixel, padding)
        for (_, rows, columns), pixel, padding in zip(shapes, scales, paddings, strict=True)
    ]


def _alt(
    steps: Sequence[Step],
    captions: Sequence[str],
    at: tuple[int, int],
    windows: Sequence[Window],
    beside: Sequence[Window],
) -> str:
    if len(steps) == 1:
        told = f"{', '.join(steps[0].words)}, from {captions[0]} to {captions[1]}"
    else:
        layers = [f"{', '.join(step.words)}, {caption}" for step, caption in zip(steps, captions[1:], strict=True)]
        told = f"{captions[0]}; {'; '.join(layers)}"
    told += f". The output in row {at[0]}, column {at[1]} is computed from {windows[0].in_words()} of the input"
    told += ", padding included" if min(along.start for along in windows[0]) < 0 else ""
    for window, caption in zip(windows[1:-1], captions[1:-1], strict=True):
        told += f", through {window.in_words()} of {caption}"
    if beside:
        told += f"; the one beside it from {span_in_words('column', beside[0].columns)}"
    return told
