"""What the cells of a map see, followed through a network's functions as they run.

    receptive field   r ← r + (k − 1)·s    for a kernel of k; the largest where branches meet
    stride            s ← s · stride       pixels from one cell to the next; a transposed convolution divides

A layer computes by a function, so that it makes no difference whether a network calls one or the other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode


@dataclass
class Use:
    """What a running module has used: parameters not used before, and products computed outside the modules in it."""

    parameters: int = 0
    multiply_adds: int = 0


@dataclass(eq=False)
class Sight(TorchFunctionMode):
    """While this is active, every tensor knows what its cells see: ``field`` and ``stride_``, (height, width) each."""

    unused: dict[int, int]  # parameters that were not used yet, with their numbers
    rows: list[dict[str, Any]] = field(default_factory=list)
    running: list[Use] = field(default_factory=list)  # the modules that are running, the innermost last

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """What meets (sums, stacked branches) sees the most that its parts see; what is flattened, the whole map."""
        given = kwargs or {}
        output = func(*args, **given)
        tensors = [item for item in flat([args, given]) if isinstance(item, Tensor)]
        results = [item for item in flat([output]) if isinstance(item, Tensor)]
        if results and self.running:
            self.use(tensors)
            self.running[-1].multiply_adds += _products(getattr(func, "__name__", ""), args, given, results[0])
        inputs = [item for item in tensors if hasattr(item, "field") and hasattr(item, "stride_")]
        if not inputs:
            return output
        x, fields, strides = inputs[0], _largest(i.field for i in inputs), _largest(i.stride_ for i in inputs)
        for y in results:
            if x.ndim == y.ndim == 4 and (window := _window(getattr(func, "__name__", ""), args, given, x, y)):
                kernel, stride = window
                self.see(y, _widened(fields, kernel, strides), (strides[0] * stride[0], strides[1] * stride[1]))
            elif x.ndim == 4 and y.ndim == 2:
                self.see(y, _widened(fields, tuple(x.shape[2:]), strides), strides)
            else:
                self.see(y, fields, strides)
        return output

    def see(self, tensor: Any, field: tuple[float, float], stride: tuple[float, float]) -> None:
        """Write down what a tensor's cells see."""
        tensor.field, tensor.stride_ = _whole(field), _whole(stride)

    def use(self, tensors: Any) -> None:
        """Count those of the tensors that are parameters, for the module that is running."""
        self.running[-1].parameters += sum(self.unused.pop(id(tensor), 0) for tensor in tensors)


def flat(items: Any) -> Iterator[Any]:
    """What lists, tuples and dictionaries hold, however deep.

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


def _products(name: str, args: tuple[Any, ...], given: dict[str, Any], y: Tensor) -> int:
    """Multiply-adds of a function for one picture: of a linear layer and a convolution, one a value and weight."""

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
    """Kernel (spread by its dilation) and stride of a function that slides over ``x``, as it gives ``y``."""

    def argument(position: int, key: str, default: Any) -> Any:
        value = args[position] if len(args) > position else given.get(key)
        return default if value is None or value == () or value == [] else value

    match name.removesuffix("_with_indices"):
        case "conv2d" | "conv_transpose2d":
            transposed = name != "conv2d"
            kernel, stride = argument(1, "weight", None).shape[2:], _pair(argument(3, "stride", 1))
            dilation = _pair(argument(7 if transposed else 5, "dilation", 1))
            spread = [step * (cells - 1) + 1 for step, cells in zip(dilation, kernel, strict=True)]
            if transposed:  # a cell sees as many cells as kernels reach it, which lie a stride apart
                return [-(-cells // step) for cells, step in zip(spread, stride, strict=True)], [1 / s for s in stride]
            return spread, stride
        case "max_pool2d" | "avg_pool2d" | "lp_pool2d" as pool:
            first = 2 if pool == "lp_pool2d" else 1
            kernel = _pair(argument(first, "kernel_size", None))
            dilation = _pair(argument(4, "dilation", 1)) if pool == "max_pool2d" else (1, 1)
            spread = [step * (cells - 1) + 1 for step, cells in zip(dilation, kernel, strict=True)]
            return spread, _pair(argument(first + 1, "stride", kernel))
        case "adaptive_avg_pool2d" | "adaptive_max_pool2d" | "mean" | "amax":
            ratio = [-(-side // cells) for side, cells in zip(x.shape[2:], y.shape[2:], strict=True)]
            return ratio, ratio
    return None


def _pair(value: Any) -> tuple[int, int]:
    values = (value,) if isinstance(value, int) else tuple(value)
    return values if len(values) == 2 else values * 2


def _whole(pair: tuple[float, float]) -> tuple[float, float]:
    """Pixels as whole numbers, where a map is not finer than the picture."""
    height, width = (int(value) if value == int(value) else value for value in pair)
    return height, width


def _widened(field: tuple[float, float], kernel: Sequence[int], stride: tuple[float, float]) -> tuple[float, float]:
    return field[0] + (kernel[0] - 1) * stride[0], field[1] + (kernel[1] - 1) * stride[1]


def _largest(pairs: Any) -> tuple[float, float]:
    heights, widths = zip(*pairs, strict=True)
    return max(heights), max(widths)
