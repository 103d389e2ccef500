"""`python benchmarks/transfer.py`: how fast kept features are, and what transfer gains with few pictures.

The data are ten of the drawn landmarks. The head of EfficientNet-Lite0 is trained through the frozen network and on its
kept features, in turns; an epoch counts, the first one of each way apart, which warms up. Then networks are trained by
transfer and from random weights on 20 pictures a class, over three seeds that choose pictures, weights and order.
"""

import copy
import statistics
import time
from collections.abc import Callable

import pandas as pd
import torch
from tables import ratio, write
from torch import nn

from cnnlab import data, evaluate, fit, models, predict
from cnnlab.training import features, layers, train_only, transfer, with_head

CLASSES, A_CLASS, SIDE, ROUNDS, SEEDS = 10, 20, 96, 3, (0, 1, 2)
COUNT = 3000  # of landmarks: the ten largest then have enough pictures to train on 20 and test on others


def ten_landmarks() -> data.Split:
    """All training pictures of the ten largest landmarks."""
    train = data.landmarks(count=COUNT, size=(SIDE, SIDE), wrong_labels=0).train
    chosen = train.labels < CLASSES
    return data.Split(train.images[chosen], train.labels[chosen], train.classes[:CLASSES])


def few(whole: data.Split, seed: int) -> tuple[data.Split, data.Split]:
    """20 pictures a class to train on, and the others to test on."""
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))
    labels = whole.labels[order]
    train = torch.cat([order[labels == label][:A_CLASS] for label in range(CLASSES)])
    test = torch.cat([order[labels == label][A_CLASS:] for label in range(CLASSES)])
    return whole[train], whole[test]


def epochs(whole: data.Split) -> pd.DataFrame:
    """Processor time of an epoch of the head, through the frozen network and on kept features; and their logits."""
    train, _ = few(whole, 0)
    model, name = with_head(models.pretrained().model, CLASSES, train.images.shape[1:])
    train_only(model, layers(model, train.images.shape[1:])[-1:])
    kept = features(model, name, train)
    head = copy.deepcopy(model.get_submodule(name))
    rows = []
    for _ in range(ROUNDS + 1):
        row = {}
        for way, network, pictures in (("through", model, train), ("kept", head, kept)):
            if network is model:
                train_only(model, layers(model, train.images.shape[1:])[-1:])
            passes = 1 if way == "through" else 20
            began = time.process_time()
            fit(network, pictures, epochs=passes, progress=False, precision="float32")
            row[way] = (time.process_time() - began) / passes
        rows.append(row)
    runs = pd.DataFrame(rows[1:])
    model.get_submodule(name).load_state_dict(head.state_dict())
    with torch.inference_mode():
        logits = predict(model, train, precision="float32")
        difference, largest = ((logits - head(kept.images)).abs().max().item(), logits.abs().max().item())
    return pd.DataFrame(
        [
            {
                "an epoch of 200 pictures": f"EfficientNet-Lite0, {SIDE}×{SIDE}",
                "through the frozen network, s": f"{statistics.median(runs.through):.2f}",
                "on kept features, s": f"{statistics.median(runs.kept):.4f}",
                "times faster": ratio(runs.through / runs.kept, places=0),
                "largest difference of a logit": f"{difference:.1e}, of logits up to {largest:.1f}",
            }
        ]
    )


def scratch(train: data.Split, seed: int) -> nn.Module:
    """A ResNet-18 of half the width, from random weights."""
    torch.manual_seed(seed)
    net = models.build("resnet18", widths=(32, 64, 128, 256), num_classes=CLASSES)
    flip = data.Augmentation(flip=True, shift=0.1)
    fit(net, train, epochs=40, batch_size=32, augment=flip, seed=seed, progress=False)
    return net


WAYS: dict[str, Callable[[data.Split, int], nn.Module]] = {
    "EfficientNet-Lite0, new head on its ImageNet features": lambda train, seed: (
        transfer(models.pretrained(), train, scenario=1, seed=seed, progress=False).network.model
    ),
    "EfficientNet-Lite0, last five layers, 10 epochs": lambda train, seed: (
        transfer(models.pretrained(), train, last=5, epochs=10, seed=seed, progress=False).network.model
    ),
    "ResNet-18 of half the width from random weights, 40 epochs, augmented": scratch,
    "EfficientNet-Lite0 from random weights, 30 epochs": lambda train, seed: (
        transfer(models.pretrained(), train, scenario=3, batch_size=32, seed=seed, progress=False).network.model
    ),
}


def accuracies(whole: data.Split) -> None:
    """Write test accuracy and processor time of each way, over the seeds; the table grows with each way."""
    rows = []
    for name, train_with in WAYS.items():
        found, seconds = [], []
        for seed in SEEDS:
            train, test = few(whole, seed)
            began = time.process_time()
            model = train_with(train, seed)
            seconds.append(time.process_time() - began)
            found.append(evaluate(model, test, precision="float32").accuracy)
            print(name, seed, f"{found[-1]:.3f}", f"{seconds[-1]:.0f} s", flush=True)
        rows.append(
            {
                f"{A_CLASS} pictures a class": name,
                "test accuracy of three seeds": ", ".join(f"{accuracy:.1%}" for accuracy in found),
                "mean": f"{statistics.mean(found):.1%}",
                "processor time, s": f"{statistics.median(seconds):.0f}",
            }
        )
        write("transfer accuracies", pd.DataFrame(rows))


if __name__ == "__main__":
    pictures = ten_landmarks()
    print(pictures, torch.bincount(pictures.labels).tolist(), flush=True)
    table = epochs(pictures)
    print(table.T, flush=True)
    write("transfer epochs", table)
    accuracies(pictures)
