"""How layers slide over their input, and which window of it an output is computed from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from cnnlab.look.arrays._grids import Window
from cnnlab.look.drawing import written
from cnnlab.models.inspect.meta import meta_run

POINTWISE = (nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.BatchNorm2d, nn.Dropout, nn.Identity)
KINDS = {nn.Conv2d: "conv", nn.MaxPool2d: "max pool", nn.AvgPool2d: "average pool"}


class Slide(NamedTuple):
    """How a layer slides along an axis."""

    kernel: int
    stride: int
    padding: int
    dilation: int

    def over(self, positions: range) -> range:
        """The pixels from which ``positions`` of the output are computed: of a single one, only those that are used.

        >>> Slide(3, stride=2, padding=1, dilation=2).over(range(1, 2)), Slide(3, 2, 1, 1).over(range(0, 2))
        (range(1, 6, 2), range(-1, 4))
        """
        first, last = (position * self.stride - self.padding for position in (positions[0], positions[-1]))
        step = self.dilation if len(positions) == 1 else 1
        return range(first, last + self.dilation * (self.kernel - 1) + 1, step)


class Step(NamedTuple):
    """A layer, or several under one name, between two grids."""

    words: tuple[str, ...]  # what it is
    slides: tuple[tuple[Slide, Slide], ...]  # of each layer, along rows and columns
    output: tuple[int, int, int]

    def over(self, window: Window) -> Window:
        """The window of the input from which a window of the output is computed."""
        for down, along in reversed(self.slides):
            window = Window(down.over(window.rows), along.over(window.columns))
        return window

    @property
    def padding(self) -> tuple[int, int]:
        """Rows and columns of zeros that the first output sees."""
        first = self.over(Window(range(1), range(1)))
        return -first.rows.start, -first.columns.start


def three(shape: Sequence[int]) -> tuple[int, int, int]:
    """A shape (C, H, W).

    Raises:
        ValueError: for another number of sizes, or a size below 1.
    """
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"input_shape must be (channels, height, width), each at least 1, got {tuple(shape)}")
    return shape[0], shape[1], shape[2]


def check_inside(at: tuple[int, int], output: tuple[int, int, int]) -> None:
    """Raise ValueError unless ``at`` is (row, column) of a position of the output (C, H, W)."""
    if not (0 <= at[0] < output[1] and 0 <= at[1] < output[2]):
        raise ValueError(f"at must be (row, column) in the output of {written(output[1:])} positions, got {at}")


def steps_of(layers: nn.Module, shape: tuple[int, int, int]) -> list[Step]:
    """A layer, or the layers of an ``nn.Sequential``, with what they put out for an input of ``shape`` (C, H, W).

    Raises:
        ValueError: for a layer that does not slide, or an input that is too small.

    >>> steps_of(nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)), (1, 28, 28))[1].output
    (6, 12, 12)
    """
    children = layers.named_children() if isinstance(layers, nn.Sequential) else [("", layers)]
    steps = []
    for name, child in children:
        inside = [layer for layer in child.modules() if not isinstance(layer, (nn.Sequential, *POINTWISE))]
        slides = tuple(_slides(layer) for layer in inside)
        shape = three(meta_run(child, torch.empty(2, *shape, device="meta")).shape[1:])
        if slides:
            steps.append(Step(_words("" if name.isdigit() else name, inside, slides), slides, shape))
    if not steps:
        raise ValueError(f"a layer that slides is a convolution or a pooling, got {layers}")
    return steps


def _slides(layer: nn.Module) -> tuple[Slide, Slide]:
    """How a layer slides along rows and along columns."""
    if type(layer) not in KINDS:
        raise ValueError(
            f"the layers drawn are convolutions, poolings and activations, got a {type(layer).__name__}; leave it out"
        )
    kernel, stride, dilation = (_pair(getattr(layer, size, 1)) for size in ("kernel_size", "stride", "dilation"))
    padding: Any = layer.padding
    if padding == "same":
        padding = [spread * (size - 1) // 2 for spread, size in zip(dilation, kernel, strict=True)]
    padding = (0, 0) if padding == "valid" else _pair(padding)
    down, along = (Slide(*axis) for axis in zip(kernel, stride, padding, dilation, strict=True))
    return down, along


def _pair(size: Any) -> Any:
    return (size, size) if isinstance(size, int) else size


def _words(name: str, layers: Sequence[nn.Module], slides: Sequence[tuple[Slide, Slide]]) -> tuple[str, ...]:
    if len(layers) > 1:
        return (name or f"{len(layers)} layers",)
    kernel, *settings = zip(*slides[0], strict=True)
    lines = [name] * bool(name) + [f"{written(kernel)} {KINDS[type(layers[0])]}"]
    for word, sizes, usual in zip(("stride", "padding", "dilation"), settings, (1, 0, 1), strict=True):
        if sizes != (usual, usual):
            lines.append(f"{word} {sizes[0] if sizes[0] == sizes[1] else written(sizes)}")
    return tuple(lines)
