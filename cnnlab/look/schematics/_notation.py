"""From a description to the boxes and arrows of a schematic, with the shapes that follow from the input's.

The notation is that of Szegedy's modules in ``cnnlab.models.families``, with names, joins and free text; `schematic`
explains it.
"""

from collections.abc import Sequence
from graphlib import CycleError
from itertools import chain, pairwise
from typing import Any

from cnnlab.look.drawing import written
from cnnlab.look.schematics._graph import JOINS, Box, Graph, Shape, join
from cnnlab.look.schematics._steps import SIZES, Rule, shaped, sizes, step

Path = list[Any]  # texts of single steps, and tuples of paths side by side


def described(description: str | Sequence[Any], input_shape: Sequence[int] | None = None) -> Graph:
    """The graph of a description.

    Raises:
        TypeError: for a description that is no text, tuple or list.
        ValueError: for one that is no graph, or whose shapes do not fit.

    >>> graph = described("x → (3×3 64, relu | identity) → +", (64, 56, 56))
    >>> [box.text[0] for box in graph.boxes]
    ['x', '3×3 conv, 64', 'identity', '+', 'output']
    """
    lines = description.strip().split("\n") if isinstance(description, str) else [description]
    first, *further = map(_path, lines)
    reader = _Reader()
    reader.first(first, None if input_shape is None else tuple(input_shape))
    for line in further:
        reader.further(line)
    return reader.finished()


class _Reader:
    """Boxes and arrows so far, boxes by name, and what each makes of a shape."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.names: dict[str, int] = {}
        self.rules: dict[int, Rule] = {}

    def first(self, path: Path, shape: Shape | None) -> None:
        """The path from the input."""
        label = "input"
        if path and isinstance(path[0], str) and step(path[0]).bare:
            label, given = shaped(path.pop(0))
            if label.count("×") == 2 and SIZES.fullmatch(label):
                label, given = "input", sizes(label)
            shape = given or shape
        if not path:
            raise ValueError("a schematic needs a step, such as 'x → 3×3 64'")
        self.names[label] = self.graph.add(Box("input", (label,), shape=shape))
        self.line(path, self.names[label])

    def further(self, path: Path) -> None:
        """A path from a box that has a name."""
        start = path.pop(0) if path else ""
        if not isinstance(start, str) or start not in self.names:
            named = ", ".join(self.names)
            raise ValueError(f"a further line begins at a box that has a name ({named}), got {start!r}")
        self.line(path, self.names[start])

    def line(self, path: Path, start: int) -> None:
        """A path to an output, or to a box that has been drawn."""
        label, last = "output", path[-1] if path else None
        if isinstance(last, str) and last not in self.names and step(last).bare:
            label = path.pop()
        ends = self.along(path, [[start]])
        if not (isinstance(last, str) and last in self.names):
            word, shape = shaped(label)
            output = self.graph.add(Box("output", (word,)), self.one(ends))
            self.rules[output] = lambda incoming: shape or incoming

    def along(self, path: Path, ends: list[list[int]]) -> list[list[int]]:
        """Draw steps after the open ends; the open ends of each branch then."""
        for part in path:
            if isinstance(part, tuple):
                start = self.one(ends)
                ends = [list(chain(*self.along(branch, [start]))) for branch in part]
            else:
                ends = [[self.after(part, ends)]]
        return ends

    def after(self, text: str, ends: list[list[int]]) -> int:
        """Draw a single step after the open ends; its number."""
        if text in self.names:
            number = self.names[text]
            if self.graph.boxes[number].kind not in JOINS:
                raise ValueError(f"{text!r} has its input already; only +, × and concat take several")
            self.graph.arrows += [(source, number) for source in self.several(ends, self.graph.boxes[number])]
            return number
        name, box, rule, _ = step(text)
        if name in self.names:
            raise ValueError(f"the name {name!r} is given twice; each box has its own")
        number = self.graph.add(box, self.several(ends, box) if box.kind in JOINS else self.one(ends))
        self.rules[number] = rule
        if name:
            self.names[name] = number
        return number

    def several(self, ends: list[list[int]], box: Box) -> list[int]:
        """The open ends that a join takes: all, or for a sum or product one of each branch."""
        return list(chain(*ends)) if box.kind == "concat" else [end for branch in ends for end in self.one([branch])]

    def one(self, ends: list[list[int]]) -> list[int]:
        """A single end: several are concatenated."""
        flat = list(chain(*ends))
        return flat if len(flat) == 1 else [self.graph.add(join("concat"), flat)]

    def finished(self) -> Graph:
        """The graph with its shapes."""
        try:
            order = self.graph.order()
        except CycleError as error:
            raise ValueError("the arrows lead round in a circle; data flows from the input to the output") from error
        for number in order:
            box, sources = self.graph.boxes[number], self.graph.sources(number)
            shapes = [self.graph.boxes[source].shape for source in sources]
            if box.kind in JOINS:
                if len(sources) < 2:
                    raise ValueError(
                        f"{box.kind} joins two branches or more, got {len(sources)}; write (a | b) → {box.kind}, or "
                        f"give it a name and let a further line end there"
                    )
                box.shape = _joined(box.kind, shapes)
            elif sources:
                box.shape = self.rules[number](shapes[0])
        return self.graph


def _joined(kind: str, shapes: list[Shape | None]) -> Shape | None:
    """The shape of a sum, product or concatenation, as far as the shapes of its sources are known."""
    known = [shape for shape in shapes if shape]
    for first, second in pairwise(known):
        if kind != "concat" and first != second:
            raise ValueError(f"{kind} takes equal shapes, got {written(first)} and {written(second)}")
        if first[1:] != second[1:]:
            raise ValueError(f"concat takes feature maps of one size, got {written(first)} and {written(second)}")
    if kind == "concat":
        return (sum(shape[0] for shape in known), *known[0][1:]) if known and len(known) == len(shapes) else None
    return known[0] if known else None


def _path(description: Any) -> Path:
    """A description as a path."""
    if isinstance(description, str):
        return [_part(text) for text in _split(description, "→")] if description.strip() else []
    if isinstance(description, tuple):
        return [_branches(description, description)]
    if isinstance(description, list):
        return [part for piece in description for part in _path(piece)]
    raise TypeError(f"a description is a text, a tuple of branches or a list of steps, got {description!r}")


def _part(text: str) -> Any:
    """A step as it is written, or branches in parentheses."""
    if not text:
        raise ValueError("a step is missing beside an arrow; write a → b")
    if text[0] == "(" and text[-1] == ")":
        return _branches(_split(text[1:-1], "|"), text)
    return text


def _branches(branches: Sequence[Any], source: object) -> tuple[Path, ...]:
    if len(branches) < 2:
        raise ValueError(f"branches are two or more, as in (a | b), got {source!r}")
    return tuple(_path(branch) or ["identity"] for branch in branches)


def _split(text: str, mark: str) -> list[str]:
    """``text`` at each ``mark`` outside parentheses.

    >>> _split("x → F(x) → (a → b | c)", "→")
    ['x', 'F(x)', '(a → b | c)']
    """
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            break
        if letter == mark and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise ValueError(f"the parentheses do not match in {text!r}")
    return [part.strip() for part in parts]
