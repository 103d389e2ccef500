"""Cross-entropy with adjusted logits, for classes of different frequency."""

import torch.nn.functional as F
from torch import Tensor, nn

from cnnlab.data import Split
from cnnlab.training.unbalanced.weights import class_counts


class LogitAdjustment(nn.Module):
    """A loss for `fit`: the cross-entropy of the logits plus ``tau`` · log(frequency of the class).

    In training, a frequent class gets its advantage from the addition, so that the network need not learn it. The
    network's own logits, without the addition, then rank classes as if all were equally frequent: they minimise the
    balanced error, the mean error over classes. The same can be had after a training with the plain cross-entropy, by
    subtracting ``tau`` · log(frequency) from its logits (equation 9).

    Menon et al. 2021, *Long-tail learning via logit adjustment*, arXiv:2007.07314, equation 10.

    Shape: logits (N, classes), labels (N,) -> the mean over the batch.

    Raises:
        ValueError: for a class without a picture.

    >>> import torch
    >>> split = Split(torch.zeros(4, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 0, 0, 1]), ("many", "few"))
    >>> LogitAdjustment(split)(torch.zeros(1, 2), torch.tensor([1]))  # −log(1/4)
    tensor(1.3863)
    """

    addition: Tensor

    def __init__(self, train: Split, *, tau: float = 1.0) -> None:
        super().__init__()
        counts = class_counts(train)
        self.tau = tau
        self.register_buffer("addition", (tau * (counts / counts.sum()).log()).float())

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of a batch."""
        return F.cross_entropy(logits + self.addition.to(logits.device), labels)
