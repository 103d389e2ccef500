"""Planted wrong labels come first, and the ranking is scikit-learn's out-of-fold prediction."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from cnnlab.evaluation import suspicious_labels


@pytest.fixture(scope="module")
def planted():
    """1,797 digits of 8×8 pixels, of which 54 have the label of another class."""
    pixels, labels = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    wrong = random.choice(len(labels), round(0.03 * len(labels)), replace=False)
    labels[wrong] = (labels[wrong] + random.integers(1, 10, len(wrong))) % 10
    return torch.tensor(pixels), torch.tensor(labels), wrong


def test_planted_wrong_labels_are_among_the_first_twentieth(planted):
    features, labels, wrong = planted
    table = suspicious_labels(features, labels)
    first = set(table["index"].head(round(0.05 * len(labels))))
    assert len(first & set(wrong.tolist())) / len(wrong) >= 0.8
    assert sorted(table["index"]) == list(range(len(labels)))
    assert table["margin"].is_monotonic_increasing


def test_confidence_is_scikit_learns_out_of_fold_probability(planted):
    features, labels, _ = planted
    table = suspicious_labels(features, labels, folds=3, seed=4).set_index("index").sort_index()
    theirs = cross_val_predict(
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        features.numpy(),
        labels.numpy(),
        cv=StratifiedKFold(3, shuffle=True, random_state=4),
        method="predict_proba",
    )
    np.testing.assert_allclose(table["confidence"], theirs[np.arange(len(labels)), labels.numpy()], atol=1e-9)
    assert table["predicted"].tolist() == theirs.argmax(axis=1).tolist()


def test_classes_keep_their_numbers_where_some_are_absent():
    labels = torch.tensor([3, 7] * 10)
    features = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)) + 5 * (labels[:, None] == 7)
    table = suspicious_labels(features, labels)
    assert set(table["predicted"]) == {3, 7}
    assert (table["predicted"] == table["label"]).all()


@pytest.mark.parametrize(
    ("features", "labels", "folds", "message"),
    [
        (torch.zeros(4), torch.zeros(4), 2, r"must be \(N, D\)"),
        (torch.zeros(5, 2), torch.zeros(4), 2, r"N = 4 labels, got \(5, 2\)"),
        (torch.zeros(4, 2), torch.tensor([0, 0, 0, 1]), 2, "class 1 has 1"),
        (torch.zeros(4, 2), torch.tensor([0, 0, 1, 1]), 1, "folds must be at least 2"),
    ],
)
def test_bad_input_is_named(features, labels, folds, message):
    with pytest.raises(ValueError, match=message):
        suspicious_labels(features, labels, folds=folds)
