"""What a reader sees of a figure."""

from itertools import combinations

from matplotlib.text import Text

from cnnlab import look


def texts(figure: look.Figure) -> list[str]:
    """All texts of the first axes."""
    return [text.get_text() for text in figure.axes[0].texts]


def labelled(axes, label: str):
    """The line with this entry in the legend."""
    return next(line for line in axes.lines if line.get_label() == label)


def check_texts(figure: look.Figure, *, smallest: float = 9, inside=None) -> None:
    """The texts of the first axes are large enough, apart from each other, and inside the figure or a part of it."""
    figure.canvas.draw()
    frame = (inside or figure.bbox).padded(2 if inside else 0.5)
    found = figure.axes[0].texts
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in found]  # without a line to what it names
    assert min(text.get_fontsize() for text in found) >= smallest
    for text, box in boxes:
        assert frame.contains(box.x0, box.y0), text
        assert frame.contains(box.x1, box.y1), text
    for (first, one), (second, other) in combinations(boxes, 2):
        assert not one.padded(-0.5).overlaps(other.padded(-0.5)), (first, second)
