"""Batches in which every class is equally frequent."""

from collections.abc import Iterator

import torch
from torch import Tensor

from cnnlab.data import Batches, Split
from cnnlab.training.unbalanced.weights import class_counts

TOGETHER = 16  # batches that are taken out of the split at once


class BalancedBatches:
    """A loader for `fit` that draws the class of each picture first, all equally probable, then a picture of the class.

    Pictures are drawn with replacement: in an epoch, one of a rare class comes several times, and some of a frequent
    class do not come. An epoch has as many full batches as the split, or one of all pictures if they are fewer. What is
    drawn depends on ``seed`` and the epoch alone. Augmentation makes the repeated pictures different, see `fit`.

    Buda, Maki and Mazurowski 2018, arXiv:1710.05381, section 2.1 (oversampling).

    Shape: each batch (batch_size, C, H, W) float, of uint8 pictures from −1 to 1, and (batch_size,) int64.

    Raises:
        ValueError: for a class without a picture, or a ``batch_size`` below 1.

    >>> split = Split(torch.zeros(100, 1, 2, 2, dtype=torch.uint8), (torch.arange(100) >= 99).long(), ("many", "few"))
    >>> loader = BalancedBatches(split, 50)
    >>> len(loader), 30 < sum(int(labels.sum()) for images, labels in loader) < 70
    (2, True)
    """

    def __init__(self, train: Split, batch_size: int = 64, *, seed: int = 0) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
        self.train, self.batch_size, self.seed = train, min(batch_size, len(train)), seed
        self._chances = (1 / class_counts(train))[train.labels.cpu()]
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set what the next pass draws."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self.train) // self.batch_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self._epoch)
        drawn = torch.multinomial(self._chances, len(self) * self.batch_size, replacement=True, generator=generator)
        for chosen in drawn.split(TOGETHER * self.batch_size):
            yield from Batches(self.train[chosen], self.batch_size)
