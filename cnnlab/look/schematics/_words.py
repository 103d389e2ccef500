"""A schematic for readers who do not see it: its structure in words, branch by branch."""

from dataclasses import dataclass, field

from cnnlab.look.drawing import written
from cnnlab.look.schematics._graph import JOINS, Box, Graph


@dataclass
class Section:
    """A branch, or what a join begins: its boxes one after the other."""

    name: str
    begins: str = ""
    boxes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if self.name.startswith("branch"):
            return f"{self.name}: {', then '.join(self.boxes) or 'identity'}"
        return "; ".join([self.begins] * bool(self.begins) + self.boxes)


def in_words(graph: Graph) -> str:
    """The structure of a graph, from the input to the output.

    >>> from cnnlab.look.schematics._notation import described
    >>> in_words(described("x → (3×3 64, relu → 3×3 64 | identity) → + → y"))
    'x; branch 1: 3×3 convolution, 64 channels, ReLU, then 3×3 convolution, 64 channels; branch 2: identity; sum of
    branches 1 and 2; y'
    """
    sections: list[Section] = []
    of_box: dict[int, Section] = {}
    of_arrow: dict[tuple[int, int], Section] = {}  # where a branch begins
    kinds = [box.kind for box in graph.boxes]

    def begin(section: Section) -> Section:
        sections.append(section)
        return section

    for number in graph.order():
        box, sources = graph.boxes[number], graph.sources(number)
        if box.kind == "ellipsis":
            begin(Section("", f"branches that are not drawn ({box.text[1]})"))
            continue
        if box.kind in JOINS:
            joined = [source for source in sources if kinds[source] != "ellipsis"]
            names = [of_arrow.get((source, number), of_box[source]).name for source in joined]
            earlier = sum(section.name.startswith(JOINS[box.kind]) for section in sections)
            name = f"{JOINS[box.kind]} {earlier + 1}" if kinds.count(box.kind) > 1 else JOINS[box.kind]
            of_box[number] = begin(Section(name, f"{name} of {_several(names)}"))
        else:
            arrow = (sources[0], number) if sources else (-1, number)
            section = of_arrow.get(arrow) or of_box.get(arrow[0]) or begin(Section(""))
            if box.kind == "output" and section.name.startswith("branch"):
                section = begin(Section(""))
            section.boxes.append(_box_in_words(box))
            of_box[number] = section
        targets = [target for target in graph.targets(number) if kinds[target] != "ellipsis"]
        if len(targets) > 1:
            above, _, inner = of_box[number].name.partition("branch ")
            first = sum(section.name.removeprefix("branch ").isdigit() for section in sections) + 1
            for place, target in enumerate(targets):
                number_of_branch = f"{inner}{chr(ord('a') + place)}" if inner and not above else f"{first + place}"
                of_arrow[number, target] = begin(Section(f"branch {number_of_branch}"))
    return "; ".join(map(str, sections))


def _box_in_words(box: Box) -> str:
    shape = f" {written(box.shape)}" if box.shape and box.kind in ("input", "output") else ""
    return box.spoken() + shape


def _several(names: list[str]) -> str:
    """Names with commas, the word "branch" once.

    >>> _several(["branch 1", "branch 2a"]), _several(["sum 1", "branch 2"])
    ('branches 1 and 2a', 'sum 1 and branch 2')
    """
    if len(names) > 1 and all(name.startswith("branch ") for name in names):
        names = [name.removeprefix("branch ") for name in names]
        names[0] = f"branches {names[0]}"
    return ", ".join(names[:-1]) + (" and " if names[:-1] else "") + names[-1]
