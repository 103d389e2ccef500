"""Checks networks that `zoo.py` trained, and puts those that pass into the package.

    python benchmarks/ship_zoo.py zoo                        all files of the folder, on torchvision's CIFAR-10
    python benchmarks/ship_zoo.py zoo --pictures train.zip   on an archive or folder with a folder a class
    python benchmarks/ship_zoo.py zoo resnet20               this one alone
    python benchmarks/ship_zoo.py                            those that are in the package already

A file passes if its weights are in half precision and have the SHA-256 of its metadata, its options and recipe are
those of `zoo.py`, parameters and multiply-adds are those of the network that `build` makes of it, and its validation
accuracy comes out again within 0.3 points, on the same pictures that were held out of its training. All files together
must stay below 20 MB. Ends with code 1 if a file fails.
"""

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from zoo import SEED, ZOO, held_out, pictures, trained_on

import cnnlab
from cnnlab.data import Split
from cnnlab.models import build, summary
from cnnlab.models.weights import trained
from cnnlab.training.recipe import Mirrored

POINTS = 0.003  # of accuracy: what another processor's rounding may change
LARGEST = 20_000_000  # bytes of all files


def main() -> None:
    """Check each file; copy it if nothing is wrong with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=trained.FOLDER, help="what zoo.py wrote")
    parser.add_argument("names", nargs="*", help="networks; all that the folder has unless given")
    parser.add_argument("--pictures", type=Path, help="zip archive or folder with a folder of pictures for each class")
    chosen = parser.parse_args()
    names = chosen.names or [name for name in ZOO if (chosen.folder / f"{name}.safetensors").exists()]
    if not names:
        parser.error(f"{chosen.folder} has no finished network; zoo.py writes them")
    train, validation = held_out(pictures(chosen.pictures))
    failed = False
    for name in names:
        file = chosen.folder / f"{name}.safetensors"
        wrong = faults(name, file, train, validation)
        failed |= bool(wrong)
        print(f"{name}: {'; '.join(wrong) or 'reproduced, in the package'}", flush=True)
        if not wrong and file.parent != trained.FOLDER:
            shutil.copyfile(file, trained.FOLDER / file.name)
            (trained.FOLDER / file.name).chmod(0o644)
    print(cnnlab.models.trained().to_string())
    sys.exit(failed)


def faults(name: str, file: Path, train: Split, validation: Split) -> list[str]:
    """What keeps a file out of the package; nothing if it may go in."""
    try:
        card, tensors = trained.read(file)
    except ValueError as error:
        return [str(error)]
    facts = {"name": name, "options": ZOO[name].options, "seed": SEED, "trained_on": trained_on(train, validation)}
    wrong = differing("", card, facts)
    wrong += differing("recipe's ", card["recipe"], asdict(ZOO[name].recipe))
    floats = {key: tensor.dtype for key, tensor in tensors.items() if tensor.is_floating_point()}
    wrong += [f"{key} is {dtype}" for key, dtype in floats.items() if dtype != torch.float16]
    others = sum(other.stat().st_size for other in trained.FOLDER.glob("*.safetensors") if other.name != file.name)
    if others + file.stat().st_size >= LARGEST:
        wrong.append(f"with its {file.stat().st_size:,} bytes all files would have {LARGEST:,} or more")
    return wrong or measured(card, tensors, validation)


def differing(kind: str, card: dict[str, Any], promised: dict[str, Any]) -> list[str]:
    """What the metadata say otherwise than `zoo.py`."""
    promised = json.loads(json.dumps(promised))  # lists for tuples
    return [
        f"{kind}{key} is {card.get(key)!r}, not {value!r}" for key, value in promised.items() if card.get(key) != value
    ]


def measured(card: dict[str, Any], tensors: dict[str, Tensor], validation: Split) -> list[str]:
    """Numbers of the metadata that do not come out again."""
    net = build(card["name"], **trained.as_options(card["options"]))
    net.load_state_dict(trained.in_float32(tensors))
    found = {
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "multiply_adds": int(summary(net, tuple(validation.images.shape[1:])).multiply_adds.sum()),
        "validation_accuracy": cnnlab.evaluate(net, validation, precision="float32").accuracy,
        "validation_accuracy_mirrored": cnnlab.evaluate(Mirrored(net), validation, precision="float32").accuracy,
    }
    wrong = [
        f"{key} is {value}, in its metadata {card[key]}"
        for key, value in found.items()
        if abs(value - card[key]) > POINTS
    ]
    if tuple(card["classes"]) != validation.classes:
        wrong.append(f"its classes are {card['classes']}")
    return wrong


if __name__ == "__main__":
    main()
