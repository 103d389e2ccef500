"""How long a network takes on this machine: a whole forward pass, or each of its layers.

A single time says little: the first pass is slow, because memory is allocated and kernels are compiled, and other
programs interrupt. So one pass is not counted, several are, and their median is reported with the quartiles. The clock
is read after a GPU has finished.

`torch.utils.benchmark` measures in the same way, but loads PyTorch's C++ build tools, which write a warning into the
notebook where CUDA's compiler is installed and no GPU is found.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from cnnlab.inference.runtime import Runtime, choose
from cnnlab.models import evaluating, summary
from cnnlab.models.inspect.hooks import hooked
from cnnlab.models.inspect.summaries import first_tensor, holds_layers

SPREAD = 0.1  # of the median: when the quartiles are closer than that, the passes agree
SHORTEST = 0.2  # seconds before the passes are compared for the first time; then at 0.4, 0.8, …
LEAST = 3  # passes, however slow


class Timing(NamedTuple):
    """The time of a forward pass: the median of several, their quartiles, and where it was measured."""

    seconds: float  # of a batch
    low: float  # a quarter of the passes took less
    high: float  # and a quarter more
    passes: int
    batch_size: int
    runtime: Runtime

    @property
    def per_picture(self) -> float:
        """Seconds for one picture of the batch."""
        return self.seconds / self.batch_size

    def __repr__(self) -> str:
        pictures = "1 picture" if self.batch_size == 1 else f"{self.batch_size} pictures"
        low, middle, high = (f"{1000 * seconds:#.3g}".rstrip(".") for seconds in (self.low, self.seconds, self.high))
        runtime = str(self.runtime).partition(" (")[0]  # without the reason
        return f"{middle} ms for {pictures} (quartiles {low} to {high}, {self.passes:,} passes) · {runtime}"


def timing(
    model: nn.Module,
    input_size: Sequence[int],
    *,
    batch_size: int = 1,
    seconds: float = 1.0,
    precision: str = "float32",
    device: torch.device | str | None = None,
) -> Timing:
    """The time of a forward pass of ``model``, a network or a single layer, in eval mode and without gradients.

    ``input_size`` is the shape of one picture (C, H, W), or of whatever a layer takes. Passes are repeated, three times
    at least, until they agree (quartiles within a tenth of the median) or ``seconds`` are over. ``precision`` and
    ``device`` are those of `predict`. The network stays as it is, its modes included.

    Raises:
        ValueError: for a network without weights in memory, or an ``input_size``, ``batch_size`` or ``seconds`` that is
            not positive.

    >>> from cnnlab import models
    >>> result = timing(models.build("lenet5"), (1, 28, 28), batch_size=2, seconds=0.01)
    >>> result.low <= result.seconds <= result.high
    True
    >>> print("It takes", timing(nn.Linear(8, 4), (8,), seconds=0.01))
    It takes ... ms for 1 picture (quartiles ... to ..., ... passes) · ...
    """
    if seconds <= 0:
        raise ValueError(f"seconds must be more than 0, got {seconds}")
    twin, images, runtime = _prepared(model, input_size, batch_size, precision, device)
    times: list[float] = []
    spent, compared_at = 0.0, SHORTEST
    with evaluating(twin), torch.inference_mode(), runtime.autocast():
        _seconds(twin, images)
        while len(times) < LEAST or spent < seconds:
            times.append(_seconds(twin, images))
            spent += times[-1]
            if len(times) >= LEAST and spent >= compared_at:
                low, middle, high = quantiles(times, n=4, method="inclusive")
                if high - low < SPREAD * middle:
                    break
                compared_at *= 2
    low, middle, high = quantiles(times, n=4, method="inclusive")
    return Timing(middle, low, high, len(times), batch_size, runtime)


def layer_timings(
    model: nn.Module,
    input_size: Sequence[int],
    *,
    batch_size: int = 1,
    repeats: int = 5,
    precision: str = "float32",
    device: torch.device | str | None = None,
) -> pd.DataFrame:
    """The time of every layer of ``model``, in the order in which they run, in eval mode and without gradients.

    Columns: ``name``, ``kind``, ``output_shape``, ``parameters`` and ``multiply_adds`` as in `models.summary`, the last
    for the whole batch; ``bytes``, what the layer must read and write at least (its input, its weights and its output,
    of the whole batch in float32); and ``seconds``, the median of ``repeats`` passes after one that is not counted.

    A layer is a module that holds no other. What is computed between layers (sums of shortcuts, concatenated branches)
    has no row. Reading the clock twice a layer costs some microseconds, which distorts the times of tiny layers.

    Raises:
        ValueError: as `timing`, and for fewer ``repeats`` than one.

    >>> from cnnlab import models
    >>> table = layer_timings(models.build("lenet5"), (1, 28, 28), repeats=1)
    >>> table[["name", "multiply_adds", "bytes"]].head(2)
                 name  multiply_adds  bytes
    0  features.conv1          86400  17584
    1  features.relu1              0  27648
    """
    if repeats < 1:
        raise ValueError(f"repeats must be 1 or more, got {repeats}")
    table = summary(model, input_size)[["name", "kind", "output_shape", "parameters", "multiply_adds"]]
    table = table[[not holds_layers(model.get_submodule(name)) for name in table.name]].reset_index(drop=True)
    twin, images, runtime = _prepared(model, input_size, batch_size, precision, device)
    passes: list[list[tuple[float, int]]] = []
    with evaluating(twin), torch.inference_mode(), runtime.autocast():
        for _ in range(repeats + 1):
            with _clocked([twin.get_submodule(name) for name in set(table.name)]) as measured:
                twin(images)
            passes.append(measured)
    by_layer = list(zip(*passes[1:], strict=True))
    return table.assign(
        multiply_adds=table.multiply_adds * batch_size,
        bytes=[layer[0][1] for layer in by_layer],
        seconds=[median(seconds for seconds, _ in layer) for layer in by_layer],
    )


@contextmanager
def _clocked(layers: Sequence[nn.Module]) -> Iterator[list[tuple[float, int]]]:
    """While this runs, the seconds of every run of a layer and the bytes that it moves are recorded in order."""
    measured: list[tuple[float, int]] = []
    started: dict[nn.Module, float] = {}

    def start(layer: nn.Module, inputs: Any) -> None:
        started[layer] = _now()

    def stop(layer: nn.Module, inputs: Any, output: Any) -> None:
        seconds = _now() - started[layer]
        if (y := first_tensor(output)) is not None:
            values = inputs[0].numel() + y.numel() + sum(weight.numel() for weight in layer.parameters())
            measured.append((seconds, 4 * values))

    with hooked(layers, before=start, after=stop):
        yield measured


def _seconds(model: nn.Module, images: Tensor) -> float:
    before = _now()
    model(images)
    return _now() - before


def _now() -> float:
    """The time in seconds, after a GPU has finished its work."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return time.perf_counter()


def _prepared(
    model: nn.Module,
    input_size: Sequence[int],
    batch_size: int,
    precision: str,
    device: torch.device | str | None,
) -> tuple[nn.Module, Tensor, Runtime]:
    """The network on the runtime's device (a copy, unless it is there already), random pictures, and the runtime."""
    shape = (batch_size, *input_size)
    if not input_size or not all(isinstance(side, int) and side >= 1 for side in shape):
        raise ValueError(
            f"batch_size and input_size must be whole numbers of at least 1, got {batch_size} and {tuple(input_size)}"
        )
    tensors = [*model.parameters(), *model.buffers()]
    if any(tensor.is_meta for tensor in tensors):
        raise ValueError("this network lies on the meta device and has no weights to compute with; build it without")
    runtime = choose(model, shape, precision=precision, device=device, training=False)
    model = runtime.placed(model)
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    return model, runtime.arrange(images) if images.ndim == 4 else images.to(runtime.device), runtime
