"""What a layout is made of: places of boxes, courses of arrows, labels, and the sizes that text needs."""

from dataclasses import dataclass, field
from typing import NamedTuple

from cnnlab.look.drawing import LINE, span
from cnnlab.look.schematics._graph import CIRCLES, JOINS, Box

PAD = 9  # CSS pixels: between a box and its text
CIRCLE = 26
LONGEST = 18  # letters of a name in a line


class Place(NamedTuple):
    """The middle and the size of a box."""

    x: float
    y: float
    width: float
    height: float


class Label(NamedTuple):
    """A shape: beside an arrow, or centred over it."""

    x: float
    y: float
    text: str
    centred: bool


@dataclass
class Layout:
    """What is drawn where, in CSS pixels, y downward; an arrow is a polygonal chain that ends at a box."""

    width: float = 0
    height: float = 0
    places: dict[int, Place] = field(default_factory=dict)
    arrows: dict[tuple[int, int], list[tuple[float, float]]] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)

    def move_to_the_corner(self) -> None:
        """Let its left edge be 0, and set its width."""
        edges = [place.x + side * place.width / 2 for place in self.places.values() for side in (-1, 1)]
        edges += [x for course in self.arrows.values() for x, _ in course]
        left = min(edges)
        self.width = max([*edges, *(label.x + span(label.text) * (not label.centred) for label in self.labels)]) - left
        self.places = {number: place._replace(x=place.x - left) for number, place in self.places.items()}
        self.arrows = {arrow: [(x - left, y) for x, y in course] for arrow, course in self.arrows.items()}
        self.labels = [label._replace(x=label.x - left) for label in self.labels]


def lines_of(box: Box) -> list[tuple[str, bool]]:
    """The lines in a box, and whether each is a name in the code."""
    same = box.name.lower() == box.text[0].lower()
    name = [] if box.kind in JOINS or same else [(line, True) for line in _wrapped(box.name)]
    return name + [(line, False) for line in box.text if line] + [("❄ frozen", False)] * box.frozen


def size_of(box: Box) -> tuple[float, float]:
    """The width and height of a box, as its text needs."""
    if box.kind in CIRCLES:
        return CIRCLE, CIRCLE
    lines = lines_of(box)
    wide = max(span(text, code=code) for text, code in lines)
    if box.kind in ("identity", "ellipsis"):
        return wide, LINE * len(lines)
    return wide + 2 * PAD, LINE * len(lines) + PAD


def _wrapped(name: str) -> list[str]:
    """A name in lines, broken after a dot or a comma.

    >>> _wrapped("branch2.split.branch1"), _wrapped("conv1, bn1, relu1")
    (['branch2.split.', 'branch1'], ['conv1, bn1, relu1'])
    """
    lines = [""]
    for word in name.replace(".", ".\0").replace(", ", ", \0").split("\0"):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > LONGEST:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines if line]
