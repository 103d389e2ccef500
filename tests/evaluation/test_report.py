import pytest
import torch
from sklearn import metrics

from cnnlab.evaluation import Report

LOGITS = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.randint(0, 3, (300,), generator=torch.Generator().manual_seed(1))  # the fourth class never occurs
REPORT = Report(LOGITS, LABELS, ("a", "b", "c", "d"))


def test_numbers_are_scikit_learns():
    predictions = LOGITS.argmax(dim=1)
    assert REPORT.accuracy == pytest.approx(metrics.accuracy_score(LABELS, predictions))
    assert REPORT.loss == pytest.approx(metrics.log_loss(LABELS, LOGITS.double().softmax(1), labels=range(4)), rel=1e-5)
    assert REPORT.confusion.tolist() == metrics.confusion_matrix(LABELS, predictions, labels=range(4)).tolist()
    theirs = metrics.precision_recall_fscore_support(LABELS, predictions, labels=range(4), zero_division=0)
    for name, values in zip(("precision", "recall", "f1", "support"), theirs, strict=True):
        assert REPORT.per_class[name].tolist() == pytest.approx(values.tolist()), name


def test_mistakes_come_the_most_confident_first():
    wrong = (LOGITS.argmax(1) != LABELS).nonzero().flatten()
    assert sorted(REPORT.mistakes.tolist()) == wrong.tolist()
    confidences = LOGITS.softmax(1).amax(1)[REPORT.mistakes]
    assert (confidences.diff() <= 0).all()


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (torch.zeros(3, 5), torch.zeros(3), "has 5 outputs and the data 4 classes; build it with num_classes"),
        (torch.zeros(3, 4), torch.zeros(2), r"got \(3, 4\) and \(2,\)"),
        (torch.zeros(0, 4), torch.zeros(0), "N > 0"),
    ],
)
def test_what_does_not_fit_together_is_refused(logits, labels, message):
    with pytest.raises(ValueError, match=message):
        Report(logits, labels.long(), ("a", "b", "c", "d"))
