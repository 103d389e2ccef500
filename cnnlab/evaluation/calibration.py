"""Whether a network that is 80 % sure is right in 80 % of the cases."""

from typing import TYPE_CHECKING

import torch

from cnnlab.evaluation.intervals import check_level
from cnnlab.evaluation.report import Report

if TYPE_CHECKING:
    import pandas as pd


def calibration_curve(report: Report, *, bins: int = 10, level: float = 0.95) -> "pd.DataFrame":
    """The calibration curve with its band: accuracy against confidence, a row for each bin of confidences.

    Columns: ``above`` and ``to``, the limits of the bin; ``confidence``, the mean of the pictures in it; ``accuracy``;
    ``low`` and ``high``, the Wilson interval of the accuracy at the ``level``; ``pictures``. A calibrated network has
    accuracy = confidence up to the band. A bin without pictures has 0 ``pictures`` and NaN for what they would give.
    Guo et al. 2017, arXiv:1706.04599, section 2; Wilson 1927.

    Raises:
        ValueError: for fewer than one bin, or a level that is not between 0 and 1.

    >>> logits = torch.tensor([[0.0, 1.0], [0.0, 1.0], [3.0, 0.0]])  # 73, 73 and 95 % sure; the second is wrong
    >>> calibration_curve(Report(logits, torch.tensor([1, 0, 0]), ("cat", "dog")), bins=5).dropna().round(2)
       above   to  confidence  accuracy   low  high  pictures
    3    0.6  0.8        0.73       0.5  0.09  0.91         2
    4    0.8  1.0        0.95       1.0  0.21  1.00         1
    """
    import pandas as pd  # both only here
    from scipy.stats import binomtest

    check_level(level)
    if bins < 1:
        raise ValueError(f"bins must be 1 or more, got {bins}")
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    confidences = report.confidences.double()
    place = torch.bucketize(confidences, edges[1:-1])
    pictures = torch.bincount(place, minlength=bins)
    right = torch.bincount(place[report.predictions == report.labels], minlength=bins)
    sums = torch.zeros(bins, dtype=torch.float64).index_add_(0, place, confidences)
    bands = [
        binomtest(hits, of).proportion_ci(level, method="wilson") if of else (torch.nan, torch.nan)
        for hits, of in zip(right.tolist(), pictures.tolist(), strict=True)
    ]
    return pd.DataFrame(
        {
            "above": edges[:-1].numpy(),
            "to": edges[1:].numpy(),
            "confidence": (sums / pictures).numpy(),
            "accuracy": (right.double() / pictures).numpy(),
            "low": [low for low, _ in bands],
            "high": [high for _, high in bands],
            "pictures": pictures.numpy(),
        }
    )


def calibration_error(report: Report, *, bins: int = 10) -> float:
    """Expected calibration error: the mean distance of accuracy and confidence over the bins, weighted with pictures.

    Guo et al. 2017, arXiv:1706.04599, equation 3.

    >>> logits = torch.tensor([[0.0, 1.0], [0.0, 1.0], [3.0, 0.0]])  # 73, 73 and 95 % sure; the second is wrong
    >>> round(calibration_error(Report(logits, torch.tensor([1, 0, 0]), ("cat", "dog"))), 2)  # (2 · 0.23 + 0.05) / 3
    0.17
    """
    curve = calibration_curve(report, bins=bins).dropna()
    return float(((curve.accuracy - curve.confidence).abs() * curve.pictures).sum() / curve.pictures.sum())
