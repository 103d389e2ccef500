"""Which of two networks is better: on the same pictures, and over the same folds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cnnlab.evaluation.intervals import check_level
from cnnlab.evaluation.report import Report

SAMPLES = 10_000  # of the bootstrap


class PicturesComparison(NamedTuple):
    """Two networks on the same pictures.

    ``difference`` of the accuracies, first − second, between ``low`` and ``high``; ``first_alone`` and
    ``second_alone`` count the pictures that one network alone classifies correctly; ``p_value`` is the probability of
    counts at least so different if both networks were equally good.
    """

    difference: float
    low: float
    high: float
    first_alone: int
    second_alone: int
    p_value: float


class FoldsComparison(NamedTuple):
    """Two networks over the same folds: the mean ``difference``, first − second, its limits, and the p-value."""

    difference: float
    low: float
    high: float
    p_value: float


def compare_on_pictures(first: Report, second: Report, *, level: float = 0.95, seed: int = 0) -> PicturesComparison:
    """Compare the accuracies of two trained networks on the same pictures.

    The p-value is that of McNemar's test in its exact form: if both networks were equally good, each would have half of
    the pictures that one network alone classifies correctly (binomial, two-sided). McNemar 1947; Dietterich 1998,
    *Approximate statistical tests for comparing supervised classification learning algorithms*, section 3.1. The limits
    of the difference are a percentile bootstrap over the pictures, in which both networks see the same sample (Efron
    and Tibshirani 1993, section 13.3). Both are about these weights; `compare_over_folds` is about the networks.

    Raises:
        ValueError: if the reports are not about the same pictures, or for a level that is not between 0 and 1.

    >>> import torch
    >>> labels = torch.zeros(10, dtype=torch.int64)
    >>> first = Report(torch.eye(2)[[0] * 9 + [1]], labels, ("cat", "dog"))
    >>> second = Report(torch.eye(2)[[0] * 4 + [1] * 6], labels, ("cat", "dog"))
    >>> found = compare_on_pictures(first, second)
    >>> found.first_alone, found.second_alone, found.p_value  # 2 · (1/2)⁵
    (5, 0, 0.0625)
    """
    from scipy.stats import binomtest

    check_level(level)
    if first.labels.tolist() != second.labels.tolist():
        raise ValueError("both reports must be about the same pictures in the same order; their labels differ")
    right = [report.predictions == report.labels for report in (first, second)]
    alone = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    count, differing = len(first.labels), sum(alone)
    # Only three kinds of pictures count, so a sample of the bootstrap is three numbers.
    shares = [alone[0] / count, alone[1] / count, 1 - differing / count]
    samples = np.random.default_rng(seed).multinomial(count, shares, size=SAMPLES)
    low, high = np.quantile((samples[:, 0] - samples[:, 1]) / count, [(1 - level) / 2, (1 + level) / 2])
    p_value = float(binomtest(alone[0], differing).pvalue) if differing else 1.0
    return PicturesComparison((alone[0] - alone[1]) / count, float(low), float(high), *alone, p_value)


def compare_over_folds(first: Sequence[float], second: Sequence[float], *, level: float = 0.95) -> FoldsComparison:
    """Compare two networks by their scores in the same folds of a K-fold cross-validation.

    The t-test of the differences, with the variance corrected for training sets that overlap: not s²/K but
    s² · (1/K + 1/(K − 1)), since a fold's test part is 1/(K − 1) of its training part. The plain test calls too many
    differences significant. If all differences are equal, the limits are the difference itself. Nadeau and Bengio 2003,
    *Inference for the generalization error*, Machine Learning 52.

    Raises:
        ValueError: for fewer than two folds, different numbers of folds, a score that is not finite, or a level that is
            not between 0 and 1.

    >>> found = compare_over_folds([0.70, 0.72, 0.74, 0.71, 0.73], [0.69, 0.70, 0.71, 0.70, 0.70])
    >>> round(found.difference, 3), round(found.low, 3), round(found.high, 3), round(found.p_value, 3)
    (0.02, 0.001, 0.039, 0.041)
    """
    from scipy.stats import t

    check_level(level)
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(
            f"both networks need a score in each of two folds at least, got {len(first)} and {len(second)} scores"
        )
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    if not np.isfinite(differences).all():
        raise ValueError(f"every score must be a finite number, got {list(first)} and {list(second)}")
    folds, mean = len(differences), float(differences.mean())
    error = float(differences.std(ddof=1)) * (1 / folds + 1 / (folds - 1)) ** 0.5
    if error < 1e-12:  # rounding of equal differences
        return FoldsComparison(mean, mean, mean, 1.0 if abs(mean) < 1e-12 else 0.0)
    reach = float(t.ppf((1 + level) / 2, folds - 1)) * error
    return FoldsComparison(mean, mean - reach, mean + reach, float(2 * t.sf(abs(mean) / error, folds - 1)))
