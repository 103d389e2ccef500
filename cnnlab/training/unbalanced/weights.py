"""Weights of the classes in the cross-entropy, from their numbers of pictures."""

import torch
from torch import Tensor

from cnnlab.data import Split


def class_weights(train: Split) -> Tensor:
    """A weight for each class that is inversely proportional to its number of pictures: N / (classes · n).

    With them, all classes count alike in the cross-entropy, whatever their numbers of pictures: pass them to `fit` as
    ``class_weights``. A factor common to all weights changes nothing, because the weighted mean divides by their sum;
    this one makes the mean weight of a picture 1, as scikit-learn's "balanced" weights.

    Gjerde, Tron and Ryfetten 2019, section 3.3; the sentence with their formula breaks off after "by taking 1", which
    we read as 1 / n.

    Shape: (classes,) float32.

    Raises:
        ValueError: for a class without a picture, whose weight would be infinite.

    >>> split = Split(torch.zeros(4, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 0, 0, 1]), ("many", "few"))
    >>> class_weights(split)
    tensor([0.6667, 2.0000])
    """
    counts = class_counts(train)
    return (counts.sum() / (len(counts) * counts)).float()


def class_counts(train: Split) -> Tensor:
    """The number of pictures of each class, none of which may be 0.

    Shape: (classes,) float64.

    Raises:
        ValueError: for a class without a picture.
    """
    counts = torch.bincount(train.labels.cpu(), minlength=len(train.classes))
    empty = [name for name, count in zip(train.classes, counts.tolist(), strict=True) if not count]
    if empty:
        raise ValueError(
            f"every class needs a picture to be weighted by its number, and these have none: {', '.join(empty[:5])}"
            f"{' …' if len(empty) > 5 else ''}; take them out of the split's classes"
        )
    return counts.double()
