"""The layout of a chain: it runs from left to right, in rows."""

from cnnlab.look.drawing import in_rows, span, written
from cnnlab.look.schematics._graph import Graph
from cnnlab.look.schematics._layout import Label, Layout, Place, size_of

ROW = 760  # CSS pixels: the widest row of a chain
BETWEEN = 40  # CSS pixels: between two rows; an arrow and its shape stand there
TURN = 14  # CSS pixels: from the last box of a row to where its arrow turns down


def rows(graph: Graph) -> Layout:
    """The layout of a chain, from left to right; an arrow between two rows runs back to the left."""
    sizes = [size_of(box) for box in graph.boxes]
    order = graph.order()
    lengths = [_arrow(graph, number) for number in order]
    lines = in_rows([gap + sizes[number][0] for gap, number in zip(lengths, order, strict=True)], ROW)
    layout = Layout()
    top = 0.0
    tops: dict[int, float] = {}
    for line in lines:
        tall, left = max(sizes[order[place]][1] for place in line), 0.0
        for place in line:
            number, (wide, high) = order[place], sizes[order[place]]
            left += lengths[place] + wide
            layout.places[number] = Place(left - wide / 2, top + tall / 2, wide, high)
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


def _arrow(graph: Graph, number: int) -> float:
    """The length of the arrow to a box of a chain, as its shape needs."""
    shapes = [graph.boxes[source].shape for source in graph.sources(number)]
    return max([span(written(shape)) + 20 if shape else 36 for shape in shapes], default=0)
