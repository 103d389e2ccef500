"""A network's forward pass as a graph of `torch.fx`: a node for every layer, and for every function between layers.

The network runs on PyTorch's meta device, and each tensor carries the node that it comes from. So a ``forward`` may ask
for sizes ("is this picture 224×224?"), which stops the tracer of `torch.fx`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.parametrize import type_before_parametrizations
from torch.overrides import TorchFunctionMode

from cnnlab.models.families.efficientnet_lite0 import SameConv2d
from cnnlab.models.inspect._receptive_field import flat
from cnnlab.models.inspect.hooks import hooked
from cnnlab.models.inspect.meta import meta_input, meta_run, meta_state

REVERSED: dict[str, Callable[..., Any]] = {
    "__rsub__": torch.sub,
    "__rdiv__": torch.div,
}  # the methods behind "1 - x" and "1 / x"


def traced(model: nn.Module, shape: tuple[int, ...]) -> fx.Graph:
    """The graph of a network in eval mode for pictures of ``shape`` (C, H, W), or other inputs without the batch.

    A node has in its ``meta`` the ``shape`` of its tensor, without the batch, and the names of the ``modules`` that
    were running, the outermost first.

    Raises:
        ValueError: for a network that refuses such pictures, or whose ``forward`` cannot run without them.

    >>> graph = traced(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten()), (3, 8, 8))
    >>> [node.meta["shape"] for node in graph.nodes if node.op == "call_module"]
    [(8, 6, 6), (288,)]
    """
    state = meta_state(model)
    recorder = _Recorder({id(tensor): name for name, tensor in state.items()})
    x = recorder.placed(meta_input(model, (2, *shape)), recorder.graph.placeholder("x"))  # squeeze() would drop one
    recorder.names |= {id(module): name for name, module in model.named_modules()}
    layers = [module for module in model.modules() if module is not model or _is_layer(module)]
    with hooked(layers, before=recorder.begin, after=recorder.end), recorder:
        output = meta_run(model, x, state)
    recorder.graph.output(recorder.nodes_in(output))
    return recorder.graph


class _Recorder(TorchFunctionMode):
    """While this is active, layers and functions outside of layers add nodes to ``graph``."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self.names = names  # of parameters, buffers and modules, by their ids
        self.graph = fx.Graph()
        self.running: list[str] = []
        self.layer: nn.Module | None = None  # that is running: what it calls is not recorded

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call a function, and record it if it makes a tensor outside of a layer."""
        output = func(*args, **(kwargs or {}))
        if self.layer:
            return output
        if (name := getattr(func, "__name__", "")) in REVERSED:
            func, args = REVERSED[name], args[::-1]
        return self.recorded("call_function", func, args, kwargs or {}, output)

    def begin(self, module: nn.Module, _inputs: Any) -> None:
        """Note that a module begins to run."""
        if self.layer is None:
            self.running.append(self.names[id(module)])
            self.layer = module if _is_layer(module) else None

    def end(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
        """Record a layer that ended."""
        if module is self.layer:
            output = self.recorded("call_module", self.running[-1], inputs, {}, output)
            self.layer = None
        if self.layer is None:
            self.running.pop()
        return output

    def recorded(self, op: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        """The output, whose tensors now carry a node."""
        if isinstance(output, list | tuple):
            return type(output)(self.recorded(op, target, args, kwargs, item) for item in output)
        given = [item for item in flat([args, kwargs]) if isinstance(item, Tensor)]
        if not isinstance(output, Tensor) or not any(hasattr(tensor, "node") for tensor in given):
            return output
        if any(output is tensor for tensor in given):  # an identity, or in place: its input keeps its own node
            output = output.view_as(output)
        return self.placed(output, self.graph.create_node(op, target, self.nodes_in(args), self.nodes_in(kwargs)))

    def placed(self, tensor: Any, node: fx.Node) -> Tensor:
        """A tensor that comes from ``node``."""
        tensor.node = node
        node.meta |= {"shape": tuple(tensor.shape[1:]), "modules": list(self.running)}
        return tensor

    def nodes_in(self, value: Any) -> Any:
        """Nested arguments, with nodes for tensors."""
        if isinstance(value, Tensor):
            name = self.names.get(id(value), "constant")
            return value.node if hasattr(value, "node") else self.graph.get_attr(name)
        if isinstance(value, dict):
            return {key: self.nodes_in(item) for key, item in value.items()}
        return tuple(map(self.nodes_in, value)) if isinstance(value, list | tuple) else value


def _is_layer(module: nn.Module) -> bool:
    kind = type_before_parametrizations(module)
    return kind is SameConv2d or (kind.__module__.startswith("torch.nn") and not isinstance(module, nn.Sequential))
