"""What a CNN gains over a linear classifier on drawn faces, and what three remedies for rare classes gain and cost.

`python benchmarks/faces.py` writes its table in README.md. Every run trains on the training part of `data.faces()`
at 64×64 pixels and is evaluated on the test part; three seeds.
"""

from functools import partial
from typing import Any

import pandas as pd
import torch
from tables import ratio, write
from torch import nn
from torch.optim import Adam

import cnnlab
from cnnlab import data, evaluation, models, training

DECAY = ", weight decay"
KINDS = (
    "linear",
    "plain",
    "class weights",
    "balanced sampling",
    "logit adjustment",
    f"plain{DECAY}",
    f"class weights{DECAY}",
)
SEEDS, SIZE = (0, 1, 2), (64, 64)
EPOCHS, LINEAR_EPOCHS = 8, 24  # the linear classifier learns more slowly, and costs a third an epoch
FACES = data.faces(size=SIZE)


def network() -> nn.Module:
    """The report's baseline, for 64×64 pixels."""
    return models.build("face_baseline", num_classes=len(FACES.train.classes), input_size=SIZE)


def linear() -> nn.Module:
    """A linear classifier on pixels."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE[0] * SIZE[1], len(FACES.train.classes)))


def scores(model: nn.Module) -> dict[str, float]:
    """Accuracy, macro recall and precision, and the recall of each quarter of the classes on the test part."""
    report = evaluation.Report(cnnlab.predict(model, FACES.test), FACES.test.labels, FACES.test.classes)
    recall = evaluation.class_scores(report).recall.to_numpy()
    macro = evaluation.averages(report).loc["macro"]
    quarter = len(recall) // 4  # the classes are sorted by their numbers of pictures
    return {
        "accuracy": 100 * report.accuracy,
        "macro recall": 100 * float(macro.recall),
        "macro precision": 100 * float(macro.precision),
        "recall, most frequent quarter": 100 * float(recall[:quarter].mean()),
        "recall, rarest quarter": 100 * float(recall[-quarter:].mean()),
        "calibration error": 100 * evaluation.calibration_error(report),
    }


def trained(kind: str, seed: int) -> nn.Module:
    """The linear classifier, or a network trained in one of the other ways."""
    torch.manual_seed(seed)
    model = linear() if kind == "linear" else network()
    source: data.Split | training.BalancedBatches = FACES.train
    options: dict[str, Any] = {"epochs": EPOCHS, "learning_rate": 2e-3, "seed": seed, "progress": False}
    if kind == "linear":
        options |= {"epochs": LINEAR_EPOCHS, "learning_rate": 1e-4}
    if kind.endswith(DECAY):  # the report's weight decay, section 3.3; its learning rate of 1e-4 needs more epochs
        options["optimizer"] = partial(Adam, lr=1e-3, weight_decay=5e-3, fused=True)
    if kind.startswith("class weights"):
        options["class_weights"] = training.class_weights(FACES.train)
    elif kind == "balanced sampling":
        source = training.BalancedBatches(FACES.train, seed=seed)
    elif kind == "logit adjustment":
        options["loss"] = training.LogitAdjustment(FACES.train)
    cnnlab.fit(model, source, **options)
    return model


def measured() -> pd.DataFrame:
    """A row for each way: the median over the seeds, with the lowest and highest."""
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for seed in SEEDS:
        for kind in KINDS:
            runs[kind].append(scores(trained(kind, seed)))
            print(seed, kind, {name: round(value, 1) for name, value in runs[kind][-1].items()}, flush=True)
    rows = {kind: {name: ratio(column) for name, column in pd.DataFrame(found).items()} for kind, found in runs.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("training").reset_index()


if __name__ == "__main__":
    write("faces", measured())
