"""A network's forward pass as a graph, followed with sizes instead of a picture.

`torch.fx` runs ``forward`` once with stand-ins that record what is done to them. By itself it gives up where a network
asks for a size ("is this picture 224×224?"). Here every stand-in also knows what it would be for a picture of one
size, computed on PyTorch's meta device: so the question is answered, while arithmetic with sizes stays in the graph.
"""

import copy
from collections.abc import Callable, Iterator
from itertools import chain
from operator import attrgetter, getitem
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.parametrize import type_before_parametrizations

from cnnlab.models.families.efficientnet_lite0 import SameConv2d
from cnnlab.models.inspect.modes import evaluating

BATCH = 97  # pictures that are followed: more than one, which squeeze() would drop, and no size of a layer


def meta_model(model: nn.Module) -> nn.Module:
    """A copy of ``model`` on the meta device, where tensors have sizes and no content, in eval mode.

    >>> next(meta_model(nn.Linear(3, 4)).parameters()).device
    device(type='meta')
    """
    memo: dict[int, Any] = {}
    for tensor in chain(model.parameters(), model.buffers()):
        meta = tensor.detach().to("meta")
        memo[id(tensor)] = nn.Parameter(meta, requires_grad=False) if isinstance(tensor, nn.Parameter) else meta
    return copy.deepcopy(model, memo).eval()


def traced(meta: nn.Module, shape: tuple[int, ...]) -> fx.Graph:
    """The graph of a `meta_model` in eval mode for pictures of ``shape`` (C, H, W), or other inputs without the batch.

    Raises:
        ValueError: for a network that refuses such pictures, or whose ``forward`` cannot be followed.

    >>> graph = traced(meta_model(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten())), (3, 8, 8))
    >>> [tuple(example(node).shape) for node in graph.nodes if node.op == "call_module"]
    [(97, 8, 6, 6), (97, 288)]
    """
    kind, size = type(meta).__name__, f"shape {shape}"
    if len(shape) == 3:
        size = f"{shape[0]} channels and {shape[1]}×{shape[2]} pixels"
    dtype = next((tensor.dtype for tensor in meta.parameters()), torch.float32)
    with evaluating(meta), torch.no_grad():
        try:
            meta(torch.empty(1, *shape, dtype=dtype, device="meta"))
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            if "expected device" in str(error):
                raise ValueError(
                    f"the forward of this {kind} makes a tensor of its own, which cannot be followed ({error}); "
                    f"make it in __init__, with self.register_buffer"
                ) from error
            if "meta tensors" not in str(error):  # else it asks for values, of which the tracer says more
                raise ValueError(
                    f"this {kind} takes no pictures of {size}, which input_size stands for: {error}"
                ) from error
        try:
            return _Tracer(torch.empty(BATCH, *shape, dtype=dtype, device="meta")).trace(meta)
        except (RuntimeError, ValueError, TypeError, AttributeError) as error:
            raise ValueError(
                f"the forward of this {kind} cannot be followed: {error}; what it does to a picture must not depend on "
                f"the picture's content, and sizes must stay as x.shape gives them"
            ) from error


def example(node: fx.Node) -> Any:
    """What a node of a traced graph computes for the followed pictures: a tensor on the meta device, a size …"""
    return node.meta["example"]


class _Standin(fx.Proxy):
    """Sizes are known at once, methods when they are called."""

    tracer: "_Tracer"

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "ndim", "dtype", "device"):
            return self.tracer.create_proxy("call_function", getattr, (self, name), {})
        return super().__getattr__(name)

    def __len__(self) -> int:
        return len(example(self.node))


class _Tracer(fx.Tracer):
    """Follows a network with an example value beside every node."""

    def __init__(self, pictures: Tensor) -> None:
        super().__init__()
        self.pictures = pictures
        self.computing = False  # while an example is computed, layers run as they are and are not recorded

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        return forward(*args, **kwargs) if self.computing else super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        return attr_val if self.computing else super().getattr(attr, attr_val, parameter_proxy_cache)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        kind = type_before_parametrizations(m)  # of a parametrized layer, the layer itself
        return kind is SameConv2d or (kind.__module__.startswith("torch.nn") and not isinstance(m, nn.Sequential))

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Standin(node, self)

    def create_node(self, *args: Any, **kwargs: Any) -> fx.Node:
        node = super().create_node(*args, **kwargs)
        if node.op != "output":
            self.computing = True
            node.meta["example"] = self._computed(node)
            self.computing = False
        return node

    def to_bool(self, obj: fx.Proxy) -> bool:
        return bool(example(obj.node))

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        return iter([getitem(cast(Any, obj), index) for index in range(len(example(obj.node)))])

    def _computed(self, node: fx.Node) -> Any:
        args = fx.node.map_arg(node.args, example)
        kwargs = fx.node.map_arg(node.kwargs, example)
        if node.op == "placeholder":
            first = not any(other.op == "placeholder" for other in self.graph.nodes if other is not node)
            if not first and not args:
                raise TypeError(f"it takes a second input, {node.target!r}, without a default")
            return self.pictures if first else args[0]
        if node.op == "get_attr":
            value = attrgetter(str(node.target))(self.root)
            return value.to("meta") if isinstance(value, Tensor) else value
        if node.op == "call_module":
            return self.root.get_submodule(str(node.target))(*args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], str(node.target))(*args[1:], **kwargs)
        assert callable(node.target)
        return node.target(*args, **kwargs)
