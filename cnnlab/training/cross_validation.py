"""K-fold cross-validation: every picture is validated once, by a network that was trained on the other folds."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn

from cnnlab.data import Split
from cnnlab.evaluation import Report
from cnnlab.inference import evaluate
from cnnlab.training.history import History

Run = Callable[[Split, Split, Path | None], tuple[nn.Module, History]]  # (training, validation, resume) of a fold


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """The folds of a cross-validation.

    ``reports`` and ``histories`` have an entry for each fold, ``parts`` the indices of the pictures that it validated;
    ``best`` is the number of the fold with the highest accuracy, from 0, and ``model`` its network.
    """

    reports: tuple[Report, ...]
    histories: tuple[History, ...]
    parts: tuple[Tensor, ...]
    best: int
    model: nn.Module

    @property
    def folds(self) -> pd.DataFrame:
        """A row for each fold, from 1: accuracy, loss in nats, and the number of validated pictures."""
        rows = [(report.accuracy, report.loss, len(report.labels)) for report in self.reports]
        index = pd.RangeIndex(1, len(rows) + 1, name="fold")
        return pd.DataFrame(rows, index=index, columns=["accuracy", "loss", "pictures"])

    @property
    def mean(self) -> float:
        """The mean accuracy of the folds."""
        return float(self.folds.accuracy.mean())

    @property
    def spread(self) -> float:
        """The standard deviation of the folds' accuracies, with K − 1 in the denominator."""
        return float(self.folds.accuracy.std(ddof=1))

    @property
    def report(self) -> Report:
        """All pictures, fold after fold, each with the logits of the network that had not seen it."""
        logits, labels = (
            torch.cat([getattr(report, name) for report in self.reports]) for name in ("logits", "labels")
        )
        return Report(logits, labels, self.reports[0].classes)

    def __repr__(self) -> str:
        return f"CrossValidated({len(self.reports)} folds, accuracy {self.mean:.1%} ± {self.spread:.1%})".replace(
            "%", " %"
        )


def cross_validate(
    run: Run, split: Split, *, folds: int = 5, seed: int = 0, resume: str | os.PathLike[str] | None = None
) -> CrossValidated:
    """Train ``folds`` networks, each on all folds but one, and validate each on the fold that it has not seen.

    The folds have the same proportion of every class, to within a picture (scikit-learn's StratifiedKFold), and every
    picture is in one of them. ``run`` is called with the training and the validation part of a fold and with the
    checkpoint file for its `fit`; it returns the trained network and the history. Initial weights that it draws are
    those of ``seed`` and the fold.

    With ``resume``, a folder, a run that was killed goes on where it was: folds that were finished are read from their
    checkpoints, and the fold in which it ended continues after its last whole epoch. For this, ``run`` must pass its
    third argument to `fit`. Hastie, Tibshirani and Friedman 2009, *The elements of statistical learning*, section 7.10.

    Raises:
        ValueError: for fewer than two folds, a class with fewer pictures than folds, or a checkpoint of another run.

    >>> from cnnlab import data, fit, models
    >>> def run(train, validation, resume):
    ...     net = models.build("lenet5")
    ...     return net, fit(net, train, validation=validation, epochs=1, resume=resume, progress=False)
    >>> found = cross_validate(run, data.digits().train[:300], folds=3)
    >>> found.folds.pictures.tolist(), len(found.report.labels)
    ([100, 100, 100], 300)
    """
    reports, histories, parts = [], [], _parts(split, folds, seed)
    best, model = 0, None
    everything = torch.arange(len(split))
    for fold, part in enumerate(parts):
        train, validation = split[everything[~torch.isin(everything, part)]], split[part]
        checkpoint = None if resume is None else Path(resume) / f"fold-{fold + 1}-of-{folds}.pt"
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed * 1_000_003 + fold)
            trained, history = run(train, validation, checkpoint)
        reports.append(evaluate(trained, validation))
        histories.append(history)
        if model is None or reports[fold].accuracy > reports[best].accuracy:
            best, model = fold, trained
    assert model is not None  # for the type checker: there are two folds at least
    return CrossValidated(tuple(reports), tuple(histories), tuple(parts), best, model)


def _parts(split: Split, folds: int, seed: int) -> list[Tensor]:
    """The indices of the pictures of each fold."""
    from sklearn.model_selection import StratifiedKFold  # takes half a second, and only this function needs it

    if folds < 2:
        raise ValueError(f"folds must be 2 or more, got {folds}; 5 or 10 are usual")
    counts = torch.bincount(split.labels, minlength=len(split.classes)).tolist()
    few = [f"{name} ({count})" for name, count in zip(split.classes, counts, strict=True) if count < folds]
    if few:
        raise ValueError(
            f"every class needs a picture in each of {folds} folds; too few pictures: {', '.join(few[:5])}"
            f"{' …' if len(few) > 5 else ''}; take fewer folds, or leave these classes out"
        )
    divided = StratifiedKFold(folds, shuffle=True, random_state=seed).split(split.labels, split.labels)
    return [torch.from_numpy(validation) for _, validation in divided]
