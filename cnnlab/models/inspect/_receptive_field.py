"""Receptive fields, strides and multiply-adds, followed through the functions of a network as they run.

    receptive field   r ← r + (k − 1)·s    for a kernel of k; where branches meet, the largest
    stride            s ← s · stride       pixels between neighbouring positions; a transposed convolution divides

Layers compute by calling functions, so a network may use layers or functions.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode


@dataclass
class Counts:
    """Of a running module: parameters that were not used before it, and multiply-adds outside the modules in it."""

    parameters: int = 0
    multiply_adds: int = 0


@dataclass(eq=False)
class Tracing(TorchFunctionMode):
    """While this is active, every tensor has its receptive field and stride, (height, width) each.

    They are attributes of the tensor, ``field`` and ``stride_``.
    """

    unused: dict[int, int]  # the size of every parameter that was not used yet, by the parameter's id
    running: list[Counts] = field(default_factory=list)  # of the modules that are running, the innermost last

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Sums and concatenations take the largest receptive field of their parts; flattening takes the whole map."""
        given = kwargs or {}
        output = func(*args, **given)
        tensors = [item for item in flat([args, given]) if isinstance(item, Tensor)]
        results = [item for item in flat([output]) if isinstance(item, Tensor)]
        if results and self.running:
            self.count_parameters(tensors)
            self.running[-1].multiply_adds += _multiply_adds(getattr(func, "__name__", ""), args, given, results[0])
        inputs = [item for item in tensors if hasattr(item, "field") and hasattr(item, "stride_")]
        if not inputs:
            return output
        x, fields, strides = inputs[0], _largest(i.field for i in inputs), _largest(i.stride_ for i in inputs)
        for y in results:
            if x.ndim == y.ndim == 4 and (window := _window(getattr(func, "__name__", ""), args, given, x, y)):
                kernel, stride = window
                mark(y, _widened(fields, kernel, strides), (strides[0] * stride[0], strides[1] * stride[1]))
            elif x.ndim == 4 and y.ndim == 2:
                mark(y, _widened(fields, tuple(x.shape[2:]), strides), strides)
            else:
                mark(y, fields, strides)
        return output

    def count_parameters(self, tensors: Iterable[Any]) -> None:
        """Count those of ``tensors`` that are parameters used for the first time, for the module that is running."""
        self.running[-1].parameters += sum(self.unused.pop(id(tensor), 0) for tensor in tensors)


def mark(tensor: Any, field: tuple[float, float], stride: tuple[float, float]) -> None:
    """Give a tensor its receptive field and stride."""
    tensor.field, tensor.stride_ = _whole(field), _whole(stride)


def flat(items: Any) -> Iterator[Any]:
    """The items of nested lists, tuples and dictionaries.

    >>> list(flat([1, (2, {"three": 3})]))
    [1, 2, 3]
    """
    for item in items:
        if isinstance(item, dict):
            yield from flat(item.values())
        elif isinstance(item, list | tuple):
            yield from flat(item)
        else:
            yield item


def _multiply_adds(name: str, args: tuple[Any, ...], given: dict[str, Any], y: Tensor) -> int:
    """Multiply-adds of a linear layer or a convolution for one picture: one for every value and weight."""

    def argument(position: int, key: str) -> Any:
        return args[position] if len(args) > position else given.get(key)

    match name:
        case "linear" | "conv1d" | "conv2d" | "conv3d":
            return prod(y.shape[1:]) * argument(1, "weight")[0].numel()
        case "conv_transpose1d" | "conv_transpose2d" | "conv_transpose3d":
            return prod(argument(0, "input").shape[1:]) * argument(1, "weight")[0].numel()
    return 0


def _window(
    name: str, args: tuple[Any, ...], given: dict[str, Any], x: Tensor, y: Tensor
) -> tuple[Sequence[int], Sequence[float]] | None:
    """Kernel (with its dilation) and stride of a function that slides over ``x`` and returns ``y``, if it does."""

    def argument(position: int, key: str, default: Any) -> Any:
        value = args[position] if len(args) > position else given.get(key)
        return default if value is None or value == () or value == [] else value

    match name.removesuffix("_with_indices"):
        case "conv2d" | "conv_transpose2d":
            transposed = name != "conv2d"
            kernel, stride = argument(1, "weight", None).shape[2:], _pair(argument(3, "stride", 1))
            dilation = _pair(argument(7 if transposed else 5, "dilation", 1))
            spread = [step * (side - 1) + 1 for step, side in zip(dilation, kernel, strict=True)]
            if transposed:  # an output depends on as many inputs as kernels reach it, which are a stride apart
                return [-(-side // step) for side, step in zip(spread, stride, strict=True)], [1 / s for s in stride]
            return spread, stride
        case "max_pool2d" | "avg_pool2d" | "lp_pool2d" as pool:
            first = 2 if pool == "lp_pool2d" else 1
            kernel = _pair(argument(first, "kernel_size", None))
            dilation = _pair(argument(4, "dilation", 1)) if pool == "max_pool2d" else (1, 1)
            spread = [step * (side - 1) + 1 for step, side in zip(dilation, kernel, strict=True)]
            return spread, _pair(argument(first + 1, "stride", kernel))
        case "adaptive_avg_pool2d" | "adaptive_max_pool2d" | "mean" | "amax":
            ratio = [-(-before // after) for before, after in zip(x.shape[2:], y.shape[2:], strict=True)]
            return ratio, ratio
    return None


def _pair(value: Any) -> tuple[int, int]:
    values = (value,) if isinstance(value, int) else tuple(value)
    return values if len(values) == 2 else values * 2


def _whole(pair: tuple[float, float]) -> tuple[float, float]:
    """Pixels as whole numbers, unless the feature map is finer than the picture."""
    height, width = (int(value) if value == int(value) else value for value in pair)
    return height, width


def _widened(field: tuple[float, float], kernel: Sequence[int], stride: tuple[float, float]) -> tuple[float, float]:
    return field[0] + (kernel[0] - 1) * stride[0], field[1] + (kernel[1] - 1) * stride[1]


def _largest(pairs: Any) -> tuple[float, float]:
    heights, widths = zip(*pairs, strict=True)
    return max(heights), max(widths)
