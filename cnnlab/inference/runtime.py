"""Device, precision and memory format of a run: detected or measured, never assumed.

bfloat16 with channels-last makes training three times faster on a processor with native bfloat16 arithmetic, and slower
on one without; channels-last alone helps some networks and hurts others. So on a processor a few steps of the
network itself are timed in every way that it offers, once: the result is kept in the cache. A network as small as LeNet
gains nothing worth the difference in the last digits, and runs in plain float32.
"""

import copy
import math
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from cnnlab.inference.measurements import key_of, native_bfloat16, operations, remember, remembered
from cnnlab.inference.memory import memory_kept
from cnnlab.inference.outputs import logits_in

PRECISIONS = ("auto", "float32", "bfloat16")
GAIN = {"float32": 1.05, "bfloat16": 1.25}  # how much faster than plain float32 each must be to be chosen
ROUNDS, SECONDS = 5, 3.0  # timed rounds at most, and the time after which no further round begins
VALUES = 200_000  # in the measured batch, about: enough to keep the cores busy
SMALL = 1e9  # operations of a forward pass: with fewer, the ways differ by less than a busy machine's noise
WORTH_MEASURING = 256  # pictures: for fewer, inference in float32 is over before a measurement would be


class Way(NamedTuple):
    """A precision with a memory format."""

    precision: str
    channels_last: bool


PLAIN = Way("float32", channels_last=False)
WAYS = (PLAIN, Way("float32", channels_last=True), Way("bfloat16", channels_last=True))


@dataclass(frozen=True)
class Runtime:
    """Where and how a network runs; as a string, the line that says so."""

    device: torch.device
    way: Way
    reason: str

    def __str__(self) -> str:
        threads = torch.get_num_threads()
        cpu = f"CPU, {threads} thread{'s' if threads > 1 else ''}"
        place = {"cpu": cpu, "mps": "Apple GPU"}.get(self.device.type)
        place = place or torch.cuda.get_device_name(self.device)
        return f"{place} · {_name(self.way)} ({self.reason})"

    def place(self, model: nn.Module) -> nn.Module:
        """Move ``model`` to the device and into the memory format, in place."""
        form = torch.channels_last if self.way.channels_last else torch.contiguous_format
        return model.to(self.device).to(memory_format=form)

    def placed(self, model: nn.Module) -> nn.Module:
        """``model`` where and as it is to run, and the caller's left as it is: a copy, if it would have to change."""
        tensors = [*model.parameters(), *model.buffers()]
        if self.way.channels_last or any(tensor.device.type != self.device.type for tensor in tensors):
            return self.place(copy.deepcopy(model))
        return model

    def arrange(self, images: Tensor) -> Tensor:
        """A batch on the device, in the memory format."""
        form = torch.channels_last if self.way.channels_last else torch.contiguous_format
        return images.to(self.device, memory_format=form)

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which forward passes and losses are computed."""
        return _autocast(self.device, self.way)


def choose(
    model: nn.Module,
    shape: tuple[int, ...],
    *,
    precision: str,
    device: torch.device | str | None,
    training: bool,
) -> Runtime:
    """Choose how ``model`` runs on pictures of ``shape`` (N, C, H, W): in training N is a batch, else the whole job.

    On a GPU: channels-last, and bfloat16 if the GPU has it natively. On a processor: the fastest way by measurement,
    and plain float32 unless another is clearly faster. ``precision`` other than "auto" is obeyed.

    Raises:
        ValueError: for an unknown precision, or a device that is not there.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    device = _there(device) if device else best_device()
    if device.type == "cpu":
        return _chosen_on_cpu(model, shape, precision, training)
    native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if precision == "auto":
        precision, reason = ("bfloat16" if native else "float32"), "detected"
    else:
        reason = "as asked"
    return Runtime(device, Way(precision, channels_last=device.type == "cuda"), reason)


def best_device() -> torch.device:
    """The GPU if there is one, else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _there(device: torch.device | str) -> torch.device:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # PyTorch without CUDA asserts
        names = [
            "cpu",
            *(["cuda"] if torch.cuda.is_available() else []),
            *(["mps"] if torch.mps.is_available() else []),
        ]
        why = str(error).splitlines()[0]
        raise ValueError(f"device {str(device)!r} cannot be used here ({why}); there is: {', '.join(names)}") from None
    return torch.device(device)


def _chosen_on_cpu(model: nn.Module, shape: tuple[int, ...], precision: str, training: bool) -> Runtime:
    cpu = torch.device("cpu")
    if precision == "bfloat16":
        return Runtime(cpu, Way(precision, channels_last=True), "as asked")
    if any(parameter.dtype != torch.float32 for parameter in model.parameters()):
        return Runtime(cpu, PLAIN, "its weights are not in float32")
    if any(is_lazy(parameter) for parameter in model.parameters()):
        return Runtime(cpu, PLAIN, "its weights have no shape yet")
    if not any(isinstance(module, nn.Conv2d) for module in model.modules()):
        return Runtime(cpu, PLAIN, "no convolution to speed up")
    if not training and shape[0] < WORTH_MEASURING:
        return Runtime(cpu, PLAIN, "too few pictures to measure")
    sample = (min(shape[0], max(4, VALUES // math.prod(shape[1:]))), *shape[1:])
    if operations(model, sample) < SMALL:
        return Runtime(cpu, PLAIN, "too small to gain from another")
    key = key_of(model, sample, precision, training)
    seconds = remembered(key)
    if seconds is None:
        reduced = precision == "auto" and native_bfloat16()
        seconds = _measure(model, sample, list(WAYS if reduced else WAYS[:2]), training)
        remember(key, seconds)
    gains = {way: seconds[_name(PLAIN)] / seconds[_name(way)] for way in WAYS if _name(way) in seconds}
    good = [way for way in gains if way == PLAIN or gains[way] >= GAIN[way.precision]]
    best = max(good, key=gains.__getitem__)
    reason = "fastest here, measured" if best == PLAIN else f"{gains[best]:.1f}× plain float32, measured"
    return Runtime(cpu, best, reason)


def _name(way: Way) -> str:
    return way.precision + (", channels-last" if way.channels_last else "")


def _autocast(device: torch.device, way: Way) -> AbstractContextManager[object]:
    return nullcontext() if way.precision == "float32" else torch.autocast(device.type, dtype=torch.bfloat16)


def _measure(model: nn.Module, shape: tuple[int, ...], ways: list[Way], training: bool) -> dict[str, float]:
    """Seconds of a step in each way: the best of some rounds, in turns so that a busy moment hits all alike.

    A step is forward, and in training backward, on a copy of the model, so that its weights and statistics stay.
    """
    twin = copy.deepcopy(model).cpu().train(training)
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    best = dict.fromkeys(ways, math.inf)
    started = time.perf_counter()
    with memory_kept(), torch.random.fork_rng(devices=[]):  # dropout must not move the run's own random numbers
        for turn in range(ROUNDS + 1):
            for way in ways:
                if turn > 1 and best[way] > 1.5 * min(best.values()):
                    continue  # out of the race
                runtime = Runtime(torch.device("cpu"), way, "")
                runtime.place(twin)
                seconds = _step(twin, runtime.arrange(images), runtime, training)
                if turn:  # in the first turn oneDNN compiles its kernels
                    best[way] = min(best[way], seconds)
            if turn and time.perf_counter() - started > SECONDS:
                break
    return {_name(way): seconds for way, seconds in best.items()}


def _step(model: nn.Module, images: Tensor, runtime: Runtime, training: bool) -> float:
    """Seconds of one step."""
    before = time.perf_counter()
    with torch.set_grad_enabled(training), runtime.autocast():
        output = model(images)
    logits_in(output)
    parts = [output] if isinstance(output, Tensor) else [part for part in output if part is not None]
    if training and any(part.requires_grad for part in parts):
        torch.stack([part.float().mean() for part in parts]).sum().backward()
        model.zero_grad()
    return time.perf_counter() - before
