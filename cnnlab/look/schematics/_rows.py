"""The layout of a chain: it runs from left to right, in rows."""

from collections.abc import Sequence

from cnnlab.look.schematics._graph import Graph
from cnnlab.look.schematics._layout import Label, Layout, Place, size_of
from cnnlab.look.text import span, written

ROW = 760  # CSS pixels: the widest row of a chain
BETWEEN = 40  # CSS pixels: between two rows; an arrow and its shape stand there
TURN = 14  # CSS pixels: from the last box of a row to where its arrow turns down


def rows(graph: Graph) -> Layout:
    """The layout of a chain, from left to right; an arrow between two rows runs back to the left."""
    sizes = [size_of(box) for box in graph.boxes]
    fewest = len(_broken(graph, sizes, ROW))
    limits = (limit for limit in range(100, ROW + 1, 20) if len(_broken(graph, sizes, limit)) == fewest)
    lines = _broken(graph, sizes, next(limits, ROW))  # rows of nearly one width
    lefts = {number: left for line in lines for number, left in line.items()}
    layout = Layout()
    top = 0.0
    tops: dict[int, float] = {}
    for line in lines:
        tall = max(sizes[number][1] for number in line)
        for number in line:
            wide, high = sizes[number]
            layout.places[number] = Place(lefts[number] + wide / 2, top + tall / 2, wide, high)
            tops[number] = top
        top += tall + BETWEEN
    layout.height = top - BETWEEN
    for start, end in graph.arrows:
        here, there = layout.places[start], layout.places[end]
        begin, tip = here.x + here.width / 2, there.x - there.width / 2
        course = [(begin, here.y), (tip, there.y)]
        middle, level = (begin + tip - 5) / 2, here.y
        if here.y != there.y:
            level = tops[end] - BETWEEN / 2 + 6
            course[1:1] = [(begin + TURN, here.y), (begin + TURN, level), (0, level), (0, there.y)]
            middle = (begin + TURN) / 2
        layout.arrows[start, end] = course
        if shape := graph.boxes[start].shape:
            layout.labels.append(Label(middle, level - 9, written(shape), centred=True))
    layout.move_to_the_corner()
    return layout


def _broken(graph: Graph, sizes: Sequence[tuple[float, float]], limit: float) -> list[dict[int, float]]:
    """The boxes of each row and their left edges, for rows of at most ``limit``; a box at least stands in each."""
    lines: list[dict[int, float]] = [{}]
    right = 0.0
    for number in graph.order():
        left = right + _arrow(graph, number)
        if lines[-1] and left + sizes[number][0] > limit:
            lines.append({})
            left = _arrow(graph, number)
        lines[-1][number] = left
        right = left + sizes[number][0]
    return lines


def _arrow(graph: Graph, number: int) -> float:
    """The length of the arrow to a box of a chain, as its shape needs."""
    shapes = [graph.boxes[source].shape for source in graph.sources(number)]
    return max([span(written(shape)) + 20 if shape else 36 for shape in shapes], default=0)
