"""A sweep: one row a run, the same table after an interruption, nothing trained twice, no run taken for another."""

import pandas as pd
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch import nn

import cnnlab
from cnnlab import data
from cnnlab.training import sweep

TABLE = [
    {"name": "narrow", "widths": (4,), "rate": 0.01},
    {"name": "wide, 2 layers", "widths": (8, 4), "rate": 0.1},
]


class Made:
    """Counts the networks that a sweep asks for; interrupts the training of one of them."""

    def __init__(self, parts, *, interrupted="", **options):
        self.parts, self.interrupted, self.options = parts, interrupted, options
        self.names, self.epochs, self.models = [], [], []

    def __call__(self, settings):
        self.names.append(f"{settings['name']} {settings['seed']}")
        layers, units = [nn.Flatten(), nn.Dropout(0.2)], 784
        for width in settings["widths"]:
            layers += [nn.Linear(units, width), nn.ReLU()]
            units = width
        self.models.append(nn.Sequential(*layers, nn.Linear(units, 2)))
        options = {"epochs": 3, "batch_size": 16, "learning_rate": settings["rate"], "callbacks": [self.step]}
        return self.models[-1], self.parts, options | self.options

    def step(self, step):
        self.epochs.append((self.names[-1], step.epoch))
        if self.epochs[-1] == (self.interrupted, 3):
            raise KeyboardInterrupt


@pytest.fixture
def parts(tiny):
    return data.Splits(tiny[:32], tiny[32:48], tiny[48:])


def test_an_interrupted_sweep_ends_with_the_table_of_an_unbroken_one(parts, tmp_path):
    unbroken = sweep(TABLE, Made(parts), tmp_path / "unbroken.csv", seeds=(0, 1), progress=False)
    broken = Made(parts, interrupted="wide, 2 layers 0")
    with pytest.raises(KeyboardInterrupt):
        sweep(TABLE, broken, tmp_path / "broken.csv", seeds=(0, 1), progress=False)
    assert pd.read_csv(tmp_path / "broken.csv")[["name", "seed"]].to_numpy().tolist() == [["narrow", 0], ["narrow", 1]]
    again = Made(parts)
    found = sweep(TABLE, again, tmp_path / "broken.csv", seeds=(0, 1), progress=False)
    assert again.names == ["wide, 2 layers 0", "wide, 2 layers 1"]
    first = [epoch for name, epoch in again.epochs if name == "wide, 2 layers 0"]
    assert set(first) == {3}  # two epochs were done
    pd.testing.assert_frame_equal(found.drop(columns="seconds"), unbroken.drop(columns="seconds"))
    assert not list(tmp_path.rglob("*.pt"))


def test_a_finished_sweep_trains_nothing_and_a_longer_table_only_what_is_new(parts, tmp_path):
    path = tmp_path / "sweep.csv"
    first = sweep(TABLE[1:], Made(parts), path, progress=False)
    again = Made(parts)
    pd.testing.assert_frame_equal(sweep(TABLE[1:], again, path, progress=False), first)
    assert again.names == []
    longer = sweep(pd.DataFrame(TABLE).set_index("name"), again, path, seeds=(0, 1), progress=False)
    assert again.names == ["narrow 0", "narrow 1", "wide, 2 layers 1"]
    assert longer.name.tolist() == ["narrow", "narrow", "wide, 2 layers", "wide, 2 layers"]
    pd.testing.assert_frame_equal(longer[2:3].reset_index(drop=True), first)


def test_the_results_are_those_of_the_trained_network(parts, tmp_path):
    made = Made(parts)
    row = sweep(TABLE[:1], made, tmp_path / "sweep.csv", progress=False).iloc[0]
    assert row.parameters == 784 * 4 + 4 + 4 * 2 + 2
    assert (row.epochs_run, row.epoch, row.widths) == (3, 3, "(4,)")
    for name in ("train", "validation", "test"):
        report = cnnlab.evaluate(made.models[0], getattr(parts, name))
        assert row[f"{name}_accuracy"] == report.accuracy
        assert row[f"{name}_loss"] == pytest.approx(report.loss, rel=1e-6)
    correct = (report.predictions == report.labels).numpy()
    expected = average_precision_score(correct, report.confidences.numpy()) * report.accuracy
    assert row.test_gap == pytest.approx(expected, rel=1e-6)
    history = cnnlab.training.History.read(tmp_path / "sweep" / "narrow, seed 0.csv")
    assert row.seconds == pytest.approx(history.seconds.sum())


def test_seeds_change_initial_weights_and_with_patience_the_best_epoch_counts(tiny, parts, tmp_path):
    swapped = parts._replace(validation=data.Split(parts.validation.images, 1 - parts.validation.labels, tiny.classes))
    made = Made(swapped, patience=1)
    found = sweep(TABLE[:1], made, tmp_path / "sweep.csv", seeds=(0, 1), progress=False)
    assert not torch.equal(made.models[0][2].weight, made.models[1][2].weight)
    for row, seed in zip(found.itertuples(), (0, 1), strict=True):
        history = cnnlab.training.History.read(tmp_path / "sweep" / f"narrow, seed {seed}.csv")
        assert row.epoch == history.validation_loss.idxmin()
        assert row.validation_loss == pytest.approx(history.validation_loss.min(), rel=1e-4)


def test_a_run_that_diverges_is_a_row_with_its_cause_and_the_sweep_goes_on(parts, tmp_path):
    table = [TABLE[0] | {"name": "too fast", "rate": 1e38}, TABLE[0]]
    found = sweep(table, Made(parts), tmp_path / "sweep.csv", progress=False).set_index("name")
    assert "learning rate 1e+38 is too high" in found.failure["too fast"]
    assert pd.isna(found.test_accuracy["too fast"])
    assert found.test_accuracy["narrow"] >= 0.5
    again = Made(parts)
    sweep(table, again, tmp_path / "sweep.csv", progress=False)
    assert again.names == []


def test_a_run_is_not_taken_for_another_with_the_same_name(parts, tmp_path):
    path = tmp_path / "sweep.csv"
    sweep(TABLE[:1], Made(parts), path, progress=False)
    with pytest.raises(ValueError, match="has the run 'narrow' with rate '0.01', now '0.5'; give the changed run"):
        sweep([TABLE[0] | {"rate": 0.5}], Made(parts), path, progress=False)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="is not the CSV of a sweep: it has no column"):
        sweep(TABLE, Made(parts), tmp_path / "other.csv")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], "a row of settings at least"),
        ([{"rate": 1}], "needs a name that can be a file's, got None"),
        ([{"name": "../up"}], "needs a name that can be a file's, got '../up'"),
        ([{"name": "a"}, {"name": "a"}], "'a' comes twice"),
        ([{"name": "a", "epoch": 3}], "'epoch' is the name of a column of the results"),
    ],
)
def test_tables_that_cannot_be_run_are_refused(table, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        sweep(table, lambda settings: None, tmp_path / "sweep.csv")
