"""The runtime's rule against the fastest choice: a forward pass, or a step of training, in every precision and format.

`python benchmarks/runtime.py` takes about five minutes and writes a table of README.md. Each set of instructions has a
process of its own, since oneDNN reads ONEDNN_MAX_CPU_ISA once.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import torch
import torchvision
from tables import write
from torch import nn

from cnnlab import models
from cnnlab.course.desk.kernel import environment
from cnnlab.inference.runtime import BFLOAT16, CHANNELS_LAST, PLAIN, Runtime, choose, native_bfloat16

FORMATS = (PLAIN, CHANNELS_LAST, BFLOAT16)
ISAS = {"all that it has": "ALL", "AVX-512 without bfloat16": "AVX512_CORE", "AVX2": "AVX2"}


class Row(NamedTuple):
    """A network at work."""

    build: Callable[[], nn.Module]
    shape: tuple[int, int, int, int]
    training: bool
    passes: int  # in every precision and format, after one that compiles kernels; the fastest counts


ROWS = {
    "resnet18": Row(torchvision.models.resnet18, (32, 3, 224, 224), training=True, passes=2),
    "vgg16": Row(torchvision.models.vgg16, (16, 3, 224, 224), training=True, passes=1),
    "efficientnet_lite0": Row(lambda: models.build("efficientnet_lite0"), (16, 3, 224, 224), training=True, passes=3),
    "resnet20": Row(lambda: models.build("resnet20"), (64, 3, 32, 32), training=True, passes=10),
    "lenet5": Row(lambda: models.build("lenet5"), (64, 1, 28, 28), training=True, passes=100),
    "alexnet": Row(lambda: models.build("alexnet"), (32, 3, 224, 224), training=False, passes=5),
    "googlenet": Row(lambda: models.build("googlenet"), (32, 3, 224, 224), training=False, passes=3),
    "resnet50": Row(lambda: models.build("resnet50"), (32, 3, 224, 224), training=False, passes=1),
}


def seconds(row: Row) -> dict[str, float]:
    """Seconds of the fastest pass in every format, which take turns."""
    model = row.build().train(row.training)
    images = torch.rand(row.shape)
    fastest: dict[str, float] = {}
    for turn in range(row.passes + 1):
        for candidate in FORMATS if native_bfloat16() else FORMATS[:2]:
            runtime = Runtime(torch.device("cpu"), candidate, "to compare")
            runtime.place(model)
            taken = one_pass(model, runtime.arrange(images), runtime, training=row.training)
            if turn or row.passes == 1:  # the first counts, too, where it takes much longer than to compile
                fastest[str(candidate)] = min(taken, fastest.get(str(candidate), taken))
    return fastest


def one_pass(model: nn.Module, images: torch.Tensor, runtime: Runtime, *, training: bool) -> float:
    started = time.perf_counter()
    with torch.set_grad_enabled(training), runtime.autocast():
        logits = model(images)
    if training:
        logits.float().mean().backward()
        model.zero_grad()
    return time.perf_counter() - started


def measured() -> list[dict]:
    """A row a network, with the instructions of this process."""
    rows = []
    for name, row in ROWS.items():
        times = seconds(row)
        with torch.device("meta"):
            model = row.build()
        rule = str(choose(model, row.shape, precision="auto", device="cpu", training=row.training).format)
        rows.append(
            {"network": f"{name}, {'training' if row.training else 'prediction'}", "pictures": row.shape[0]}
            | {f"{column}, s": f"{times[column]:.2g}" if column in times else "" for column in map(str, FORMATS)}
            | {"the rule": rule, "of the fastest": f"{times[rule] / min(times.values()):.2f}"}
        )
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def table() -> pd.DataFrame:
    """The rows of every set of instructions, in processes that have the environment of a notebook's kernel."""
    rows = []
    for instructions, isa in ISAS.items():
        variables = environment() | {"ONEDNN_MAX_CPU_ISA": isa}
        command = [sys.executable, __file__, "measure"]
        done = subprocess.run(command, env=variables, check=True, stdout=subprocess.PIPE, text=True)
        rows += [{"instructions": instructions} | row for row in json.loads(done.stdout)]
    return pd.DataFrame(rows)


if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        print(json.dumps(measured()))
    else:
        write("runtime", table())
