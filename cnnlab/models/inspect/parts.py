"""The parts of a network, each with all its layers, for tables and drawings.

A part is a convolution, a pooling, a linear layer, or a module of several layers such as an inception module or a
residual block. Parts are children of the network or of one of its ``nn.Sequential`` (``features``, a stage).
Activations, normalisations, dropout and flattening belong to the part before them, padding to the part after. The
network's own parameters belong to its last part.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd
from torch import Tensor, nn

from cnnlab.models.inspect.summaries import COLUMNS, first_tensor, holds_layers, summary

SUMS = ("parameters", "multiply_adds", "activation_memory")
WEIGHTED = (nn.Conv2d, nn.Linear)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


class Run(NamedTuple):
    """A run of a module: its output, and the rows of ``summary`` for its layers."""

    module: str
    output: Tensor
    rows: list[dict[str, Any]]


def parts(model: nn.Module, input_size: Sequence[int]) -> pd.DataFrame:
    """The parts of ``model`` in the order in which they run, for a picture of ``input_size`` (C, H, W).

    Columns: those of ``summary``, summed over the layers of a part or taken at its end, and ``layers``, the number of
    its convolutions and linear layers. ``kind`` is "convolution", "pooling", "linear" or "module"; ``name`` is the last
    part of the layer's name (``conv3_1`` for ``features.conv3_1``).

    Raises:
        ValueError: if ``input_size`` is not (C, H, W); and what the model raises for a picture of this size.

    >>> from cnnlab.models import build
    >>> parts(build("lenet5"), (1, 28, 28))[["name", "kind", "output_shape", "parameters"]].head(3)
        name         kind output_shape  parameters
    0  conv1  convolution  (6, 24, 24)         156
    1  pool1      pooling  (6, 12, 12)           0
    2  conv2  convolution   (16, 8, 8)        2416
    """
    ends: list[tuple[str, Tensor]] = []
    handles = []
    try:
        for name, module in model.named_modules():

            def note(_module: nn.Module, _inputs: Any, output: Any, name: str = name) -> None:
                if (tensor := first_tensor(output)) is not None:
                    ends.append((name, tensor))

            handles.append(module.register_forward_hook(note))
        table = summary(model, input_size)  # runs the network, and so the hooks
    finally:
        for handle in handles:
            handle.remove()
    modules = dict(_modules(model, {name for name, _ in ends})) or {"": model}
    found: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []  # rows of layers that belong to the part after them
    for run in _runs(table, modules, ends):
        module, kind = modules[run.module], _kind(modules[run.module])
        shape = tuple(run.output.shape[1:])
        if kind == "padding" or (kind == "attached" and not found):
            waiting += run.rows
        elif kind == "attached":
            _add(found[-1], run.rows)
            if len(shape) == 3:
                found[-1]["output_shape"] = shape
        else:
            found.append(_part(_last(run.module) or type(model).__name__, kind, module, run.output))
            _add(found[-1], waiting + run.rows)
            waiting.clear()
    if not found:  # normalisations and activations alone
        found.append(_part(type(model).__name__, "module", model, ends[-1][1]))
    _add(found[-1], waiting)
    return pd.DataFrame(found, columns=[*COLUMNS, "layers"])


def _part(name: str, kind: str, module: nn.Module, output: Tensor) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "output_shape": tuple(output.shape[1:]),
        **dict.fromkeys(SUMS, 0),
        "receptive_field": getattr(output, "field", None),
        "stride": getattr(output, "stride_", None),
        "layers": sum(isinstance(layer, WEIGHTED) for layer in module.modules()),
    }


def _modules(model: nn.Module, ran: Collection[str], before: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules that may be parts, with their names; of a container that did not run itself, the modules in it."""
    for name, child in model.named_children():
        path = before + name
        if path not in ran or (isinstance(child, nn.Sequential) and not before and holds_layers(child)):
            yield from _modules(child, ran, f"{path}.")
        else:
            yield path, child


def _runs(table: pd.DataFrame, modules: Collection[str], ends: list[tuple[str, Tensor]]) -> list[Run]:
    """The runs of the modules in order; the rows of a module that runs several times are divided equally."""
    ends = [(name, output) for name, output in ends if name in modules]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in modules}
    for record in table.to_dict("records"):
        row = {str(column): value for column, value in record.items()}
        words = row["name"].split(".")
        owners = (".".join(words[:count]) for count in range(len(words), 0, -1))
        rows[next((name for name in owners if name in rows), ends[-1][0])].append(row)
    times = Counter(name for name, _ in ends)
    done: Counter[str] = Counter()
    runs = []
    for name, output in ends:
        share = len(rows[name]) // times[name]
        done[name] += 1
        end = None if done[name] == times[name] else share * done[name]
        runs.append(Run(name, output, rows[name][share * (done[name] - 1) : end]))
    return runs


def _kind(module: nn.Module) -> str:
    leaves = [leaf for leaf in module.modules() if not holds_layers(leaf)]
    weighted = [leaf for leaf in leaves if isinstance(leaf, WEIGHTED)]
    pools = any(isinstance(leaf, POOLS) for leaf in leaves)
    if len(weighted) > 1 or (weighted and pools):
        return "module"
    if weighted:
        return "convolution" if isinstance(weighted[0], nn.Conv2d) else "linear"
    if pools:
        return "pooling"
    return "padding" if "Pad" in type(module).__name__ else "attached"


def _add(part: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    for column in SUMS:
        part[column] += sum(row[column] for row in rows)


def _last(name: str) -> str:
    """The last part of a layer's name; if that is a number, with the part before it."""
    before, _, last = name.rpartition(".")
    return f"{before.rpartition('.')[2]}.{last}" if last.isdigit() and before else last
