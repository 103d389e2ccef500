"""What a schematic shows: boxes, and the arrows between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter

from cnnlab.look.drawing import written

Shape = tuple[int, ...]
JOINS = {"+": "sum", "−": "difference", "×": "product", "concat": "concatenation"}
CIRCLES = ("+", "−", "×")


@dataclass
class Box:
    """A box, the input, the output or a join; ``kind`` is one of these or the kind of layer that it stands for."""

    kind: str
    text: tuple[str, ...]  # its lines
    words: str = ""  # what the alternative text says, if not the same
    name: str = ""  # the name in the code
    shape: Shape | None = None  # of what it puts out, without the batch
    frozen: bool = False

    def spoken(self) -> str:
        """The box in words."""
        words = self.words or ", ".join(self.text)
        words = f"{self.name}: {words}" if self.name.lower() not in ("", words.lower()) else words
        return f"{words}, frozen" if self.frozen else words

    def with_more(self, text: str) -> "Box":
        """The box with one more line, for what directly follows the layer in it, such as a ReLU."""
        return replace(self, text=(*self.text, text), words=f"{self.words}, {text}")


@dataclass
class Graph:
    """Boxes by number, and arrows as pairs of numbers, in the order in which they were drawn."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[int, int]] = field(default_factory=list)

    def add(self, box: Box, sources: Sequence[int] = ()) -> int:
        """A new box with arrows from ``sources``; its number."""
        self.boxes.append(box)
        number = len(self.boxes) - 1
        self.arrows += [(source, number) for source in sources]
        return number

    def sources(self, number: int) -> list[int]:
        """The boxes from which arrows lead to this one."""
        return [start for start, end in self.arrows if end == number]

    def targets(self, number: int) -> list[int]:
        """The boxes to which arrows lead from this one."""
        return [end for start, end in self.arrows if start == number]

    @property
    def is_chain(self) -> bool:
        """Whether no box has two sources or two targets."""
        starts, ends = zip(*self.arrows, strict=True)
        return len(set(starts)) == len(starts) and len(set(ends)) == len(ends)

    def order(self) -> list[int]:
        """The boxes' numbers, each after its sources.

        Raises:
            graphlib.CycleError: for arrows that lead round in a circle.
        """
        sorter = TopologicalSorter({number: self.sources(number) for number in range(len(self.boxes))})
        return list(sorter.static_order())


def convolution(kernel: Sequence[int], channels: int | None, *, stride: int = 1, groups: int = 1) -> Box:
    """The box of a convolution.

    >>> convolution((3, 3), 64, stride=2).text
    ('3×3 conv, 64', 'stride 2')
    """
    size, extra = written(kernel), _extras(stride, groups)
    number = "" if channels is None else f", {channels}"
    words = f"{size} convolution" + (f"{number} channel{'s' * (channels != 1)}" if number else "")
    return Box("convolution", (f"{size} conv{number}", *extra), ", ".join((words, *extra)))


def pooling(kernel: Sequence[int], operation: str, *, stride: int = 1) -> Box:
    """The box of a pooling; ``operation`` is "max" or "average".

    >>> pooling((2, 2), "max", stride=2).words
    '2×2 max pooling, stride 2'
    """
    extra = _extras(stride, 1)
    size = written(kernel)
    return Box("pooling", (f"{size} {operation} pool", *extra), ", ".join((f"{size} {operation} pooling", *extra)))


def linear(units: int) -> Box:
    """The box of a linear layer."""
    return Box("linear", (f"linear, {units}",), f"linear layer, {units} unit{'s' * (units != 1)}")


def join(symbol: str) -> Box:
    """A sum, a product or a concatenation."""
    return Box(symbol, (symbol,) if symbol in CIRCLES else ("concatenate",), JOINS[symbol])


def _extras(stride: int, groups: int) -> tuple[str, ...]:
    return tuple([f"stride {stride}"] * (stride > 1) + [f"{groups} groups"] * (groups > 1))
