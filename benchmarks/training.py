"""`make bench`: `cnnlab.fit` against other ways to train, side by side in one run; writes the tables of README.md.

The contenders take turns, so that a busy moment of the machine hits all alike; what counts is the ratio to the plain
loop of the same round. LeNet-5 on 4,000 digits, ten epochs; ResNet-18 and VGG-16 of torchvision on real photographs
at 224×224.
"""

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import mean

import pandas as pd
import torch
import torchvision
from contenders import CONTENDERS
from runtime import ISAS
from tables import ratio, write
from torch import Tensor, nn

import cnnlab
from cnnlab import data
from cnnlab.course.desk.kernel import environment

ROUNDS, ROUNDS_LARGE = 5, 3
LARGE = {"resnet18": (32, 2), "vgg16": (16, 2)}  # batch size, batches an epoch


def lenet(epochs: int = 10) -> pd.DataFrame:
    """Seconds, ratio to the plain loop of the same round, and test accuracy of every contender."""
    digits = data.digits(validation=0.05, test=0.2)
    images = torch.cat([digits.train.images, digits.validation.images])[:4000]
    labels = torch.cat([digits.train.labels, digits.validation.labels])[:4000]
    for contender in CONTENDERS.values():
        contender(images[:640], labels[:640], 1, 0)  # imports, kernels
    rows = []
    for seed in range(ROUNDS):
        for name, contender in CONTENDERS.items():
            started = time.perf_counter()
            classify = contender(images, labels, epochs, seed)
            seconds = time.perf_counter() - started
            accuracy = (classify(digits.test.images) == digits.test.labels).double().mean().item()
            rows.append({"name": name, "round": seed, "seconds": seconds, "accuracy": accuracy})
            print(f"{name:>20} {seconds:6.2f} s  {accuracy:.1%}", flush=True)
    table = pd.DataFrame(rows)
    plain = table[table.name == "plain loop"].set_index("round").seconds
    table["ratio"] = table.seconds / table["round"].map(plain)
    return table


def large(name: str) -> dict:
    """Seconds of an epoch of ``name`` by the plain float32 loop and by `fit`, in pairs, and what `fit` chose."""
    batch_size, steps = LARGE[name]
    split = photographs(batch_size * steps)
    network = getattr(torchvision.models, name)
    result: dict = {"plain": [], "fit": []}
    for _ in range(ROUNDS_LARGE):
        for loop in ("plain", "fit"):
            torch.manual_seed(0)
            model = network(num_classes=6)
            started = time.perf_counter()
            if loop == "fit":
                history = cnnlab.fit(model, split, epochs=1, batch_size=batch_size, progress=False, device="cpu")
            else:
                plain_epoch(model, split, batch_size)
            result[loop].append(time.perf_counter() - started)
    return result | {"runtime": history.runtime}


def plain_epoch(model: nn.Module, split: data.Split, batch_size: int) -> None:
    """The tutorial's loop in float32."""
    pictures, labels = data.to_float(split.images), split.labels
    optimizer, criterion = torch.optim.Adam(model.parameters(), 1e-3), nn.CrossEntropyLoss()
    model.train()
    for chosen in torch.randperm(len(pictures)).split(batch_size):
        optimizer.zero_grad()
        criterion(model(pictures[chosen]), labels[chosen]).backward()
        optimizer.step()


def photographs(count: int) -> data.Split:
    """Random 224×224 crops of the six photographs that come with the installation."""
    names = ("astronaut", "chelsea", "coffee", "rocket", "china", "flower")
    photos, generator = [data.photo(name) for name in names], torch.Generator().manual_seed(0)

    def crop(photo: Tensor) -> Tensor:
        top, left = (int(torch.randint(side - 224 + 1, (), generator=generator)) for side in photo.shape[1:])
        return photo[:, top : top + 224, left : left + 224]

    labels = torch.arange(count) % len(names)
    return data.Split(torch.stack([crop(photos[label]) for label in labels.tolist()]), labels, names)


def compare_large() -> pd.DataFrame:
    """`large` for every network and set of instructions, in processes with the environment of a notebook's kernel."""
    rows = []
    for setting, isa in ISAS.items():
        for name in LARGE:
            variables = environment() | {"ONEDNN_MAX_CPU_ISA": isa}
            command = [sys.executable, __file__, name]
            done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
            result = json.loads(done.stdout.splitlines()[-1])
            plain, fit = pd.Series(result["plain"]), pd.Series(result["fit"])
            rows.append(
                {
                    "network": name,
                    "instructions": setting,
                    "plain loop, s": f"{plain.median():.1f}",
                    "fit, s": f"{fit.median():.1f}",
                    "times faster": ratio(plain / fit, places=2),
                    "first pair": f"{plain[0] / fit[0]:.2f}",
                    "what fit chose": result["runtime"].split(" · ")[1],
                }
            )
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def lenet_table(results: pd.DataFrame) -> pd.DataFrame:
    """A row a contender: medians, and the spread of the ratio."""
    rows = []
    for name, runs in results.groupby("name", sort=False):
        rows.append(
            {
                "": name,
                "seconds": f"{runs.seconds.median():.2f}",
                "of the plain loop": ratio(runs.ratio, places=2),
                "accuracy": f"{mean(runs.accuracy):.1%}",
            }
        )
    return pd.DataFrame(rows)


def machine() -> pd.DataFrame:
    """What the numbers were taken on."""
    libraries = ("torch", "torchvision", "lightning", "fastai", "keras", "skorch")
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    features = [flag for flag in ("avx512_bf16", "amx_bf16") if f" {flag}" in flags]
    facts = {
        "processor": f"{platform.machine()}, {os.cpu_count()} cores, {', '.join(features) or 'no native bfloat16'}",
        "versions": ", ".join(f"{name} {version(name)}" for name in libraries),
        "Python": platform.python_version(),
    }
    return pd.DataFrame({"": facts.keys(), "on": facts.values()})


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(large(sys.argv[1])))
    else:
        write("lenet", lenet_table(lenet()))
        write("large", compare_large())
        write("machine", machine())
