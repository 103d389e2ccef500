"""GAP: by hand, and scikit-learn's average precision times the accuracy."""

import pytest
import torch
from sklearn.metrics import average_precision_score

from cnnlab.evaluation import Report, gap


def test_gap_is_the_seeds_sum_by_hand():
    confidences = torch.tensor([0.2, 0.9, 0.5, 0.7])  # ranks 4, 1, 3, 2
    correct = torch.tensor([True, True, True, False])
    assert gap(confidences, correct) == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 4)
    assert gap(confidences, correct, queries=10) == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 10)


def test_a_query_may_be_left_without_a_prediction_or_depict_no_landmark():
    """Two of three predictions are right, of five pictures with a landmark; the third's picture has none."""
    assert gap(torch.tensor([3.0, 2.0, 1.0]), torch.tensor([True, False, True]), queries=5) == pytest.approx(
        (1 + 2 / 3) / 5
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [False, True])
def test_gap_is_accuracy_times_average_precision(seed, ties):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(809, 100, generator=generator)
    labels = torch.where(torch.rand(809, generator=generator) < 0.6, logits.argmax(dim=1), torch.zeros(809).long())
    report = Report(logits, labels, tuple(map(str, range(100))))
    correct = report.predictions == report.labels
    confidences = (report.confidences * 20).round() if ties else report.confidences
    expected = correct.double().mean().item() * average_precision_score(correct, confidences)
    assert gap(confidences, correct) == pytest.approx(expected, rel=1e-9)


def test_gap_is_the_accuracy_at_most_so_that_89_percent_at_66_6_fits_the_second_factor_alone():
    """The landmark report's accuracy; with M = the correct predictions, the sum is the average precision itself."""
    correct = torch.arange(1000) < 666
    assert gap(torch.linspace(1, 0, 1000), correct) == pytest.approx(0.666)  # no mistake before a correct prediction
    confidences = torch.rand(1000, generator=torch.Generator().manual_seed(0)) + 0.6 * correct
    alone = gap(confidences, correct, queries=666)
    assert alone == pytest.approx(average_precision_score(correct, confidences))
    assert gap(confidences, correct) == pytest.approx(0.666 * alone)
    assert gap(confidences, correct) < 0.666 < 0.89 < alone


def test_nothing_right_is_zero_and_everything_right_is_one():
    confidences = torch.rand(7)
    assert gap(confidences, torch.zeros(7, dtype=torch.bool)) == 0
    assert gap(confidences, torch.ones(7, dtype=torch.bool)) == 1


@pytest.mark.parametrize(
    ("confidences", "correct", "queries", "message"),
    [
        (torch.rand(3), torch.ones(2, dtype=torch.bool), None, r"needs confidences \(N,\) and correct \(N,\) bool"),
        (torch.rand(3), torch.ones(3), None, r"got \(3,\) and \(3,\) torch.float32; of a report these are"),
        (torch.rand(0), torch.ones(0, dtype=torch.bool), None, "with N > 0"),
        (torch.tensor([1, torch.nan]), torch.ones(2, dtype=torch.bool), None, "1 of 2 confidences are NaN and have no"),
        (torch.rand(3), torch.ones(3, dtype=torch.bool), 2, "3 correct predictions need as many or more, got 2"),
        (torch.rand(3), torch.zeros(3, dtype=torch.bool), 0, "as many or more, got 0"),
    ],
)
def test_what_has_no_gap_is_refused(confidences, correct, queries, message):
    with pytest.raises(ValueError, match=message):
        gap(confidences, correct, queries=queries)
