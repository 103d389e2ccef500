"""Scores of classes: scikit-learn, the face report's printed rows, and cases by hand."""

import pytest
import torch
from sklearn import metrics

from cnnlab.evaluation import Report, averages, best_and_worst, class_scores, confused_pairs

NAMES = tuple("abcdef")
GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(400, 6, generator=GENERATOR)
LOGITS[:, 5] = -9  # f is never predicted
LABELS = torch.multinomial(
    torch.tensor([0.5, 0.2, 0.15, 0.1, 0.0, 0.05]), 400, True, generator=GENERATOR
)  # e never there
REPORT = Report(LOGITS, LABELS, NAMES)
PRESENT = [0, 1, 2, 3, 5]


def report_of(confusion: list[list[int]], classes: tuple[str, ...]) -> Report:
    """A report with this confusion matrix: rows are true classes."""
    counts = torch.tensor(confusion)
    labels, predictions = counts.nonzero().repeat_interleave(counts[counts > 0], dim=0).T
    return Report(torch.nn.functional.one_hot(predictions, len(classes)).float(), labels, classes)


# Cats: 4, of which 3 are recognised, 1 is taken for a dog. Dogs: 2, both recognised. Eels: 2, both taken for cats.
# Foxes: none, and none is predicted.
BY_HAND = report_of([[3, 1, 0, 0], [0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]], ("cat", "dog", "eel", "fox"))


def test_scores_are_those_by_hand():
    scores = class_scores(BY_HAND)
    assert scores.loc["cat"].tolist()[:6] == pytest.approx([3 / 4, 3 / 5, 3 / 4, 27 / 40, 111 / 160, 2 / 3])
    assert scores.loc["dog"].tolist()[:6] == pytest.approx([1, 2 / 3, 1, 5 / 6, 7 / 8, 4 / 5])
    assert scores.loc["eel"].tolist()[:6] == [0, 0, 0, 0, 0, 0]
    assert scores.one_vs_rest.tolist() == pytest.approx([5 / 8, 7 / 8, 6 / 8, 1])
    assert scores.pictures.tolist() == [4, 2, 2, 0]
    assert scores.predicted.tolist() == [5, 3, 0, 0]


def test_a_class_without_pictures_or_predictions_is_said_and_has_no_recall():
    scores = class_scores(BY_HAND)
    assert scores.note.tolist() == ["", "", "never predicted", "no picture"]
    assert scores.loc["fox", ["accuracy", "precision", "recall", "bcr", "aggregated", "f1"]].isna().all()
    taken = class_scores(report_of([[1, 1], [0, 0]], ("cat", "fox")))
    assert taken.note.tolist() == ["", "no picture, but predicted"]
    assert taken.precision.tolist() == [1, 0]
    assert taken.recall.isna().tolist() == taken.bcr.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("accuracy", "precision", "recall", "bcr", "aggregated"),  # rows of the report's tables 3 and 4
    [
        (1.0, 0.625, 1.0, 0.812, 0.859),  # Sheikh Hasina
        (0.958, 0.676, 0.958, 0.817, 0.853),  # Samantha Bee
        (0.182, 0.222, 0.182, 0.202, 0.197),  # JayZ
        (0.182, 1.0, 0.182, 0.591, 0.489),  # Theo Epstein
        (0.2, 0.333, 0.2, 0.267, 0.25),  # Theo Epstein, TronNet
    ],
)
def test_bcr_and_aggregated_are_what_the_face_report_prints(accuracy, precision, recall, bcr, aggregated):
    assert accuracy == recall  # of the two networks that were trained from random weights
    right = 1000  # counts with these ratios
    missed, others = round(right / recall) - right, round(right / precision) - right
    scores = class_scores(report_of([[right, missed], [others, 1000]], ("it", "others"))).loc["it"]
    assert scores["bcr"] == pytest.approx(bcr, abs=0.0011)
    assert scores["aggregated"] == pytest.approx(aggregated, abs=0.0011)


def test_scores_are_scikit_learns_where_it_has_them():
    scores = class_scores(REPORT)
    predictions = LOGITS.argmax(dim=1)
    theirs = metrics.precision_recall_fscore_support(LABELS, predictions, labels=PRESENT, zero_division=0)
    for name, values in zip(("precision", "recall", "f1", "pictures"), theirs, strict=True):
        assert scores[name].iloc[PRESENT].tolist() == pytest.approx(values.tolist()), name
    for label in range(6):
        assert scores.one_vs_rest.iloc[label] == pytest.approx(
            metrics.accuracy_score(label == LABELS, predictions == label)
        )
    assert scores.note.tolist() == ["", "", "", "", "no picture, but predicted", "never predicted"]


def test_averages_are_scikit_learns():
    table, predictions = averages(REPORT), LOGITS.argmax(dim=1)
    options = {"labels": PRESENT, "zero_division": 0}
    for row in ("macro", "weighted"):
        for column, score in (
            ("precision", metrics.precision_score),
            ("recall", metrics.recall_score),
            ("f1", metrics.f1_score),
        ):
            assert table.loc[row, column] == pytest.approx(score(LABELS, predictions, average=row, **options))
    for score in (metrics.precision_score, metrics.recall_score, metrics.f1_score):
        assert table.loc["micro"].iloc[:6].tolist() == pytest.approx([score(LABELS, predictions, average="micro")] * 6)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):  # scikit-learn's own word on e
        assert table.loc["macro", "recall"] == pytest.approx(metrics.balanced_accuracy_score(LABELS, predictions))
    assert table.classes.tolist() == [5, 5, 5]  # e has no picture


def test_averages_are_those_by_hand():
    table = averages(BY_HAND)
    assert table.loc["macro", ["precision", "recall", "bcr"]].tolist() == pytest.approx([19 / 45, 7 / 12, 181 / 360])
    # 4, 2 and 2 of 8 pictures
    assert table.loc["weighted", ["precision", "recall"]].tolist() == pytest.approx([0.3 + 1 / 6, 5 / 8])
    assert table.loc["micro", "recall"] == 5 / 8
    assert table.loc["macro", "aggregated"] == pytest.approx((111 / 160 + 7 / 8 + 0) / 3)


def test_the_best_and_the_worst_classes_come_in_order_and_without_those_that_have_no_picture():
    table = best_and_worst(BY_HAND, 2)
    assert table["class"].to_dict() == {
        ("best", 1): "dog",
        ("best", 2): "cat",
        ("worst", 1): "eel",
        ("worst", 2): "cat",
    }
    assert table.loc[("best", 1), "aggregated"] == pytest.approx(7 / 8)
    assert best_and_worst(BY_HAND, 1, by="precision")["class"].tolist() == ["dog", "eel"]
    assert len(best_and_worst(BY_HAND, 5)) == 6  # three classes have pictures


def test_of_equally_good_classes_the_one_with_more_pictures_comes_first():
    report = report_of([[1, 0, 0], [0, 7, 0], [0, 0, 3]], ("a", "b", "c"))
    assert best_and_worst(report, 3)["class"].tolist() == list("bcabca")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count must be 1 or more, got 0"),
        ({"by": "gap"}, "by must be one of accuracy, precision, .*'gap'"),
    ],
)
def test_a_wrong_count_or_column_gets_the_rule(options, message):
    with pytest.raises(ValueError, match=message):
        best_and_worst(BY_HAND, **options)


def test_confused_pairs_come_the_most_frequent_first():
    pairs = confused_pairs(BY_HAND)
    assert pairs.values.tolist() == [["eel", "cat", 2, 1.0], ["cat", "dog", 1, 0.25]]
    assert len(confused_pairs(BY_HAND, 1)) == 1
    confusion = metrics.confusion_matrix(LABELS, LOGITS.argmax(dim=1), labels=range(6))
    every = confused_pairs(REPORT, 36)
    assert every.pictures.sum() == confusion.sum() - confusion.trace()
    assert every.pictures.is_monotonic_decreasing
    for true, predicted, pictures, _ in every.values:
        assert confusion[NAMES.index(true), NAMES.index(predicted)] == pictures


def test_without_a_mistake_no_pair_is_confused():
    pairs = confused_pairs(report_of([[2, 0], [0, 1]], ("a", "b")))
    assert len(pairs) == 0
    assert list(pairs.columns) == ["true", "predicted", "pictures", "share"]
