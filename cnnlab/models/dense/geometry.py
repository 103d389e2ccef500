"""What a step of a network does to a map: slides over it, pools all of it, takes it apart, or something else.

The questions are asked of the nodes of a graph of `tracing`. A step slides if a cell that it puts out depends on the
cells near it in the same way everywhere; only such steps may see a map that is larger than the one they were made for.
"""

import copy
from collections.abc import Collection
from itertools import chain, pairwise
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn

from cnnlab.models.dense.sliding import MeanPool2d
from cnnlab.models.dense.tracing import BATCH, hint

SLIDING = (
    *(nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d, nn.BatchNorm2d, nn.SyncBatchNorm, nn.LocalResponseNorm),
    *(nn.Dropout, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout, nn.Identity, nn.ChannelShuffle),
    *(nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d),
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.Softplus, nn.Softsign),
    *(nn.Hardshrink, nn.Softshrink, nn.Tanhshrink, nn.Threshold, nn.Softmax2d),
)
POINTWISE = {  # functions and methods, with those that slide by themselves
    *("conv2d", "max_pool2d", "avg_pool2d", "lp_pool2d", "local_response_norm", "pad"),
    *("dropout", "dropout2d", "alpha_dropout", "feature_alpha_dropout", "stochastic_depth", "channel_shuffle"),
    *("relu", "relu_", "relu6", "leaky_relu", "leaky_relu_", "prelu", "rrelu", "elu", "elu_", "selu", "celu", "gelu"),
    *("silu", "mish", "sigmoid", "sigmoid_", "logsigmoid", "tanh", "tanh_", "hardtanh", "hardswish", "hardsigmoid"),
    *("softplus", "softsign", "threshold", "clamp", "clamp_", "clip", "abs", "neg", "exp", "log", "sqrt", "rsqrt"),
    *("square", "pow", "add", "add_", "iadd", "sub", "sub_", "isub", "rsub", "mul", "mul_", "imul", "div", "div_"),
    *("truediv", "itruediv", "maximum", "minimum", "contiguous", "clone", "detach", "to", "type_as"),
    *("float", "half", "double", "bfloat16", "zeros_like", "ones_like"),
}
FLATTENING = {"flatten", "view", "reshape", "squeeze", "getitem"}


class Pooling(NamedTuple):
    """A pooling whose window depends on the map, as it slides: a layer, or None where it changes nothing."""

    layer: nn.Module | None
    squeezes: bool = False  # it drops both sides, as mean((2, 3)) does
    uneven: bool = False  # its windows are not all of one size, so that none can slide


def layer_of(root: nn.Module, node: fx.Node) -> nn.Module | None:
    """The layer that a node calls."""
    return root.get_submodule(str(node.target)) if node.op == "call_module" else None


def name_of(node: fx.Node) -> str:
    """The name of the function or method that a node calls."""
    return str(node.target) if isinstance(node.target, str) else getattr(node.target, "__name__", "")


def sides(node: fx.Node) -> tuple[int, int]:
    """Height and width of a map, in cells."""
    value = hint(node)
    height, width = (value if isinstance(value, Tensor) else value[0]).shape[-2:]
    return int(height), int(width)


def slides(root: nn.Module, node: fx.Node, source: fx.Node) -> bool:
    """Whether a node slides over the map ``source``."""
    layer, name = layer_of(root, node), name_of(node)
    if layer is not None:
        return isinstance(layer, SLIDING) and getattr(layer, "track_running_stats", True)
    before, after = hint(source), hint(node)
    if not isinstance(before, Tensor):
        return name == "getitem"  # a part of what chunk or split gave
    last = before.ndim - 1
    match name:
        case "cat" | "concat" | "softmax" | "log_softmax":
            return 0 < _dimension(node, 1, last + 1) < last - 1
        case "chunk" | "split":
            return 0 < _dimension(node, 2, last + 1) < last - 1
        case "batch_norm":
            return not argument(node, 5, "training", False)
        case "getitem":
            return _slices(node.args[1], last + 1)
        case "unsqueeze":
            return _dimension(node, 1, last + 2) == 1
        case "view" | "reshape":
            return after.ndim >= 4 and len(after) == len(before) and after.shape[-2:] == before.shape[-2:]
        case "transpose":
            swapped = (argument(node, position, f"dim{position - 1}", 0) % (last + 1) for position in (1, 2))
            return all(0 < side < last - 1 for side in swapped)
    return name in POINTWISE


def pooling(root: nn.Module, node: fx.Node, source: fx.Node) -> Pooling | None:
    """How an adaptive pooling slides, or one over the whole map; None for any other step."""
    layer, name = layer_of(root, node), name_of(node)
    height, width = sides(source)
    maximum = isinstance(layer, nn.AdaptiveMaxPool2d) or name in ("adaptive_max_pool2d", "amax", "max_pool2d")
    if isinstance(layer, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d) or name.startswith("adaptive_"):
        wanted = hint(node).shape[-2:]
        rows, columns = _bins(height, int(wanted[0])), _bins(width, int(wanted[1]))
        if rows is None or columns is None:
            return Pooling(None, uneven=True)
        return Pooling(_pool(maximum, (rows[0], columns[0]), (rows[1], columns[1])))
    if name in ("mean", "amax"):
        both, keep = argument(node, 1, "dim", ()), argument(node, 2, "keepdim", False)
        dimensions = {side % 4 for side in ([both] if isinstance(both, int) else both or ())}
        whole = hint(source).ndim == 4 and dimensions == {2, 3}
        return Pooling(_pool(maximum, (height, width), (1, 1)), squeezes=not keep) if whole else None
    if isinstance(layer, nn.AvgPool2d):
        kernel, padding, divisor = layer.kernel_size, layer.padding, layer.divisor_override
    elif name in ("avg_pool2d", "max_pool2d"):
        kernel, padding = argument(node, 1, "kernel_size", None), argument(node, 3, "padding", 0)
        divisor = None if maximum else argument(node, 6, "divisor_override", None)
        if maximum and kernel == _written(node, 1, "kernel_size"):
            return None  # no size of the map is in it: an ordinary layer, even where it happens to cover a small map
    else:
        return None
    if _pair(kernel) == (height, width) != (1, 1) and _pair(padding) == (0, 0):
        return Pooling(
            nn.MaxPool2d((height, width), 1) if maximum else nn.AvgPool2d((height, width), 1, divisor_override=divisor)
        )
    return None


def takes_apart(root: nn.Module, node: fx.Node, source: fx.Node) -> bool:
    """Whether a node leaves no map of ``source``: flattens it, or drops the sides of a single cell."""
    if isinstance(layer_of(root, node), nn.Flatten):
        return hint(node).ndim == 2
    if name_of(node) not in FLATTENING:
        return False
    before, after = hint(source), hint(node)
    tensors = isinstance(before, Tensor) and isinstance(after, Tensor)
    if not tensors or len(after) != len(before) or after.numel() != before.numel():
        return False
    if name_of(node) in ("squeeze", "getitem"):
        return sides(source) == (1, 1)
    return after.ndim < before.ndim == 4


def mixes_pictures(root: nn.Module, node: fx.Node, rows: Collection[fx.Node]) -> bool:
    """Whether a step makes a row depend on the other rows, which are other pictures, or windows of one.

    It is tried: with other numbers in the first of its ``rows``, what it gives for all others must stay as it was.
    """
    value = hint(node)
    layer = layer_of(root, node)
    if isinstance(layer, nn.Linear):  # one vector at a time, and large
        return prod(value.shape[:-1]) % BATCH != 0
    if any(tensor.numel() % BATCH for tensor in ([value] if isinstance(value, Tensor) else value)):
        return True
    if layer is not None:
        layer = copy.deepcopy(layer).to_empty(device="cpu")
        with torch.no_grad():
            for tensor in chain(layer.parameters(), layer.buffers()):
                tensor.copy_(torch.rand(tensor.shape, device="cpu"))
    before, *after = (_others(layer, node, rows, change) for change in (0, 2, -2))
    return any(
        not torch.equal(was.nan_to_num(), now.nan_to_num())
        for changed in after
        for was, now in zip(before, changed, strict=True)
    )


def _others(layer: nn.Module | None, node: fx.Node, rows: Collection[fx.Node], change: int) -> list[Tensor]:
    """What a step computes from random numbers for all rows but the first, to which ``change`` was added."""

    def numbers(size: Any, *, row: bool) -> Any:
        if isinstance(size, tuple | list):
            return type(size)(numbers(item, row=row) for item in size)
        if not isinstance(size, Tensor):
            return size
        floats = size.is_floating_point()
        tensor = torch.rand(size.shape, dtype=size.dtype) if floats else torch.zeros(size.shape, dtype=size.dtype)
        if row and (floats or change > 0):  # what is no float may be an index
            first = tensor.view(BATCH, -1)[0]
            first.copy_(first + change)
        return tensor

    with torch.random.fork_rng(devices=[]), torch.no_grad(), torch.device("cpu"):
        torch.manual_seed(0)
        args, kwargs = fx.node.map_arg(
            (node.args, node.kwargs), lambda source: numbers(hint(source), row=source in rows)
        )
        step = layer or (getattr(Tensor, node.target) if isinstance(node.target, str) else node.target)
        output = step(*args, **kwargs)
    return [tensor.reshape(BATCH, -1)[1:] for tensor in ([output] if isinstance(output, Tensor) else output)]


def _bins(side: int, count: int) -> tuple[int, int] | None:
    """Kernel and stride of the ``count`` windows of an adaptive pooling over ``side`` cells, if they are all alike.

    >>> _bins(7, 1), _bins(7, 7), _bins(14, 7), _bins(7, 6), _bins(10, 7), _bins(1, 7)
    ((7, 1), (1, 1), (2, 2), (2, 1), None, None)
    """
    begins = [index * side // count for index in range(count)]
    ends = [-(-(index + 1) * side // count) for index in range(count)]
    kernels = {end - begin for begin, end in zip(begins, ends, strict=True)}
    strides = {after - before for before, after in pairwise(begins)} or {1}
    return (kernels.pop(), strides.pop()) if len(kernels) == len(strides) == 1 and strides != {0} else None


def _pool(maximum: bool, kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Module | None:
    if kernel == stride == (1, 1):
        return None
    return nn.MaxPool2d(kernel, stride) if maximum else MeanPool2d(kernel, stride)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _written(node: fx.Node, position: int, name: str) -> Any:
    return node.args[position] if len(node.args) > position else node.kwargs.get(name)


def argument(node: fx.Node, position: int, name: str, default: Any) -> Any:
    """An argument of a node as a value; sizes are those of the followed picture."""
    value = fx.node.map_arg(_written(node, position, name), hint)
    return default if value is None else value


def _dimension(node: fx.Node, position: int, dimensions: int) -> int:
    return int(argument(node, position, "dim", 0)) % dimensions


def _slices(index: Any, dimensions: int) -> bool:
    """Whether an index takes the whole batch, any channels, and of the sides all but a margin, or every n-th cell.

    >>> full = slice(None)
    >>> _slices((full, full, slice(None, None, 2), slice(1, -1)), 4), _slices((full, 0), 4), _slices(full, 4)
    (True, True, True)
    >>> _slices((full, full, slice(5)), 4), _slices(0, 4)
    (False, False)
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(part is None or isinstance(part, fx.Node) for part in parts):
        return False
    if Ellipsis in parts:
        where = parts.index(Ellipsis)
        parts[where : where + 1] = [slice(None)] * (dimensions - len(parts) + 1)
    parts += [slice(None)] * (dimensions - len(parts))
    batch, *channels, height, width = parts
    del channels
    return batch == slice(None) and all(
        isinstance(side, slice)
        and (side.start is None or (isinstance(side.start, int) and side.start >= 0))
        and (side.stop is None or (isinstance(side.stop, int) and side.stop < 0))
        for side in (height, width)
    )
