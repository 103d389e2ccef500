"""Two networks compared: hand arithmetic, SciPy, and how often equal networks are called different."""

import numpy as np
import pytest
import torch
from scipy import stats

from cnnlab.evaluation import Report, compare_on_pictures, compare_over_folds


def reports(both: int, first: int, second: int, none: int) -> list[Report]:
    """Two reports about the same pictures: so many that both classify correctly, the first alone, …"""
    right = ([1] * both + [1] * first + [0] * second + [0] * none, [1] * both + [0] * first + [1] * second + [0] * none)
    labels = torch.zeros(both + first + second + none, dtype=torch.int64)
    return [Report(torch.eye(2)[[1 - value for value in values]], labels, ("cat", "dog")) for values in right]


def test_mcnemars_test_is_the_one_by_hand():
    found = compare_on_pictures(*reports(70, 8, 2, 20))
    assert (found.first_alone, found.second_alone) == (8, 2)
    assert found.difference == pytest.approx(0.06)
    assert found.p_value == pytest.approx(2 * (45 + 10 + 1) / 2**10)  # 8, 9 or 10 heads in 10, and as many tails


def test_the_limits_are_those_of_a_bootstrap_over_pictures():
    found = compare_on_pictures(*reports(250, 30, 10, 210))
    values = np.repeat([0.0, 1.0, -1.0, 0.0], [250, 30, 10, 210])
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=9999, rng=5).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.003)
    error = np.sqrt((40 / 500 - 0.04**2) / 500)  # of the difference of paired proportions
    assert (found.low, found.high) == pytest.approx((0.04 - 1.96 * error, 0.04 + 1.96 * error), abs=0.004)


def test_the_other_order_turns_the_signs_and_keeps_the_p_value():
    first, second = reports(50, 9, 3, 8)
    one, other = compare_on_pictures(first, second), compare_on_pictures(second, first)
    assert other.difference == -one.difference
    assert other.p_value == one.p_value
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low), abs=0.03)


def test_networks_that_are_right_on_the_same_pictures_do_not_differ():
    assert compare_on_pictures(*reports(5, 0, 0, 3)) == (0, 0, 0, 0, 0, 1)


def test_reports_about_other_pictures_are_refused():
    first, _ = reports(3, 1, 0, 0)
    other = Report(first.logits, 1 - first.labels, first.classes)
    with pytest.raises(ValueError, match="about the same pictures in the same order; their labels differ"):
        compare_on_pictures(first, other)
    with pytest.raises(ValueError, match="level must be between 0 and 1, got 2"):
        compare_on_pictures(first, first, level=2)


FIRST, SECOND = [0.70, 0.72, 0.74, 0.71, 0.73], [0.69, 0.70, 0.71, 0.70, 0.70]


def test_the_corrected_test_is_the_plain_one_with_nadeaus_and_bengios_variance():
    plain = stats.ttest_rel(FIRST, SECOND)
    t_value = plain.statistic * np.sqrt((1 / 5) / (1 / 5 + 1 / 4))
    found = compare_over_folds(FIRST, SECOND)
    assert found.p_value == pytest.approx(2 * stats.t.sf(t_value, df=4))
    assert found.p_value > plain.pvalue
    wide = plain.confidence_interval(0.95).high - 0.02
    assert (found.difference, found.high - 0.02) == pytest.approx((0.02, wide * np.sqrt(1 + 5 / 4)))
    assert found.low == pytest.approx(0.04 - found.high)


def test_the_interval_of_folds_is_the_one_by_hand():
    """Differences of 1, 2, 3, 1 and 3 points: mean 2, variance 1; the t table says 2.776 for 4 degrees of freedom."""
    found = compare_over_folds(FIRST, SECOND)
    assert found.high == pytest.approx(0.02 + 2.776 * 0.01 * (1 / 5 + 1 / 4) ** 0.5, abs=1e-5)


def test_equal_differences_have_limits_without_width():
    assert compare_over_folds([0.5, 0.6], [0.5, 0.6]) == (0, 0, 0, 1)
    found = compare_over_folds([0.5, 0.6, 0.7], [0.4, 0.5, 0.6])
    assert (found.difference, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.p_value == 0


def test_equal_networks_are_rarely_called_different():
    """Cross-validation of two rules that guess: among 200 comparisons at the level 0.95 about 10, and not 30."""
    chance = np.random.default_rng(0)
    called = 0
    for _ in range(200):
        right = chance.random((2, 100)) < 0.5
        folds = right.reshape(2, 10, 10).mean(axis=2)
        called += compare_over_folds(*folds).p_value < 0.05
    assert called <= 20


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([0.5], [0.5], "a score in each of two folds at least, got 1 and 1 scores"),
        ([0.5, 0.6], [0.5], "got 2 and 1 scores"),
        ([0.5, float("nan")], [0.5, 0.6], "every score must be a finite number"),
    ],
)
def test_folds_that_cannot_be_compared_are_refused(first, second, message):
    with pytest.raises(ValueError, match=message):
        compare_over_folds(first, second)
