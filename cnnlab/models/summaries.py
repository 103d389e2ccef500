"""A network's layers as a table, without a weight or a picture in memory.

The network runs once on PyTorch's meta device, where tensors have shapes and no content. What each layer
sees and how far apart its cells are travels with the tensor:

    receptive field   r ← r + (k − 1)·s    for a kernel of k; the largest where branches meet
    stride            s ← s · stride       pixels from one cell to the next
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call

from cnnlab.models.modes import evaluating

COLUMNS = (
    "name",
    "kind",
    "output_shape",
    "parameters",
    "multiply_adds",
    "receptive_field",
    "stride",
    "activation_memory",
)


def summary(model: nn.Module, input_size: Sequence[int]) -> pd.DataFrame:
    """The layers of ``model`` in the order in which they run, for a picture of ``input_size`` (C, H, W).

    Columns: ``name``, ``kind``, ``output_shape`` (C, H, W), ``parameters`` (counted where a layer runs first),
    ``multiply_adds`` (of convolutions and linear layers, as the papers count), ``receptive_field`` and ``stride``
    (height and width, in pixels of the input; the field is that of an unbounded picture), and ``activation_memory``
    (bytes of the output of one picture, at the precision of the weights).

    The model is left as it is: its modes, weights and hooks. It may be on the meta device itself.

    Raises:
        ValueError: if ``input_size`` is not (C, H, W), and what the model raises if it can't take such a picture.

    >>> from cnnlab.models import build
    >>> table = summary(build("lenet5"), (1, 28, 28))
    >>> table[["name", "output_shape", "parameters", "multiply_adds", "receptive_field"]].iloc[[0, 3, 6]]
                        name output_shape  parameters  multiply_adds receptive_field
    0         features.conv1  (6, 24, 24)         156          86400          (5, 5)
    3         features.conv2   (16, 8, 8)        2416         153600        (14, 14)
    6         classifier.fc1       (120,)       30840          30720        (28, 28)
    >>> int(table.parameters.sum())
    44426
    """
    input_size = tuple(input_size)
    if len(input_size) != 3 or min(input_size) < 1:
        raise ValueError(f"input_size must be (channels, height, width), each at least 1, got {input_size}")
    meta = {name: tensor.to("meta") for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    dtype = next((tensor.dtype for tensor in model.parameters()), torch.float32)
    x = torch.empty(1, *input_size, device="meta", dtype=dtype).as_subclass(Sighted)
    rows: list[dict[str, Any]] = []
    with evaluating(model), _recorded(model, rows), torch.no_grad():
        functional_call(model, meta, (x,))
    return pd.DataFrame(rows, columns=list(COLUMNS))


class Sighted(Tensor):
    """A tensor that knows what its cells see: receptive field and stride, (height, width) each."""

    field: tuple[int, int] = (1, 1)
    stride_: tuple[int, int] = (1, 1)

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """What meets (sums, stacked branches) sees the most that its parts see; what is flattened, the whole map."""
        output = super().__torch_function__(func, types, args, kwargs or {})
        inputs = [item for item in _flat(args) if isinstance(item, Sighted)]
        if isinstance(output, Sighted) and inputs:
            output.field = _largest(item.field for item in inputs)
            output.stride_ = _largest(item.stride_ for item in inputs)
            if inputs[0].ndim == 4 and output.ndim == 2:
                output.field = _widened(output.field, tuple(inputs[0].shape[2:]), output.stride_)
        return output


@contextmanager
def _recorded(model: nn.Module, rows: list[dict[str, Any]]) -> Iterator[None]:
    """While this runs, every layer that holds no other adds a row."""
    counted: set[nn.Module] = set()

    def record(name: str, layer: nn.Module, x: Tensor, y: Tensor) -> None:
        if isinstance(x, Sighted) and isinstance(y, Sighted) and (window := _window(layer, x)):
            kernel, stride = window
            y.field = _widened(x.field, kernel, x.stride_)
            y.stride_ = (x.stride_[0] * stride[0], x.stride_[1] * stride[1])
        parameters = 0 if layer in counted else sum(p.numel() for p in layer.parameters(recurse=False))
        counted.add(layer)
        values = prod(y.shape[1:])
        weight = getattr(layer, "weight", None)
        products = isinstance(layer, nn.Conv2d | nn.Linear) and weight is not None
        rows.append(
            {
                "name": name,
                "kind": type(layer).__name__,
                "output_shape": tuple(y.shape[1:]),
                "parameters": parameters,
                "multiply_adds": values * weight[0].numel() if products and weight is not None else 0,
                "receptive_field": getattr(y, "field", None),
                "stride": getattr(y, "stride_", None),
                "activation_memory": values * y.element_size(),
            }
        )

    handles = []
    try:
        for name, layer in model.named_modules():
            if not any(layer.children()):

                def hook(layer: nn.Module, inputs: Any, output: Any, name: str = name) -> None:
                    if isinstance(output, Tensor):
                        record(name, layer, inputs[0], output)

                handles.append(layer.register_forward_hook(hook))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _window(layer: nn.Module, x: Tensor) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Kernel (spread by its dilation) and stride of a layer that slides."""
    if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        kernel, stride = _pair(layer.kernel_size), _pair(layer.stride)
        dilation = _pair(getattr(layer, "dilation", 1))
        return (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1), stride
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        cells = tuple(size or side for size, side in zip(_pair(layer.output_size), x.shape[2:], strict=True))
        ratio = tuple(-(-side // cell) for cell, side in zip(cells, x.shape[2:], strict=True))
        return (ratio[0], ratio[1]), (ratio[0], ratio[1])
    return None


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) or value is None else tuple(value)


def _widened(field: tuple[int, int], kernel: Sequence[int], stride: tuple[int, int]) -> tuple[int, int]:
    return field[0] + (kernel[0] - 1) * stride[0], field[1] + (kernel[1] - 1) * stride[1]


def _largest(pairs: Any) -> tuple[int, int]:
    heights, widths = zip(*pairs, strict=True)
    return max(heights), max(widths)


def _flat(items: Any) -> Iterator[Any]:
    for item in items:
        if isinstance(item, list | tuple):
            yield from _flat(item)
        else:
            yield item
