"""A network's layers as a table, without computing anything.

The network runs once on PyTorch's meta device, where tensors have shapes and no content. Every tensor carries its
receptive field and its stride through layers and functions (`Tracing`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import type_before_parametrizations

from cnnlab.models.inspect._receptive_field import Counts, Tracing, flat, mark
from cnnlab.models.inspect.modes import evaluating

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

    Columns: ``name``, ``kind``, ``output_shape`` (C, H, W), ``parameters`` (counted where they are used first),
    ``multiply_adds`` (of convolutions and linear layers, as the papers count; not of attention), ``receptive_field``
    and ``stride`` (height and width in pixels of the input; the field as if the picture had no border), and
    ``activation_memory`` (bytes of the output of one picture, in the precision of the weights).

    A module that holds layers has a row after theirs if it has parameters of its own or calls linear functions itself.
    Layers that do not run in eval mode, such as an auxiliary classifier, have none.

    The model keeps its modes, weights and hooks. It may be on the meta device itself.

    Raises:
        ValueError: if ``input_size`` is not (C, H, W), for layers without a size as yet, and for a ``forward`` that
            makes a tensor or asks for the content of a picture; and what the model raises for a wrong picture.

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
    sides = tuple(input_size) if isinstance(input_size, Sequence) else ()
    if len(sides) != 3 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise ValueError(
            f"input_size must be (channels, height, width), each at least 1, got {input_size}; a grey picture of 28×28 "
            f"pixels is (1, 28, 28)"
        )
    kind = type(model).__name__
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if is_lazy(tensor):
            raise ValueError(
                f"{name} of this {kind} is lazy, without a size as yet; run the network once on a picture first: "
                f"model(torch.zeros(1, {', '.join(map(str, sides))}))"
            )
    meta = {name: tensor.to("meta") for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    dtype = next((tensor.dtype for tensor in model.parameters()), torch.float32)
    x = torch.empty(1, *sides, device="meta", dtype=dtype)
    mark(x, (1, 1), (1, 1))
    tracing = Tracing({id(meta[name]): tensor.numel() for name, tensor in model.named_parameters()})
    try:
        with evaluating(model), _recorded(model, tracing) as rows, torch.no_grad(), tracing:
            functional_call(model, meta, (x,))
    except RuntimeError as error:
        if "expected device" in str(error) or "on the same device" in str(error):
            raise ValueError(
                f"the forward of this {kind} makes a tensor of its own, which a summary cannot follow ({error}); make "
                f"it in __init__, with self.register_buffer"
            ) from error
        if "meta tensors" in str(error):
            raise ValueError(
                f"the forward of this {kind} asks for the content of a picture, and a summary runs without one "
                f"({error}); what it does must depend on sizes alone"
            ) from error
        raise
    return pd.DataFrame(rows, columns=list(COLUMNS))


def holds_layers(module: nn.Module) -> bool:
    """Whether a module holds others, those aside that compute a layer's weights, as in weight normalisation."""
    return any(name != "parametrizations" for name, _ in module.named_children())


def first_tensor(output: Any) -> Tensor | None:
    """A module's output, or the first of several: the output of an attention, not its weights."""
    return next((item for item in flat([output]) if isinstance(item, Tensor)), None)


@contextmanager
def _recorded(model: nn.Module, tracing: Tracing) -> Iterator[list[dict[str, Any]]]:
    """While this runs, every layer adds a row, and so does every module that computes something by itself."""
    rows: list[dict[str, Any]] = []

    def begin(_module: nn.Module, _inputs: Any) -> None:
        tracing.running.append(Counts())

    def end(name: str, module: nn.Module, output: Any) -> None:
        layer = not holds_layers(module)
        tracing.count_parameters(module.parameters(recurse=layer))
        counts, y = tracing.running.pop(), first_tensor(output)
        if y is None or not (layer or counts.parameters or counts.multiply_adds):
            return
        rows.append(
            {
                "name": name,
                "kind": type_before_parametrizations(module).__name__,
                "output_shape": tuple(y.shape[1:]),
                "parameters": counts.parameters,
                "multiply_adds": counts.multiply_adds,
                "receptive_field": getattr(y, "field", None),
                "stride": getattr(y, "stride_", None),
                "activation_memory": prod(y.shape[1:]) * y.element_size(),
            }
        )

    handles = []
    try:
        for name, module in model.named_modules():
            if "parametrizations" in name.split("."):
                continue

            def hook(module: nn.Module, _inputs: Any, output: Any, name: str = name) -> None:
                end(name, module, output)

            handles += [module.register_forward_pre_hook(begin), module.register_forward_hook(hook)]
        yield rows
    finally:
        for handle in handles:
            handle.remove()
