"""`make bench`: AlexNet sliding over a picture against the same network on every crop; writes tables of README.md.

Both ways take turns in one run, on one photograph at several sizes; what counts is the ratio within a round. Crops come
in batches of 32, as tensors that are already cut out. The runtime chooses precision and memory format of each side for
the job of a folder of photographs, as `cnnlab.predict` does; two further rows of the table fix the precision.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import pandas as pd
import torch
from tables import ratio, write
from torch import Tensor, nn

import cnnlab
from cnnlab import data, models
from cnnlab.inference.runtime import Runtime, choose, native_bfloat16

ROUNDS, PHOTOS = 5, 256  # photographs in the folder for which the runtime chooses
WINDOW, STRIDE, BATCH = 224, 32, 32
SIDES = (224, 448, 640, 1024)


def lectures(layers: list[nn.Module], input_size: tuple[int, int, int]) -> nn.Sequential:
    """The routine of the lecture: every linear layer becomes a convolution with a copy of its weights."""
    result, x = [], torch.zeros(1, *input_size)
    with torch.no_grad():
        for layer in layers:
            if isinstance(layer, nn.Linear):
                if x.ndim == 2:
                    x = x[:, :, None, None]
                convolution = nn.Conv2d(x.shape[1], layer.out_features, x.shape[2:])
                convolution.weight.view(-1).copy_(layer.weight.view(-1))
                convolution.bias.copy_(layer.bias)
                layer = convolution
            result.append(layer.eval())
            x = layer(x)
    return nn.Sequential(*result)


def compare(side: int, precision: str) -> list[dict]:
    """Seconds of both ways in every round, for a picture of ``side`` pixels."""
    torch.manual_seed(0)
    network = models.build("alexnet").eval()
    dense = cnnlab.convolutionize(network, (WINDOW, WINDOW))
    picture = data.to_float(data.photo("china", size=(side, side)))[None]
    crops = picture.unfold(2, WINDOW, STRIDE).unfold(3, WINDOW, STRIDE).permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
    jobs = {"crops": (network, (PHOTOS * len(crops), 3, WINDOW, WINDOW)), "dense": (dense, (PHOTOS, 3, side, side))}
    ways: dict[str, tuple[Runtime, Callable[[], Tensor]]] = {}
    for name, (model, shape) in jobs.items():
        runtime = choose(model, shape, precision=precision, device="cpu", training=False)
        pictures = [runtime.arrange(part) for part in (crops.split(BATCH) if name == "crops" else [picture])]
        ways[name] = runtime, pass_over(model, pictures)
    if precision == "float32":
        slow = lectures([*network.features, *network.classifier], (3, WINDOW, WINDOW))
        ways["lecture"] = ways["dense"][0], pass_over(slow, [ways["dense"][0].arrange(picture)])
    rows = []
    for turn in range(ROUNDS + 1):
        row = {"side": side, "precision": precision, "windows": len(crops)}
        for name, (runtime, run) in ways.items():
            runtime.place(network)
            started = time.perf_counter()
            with torch.inference_mode(), runtime.autocast():
                run()
            row[name] = time.perf_counter() - started
            row[f"{name} chose"] = str(runtime).split(" · ")[1].partition(" (")[0]
        if turn:  # the first prepares kernels
            rows.append(row)
    print({key: value if isinstance(value, str) else round(value, 3) for key, value in row.items()}, flush=True)
    return rows


def pass_over(model: nn.Module, batches: list[Tensor]) -> Callable[[], Tensor]:
    return lambda: torch.cat([model(batch) for batch in batches])


def speed() -> pd.DataFrame:
    """A row a size and precision: medians, and the ratio with its spread."""
    rows = []
    for precision in ("auto", "float32", "bfloat16") if native_bfloat16() else ("auto", "float32"):
        for side in SIDES:
            runs = pd.DataFrame(compare(side, precision))
            row = {
                "picture": f"{side}×{side}",
                "windows": runs.windows[0],
                "precision": "chosen" if precision == "auto" else precision,
                "crops ran in": runs["crops chose"][0],
                "one pass ran in": runs["dense chose"][0],
                "crops, ms": f"{1000 * runs.crops.median():,.0f}",
                "one pass, ms": f"{1000 * runs.dense.median():,.0f}",
                "times faster": ratio(runs.crops / runs.dense),
            }
            row["than the lecture's"] = ratio(runs.lecture / runs.dense) if "lecture" in runs else ""
            rows.append(row)
    return pd.DataFrame(rows)


def memory() -> pd.DataFrame:
    """What each way adds to the resident memory of a process that has built AlexNet, each in a process of its own."""
    rows = []
    for way in ("network", "crops", "dense", "dense, bfloat16", "lecture"):
        added = []
        for _ in range(3):
            done = subprocess.run([sys.executable, __file__, way], check=True, capture_output=True, text=True)
            added.append(json.loads(done.stdout.splitlines()[-1]))
        rows.append({"": WORDS[way], "at its peak, MiB": f"{median(added):,.0f}"})
    return pd.DataFrame(rows)


WORDS = {
    "network": "the network itself on a picture of 224×224",
    "crops": "the network on 32 of the 64 crops",
    "dense": "one pass over 448×448",
    "dense, bfloat16": "one pass over 448×448 in bfloat16",
    "lecture": "the lecture's routine, one pass over 448×448",
}


def added(way: str) -> float:
    """MiB that a way adds."""
    network = models.build("alexnet").eval()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = network
    if way.startswith("dense"):
        model = cnnlab.convolutionize(network, (WINDOW, WINDOW))
    elif way == "lecture":
        model = lectures([*network.features, *network.classifier], (3, WINDOW, WINDOW))
    side = WINDOW if way in ("network", "crops") else 448
    pictures = torch.rand(BATCH if way == "crops" else 1, 3, side, side)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled="bfloat16" in way):
        model(pictures)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024  # Linux counts kilobytes


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(added(sys.argv[1])))
    else:
        write("dense memory", memory())
        write("dense", speed())
