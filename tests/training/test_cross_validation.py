"""Folds: every picture once, the same proportions, and a run that goes on at the fold and epoch where it was."""

import numpy as np
import pytest
import torch
from sklearn.model_selection import StratifiedKFold
from torch import nn

import cnnlab
from cnnlab.data import Split
from cnnlab.training import cross_validate

EPOCHS = 3


def trainer(begun: list, *, killed_in: tuple[int, int] = (0, 0)):
    """Trains a small network; ``begun`` gets (fold, epoch) of every epoch that is really trained."""
    fold = 0

    def run(train, validation, resume):
        nonlocal fold
        fold += 1

        def watch(step):
            if step.step == 1:
                begun.append((fold, step.epoch))
                if (fold, step.epoch) == killed_in:
                    raise KeyboardInterrupt

        net = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(784, 2))
        options = {"epochs": EPOCHS, "batch_size": 16, "progress": False, "callbacks": [watch]}
        return net, cnnlab.fit(net, train, validation=validation, resume=resume, **options)

    return run


def test_every_picture_is_validated_exactly_once(tiny):
    found = cross_validate(trainer([]), tiny, folds=5)
    assert sorted(torch.cat(found.parts).tolist()) == list(range(64))
    assert found.folds.pictures.tolist() == [len(part) for part in found.parts]
    for part, report in zip(found.parts, found.reports, strict=True):
        assert torch.equal(report.labels, tiny.labels[part])
        assert np.ptp(np.bincount(report.labels)) <= 1  # two classes of 32 in folds of 12 or 13
    assert torch.equal(found.report.labels, tiny.labels[torch.cat(found.parts)])


def test_no_picture_of_a_fold_is_trained_on(tiny):
    seen = []

    def run(train, validation, resume):
        seen.append((train, validation))
        return trainer([])(train, validation, resume)

    found = cross_validate(run, tiny, folds=4)
    for part, (train, validation) in zip(found.parts, seen, strict=True):
        assert torch.equal(validation.images, tiny.images[part])
        assert len(train) + len(validation) == len(tiny)
        assert not (train.images[:, None] == validation.images[None]).flatten(2).all(dim=2).any()


def test_folds_are_scikit_learns(tiny):
    found = cross_validate(trainer([]), tiny, folds=3, seed=7)
    theirs = StratifiedKFold(3, shuffle=True, random_state=7).split(np.zeros(64), tiny.labels.numpy())
    for part, (_, validation) in zip(found.parts, theirs, strict=True):
        assert part.tolist() == validation.tolist()


def test_mean_spread_and_best_are_those_of_the_folds(tiny):
    found = cross_validate(trainer([]), tiny, folds=4)
    accuracies = [report.accuracy for report in found.reports]
    assert found.mean == pytest.approx(np.mean(accuracies))
    assert found.spread == pytest.approx(np.std(accuracies, ddof=1))
    assert accuracies[found.best] == max(accuracies)
    again = cnnlab.evaluate(found.model, tiny[found.parts[found.best]])
    assert torch.equal(again.logits, found.reports[found.best].logits)


def test_a_killed_run_goes_on_at_its_fold_and_epoch_to_the_same_result(tiny, tmp_path):
    unbroken = cross_validate(trainer([]), tiny, folds=3)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(trainer([], killed_in=(2, 3)), tiny, folds=3, resume=tmp_path)
    begun = []
    resumed = cross_validate(trainer(begun), tiny, folds=3, resume=tmp_path)
    assert begun == [(2, 3), (3, 1), (3, 2), (3, 3)]
    for one, other in zip(unbroken.reports, resumed.reports, strict=True):
        assert torch.equal(one.logits, other.logits)
    assert [len(history) for history in resumed.histories] == [EPOCHS] * 3


def test_checkpoints_of_other_folds_are_refused(tiny, tmp_path):
    cross_validate(trainer([]), tiny, folds=2, resume=tmp_path)
    with pytest.raises(ValueError, match="belongs to a run with other settings: training pictures"):
        cross_validate(trainer([]), tiny, folds=2, seed=1, resume=tmp_path)


def test_what_cannot_be_divided_is_refused(tiny):
    with pytest.raises(ValueError, match="2 or more, got 1"):
        cross_validate(trainer([]), tiny, folds=1)
    rare = Split(tiny.images[:12], torch.tensor([0] * 9 + [1] * 3), tiny.classes)
    with pytest.raises(ValueError, match=r"in each of 4 folds; too few pictures: bright \(3\)"):
        cross_validate(trainer([]), rare, folds=4)
