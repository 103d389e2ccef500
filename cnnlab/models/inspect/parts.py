"""The parts of a network, each with all its layers, for tables and drawings.

A part is a convolution, a pooling, a linear layer, or a module of several layers such as an inception module or a
residual block. Parts are children of the network or of one of its ``nn.Sequential`` (``features``, a stage).
Activations, normalisations, dropout and flattening belong to the part before them, padding to the part after. The
network's own parameters belong to its last part.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pandas as pd
from torch import nn

from cnnlab.models.inspect.summaries import COLUMNS, Run, holds_layers, runs

SUMS = ("parameters", "multiply_adds", "activation_memory")
WEIGHTED = (nn.Conv2d, nn.Linear)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


def parts(model: nn.Module, input_size: Sequence[int]) -> pd.DataFrame:
    """The parts of ``model`` in the order in which they run, for a picture of ``input_size`` (C, H, W).

    Columns: those of ``summary``, summed over the layers of a part or taken at its end, and ``layers``, the number of
    its convolutions and linear layers. ``kind`` is "convolution", "pooling", "linear" or "module"; ``name`` is the last
    part of the layer's name (``conv3_1`` for ``features.conv3_1``).

    Raises:
        ValueError: as `summary`.

    >>> from cnnlab.models import build
    >>> parts(build("lenet5"), (1, 28, 28))[["name", "kind", "output_shape", "parameters"]].head(3)
        name         kind output_shape  parameters
    0  conv1  convolution  (6, 24, 24)         156
    1  pool1      pooling  (6, 12, 12)           0
    2  conv2  convolution   (16, 8, 8)        2416
    """
    ran = runs(model, input_size)
    modules = dict(_modules(model, {run.row["name"] for run in ran})) or {"": model}
    found: list[dict[str, Any]] = []
    waiting: list[Run] = []  # runs that belong to the part after them
    done = 0  # runs that are in a part, or waiting
    for number, run in enumerate(ran):
        if run.row["name"] not in modules:
            continue
        between, own = ran[done : run.begin], ran[max(done, run.begin) : number + 1]
        done = number + 1
        _add(found[-1], between) if found else waiting.extend(between)
        module = modules[run.row["name"]]
        kind = _kind(module)
        if kind == "padding" or (kind == "attached" and not found):
            waiting += own
        elif kind == "attached":
            _add(found[-1], own)
            if len(run.row["output_shape"]) == 3:
                found[-1]["output_shape"] = run.row["output_shape"]
        else:
            found.append(_part(_last(run.row["name"]) or type(model).__name__, kind, module, run))
            _add(found[-1], waiting + own)
            waiting = []
    if not found:  # normalisations and activations alone
        found.append(_part(type(model).__name__, "module", model, ran[-1]))
    _add(found[-1], waiting + ran[done:])
    return pd.DataFrame(found, columns=[*COLUMNS, "layers"])


def _part(name: str, kind: str, module: nn.Module, run: Run) -> dict[str, Any]:
    layers = sum(isinstance(layer, WEIGHTED) for layer in module.modules())
    return run.row | {"name": name, "kind": kind, "layers": layers} | dict.fromkeys(SUMS, 0)


def _modules(model: nn.Module, ran: Collection[str], before: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The modules that may be parts, with their names; of a container that did not run itself, the modules in it."""
    for name, child in model.named_children():
        path = before + name
        if path not in ran or (isinstance(child, nn.Sequential) and not before and holds_layers(child)):
            yield from _modules(child, ran, f"{path}.")
        else:
            yield path, child


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


def _add(part: dict[str, Any], ran: list[Run]) -> None:
    for column in SUMS:
        part[column] += sum(run.row[column] for run in ran if run.has_row)


def _last(name: str) -> str:
    """The last part of a layer's name; if that is a number, with the part before it."""
    before, _, last = name.rpartition(".")
    return f"{before.rpartition('.')[2]}.{last}" if last.isdigit() and before else last
