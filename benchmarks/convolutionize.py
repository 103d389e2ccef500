"""`make bench`: AlexNet sliding over a picture against the same network on every crop; writes tables of README.md.

All contenders take turns in one run, on one photograph at several sizes; what counts is the ratio within a round. Crops
come in batches of 32, as tensors that are already cut out: once in float32, and once, like the one pass, in the
precision and memory format that the runtime chooses for a folder of such photographs.
"""

import json
import resource
import subprocess
import sys
import time
from statistics import median

import pandas as pd
import torch
from tables import ratio, write
from torch import nn

import cnnlab
from cnnlab import data, models
from cnnlab.inference.runtime import choose

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


def compare(side: int) -> list[dict]:
    """Seconds of every contender in every round, for a picture of ``side`` pixels."""
    torch.manual_seed(0)
    network = models.build("alexnet").eval()
    picture = data.to_float(data.photo("china", size=(side, side)))[None]
    crops = picture.unfold(2, WINDOW, STRIDE).unfold(3, WINDOW, STRIDE).permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
    dense = cnnlab.convolutionize(network, (WINDOW, WINDOW))
    slow = lectures([*network.features, *network.classifier], (3, WINDOW, WINDOW))
    contenders = {
        "crops in float32": (network, crops, "float32"),
        "crops": (network, crops, "auto"),
        "one pass": (dense, picture, "auto"),
        "the lecture's routine": (slow, picture, "float32"),
    }
    rows = []
    for turn in range(ROUNDS + 1):
        row = {"windows": len(crops)}
        for name, (model, pictures, precision) in contenders.items():
            shape = (PHOTOS * len(pictures), *pictures.shape[1:])
            runtime = choose(model, shape, precision=precision, device="cpu", training=False)
            runtime.place(model)
            batches = [runtime.arrange(batch) for batch in pictures.split(BATCH)]
            started = time.perf_counter()
            with torch.inference_mode(), runtime.autocast():
                torch.cat([model(batch) for batch in batches])
            row |= {name: time.perf_counter() - started, f"{name}, format": str(runtime.format)}
        if turn:  # the first prepares kernels
            rows.append(row)
            print(side, {key: value if isinstance(value, str) else round(value, 3) for key, value in row.items()})
    return rows


def speed() -> pd.DataFrame:
    """A row a size: medians, and ratios with their spread."""
    rows = []
    for side in SIDES:
        runs = pd.DataFrame(compare(side))
        seconds = runs.select_dtypes("float").median()
        rows.append(
            {
                "picture": f"{side}×{side}",
                "windows": runs.windows[0],
                "runtime's choice": runs["one pass, format"][0],
                **{f"{name}, ms": f"{1000 * value:,.0f}" for name, value in seconds.items()},
                "than crops in float32": ratio(runs["crops in float32"] / runs["one pass"]),
                "than crops": ratio(runs["crops"] / runs["one pass"]),
                "than the lecture's": ratio(runs["the lecture's routine"] / runs["one pass"]),
            }
        )
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
