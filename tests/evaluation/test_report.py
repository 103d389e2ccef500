import pytest
import torch
from sklearn import metrics

from cnnlab.evaluation import Report, confusion_matrix

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


def test_a_class_that_is_never_predicted_or_never_there_counts_zero():
    """Of two cats and two dogs all are taken for dogs: no cat and no bird is predicted, and no bird is there."""
    labels = torch.tensor([0, 0, 1, 1])
    report = Report(torch.tensor([[0.0, 1.0, 0.0]]).expand(4, 3), labels, ("cat", "dog", "bird"))
    assert report.per_class["precision"].tolist() == [0, 0.5, 0]
    assert report.per_class["recall"].tolist() == [0, 1, 0]
    assert report.per_class["f1"].tolist() == pytest.approx([0, 2 / 3, 0])
    theirs = metrics.precision_recall_fscore_support(labels, report.predictions, labels=range(3), zero_division=0)
    for name, values in zip(("precision", "recall", "f1", "support"), theirs, strict=True):
        assert report.per_class[name].tolist() == pytest.approx(values.tolist()), name


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


def test_sixteen_bit_logits_lose_no_more_than_their_own_rounding():
    half = LOGITS.half()
    report = Report(half, LABELS, REPORT.classes)
    probabilities = half.double().softmax(1)
    assert report.loss == pytest.approx(metrics.log_loss(LABELS, probabilities, labels=range(4)), rel=1e-6)
    assert report.confidences.tolist() == pytest.approx(probabilities.amax(1).tolist(), rel=1e-6)


def test_labels_of_any_whole_type_are_counted():
    small = Report(LOGITS, LABELS.to(torch.int16), REPORT.classes)
    assert (small.loss, small.accuracy) == (REPORT.loss, REPORT.accuracy)
    assert torch.equal(small.confusion, REPORT.confusion)


WRONG = [
    (torch.tensor([0, 4]), "labels of 4 classes lie between 0 and 3, got 0 to 4; name as many classes as there are"),
    (torch.tensor([-1, 3]), "labels of 4 classes lie between 0 and 3, got -1 to 3"),
    (torch.tensor([0.0, 1.5]), r"labels are a whole number a picture, .* got torch.float32 of shape \(2,\); of logits"),
    (torch.tensor([True, False]), r"got torch.bool of shape \(2,\)"),
    (torch.tensor([[0], [1]]), r"got torch.int64 of shape \(2, 1\)"),
]


@pytest.mark.parametrize(("labels", "message"), WRONG)
def test_what_is_no_index_of_a_class_is_refused(labels, message):
    fine = torch.tensor([0, 3])
    with pytest.raises(ValueError, match=message):
        Report(torch.zeros(2, 4), labels, REPORT.classes)
    with pytest.raises(ValueError, match=message):
        confusion_matrix(labels, fine, num_classes=4)
    with pytest.raises(ValueError, match=message.replace("labels", "predictions", 1)):
        confusion_matrix(fine, labels, num_classes=4)


def test_a_label_without_its_prediction_is_refused():
    with pytest.raises(ValueError, match="a label needs its prediction, got 2 labels and 3 predictions"):
        confusion_matrix(torch.zeros(2).long(), torch.zeros(3).long(), num_classes=4)


def test_logits_that_hold_nan_give_no_accuracy():
    logits = torch.zeros(3, 4)
    logits[1, 2] = torch.nan
    with pytest.raises(ValueError, match="the logits of 1 of 3 pictures hold NaN, which is no score; look for it in"):
        Report(logits, torch.tensor([0, 0, 0]), REPORT.classes)
