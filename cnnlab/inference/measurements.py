"""What is known of a network before it runs: its operations, and how fast it was here before, kept in the cache."""

import copy
import hashlib
import json
import math
import os
import platform
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnlab.files import atomic, cache_folder
from cnnlab.models import evaluating


def operations(model: nn.Module, shape: tuple[int, ...]) -> int:
    """Operations of a forward pass on pictures of ``shape`` (N, C, H, W); a multiply-add counts two.

    Counted without memory, on a copy on the meta device. A network that looks at its values, or holds tensors that are
    neither parameters nor buffers, cannot run there: a copy of it runs with one picture instead.
    """
    try:
        return _counted(copy.deepcopy(model).to("meta"), shape)
    except (RuntimeError, TypeError):
        pass  # outside this block, so that an error of the network itself is shown alone
    return shape[0] * _counted(copy.deepcopy(model).cpu(), (1, *shape[1:]))


def _counted(model: nn.Module, shape: tuple[int, ...]) -> int:
    device = next((tensor.device for tensor in model.state_dict().values()), torch.device("cpu"))
    images = torch.zeros(shape, device=device)
    with FlopCounterMode(display=False) as counter, torch.no_grad(), evaluating(model):
        model(images)
    return int(counter.get_total_flops())


def native_bfloat16() -> bool:
    """Whether this processor has arithmetic for bfloat16, as oneDNN sees it."""
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def key_of(model: nn.Module, shape: tuple[int, ...], precision: str, training: bool) -> str:
    """What a measurement depends on: the machine, its settings, the libraries, the network and the batch."""
    facts = [
        torch.__version__,
        platform.processor() or platform.machine(),
        torch.backends.cpu.get_cpu_capability(),
        native_bfloat16(),
        torch.get_num_threads(),
        *(os.environ.get(name) for name in ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")),
        repr(model),
        [parameter.requires_grad for parameter in model.parameters()],
        shape,
        precision,
        training,
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


_known: dict[str, dict[str, float]] = {}  # measurements of this process, and those read from the cache


def remembered(key: str) -> dict[str, float] | None:
    """The seconds of each way that were measured for ``key``; None if they never were."""
    if key not in _known:
        try:
            kept = json.loads((cache_folder() / "runtime.json").read_text())
        except (OSError, ValueError):
            return None  # none kept yet, or a damaged file, which the next measurement replaces
        if isinstance(kept, dict):
            _known.update({name: seconds for name, seconds in kept.items() if _is_measurement(seconds)})
    return _known.get(key)


def remember(key: str, seconds: dict[str, float]) -> None:
    """Keep the ``seconds`` of each way, for this process and for those to come."""
    _known[key] = seconds
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > (os.cpu_count() or 1) + 1:
        return  # measured beside much other work: good enough for this process, not for all to come
    kept = cache_folder() / "runtime.json"
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with atomic(kept) as draft:
            draft.write_text(json.dumps(_known, indent=1))
    except OSError:
        pass  # a cache that cannot be written costs a measurement a process; `cnnlab doctor` says so


def _is_measurement(seconds: Any) -> bool:
    """Whether these are seconds of some ways, plain float32 among them."""
    return (
        isinstance(seconds, dict)
        and "float32" in seconds
        and all(isinstance(value, float) and 0 < value < math.inf for value in seconds.values())
    )
