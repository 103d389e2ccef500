"""A kernel or a pooling window as it slides over its input, and the output that it computes."""

from collections.abc import Sequence

from torch import nn

from cnnlab.look.arrays._grids import Grid, Window, arrow, span_in_words, zoom
from cnnlab.look.arrays._slides import Step, steps_of, three
from cnnlab.look.drawing import HEADING, LINE, MARGIN, put_title, span, written
from cnnlab.look.figure import Figure, canvas
from cnnlab.look.theme import TEXT, TITLE, VERMILION

PIXEL, LARGEST = 26, 240  # CSS pixels: of a pixel at most, of the largest grid
UNREADABLE, ENLARGED = 60, 120  # CSS pixels: a smaller grid is enlarged
MOST = 64  # pixels of a grid's side
GAP, CAPTION = 44, 24  # CSS pixels


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
    rows, columns = shapes[-1][1:]
    if not (0 <= at[0] < rows and 0 <= at[1] < columns):
        raise ValueError(f"at must be (row, column) in the output of {rows}×{columns} positions, got {at}")
    windows = _traced_back(at, steps)
    beside = _traced_back((at[0], at[1] + 1), steps) if len(steps) == 1 and at[1] + 1 < columns else []
    captions = [written(shape) for shape in shapes]
    captions[0], captions[-1] = f"input {captions[0]}", f"output {captions[-1]}"
    grids = _grids(shapes, steps, captions, top=MARGIN + HEADING * bool(title))
    bottom = max(grid.top + grid.height for grid in grids)
    key = f"dashed: the window of the next output, {steps[0].slides[0].stride[1]} to the right" if beside else ""
    lines = max(len(step.words) for step in steps)
    ends = _middle(grids[-1]) + max(span(captions[-1]), grids[-1].width) / 2
    width = max(ends, MARGIN + span(key), MARGIN + span(title, points=TITLE, bold=True)) + MARGIN
    height = bottom + CAPTION + 10 + max(LINE * (lines - 1), 4) + (LINE + 6) * bool(key) + MARGIN
    figure, axes = canvas(width, height, alt=_alt(title, steps, captions, at, windows, beside))
    put_title(axes, title)
    for place, grid in enumerate(grids):
        grid.draw(axes, tinted=steps[place].taps(windows[place]) if place < len(steps) else {at})
        windows[place].draw(axes, grid)
        axes.text(_middle(grid), bottom + CAPTION, captions[place], fontsize=TEXT, ha="center", va="center")
        if beside:
            beside[place].draw(axes, grid, colour=VERMILION, dashed=True)
    for place, step in enumerate(steps):
        zoom(axes, windows[place], grids[place], windows[place + 1], grids[place + 1])
        begin = _middle(grids[place]) + span(captions[place]) / 2 + 6
        end = _middle(grids[place + 1]) - span(captions[place + 1]) / 2 - 6
        arrow(axes, (begin, bottom + CAPTION), (end, bottom + CAPTION))
        for line, text in enumerate(step.words):
            level = bottom + CAPTION + (LINE * line + 1 if line else -9)
            axes.text((begin + end - 5) / 2, level, text, fontsize=TEXT, ha="center", va="center")
    if key:
        axes.text(MARGIN, height - MARGIN - 2, key, fontsize=TEXT, va="center")
    return figure


def _traced_back(position: tuple[int, int], steps: Sequence[Step]) -> list[Window]:
    """The windows of a position of the output in all grids, from the input on."""
    row, column = position
    windows = [Window(row, column, row + 1, column + 1)]
    for step in reversed(steps):
        windows.insert(0, step.over(windows[0]))
    return windows


def _grids(
    shapes: Sequence[tuple[int, ...]], steps: Sequence[Step], captions: Sequence[str], *, top: float
) -> list[Grid]:
    """Grids side by side, with room for the captions below them, on one middle line."""
    paddings = [*(step.padding for step in steps), (0, 0)]
    sizes = [
        (rows + 2 * down, columns + 2 * along)
        for (_, rows, columns), (down, along) in zip(shapes, paddings, strict=True)
    ]
    most = max(max(size) for size in sizes)
    if most > MOST:
        raise ValueError(
            f"at most {MOST} rows and columns can be drawn, padding included, got {most}; show the layers on a "
            f"smaller input"
        )
    scale = min(PIXEL, LARGEST / most)
    scales = [min(PIXEL, ENLARGED / max(size)) if scale * max(size) < UNREADABLE else scale for size in sizes]
    tallest = max(rows * pixel for (rows, _), pixel in zip(sizes, scales, strict=True))
    grids: list[Grid] = []
    for place, caption in enumerate(captions):
        size, pixel = sizes[place], scales[place]
        width = size[1] * pixel
        left = MARGIN + max(0, span(caption) - width) / 2
        if grids:
            words = max(span(text) for text in steps[place - 1].words) + 30
            left = max(
                grids[-1].left + grids[-1].width + GAP,
                _middle(grids[-1]) + (span(captions[place - 1]) + span(caption)) / 2 + words - width / 2,
            )
        upper = top + (tallest - size[0] * pixel) / 2
        grids.append(Grid(left, upper, shapes[place][1], shapes[place][2], pixel, paddings[place]))
    return grids


def _middle(grid: Grid) -> float:
    return grid.left + grid.width / 2


def _alt(
    title: str,
    steps: Sequence[Step],
    captions: Sequence[str],
    at: tuple[int, int],
    windows: Sequence[Window],
    beside: Sequence[Window],
) -> str:
    heading = f"{title}: " if title else ""
    if len(steps) == 1:
        told = f"{heading}{', '.join(steps[0].words)}, from {captions[0]} to {captions[1]}. "
    else:
        layers = [f"{', '.join(step.words)}, {caption}" for step, caption in zip(steps, captions[1:], strict=True)]
        told = f"{heading}{captions[0]}; {'; '.join(layers)}. "
    told += f"The output in row {at[0]}, column {at[1]} is computed from {windows[0].in_words()} of the input"
    told += ", padding included" if min(windows[0][:2]) < 0 else ""
    for place in range(1, len(steps)):
        told += f", through {windows[place].in_words()} of {captions[place]}"
    if beside:
        told += f"; the one beside it from {span_in_words('column', beside[0].left, beside[0].right)}"
    return told
