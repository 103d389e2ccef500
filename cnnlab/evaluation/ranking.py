"""GAP, the measure of the landmark challenge."""

import torch
from torch import Tensor


def gap(confidences: Tensor, correct: Tensor, *, queries: int | None = None) -> float:
    """Global average precision of predictions ranked by confidence: GAP = 1/M · Σ P(i) · rel(i).

    i counts the predictions from the most confident on, P(i) is the fraction of the first i that are correct, and
    rel(i) is 1 if the i-th is correct, else 0. M is ``queries``, the pictures that have a correct answer; unless given,
    all pictures. Predictions of equal confidence have the same rank, the last of theirs. Kim 2018, *Development of a
    CNN model for Google Landmark Recognition Challenge*, section IV.

    With one prediction for each of M pictures, GAP equals the accuracy times the average precision of "is it correct"
    as scikit-learn computes it. So GAP cannot exceed the accuracy: the report's 89 % at an accuracy of 66.6 % must be
    the second factor alone, the mean of P(i) over the correct predictions.

    Shape: ``confidences`` (N,) float, any scores that rank; ``correct`` (N,) bool.

    Raises:
        ValueError: for other shapes, no prediction, a NaN, or fewer ``queries`` than correct predictions.

    >>> gap(torch.tensor([0.9, 0.8, 0.7, 0.6]), torch.tensor([True, False, True, False]))  # (1/1 + 2/3) / 4
    0.416...
    """
    if confidences.ndim != 1 or confidences.shape != correct.shape or correct.dtype != torch.bool or not len(correct):
        raise ValueError(
            "GAP needs confidences (N,) and correct (N,) bool with N > 0, got "
            f"{tuple(confidences.shape)} and {tuple(correct.shape)} {correct.dtype}; "
            "of a report these are report.confidences and report.predictions == report.labels"
        )
    if confidences.isnan().any():
        raise ValueError(f"{int(confidences.isnan().sum())} of {len(confidences)} confidences are NaN and have no rank")
    pictures = len(correct) if queries is None else queries
    if pictures < max(1, int(correct.sum())):
        raise ValueError(
            f"queries counts the pictures that have a correct answer, so {int(correct.sum())} correct predictions need "
            f"as many or more, got {queries}"
        )
    ranked, order = confidences.double().sort(descending=True, stable=True)
    rank = torch.searchsorted(-ranked, -ranked, right=True)  # of the last of equal confidence, from 1
    found = correct[order].long().cumsum(dim=0)
    precision = found[rank - 1].double() / rank
    return float(precision[correct[order]].sum() / pictures)
