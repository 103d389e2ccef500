"""Scores of every class, the best and worst classes, averages over classes, and the pairs that are confused most.

The first five columns are those of the face report (Gjerde, Tron and Ryfetten 2019, section 5.4), as it defines them:

    accuracy     correctly classified pictures of the class / pictures of the class: the same number as the recall
    precision    correctly classified pictures of the class / pictures that were given this class
    recall       correctly classified pictures of the class / pictures of the class
    bcr          (precision + recall) / 2, the "balanced classification rate"
    aggregated   the mean of these four

Other libraries define some of them otherwise. Their "balanced accuracy" is the mean recall of all classes. Their
accuracy of one class is ``one_vs_rest``, (true positives + true negatives) / all pictures, near 1 for a rare class.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cnnlab.evaluation.report import Report

if TYPE_CHECKING:
    import pandas as pd

SCORES = ["accuracy", "precision", "recall", "bcr", "aggregated", "f1"]


def class_scores(report: Report) -> "pd.DataFrame":
    """A row a class: the face report's five scores, F1, accuracy of one class against the rest, and counts.

    Columns: ``accuracy``, ``precision``, ``recall``, ``bcr``, ``aggregated``, ``f1``, ``one_vs_rest``, ``pictures``
    (of the class), ``predicted`` (pictures that were given the class), and ``note``. A class that has pictures and is
    never predicted has precision 0, as in scikit-learn and in the report's table 4. A class without pictures has no
    recall: the scores that need it are NaN. ``note`` says both.

    >>> report = Report(torch.eye(3)[[0, 0, 1, 0]], torch.tensor([0, 0, 1, 1]), ("cat", "dog", "bird"))
    >>> class_scores(report)[["recall", "bcr", "aggregated", "note"]].round(3)
           recall    bcr  aggregated        note
    class
    cat       1.0  0.833      0.875
    dog       0.5  0.750      0.688
    bird      NaN    NaN        NaN  no picture
    """
    import pandas as pd  # only those who look at classes wait for it

    correct, pictures, predicted = _counts(report)
    table = pd.DataFrame({name: values.numpy() for name, values in _scores(report).items()})
    table["one_vs_rest"] = (1 - (pictures + predicted - 2 * correct) / len(report.labels)).numpy()
    table["pictures"], table["predicted"] = pictures.long().numpy(), predicted.long().numpy()
    notes = {(False, True): "never predicted", (True, False): "no picture, but predicted", (True, True): "no picture"}
    empty = zip((pictures == 0).tolist(), (predicted == 0).tolist(), strict=True)
    table["note"] = [notes.get(which, "") for which in empty]
    table.index = pd.Index(report.classes, name="class")
    return table


def best_and_worst(report: Report, count: int = 5, *, by: str = "aggregated") -> "pd.DataFrame":
    """The ``count`` best and the ``count`` worst classes, as in the face report's tables 3 and 4.

    Rows: ("best", 1) … and ("worst", 1) …, the best and the worst first; of equal classes the one with more pictures.
    Columns: ``class``, the six scores, ``pictures``. Classes without pictures are left out. Of fewer than
    2 · ``count`` classes, some are in both parts.

    Raises:
        ValueError: for a count below 1, or another column than one of the scores.

    >>> report = Report(torch.eye(3)[[0, 0, 1, 0]], torch.tensor([0, 0, 1, 1]), ("cat", "dog", "bird"))
    >>> best_and_worst(report, 1)[["class", "aggregated", "pictures"]]
               class  aggregated  pictures
    part  rank
    best  1      cat     0.8750         2
    worst 1      dog     0.6875         2
    """
    import pandas as pd

    if count < 1:
        raise ValueError(f"count must be 1 or more, got {count}")
    if by not in SCORES:
        raise ValueError(f"by must be one of {', '.join(SCORES)}, got {by!r}")
    scores = class_scores(report)
    scores = scores[scores.pictures > 0].reset_index().sort_values("pictures", ascending=False, kind="stable")
    count = min(count, len(scores))
    parts = {
        part: scores.sort_values(by, ascending=part == "worst", kind="stable").head(count).set_axis(range(1, count + 1))
        for part in ("best", "worst")
    }
    return pd.concat(parts, names=["part", "rank"])[["class", *SCORES, "pictures"]]


def averages(report: Report) -> "pd.DataFrame":
    """Averages of the scores over classes: each class alike, each picture alike, and all pictures together.

    Rows: ``macro``, the mean over the classes that have pictures (the face report's tables 5 and 8); ``weighted``, the
    mean weighted with the pictures of the classes; ``micro``, of the sums over all classes, where precision, recall and
    with them all scores equal the accuracy, since every picture has one class and one prediction. The column
    ``classes`` says over how many classes the row goes; classes without pictures are left out.

    >>> report = Report(torch.eye(3)[[0, 0, 1, 0]], torch.tensor([0, 0, 1, 1]), ("cat", "dog", "bird"))
    >>> averages(report)[["precision", "recall", "classes"]].round(3)
              precision  recall  classes
    macro         0.833    0.75        2
    weighted      0.833    0.75        2
    micro         0.750    0.75        2
    """
    import pandas as pd

    pictures = _counts(report)[1]
    there = pictures > 0
    scores = torch.stack(list(_scores(report).values()), dim=1)[there]
    rows = {
        "macro": scores.mean(dim=0),
        "weighted": (pictures[there] / pictures.sum()) @ scores,
        "micro": torch.full((len(SCORES),), report.accuracy, dtype=torch.float64),
    }
    table = pd.DataFrame.from_dict({name: row.tolist() for name, row in rows.items()}, orient="index", columns=SCORES)
    return table.assign(classes=int(there.sum()))


def confused_pairs(report: Report, count: int = 10) -> "pd.DataFrame":
    """The pairs of classes that are confused most: pictures of ``true`` that were taken for ``predicted``.

    A row a pair, the most frequent first, at most ``count``. Columns: ``true``, ``predicted``, ``pictures``, and their
    ``share`` of the pictures of the true class. Without a mistake the table is empty.

    >>> report = Report(torch.eye(3)[[0, 0, 1, 0]], torch.tensor([0, 0, 1, 1]), ("cat", "dog", "bird"))
    >>> confused_pairs(report)
      true predicted  pictures  share
    0  dog       cat         1    0.5
    """
    import pandas as pd

    mistakes = report.confusion.clone().fill_diagonal_(0)
    order = mistakes.flatten().argsort(descending=True, stable=True)[:count]
    true, predicted = order // len(report.classes), order % len(report.classes)
    pictures = mistakes[true, predicted]
    rows = {
        "true": [report.classes[label] for label in true.tolist()],
        "predicted": [report.classes[label] for label in predicted.tolist()],
        "pictures": pictures.numpy(),
        "share": (pictures.double() / report.confusion.sum(dim=1)[true]).numpy(),
    }
    return pd.DataFrame(rows)[pictures.numpy() > 0]


def _counts(report: Report) -> tuple[Tensor, Tensor, Tensor]:
    """For each class the pictures that are correctly classified, those of the class, and those that were given it."""
    confusion = report.confusion.double()
    return confusion.diag(), confusion.sum(dim=1), confusion.sum(dim=0)


def _scores(report: Report) -> dict[str, Tensor]:
    """The columns ``SCORES``, (classes,) each; NaN where there is nothing to divide by, but for the precision of 0."""
    correct, pictures, predicted = _counts(report)
    recall = correct / pictures
    precision = torch.where((pictures > 0) & (predicted == 0), 0.0, correct / predicted)
    bcr = (precision + recall) / 2
    f1 = torch.where(pictures > 0, 2 * correct / (pictures + predicted), torch.nan)
    columns = (recall, precision, recall, bcr, (recall + precision + recall + bcr) / 4, f1)
    return dict(zip(SCORES, columns, strict=True))
