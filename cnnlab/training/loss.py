"""The loss that `fit` minimises unless it is given another."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy_of(classes: int | None, weights: Tensor | None) -> Loss:
    """The cross-entropy of logits (N, classes), or of any number of classes, which refuses anything else in words."""

    def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
        if not isinstance(logits, Tensor):
            raise TypeError(
                f"the network puts out a {type(logits).__name__}, not logits alone; with auxiliary heads pass "
                "loss=cnnlab.models.auxiliary_loss"
            )
        if classes is not None and (logits.ndim != 2 or logits.shape[1] != classes):
            raise ValueError(
                f"the network puts out {tuple(logits.shape)} and the data has {classes} classes; "
                "build it with num_classes to match"
            )
        return F.cross_entropy(logits, labels, weight=weights)

    return cross_entropy
