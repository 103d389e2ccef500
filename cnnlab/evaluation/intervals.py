"""How far a measured score may be from that on other pictures: bootstrap intervals."""

from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import torch

from cnnlab.evaluation.report import Report


class Interval(NamedTuple):
    """A score, and the limits between which it lies at the confidence ``level``."""

    value: float
    low: float
    high: float
    level: float


def bootstrap(
    report: Report,
    score: Callable[[Report], float] = attrgetter("accuracy"),
    *,
    samples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """A score with its percentile interval: the pictures are drawn again, with replacement, ``samples`` times.

    ``score`` makes a number of a report; the accuracy unless given. It is computed for each sample, and the interval
    holds the middle ``level`` of these values. The interval says what other pictures would change, not what another
    training would. It has no width for a score that no sample changes, such as an accuracy of 100 %. Efron and
    Tibshirani 1993, *An introduction to the bootstrap*, section 13.3.

    Raises:
        ValueError: for fewer than two samples, a level that is not between 0 and 1, or a score that is NaN.

    >>> right = Report(torch.eye(2)[[0, 0, 0, 1]].repeat(25, 1), torch.zeros(100, dtype=torch.int64), ("cat", "dog"))
    >>> value, low, high, _ = bootstrap(right)
    >>> value, round(low, 1), round(high, 1)
    (0.75, 0.7, 0.8)
    """
    check_level(level)
    if samples < 2:
        raise ValueError(f"samples must be 2 or more, got {samples}; 1000 are usual")
    chance = np.random.default_rng(seed)
    values = []
    for _ in range(samples):
        drawn = torch.from_numpy(chance.integers(len(report.labels), size=len(report.labels)))
        values.append(score(Report(report.logits[drawn], report.labels[drawn], report.classes)))
    if np.isnan(values).any():
        raise ValueError(
            f"the score is NaN in {int(np.isnan(values).sum())} of {samples} samples, as where a class has no picture; "
            "average over the classes that have some, see averages"
        )
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(score(report)), float(low), float(high), level)


def check_level(level: float) -> None:
    """Refuse what is no confidence level.

    Raises:
        ValueError: unless it is between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}; 0.95 is usual")
