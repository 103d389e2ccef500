"""What a classifier got right and wrong, from its logits and the true labels."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    import pandas as pd


def confusion_matrix(labels: Tensor, predictions: Tensor, *, num_classes: int) -> Tensor:
    """Count how often each class was taken for each: rows are true classes, columns predicted ones.

    Shape: (N,), (N,) -> (num_classes, num_classes) int64.

    Raises:
        ValueError: for other shapes, or what is no index of one of the classes.

    >>> confusion_matrix(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), num_classes=2)
    tensor([[1, 1],
            [0, 1]])
    """
    _check_indices("labels", labels, num_classes)
    _check_indices("predictions", predictions, num_classes)
    if len(labels) != len(predictions):
        raise ValueError(f"a label needs its prediction, got {len(labels)} labels and {len(predictions)} predictions")
    pairs = labels.long() * num_classes + predictions.long()
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


@dataclass(frozen=True, eq=False)
class Report:
    """A classifier's logits beside the true labels, and what follows from them.

    Shape: ``logits`` (N, num_classes), ``labels`` (N,).

    Raises:
        ValueError: if the numbers of rows, labels and classes do not fit together, a label is no index of a class, or
            a logit is NaN.

    >>> logits = torch.tensor([[2.0, 0.0], [0.0, 3.0], [0.0, 1.0], [4.0, 0.0]])
    >>> report = Report(logits, torch.tensor([0, 1, 0, 0]), ("cat", "dog"))
    >>> report
    Report(accuracy 75.0 % of 4 pictures, loss 0.38)
    >>> report.mistakes
    tensor([2])
    """

    logits: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.logits.ndim != 2 or len(self.logits) != len(self.labels) or not len(self.labels):
            raise ValueError(
                f"a report needs logits (N, classes) and labels (N,) with N > 0, got {tuple(self.logits.shape)} "
                f"and {tuple(self.labels.shape)}"
            )
        if self.logits.shape[1] != len(self.classes):
            raise ValueError(
                f"the network has {self.logits.shape[1]} outputs and the data {len(self.classes)} classes; "
                "build it with num_classes to match"
            )
        _check_indices("labels", self.labels, len(self.classes))
        if self.logits.isnan().any():
            rows = self.logits.isnan().any(dim=1).sum().item()
            raise ValueError(
                f"the logits of {rows} of {len(self.logits)} pictures hold NaN, which is no score; look for it in the "
                "pictures, then in the network's weights (a training that diverged needs a smaller learning rate)"
            )

    def __repr__(self) -> str:
        return f"Report(accuracy {self.accuracy:.1%} of {len(self.labels):,} pictures, loss {self.loss:.2f})".replace(
            "%", " %"
        )

    @cached_property
    def accuracy(self) -> float:
        """Fraction of the pictures whose class was recognised."""
        return (self.predictions == self.labels).double().mean().item()

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy, in nats."""
        return F.cross_entropy(self.logits.float(), self.labels.long()).item()

    @cached_property
    def predictions(self) -> Tensor:
        """(N,) int64: the class with the largest logit."""
        return self.logits.argmax(dim=1)

    @cached_property
    def confidences(self) -> Tensor:
        """(N,) float: the softmax probability of the predicted class."""
        return self.logits.float().softmax(dim=1).amax(dim=1)

    @cached_property
    def confusion(self) -> Tensor:
        """(classes, classes) int64: rows are true classes, columns predicted ones."""
        return confusion_matrix(self.labels, self.predictions, num_classes=len(self.classes))

    @cached_property
    def per_class(self) -> "pd.DataFrame":
        """A row a class: precision, recall, F1 and the number of pictures; 0 where nothing was predicted or present."""
        import pandas as pd  # only those who look at classes wait for it

        confusion = self.confusion.double()
        correct, present, predicted = confusion.diag(), confusion.sum(dim=1), confusion.sum(dim=0)
        columns = {
            "precision": correct / predicted.clamp(min=1),
            "recall": correct / present.clamp(min=1),
            "f1": 2 * correct / (present + predicted).clamp(min=1),
        }
        table = pd.DataFrame({name: values.numpy() for name, values in columns.items()})
        table["support"] = present.long().numpy()
        table.index = pd.Index(self.classes, name="class")
        return table

    @cached_property
    def mistakes(self) -> Tensor:
        """Indices of the pictures with a wrong prediction, the most confident first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        return wrong[self.confidences[wrong].argsort(descending=True)]


def _check_indices(what: str, indices: Tensor, num_classes: int) -> None:
    whole = not (indices.is_floating_point() or indices.is_complex() or indices.dtype == torch.bool)
    if indices.ndim != 1 or not whole:
        raise ValueError(
            f"{what} are a whole number a picture, a tensor (N,) such as int64, got {indices.dtype} of shape "
            f"{tuple(indices.shape)}; of logits or one-hot rows, argmax(dim=1) makes them"
        )
    if len(indices) and not 0 <= indices.min() <= indices.max() < num_classes:
        raise ValueError(
            f"{what} of {num_classes} classes lie between 0 and {num_classes - 1}, got {indices.min()} to "
            f"{indices.max()}; name as many classes as there are"
        )
