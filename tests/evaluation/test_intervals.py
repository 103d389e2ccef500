"""Bootstrap intervals and calibration: the binomial distribution, SciPy, scikit-learn, and cases by hand."""

import pytest
import torch
from scipy import stats
from sklearn.calibration import calibration_curve as scikit_learns
from sklearn.metrics import recall_score

from cnnlab.evaluation import Report, averages, bootstrap, calibration_curve, calibration_error, class_scores

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = 2 * torch.randn(500, 4, generator=GENERATOR)
LABELS = torch.where(
    torch.rand(500, generator=GENERATOR) < 0.7, LOGITS.argmax(dim=1), torch.randint(4, (500,), generator=GENERATOR)
)
REPORT = Report(LOGITS, LABELS, tuple("abcd"))
CORRECT = (REPORT.predictions == LABELS).numpy()


def test_the_interval_of_the_accuracy_has_the_limits_of_the_binomial_distribution():
    value, low, high, level = bootstrap(REPORT, samples=4000)
    assert (value, level) == (REPORT.accuracy, 0.95)
    expected = stats.binom.ppf([0.025, 0.975], 500, value) / 500
    assert (low, high) == pytest.approx(expected.tolist(), abs=0.005)
    narrow = bootstrap(REPORT, samples=4000, level=0.5)
    assert (narrow.low, narrow.high) == pytest.approx(
        (stats.binom.ppf([0.25, 0.75], 500, value) / 500).tolist(), abs=0.005
    )


def test_the_interval_of_any_score_is_scipys():
    def macro_recall(report: Report) -> float:
        return averages(report).loc["macro", "recall"]

    ours = bootstrap(REPORT, macro_recall, samples=300)
    theirs = stats.bootstrap(
        (LABELS.numpy(), REPORT.predictions.numpy()),
        lambda labels, predictions: recall_score(labels, predictions, average="macro"),
        paired=True, vectorized=False, method="percentile", n_resamples=300, rng=1,
    ).confidence_interval  # fmt: skip
    assert ours.value == pytest.approx(recall_score(LABELS, REPORT.predictions, average="macro"))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.012)


def test_a_seed_gives_the_same_interval_again():
    assert bootstrap(REPORT, samples=50, seed=3) == bootstrap(REPORT, samples=50, seed=3)
    assert bootstrap(REPORT, samples=50, seed=3) != bootstrap(REPORT, samples=50, seed=4)


def test_everything_right_has_an_interval_without_width():
    assert bootstrap(Report(LOGITS, LOGITS.argmax(dim=1), REPORT.classes), samples=20)[:3] == (1, 1, 1)


def test_a_score_that_a_sample_does_not_have_is_refused_with_the_way_out():
    rare = Report(torch.eye(2)[[0, 0, 0, 1]], torch.tensor([0, 0, 0, 1]), ("cat", "dog"))
    with pytest.raises(ValueError, match=r"is NaN in \d+ of 30 samples, .* average over the classes that have some"):
        bootstrap(rare, lambda report: class_scores(report).recall["dog"], samples=30)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"level": 95}, "between 0 and 1, got 95; 0.95 is"), ({"samples": 1}, "samples must be 2 or more, got 1")],
)
def test_a_wrong_level_or_number_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap(REPORT, **options)


@pytest.mark.parametrize("bins", [3, 10, 17])
def test_the_curve_is_scikit_learns(bins):
    curve = calibration_curve(REPORT, bins=bins)
    accuracy, confidence = scikit_learns(CORRECT, REPORT.confidences.double().numpy(), n_bins=bins)
    full = curve[curve.pictures > 0]
    assert full.accuracy.tolist() == pytest.approx(accuracy.tolist())
    assert full.confidence.tolist() == pytest.approx(confidence.tolist())
    assert curve.pictures.sum() == 500


def sure(*shares: float) -> torch.Tensor:
    """Logits of two classes; the first has these probabilities."""
    share = torch.tensor(shares, dtype=torch.float64)
    return torch.stack([share.log(), (1 - share).log()], dim=1)


def test_curve_and_error_are_those_by_hand():
    """Ten pictures with 95 %, of which eight are right; four with 65 %, of which three are."""
    labels = torch.tensor([0] * 8 + [1] * 2 + [0] * 3 + [1])
    report = Report(sure(*[0.95] * 10, *[0.65] * 4), labels, ("cat", "dog"))
    curve = calibration_curve(report)
    assert curve.pictures.tolist() == [0, 0, 0, 0, 0, 0, 4, 0, 0, 10]
    assert curve.accuracy[[6, 9]].tolist() == [0.75, 0.8]
    assert curve.confidence[[6, 9]].tolist() == pytest.approx([0.65, 0.95])
    z = 1.959964  # Wilson 1927, for 8 of 10
    middle, half = (0.8 + z**2 / 20) / (1 + z**2 / 10), z * (0.8 * 0.2 / 10 + z**2 / 400) ** 0.5 / (1 + z**2 / 10)
    assert (curve.low[9], curve.high[9]) == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert calibration_error(report) == pytest.approx((10 * 0.15 + 4 * 0.10) / 14)


def test_a_bin_without_pictures_is_said_and_adds_nothing():
    curve = calibration_curve(Report(sure(0.95, 0.97), torch.tensor([0, 0]), ("cat", "dog")))
    assert curve[["confidence", "accuracy", "low", "high"]].isna().all(axis=1).tolist() == [True] * 9 + [False]
    assert (curve.above[0], curve.to[9]) == (0, 1)


def test_a_calibrated_network_lies_in_the_band_in_nearly_every_bin():
    generator = torch.Generator().manual_seed(1)
    logits = 2 * torch.randn(20_000, 5, generator=generator, dtype=torch.float64)
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=generator).flatten()  # as often as it says
    curve = calibration_curve(Report(logits, labels, tuple("abcde")), bins=20).dropna()
    inside = (curve.low <= curve.confidence) & (curve.confidence <= curve.high)
    assert inside.sum() >= len(curve) - 3 >= 10
    sharper = calibration_curve(Report(2 * logits, labels, tuple("abcde")), bins=20).dropna()
    assert (sharper.confidence > sharper.high).sum() > len(sharper) / 2  # too sure


@pytest.mark.parametrize(
    ("options", "message"), [({"bins": 0}, "bins must be 1 or more"), ({"level": 1}, "got 1; 0.95")]
)
def test_a_wrong_number_of_bins_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        calibration_curve(REPORT, **options)
