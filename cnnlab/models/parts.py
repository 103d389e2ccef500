"""A network's parts: what a drawing of it shows, each with all its layers.

A part is a convolution, a pooling, a linear layer, or a module of several layers such as an inception module or a
residual block: what stands in the network itself or in one of its ``nn.Sequential`` (``features``, a stage).
Activations, normalisations, dropout and flattening belong to the part before them, padding to the one after.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import pandas as pd
from torch import Tensor, nn

from cnnlab.models.summaries import summary

COLUMNS = (
    "name",
    "kind",
    "output_shape",
    "parameters",
    "multiply_adds",
    "receptive_field",
    "stride",
    "activation_memory",
    "layers",
)
SUMS = ("parameters", "multiply_adds", "activation_memory")
WEIGHTED = (nn.Conv2d, nn.Linear)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


class Run(NamedTuple):
    """A run of a module: what it put out, and the rows of ``summary`` that its layers added."""

    module: str
    output: Tensor
    rows: list[dict[str, Any]]


def parts(model: nn.Module, input_size: Sequence[int]) -> pd.DataFrame:
    """The parts of ``model`` in the order in which they run, for a picture of ``input_size`` (C, H, W).

    Columns: those of ``summary``, summed over a part's layers or taken at its end. ``kind`` is "convolution",
    "pooling", "linear" or "module", ``name`` the last word of the layer's name (``conv3_1`` for ``features.conv3_1``),
    and ``layers`` counts the convolutions and linear layers in it.

    Raises:
        ValueError: if ``input_size`` is not (C, H, W), and what the model raises if it can't take such a picture.

    >>> from cnnlab.models import build
    >>> parts(build("lenet5"), (1, 28, 28))[["name", "kind", "output_shape", "parameters"]].head(3)
        name         kind output_shape  parameters
    0  conv1  convolution  (6, 24, 24)         156
    1  pool1      pooling  (6, 12, 12)           0
    2  conv2  convolution   (16, 8, 8)        2416
    """
    modules = dict(_modules(model))
    ends: list[tuple[str, Tensor]] = []
    handles = []
    try:
        for name, module in modules.items():

            def note(_module: nn.Module, _inputs: Any, output: Any, name: str = name) -> None:
                if isinstance(output, Tensor):
                    ends.append((name, output))

            handles.append(module.register_forward_hook(note))
        table = summary(model, input_size)  # runs the network, and so the hooks
    finally:
        for handle in handles:
            handle.remove()
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
            part = {
                "name": _last(run.module) or type(model).__name__,
                "kind": kind,
                "output_shape": shape,
                **dict.fromkeys(SUMS, 0),
                "receptive_field": getattr(run.output, "field", None),
                "stride": getattr(run.output, "stride_", None),
                "layers": sum(isinstance(layer, WEIGHTED) for layer in module.modules()),
            }
            _add(part, waiting + run.rows)
            waiting.clear()
            found.append(part)
    return pd.DataFrame(found, columns=list(COLUMNS))


def _modules(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """The modules that may be parts, with their names."""
    if not any(True for _ in model.children()):
        return [("", model)]
    inside: list[tuple[str, nn.Module]] = []
    for name, child in model.named_children():
        nested = list(child.named_children()) if isinstance(child, nn.Sequential | nn.ModuleList) else []
        inside += [(f"{name}.{inner}", module) for inner, module in nested] or [(name, child)]
    return inside


def _runs(table: pd.DataFrame, modules: Collection[str], ends: list[tuple[str, Tensor]]) -> list[Run]:
    """The runs of the modules in order; the rows of one that runs several times go to its runs in equal shares."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in modules}
    for record in table.to_dict("records"):
        row = {str(column): value for column, value in record.items()}
        words = row["name"].split(".")
        rows[next(name for name in (".".join(words[:2]), words[0]) if name in rows)].append(row)
    times = Counter(name for name, _ in ends)
    done: Counter[str] = Counter()
    runs = []
    for name, output in ends:
        share = len(rows[name]) // times[name]
        runs.append(Run(name, output, rows[name][share * done[name] : share * (done[name] + 1)]))
        done[name] += 1
    return runs


def _kind(module: nn.Module) -> str:
    leaves = [leaf for leaf in module.modules() if not any(True for _ in leaf.children())]
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
    """The last word of a layer's name; of a number, with the word before it."""
    before, _, last = name.rpartition(".")
    return f"{before.rpartition('.')[2]}.{last}" if last.isdigit() and before else last
