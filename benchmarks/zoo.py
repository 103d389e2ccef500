"""Trains the networks that ship with cnnlab on CIFAR-10, one after the other, by the shipped recipe.

    python benchmarks/zoo.py zoo                        torchvision's CIFAR-10, downloaded once
    python benchmarks/zoo.py zoo --pictures train.zip   a zip archive or folder with a folder of pictures a class
    python benchmarks/zoo.py zoo resnet20 lenet5        these two alone

Says first how long it will take. A killed run goes on where its last epoch ended, by the same command; a network whose
file is there is not trained again. Writes NAME.safetensors in half precision, with the metadata in its header and
beside it as NAME.json. `cnnlab.load(file).float()` reads it; `ship_zoo.py` puts it into the package.
"""

import argparse
import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import cnnlab
from cnnlab import data
from cnnlab.data import Split, to_float
from cnnlab.files import atomic, cache_folder
from cnnlab.inference import native_bfloat16
from cnnlab.models import build, summary
from cnnlab.models.families.airbench import AirBench94
from cnnlab.models.weights.trained import digest
from cnnlab.training.recipe import Mirrored, Recipe

SEED = 0
HELD_OUT = 500  # pictures of each class, for validation


class Entry(NamedTuple):
    """A network of the zoo: the options of `build`, and how it is trained."""

    options: dict[str, Any]
    recipe: Recipe
    precision: str = "reduced"  # bfloat16 where the processor has it


SIZE: dict[str, Any] = {"num_classes": 10, "input_size": (32, 32)}
PLAIN = Recipe(epochs=30, batch_size=250, learning_rate=0.02, weight_decay=1e-2, shift=2)  # without batch norm
NORMED = Recipe(epochs=30, batch_size=250, learning_rate=0.3, weight_decay=5e-3, shift=4, label_smoothing=0.1)
DEEP = replace(NORMED, epochs=60, label_smoothing=0.0)  # a small network, trained long: the pair of lecture 07

ZOO = {
    "lenet5": Entry(
        {**SIZE, "in_channels": 3},
        Recipe(epochs=50, batch_size=125, learning_rate=0.04, weight_decay=2e-3, shift=1),
        precision="float32",
    ),
    "airbench94": Entry(
        {},
        Recipe(
            epochs=24,  # the source's 9.9 reach 94 % by six views of a picture, and on all 50,000 pictures
            batch_size=1000,
            learning_rate=1.465,  # the source's 11.5 for 1024 pictures, divided by 1 + 1 / (1 - momentum)
            momentum=0.85,
            weight_decay=0.009,  # the source's 0.0153 for 1024 pictures, in units of the learning rate
            bias_scale=64.0,
            start=0.2,
            peak=0.23,
            end=0.07,
            label_smoothing=0.2,
            shift=2,
            cutout=6,
            averaging=True,
        ),
    ),
    "resnet20": Entry({}, DEEP),
    "vgg11": Entry(
        {**SIZE, "widths": (32, 64, 128, 256, 256), "units": (256, 256), "batch_norm": True, "dropout": 0.1},
        replace(NORMED, epochs=20, learning_rate=0.1, weight_decay=1e-2),
    ),
    "alexnet": Entry(
        {**SIZE, "widths": (32, 64, 128, 96, 96), "units": (256, 256), "first": (5, 1, 2), "dropout": 0.2},
        replace(PLAIN, epochs=24),
    ),
    "nin": Entry({"width": 0.375, "dropout": 0.1}, replace(PLAIN, epochs=20)),
    "googlenet": Entry(
        {"num_classes": 10, "width": 0.25, "variant": "batch_norm", "stem": "small", "dropout": 0.1},
        replace(NORMED, epochs=18),
    ),
    "highway": Entry({**SIZE, "in_channels": 3, "width": 24}, replace(PLAIN, epochs=20)),
    "plain20": Entry({}, DEEP),
    "resnext29_8x64d": Entry({"widths": (16, 32, 64), "base_width": 16}, replace(NORMED, epochs=15)),
    "wide_resnet16_2": Entry({}, replace(NORMED, epochs=16, cutout=8)),
}


def main() -> None:
    """Parse the command line, say how long it will take, train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the networks and their checkpoints are written")
    parser.add_argument("names", nargs="*", help=f"networks to train: {', '.join(ZOO)}; all unless given")
    parser.add_argument("--pictures", type=Path, help="zip archive or folder with a folder of pictures for each class")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in ZOO]
    if unknown:
        parser.error(f"the zoo has no {unknown[0]!r}; it has {', '.join(ZOO)}")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in chosen.names or ZOO if not (chosen.folder / f"{name}.safetensors").exists()]
    train, validation = held_out(pictures(chosen.pictures))
    print(f"training on {len(train):,} pictures, validating on {len(validation):,} others", flush=True)
    tell(names, train, chosen.folder)
    for name in names:
        train_one(name, train, validation, chosen.folder)


def pictures(source: Path | None) -> Split:
    """All training pictures, in memory: torchvision's, or those of an archive or folder; decoded once, then cached."""
    if source is None:
        parts = data.torchvision_dataset("CIFAR10")
        images = torch.cat([torch.as_tensor(part.images) for part in (parts.train, parts.validation)])
        return Split(images, torch.cat([parts.train.labels, parts.validation.labels]), parts.train.classes)
    facts = f"{source.resolve()} {source.stat().st_mtime_ns} {source.stat().st_size}"
    cached = cache_folder() / f"zoo-{hashlib.sha256(facts.encode()).hexdigest()[:12]}.pt"
    if not cached.exists():
        files = sorted(_files(source), key=lambda file: file[0])
        names = [name.split("/")[-2] for name, _ in files]
        classes = tuple(sorted(set(names)))
        pixels = np.stack([np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) for _, content in files])
        cached.parent.mkdir(parents=True, exist_ok=True)
        with atomic(cached) as draft:
            torch.save(
                {
                    "images": torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(),
                    "labels": torch.tensor([classes.index(name) for name in names]),
                    "classes": classes,
                },
                draft,
            )
    return Split(**torch.load(cached, weights_only=True))


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every picture of a zip archive or folder."""
    endings = (".jpg", ".jpeg", ".png")
    if source.is_dir():
        for path in source.rglob("*"):
            if path.name.lower().endswith(endings):
                yield path.as_posix(), path.read_bytes()
    else:
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                if name.lower().endswith(endings):
                    yield name, archive.read(name)


def held_out(whole: Split) -> tuple[Split, Split]:
    """The pictures to train on, and ``HELD_OUT`` of each class to validate on, chosen by the seed."""
    generator = torch.Generator().manual_seed(SEED)
    shuffled = torch.randperm(len(whole), generator=generator)
    labels = whole.labels[shuffled]
    kept, held = [], []
    for label in range(len(whole.classes)):
        of_class = shuffled[labels == label]
        held.append(of_class[:HELD_OUT])
        kept.append(of_class[HELD_OUT:])
    return whole[torch.cat(kept).sort().values], whole[torch.cat(held).sort().values]


def fresh(name: str, train: Split) -> nn.Module:
    """The untrained network; the first layer of airbench94 whitens 5,000 of the pictures."""
    torch.manual_seed(SEED)
    net = build(name, **ZOO[name].options)
    if isinstance(net, AirBench94):
        some = torch.randperm(len(train))[:5000]
        net.whiten(to_float(torch.as_tensor(train.images[some])))
    return net


def tell(names: list[str], train: Split, folder: Path) -> None:
    """Time some steps of each network and print how long the rest of its run will take."""
    total = 0.0
    for name in names:
        recipe, net = ZOO[name].recipe, fresh(name, train)
        checkpoint = folder / f"{name}.pt"
        done = len(torch.load(checkpoint, weights_only=True)["rows"]) if checkpoint.exists() else 0
        few = train[: 5 * recipe.batch_size]
        history = cnnlab.fit(
            net, few, **(recipe.arguments(net) | {"epochs": 2}), precision=precision(name), progress=False
        )
        minutes = history.seconds.iloc[-1] / len(few) * len(train) * (recipe.epochs - done) / 60
        total += minutes
        print(f"{name:16} {recipe.epochs - done:2} epochs  {duration(minutes):>9}", flush=True)
    print(f"{'all of them':27}{duration(total):>9}, if this machine stays as busy as it is now\n", flush=True)


def duration(minutes: float) -> str:
    """A time in hours and minutes, no more exact than the estimate is: to 5 minutes above an hour."""
    if minutes < 60:
        return f"{max(1, round(minutes))} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest:02} min"


def precision(name: str) -> str:
    """bfloat16 where the processor has it and the network gains from it."""
    return "bfloat16" if ZOO[name].precision == "reduced" and native_bfloat16() else "float32"


def train_one(name: str, train: Split, validation: Split, folder: Path) -> None:
    """Train a network, or go on with it, and write its file."""
    recipe, net = ZOO[name].recipe, fresh(name, train)
    arguments = recipe.arguments(net)
    arguments["callbacks"] = [*arguments["callbacks"], Log(name)]
    history = cnnlab.fit(
        net,
        train,
        validation=validation,
        **arguments,
        seed=SEED,
        resume=folder / f"{name}.pt",
        precision=precision(name),
        progress=False,
    )
    write(name, net, history, trained_on(train, validation), validation, folder)


class Log:
    """A line an epoch, since a progress bar in a log file is none."""

    def __init__(self, name: str) -> None:
        self.name, self.told = name, 0

    def __call__(self, step: Any) -> None:
        """Print the rows of the history that are new."""
        if len(step.history) > self.told:
            self.told = len(step.history)
            row = step.history.iloc[-1]
            print(
                f"{time.strftime('%H:%M:%S')} {self.name} {self.told}/{step.epochs} loss {row.train_loss:.3f} "
                f"train {row.train_accuracy:.1%} validation {row.validation_accuracy:.2%} {row.seconds:.0f} s",
                flush=True,
            )


def trained_on(train: Split, validation: Split) -> str:
    """The pictures of the training, in words."""
    return f"CIFAR-10, {len(train):,} of its training pictures; {len(validation):,} held out for validation"


def write(name: str, net: nn.Module, history: Any, pictures: str, validation: Split, folder: Path) -> None:
    """Write the weights in half precision and the metadata, measured with the weights that are written."""
    net.to(memory_format=torch.contiguous_format)
    tensors = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for key, tensor in net.state_dict().items()
    }
    net.load_state_dict(tensors)
    metadata = {
        "name": name,
        "options": ZOO[name].options,
        "classes": list(validation.classes),
        "parameters": _count(net),
        "multiply_adds": int(summary(net, tuple(validation.images.shape[1:])).multiply_adds.sum()),
        "trained_on": pictures,
        "recipe": asdict(ZOO[name].recipe),
        "seed": SEED,
        "precision": precision(name),
        "torch": torch.__version__,
        "validation_accuracy": cnnlab.evaluate(net, validation, precision="float32").accuracy,
        "validation_accuracy_mirrored": cnnlab.evaluate(Mirrored(net), validation, precision="float32").accuracy,
        "curve": {column: [round(float(value), 5) for value in history[column]] for column in history.columns},
        "sha256": digest(tensors),
        "notes": "",
    }
    text = json.dumps(metadata, indent=1)
    with atomic(folder / f"{name}.json") as draft:
        draft.write_text(text + "\n", encoding="utf-8")
    with atomic(folder / f"{name}.safetensors") as draft:
        save_file(tensors, draft, metadata={"cnnlab": text})
    print(
        f"{name}: validation accuracy {metadata['validation_accuracy']:.2%}, with the mirror image "
        f"{metadata['validation_accuracy_mirrored']:.2%}, {os.path.getsize(folder / f'{name}.safetensors'):,} bytes\n",
        flush=True,
    )


def _count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


if __name__ == "__main__":
    main()
