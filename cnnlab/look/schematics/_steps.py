"""A step of a description: its box, and the shape that it makes of another."""

import re
from collections.abc import Callable
from math import prod
from typing import NamedTuple

from cnnlab.look.drawing import written
from cnnlab.look.schematics._graph import JOINS, Box, Shape, convolution, join, linear, pooling

CONVOLUTION_OR_POOLING = re.compile(r"(?:(max|avg) )?(\d+)×(\d+)(?:/(\d+))?(?: (\d+))?(?: in (\d+) groups)?( V)?")
LINEAR = re.compile(r"linear (\d+)")
NAMED = re.compile(r"(\w[\w.]*): (.+)")
SHAPED = re.compile(r"(.*?) ?\[([^\]]*)\]")
SIZES = re.compile(r"\d+(?:×\d+)*")
OPERATIONS = {  # that keep the shape
    "bn": "batch norm",
    "dropout": "dropout",
    "relu": "ReLU",
    "sigmoid": "sigmoid",
    "softmax": "softmax",
    "tanh": "tanh",
}
Rule = Callable[[Shape | None], Shape | None]  # from the shape that comes in to the shape that goes out


class Step(NamedTuple):
    """A step; ``bare`` says that it is a word without a meaning of its own, which at an end of a path is the data."""

    name: str
    box: Box
    rule: Rule
    bare: bool = False


def step(text: str) -> Step:
    """What a step means.

    Raises:
        ValueError: for a shape that is none, or a join in one box with something else.

    >>> conv = step("conv1: 3×3/2 64, relu")
    >>> conv.name, conv.box.text, conv.rule((3, 224, 224))
    ('conv1', ('3×3 conv, 64', 'stride 2', 'ReLU'), (64, 112, 112))
    """
    name, rest = found.groups() if (found := NAMED.fullmatch(text)) else ("", text)
    rest, shape = shaped(rest)
    main, *more = rest.split(", ")
    if main in JOINS and more:
        raise ValueError(f"{main} stands alone, got {text!r}; write {main} → {', '.join(more)}")
    known = _known(main)
    box, rule = known or (Box("operation", (main,), main), _constant(None))
    box.name = "" if main in JOINS else name  # of a join it only serves further lines
    for part in more:
        if part == "frozen":
            box.frozen = True
        else:
            box = box.with_more(OPERATIONS.get(part, part))
    return Step(name, box, _constant(shape) if shape else rule, bare=known is None and not name and not more)


def shaped(text: str) -> tuple[str, Shape | None]:
    """A text without the shape in brackets at its end, and this shape.

    >>> shaped("conv1 to conv5 [256×6×6]")
    ('conv1 to conv5', (256, 6, 6))
    """
    if not (found := SHAPED.fullmatch(text)):
        return text, None
    if not found[1]:
        raise ValueError(f"a shape follows the step that puts it out, as in 'conv1 to conv5 [256×6×6]', got {text!r}")
    return found[1], sizes(found[2])


def sizes(text: str) -> Shape:
    """A shape from its text."""
    if not SIZES.fullmatch(text):
        raise ValueError(f"a shape is written like 64×56×56, got {text!r}")
    return tuple(map(int, text.split("×")))


def _known(text: str) -> tuple[Box, Rule] | None:
    """The box and the rule of a text that has a meaning."""
    if text in JOINS:
        return join(text), _constant(None)
    if text.startswith("…"):
        return Box("ellipsis", ("⋯", text[1:].strip())), _constant(None)
    if text == "identity" or text in OPERATIONS or text.startswith("1 − "):
        word = OPERATIONS.get(text, text)
        return Box("identity" if text == "identity" else "operation", (word,), word), lambda shape: shape
    if text == "flatten":
        return Box("operation", (text,), text), lambda shape: shape and (prod(shape),)
    if text == "global average":
        return Box("pooling", (text,), "global average pooling"), lambda shape: shape and shape[:1]
    if found := LINEAR.fullmatch(text):
        return linear(int(found[1])), _constant((int(found[1]),))
    if found := CONVOLUTION_OR_POOLING.fullmatch(text):
        return _sliding(found)
    return None


def _sliding(found: re.Match[str]) -> tuple[Box, Rule]:
    """A convolution or pooling; without "V" it is padded so that stride 1 keeps the size."""
    kind, height, width, stride, channels, groups, valid = found.groups()
    kernel, stride = (int(height), int(width)), int(stride or 1)
    if kind:
        box = pooling(kernel, "max" if kind == "max" else "average", stride=stride)
    else:
        box = convolution(kernel, int(channels) if channels else None, stride=stride, groups=int(groups or 1))

    def rule(shape: Shape | None) -> Shape | None:
        if shape is None or not (kind or channels):
            return None
        if len(shape) != 3:
            raise ValueError(f"{found[0]!r} takes feature maps (C×H×W), got the shape {written(shape)}")
        padded = [side + (0 if valid else 2 * ((size - 1) // 2)) for side, size in zip(shape[1:], kernel, strict=True)]
        rows, columns = ((side - size) // stride + 1 for side, size in zip(padded, kernel, strict=True))
        if min(rows, columns) < 1:
            raise ValueError(f"the kernel of {found[0]!r} is larger than its input, {written(shape)}")
        return (shape[0] if kind else int(channels), rows, columns)

    return box, rule


def _constant(shape: Shape | None) -> Rule:
    return lambda _: shape
