"""Device, precision and memory format of a run, by a rule that reads the processor and the network.

On a processor with bfloat16 instructions, large networks run about twice as fast in bfloat16 as in float32; on one that
must emulate them, slower. Both precisions are faster in channels-last. There are two exceptions, both in training:
bfloat16 is slow for depthwise convolutions, and without AVX-512 channels-last is slow for other convolutions over large
feature maps. Small networks run in plain float32: they take seconds, and their numbers are the same on every processor
but for rounding.
``benchmarks/runtime.py`` compares the rule with the fastest choice.
"""

import copy
import math
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

PRECISIONS = ("auto", "float32", "bfloat16")
SMALL = 200_000_000  # weights of convolutions × pixels: LeNet-5 has 2 million, ResNet-20 on 32×32 pixels 274 million
FEW = 16  # pictures to predict: converting the weights of AlexNet to bfloat16 takes longer than predicting a few
LARGE_PICTURE = 64 * 64  # pixels
# Values of ONEDNN_MAX_CPU_ISA, the newest instructions that a user allows oneDNN, that exclude newer ones.
WITHOUT_AVX512 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2")
WITHOUT_BFLOAT16 = (*WITHOUT_AVX512, "AVX512_CORE", "AVX512_CORE_VNNI")


class Format(NamedTuple):
    """A precision and a memory format."""

    precision: str
    channels_last: bool

    def __str__(self) -> str:
        return self.precision + (", channels-last" if self.channels_last else "")


PLAIN = Format("float32", channels_last=False)
CHANNELS_LAST = Format("float32", channels_last=True)
BFLOAT16 = Format("bfloat16", channels_last=True)


@dataclass(frozen=True)
class Runtime:
    """Where and how a network runs; as a string, the line that says so."""

    device: torch.device
    format: Format
    reason: str

    def __str__(self) -> str:
        threads = torch.get_num_threads()
        cpu = f"CPU, {threads} thread{'s' if threads > 1 else ''}"
        name = {"cpu": cpu, "mps": "Apple GPU"}.get(self.device.type) or torch.cuda.get_device_name(self.device)
        return f"{name} · {self.format} ({self.reason})"

    @property
    def memory_format(self) -> torch.memory_format:
        """PyTorch's name of the memory format."""
        return torch.channels_last if self.format.channels_last else torch.contiguous_format

    def place(self, model: nn.Module) -> nn.Module:
        """Move ``model`` to the device and into the memory format, in place."""
        return model.to(self.device).to(memory_format=self.memory_format)

    def placed(self, model: nn.Module) -> nn.Module:
        """``model`` on the device and in the memory format: a copy, unless it is there already."""
        tensors = [*model.parameters(), *model.buffers()]
        if self.format.channels_last or any(tensor.device.type != self.device.type for tensor in tensors):
            return self.place(copy.deepcopy(model))
        return model

    def arrange(self, images: Tensor) -> Tensor:
        """A batch on the device, in the memory format."""
        return images.to(self.device, memory_format=self.memory_format)

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which forward passes and losses are computed."""
        if self.format.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)


def choose(
    model: nn.Module,
    shape: tuple[int, ...],
    *,
    precision: str,
    device: torch.device | str | None,
    training: bool,
) -> Runtime:
    """Choose how ``model`` runs on pictures of ``shape`` (N, C, H, W): in training N is a batch, else the whole job.

    A large network runs in channels-last, and in bfloat16 where the device has instructions for it. A small one, or a
    few pictures, run in plain float32. ``precision`` other than "auto" is obeyed. The network itself is not run.

    Raises:
        ValueError: for an unknown precision, or a device that is not there.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.LazyLinear(10))
    >>> runtime = choose(net, (64, 1, 28, 28), precision="auto", device="cpu", training=True)
    >>> print(runtime.format, "because", runtime.reason)
    float32 because its weights have no shape yet
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    device = _usable(device) if device else best_device()
    if device.type == "cpu":
        return Runtime(device, *_on_cpu(model, shape, precision, training))
    reason = "as asked"
    if precision == "auto":
        native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        precision = "bfloat16" if native else "float32"
        reason = "this GPU has native bfloat16" if native else "only a CUDA GPU with native bfloat16 uses that"
    return Runtime(device, Format(precision, channels_last=device.type == "cuda"), reason)


def best_device() -> torch.device:
    """The GPU if there is one, else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def native_bfloat16() -> bool:
    """Whether this is an x86 processor with instructions for bfloat16 that oneDNN may use."""
    there = torch.backends.mkldnn.is_available() and bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    return there and _newest_allowed() not in WITHOUT_BFLOAT16


def _usable(device: torch.device | str) -> torch.device:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # PyTorch without CUDA asserts
        there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        names = ", ".join(name for name, available in there.items() if available)
        why = str(error).splitlines()[0]
        raise ValueError(f"device {str(device)!r} cannot be used here ({why}); there is: {names}") from None
    return torch.device(device)


def _on_cpu(model: nn.Module, shape: tuple[int, ...], precision: str, training: bool) -> tuple[Format, str]:
    """The precision and memory format on a processor, and why."""
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    if precision == "bfloat16":
        return BFLOAT16, "as asked"
    if any(is_lazy(parameter) for parameter in model.parameters()):
        return PLAIN, "its weights have no shape yet"
    if any(parameter.dtype != torch.float32 for parameter in model.parameters()):
        return PLAIN, "its weights are not in float32"
    if not convolutions:
        return PLAIN, "no convolution to speed up"
    # A weight is used at most once for each pixel, so this is as many multiply-adds as there can be for a picture.
    pixels = math.prod(shape[2:])
    if pixels * sum(layer.weight.numel() for layer in convolutions) < SMALL:
        return PLAIN, "too small to gain from another"
    if not training and shape[0] < FEW:
        return PLAIN, "only a few pictures"
    instructions = torch.backends.cpu.get_cpu_capability()
    if instructions not in ("AVX2", "AVX512"):
        return PLAIN, "not an x86 processor with AVX2"
    depthwise = any(layer.groups == layer.in_channels > 1 for layer in convolutions)
    reason = "as asked" if precision == "float32" else "this processor has no native bfloat16"
    if precision == "auto" and native_bfloat16():
        if not (training and depthwise):
            return BFLOAT16, "this processor has native bfloat16"
        reason = "bfloat16 is slow in training depthwise convolutions"
    avx512 = instructions == "AVX512" and _newest_allowed() not in WITHOUT_AVX512
    slow = training and not avx512 and not depthwise and pixels > LARGE_PICTURE
    return (PLAIN if slow else CHANNELS_LAST), reason


def _newest_allowed() -> str:
    """The newest instructions that the user allows oneDNN, if not all."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
