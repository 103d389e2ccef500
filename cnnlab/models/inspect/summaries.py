"""A network's layers as a table, without computing anything.

The network runs once on PyTorch's meta device. Every tensor carries its receptive field and its stride through layers
and functions (`Tracing`).
"""

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import pandas as pd
from torch import Tensor, nn
from torch.nn.utils.parametrize import type_before_parametrizations

from cnnlab.models.inspect._receptive_field import Counts, Tracing, flat, mark
from cnnlab.models.inspect.hooks import hooked
from cnnlab.models.inspect.meta import meta_input, meta_run, meta_state

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
        ValueError: if ``input_size`` is not (C, H, W) or not what the model takes, for layers without a size as yet,
            and for a ``forward`` that makes a tensor or asks for the content of a picture.

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
    return pd.DataFrame([run.row for run in runs(model, input_size) if run.has_row], columns=list(COLUMNS))


class Run(NamedTuple):
    """One run of a module."""

    row: dict[str, Any]  # the module's own row for the table, without the modules in it
    has_row: bool  # whether it is a layer, or computes something by itself
    begin: int  # how many runs had ended when it began: those from there on, up to this one, are in it


def runs(model: nn.Module, input_size: Sequence[int]) -> list[Run]:
    """The runs of all modules that return a tensor, in the order in which they end."""
    sides = tuple(input_size) if isinstance(input_size, Sequence) else ()
    if len(sides) != 3 or not all(isinstance(side, int) and side >= 1 for side in sides):
        raise ValueError(
            f"input_size must be (channels, height, width), each at least 1, got {input_size}; a grey picture of 28×28 "
            f"pixels is (1, 28, 28)"
        )
    state, x = meta_state(model), meta_input(model, (1, *sides))
    mark(x, (1, 1), (1, 1))
    tracing = Tracing({id(state[name]): tensor.numel() for name, tensor in model.named_parameters()})
    modules = {module: name for name, module in model.named_modules() if "parametrizations" not in name.split(".")}
    found: list[Run] = []
    begun: list[int] = []

    def begin(_module: nn.Module, _inputs: Any) -> None:
        begun.append(len(found))
        tracing.running.append(Counts())

    def end(module: nn.Module, _inputs: Any, output: Any) -> None:
        layer = not holds_layers(module)
        tracing.count_parameters(module.parameters(recurse=layer))
        counts, first, y = tracing.running.pop(), begun.pop(), first_tensor(output)
        if y is None:
            return
        row = {
            "name": modules[module],
            "kind": type_before_parametrizations(module).__name__,
            "output_shape": tuple(y.shape[1:]),
            "parameters": counts.parameters,
            "multiply_adds": counts.multiply_adds,
            "receptive_field": getattr(y, "field", None),
            "stride": getattr(y, "stride_", None),
            "activation_memory": prod(y.shape[1:]) * y.element_size(),
        }
        found.append(Run(row, layer or bool(counts.parameters or counts.multiply_adds), first))

    with hooked(modules, before=begin, after=end), tracing:
        meta_run(model, x, state)
    return found


def holds_layers(module: nn.Module) -> bool:
    """Whether a module holds others, those aside that compute a layer's weights, as in weight normalisation."""
    return any(name != "parametrizations" for name, _ in module.named_children())


def first_tensor(output: Any) -> Tensor | None:
    """A module's output, or the first of several: the output of an attention, not its weights."""
    return next((item for item in flat([output]) if isinstance(item, Tensor)), None)
