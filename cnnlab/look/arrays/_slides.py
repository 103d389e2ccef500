"""How layers slide over their input, and which window of it an output is computed from."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from cnnlab.look.arrays._grids import Window
from cnnlab.look.drawing import written
from cnnlab.models.inspect.meta import meta_run

POINTWISE = (nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.BatchNorm2d, nn.Dropout, nn.Identity)


class Slide(NamedTuple):
    """How a layer slides over rows and columns."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    def over(self, window: Window) -> Window:
        """The window from which a window of the output is computed.

        >>> Slide((3, 3), (2, 2), (1, 1), (1, 1)).over(Window(0, 1, 1, 2))
        Window(top=-1, left=1, bottom=2, right=4)
        """
        top, left = (first * step - pad for first, step, pad in zip(window[:2], self.stride, self.padding, strict=True))
        size = [spread * (length - 1) + 1 for spread, length in zip(self.dilation, self.kernel, strict=True)]
        return Window(
            top,
            left,
            top + (window.bottom - window.top - 1) * self.stride[0] + size[0],
            left + (window.right - window.left - 1) * self.stride[1] + size[1],
        )


class Step(NamedTuple):
    """A layer, or several under one name, between two grids."""

    words: tuple[str, ...]  # what it is
    slides: tuple[Slide, ...]
    output: tuple[int, int, int]

    def over(self, window: Window) -> Window:
        """The window of the input from which a window of the output is computed."""
        for slide in reversed(self.slides):
            window = slide.over(window)
        return window

    @property
    def padding(self) -> tuple[int, int]:
        """Rows and columns of zeros that the first output sees."""
        first = self.over(Window(0, 0, 1, 1))
        return -first.top, -first.left

    def taps(self, window: Window) -> set[tuple[int, int]]:
        """The pixels of a window that are used: with dilation, not all of them."""
        return window.pixels(self.slides[0].dilation if len(self.slides) == 1 else (1, 1))


def three(shape: Sequence[int]) -> tuple[int, int, int]:
    """A shape (C, H, W).

    Raises:
        ValueError: for another number of sizes, or a size below 1.
    """
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"input_shape must be (channels, height, width), each at least 1, got {tuple(shape)}")
    return shape[0], shape[1], shape[2]


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
        slides = tuple(_slides(child))
        shape = three(meta_run(child, torch.empty(2, *shape, device="meta")).shape[1:])
        if slides:
            steps.append(Step(_words(name, child, slides), slides, shape))
    if not steps:
        raise ValueError(f"a layer that slides is a convolution or a pooling, got {layers}")
    return steps


def _slides(layer: nn.Module) -> Iterator[Slide]:
    if isinstance(layer, nn.Sequential):
        for child in layer:
            yield from _slides(child)
    elif type(layer) in (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d):
        kernel, stride, dilation = (_pair(getattr(layer, size, 1)) for size in ("kernel_size", "stride", "dilation"))
        padding: Any = layer.padding
        if isinstance(padding, str):  # "same" or "valid"
            reach = [spread * (size - 1) // 2 for spread, size in zip(dilation, kernel, strict=True)]
            padding = reach if padding == "same" else 0
        yield Slide(kernel, stride, _pair(padding), dilation)
    elif not isinstance(layer, POINTWISE):
        raise ValueError(
            f"the layers drawn are convolutions, poolings and activations, got a {type(layer).__name__}; leave it out"
        )


def _words(name: str, layer: nn.Module, slides: tuple[Slide, ...]) -> tuple[str, ...]:
    named = "" if name.isdigit() else name
    if len(slides) > 1:
        return (named or f"{len(slides)} layers",)
    kind = {nn.Conv2d: "conv", nn.MaxPool2d: "max pool", nn.AvgPool2d: "average pool"}.get(type(layer), "")
    slide = slides[0]
    lines = [named] * bool(named) + [f"{written(slide.kernel)} {kind}".strip()]
    settings = (("stride", slide.stride, 1), ("padding", slide.padding, 0), ("dilation", slide.dilation, 1))
    for word, sizes, usual in settings:
        if sizes != (usual, usual):
            lines.append(f"{word} {sizes[0] if sizes[0] == sizes[1] else written(sizes)}")
    return tuple(lines)


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
