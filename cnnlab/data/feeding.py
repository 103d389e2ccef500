"""From a split to the batches that a network is fed with."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Protocol

import torch
from torch import Tensor

from cnnlab.data.decoding import UnreadablePictureError, ahead
from cnnlab.data.folders import Pictures
from cnnlab.data.split import Split, Unreadable

AHEAD = 2  # batches that are being decoded while the network works on another
GATHERED = 2_000_000  # values of pictures in memory that are gathered at once: 8 MB


class Augment(Protocol):
    """A change of a float batch (N, C, H, W) that draws its chances from ``generator``; `Augmentation` is one."""

    def __call__(self, images: Tensor, *, generator: torch.Generator) -> Tensor:
        """The changed batch."""


def to_float(images: Tensor) -> Tensor:
    """Scale pictures for a network: uint8 from 0 to 255 becomes float from −1 to 1; float pictures pass untouched.

    The one rule of scaling in cnnlab: `fit`, `predict` and `evaluate` apply it, so that no one trains with one scale
    and tests with another.

    Raises:
        TypeError: for pictures that are neither uint8 nor float.

    >>> to_float(torch.tensor([0, 255], dtype=torch.uint8))
    tensor([-1.,  1.])
    """
    if images.dtype == torch.uint8:
        return images.to(torch.float32).sub_(127.5).div_(127.5)
    if images.is_floating_point():
        return images
    raise TypeError(f"pictures must be uint8 (0 to 255) or float (scaled already), got {images.dtype}; see Tensor.to")


class Batches:
    """The batches of an epoch, again and again: float pictures (N, C, H, W) and labels (N,), on ``device``.

    Pictures in memory are indexed as tensors on the device; pictures on demand are decoded by threads, and
    broken ones are left out, listed in ``unreadable`` and named in a warning. Order and augmentation of the pass after
    `set_epoch` depend on ``seed`` and the epoch alone: epoch 7 is the same whether epoch 6 was run or not. Further
    passes have further orders. Since batch normalisation cannot train on a single picture, a shuffled last batch of
    one is left out, and where broken pictures leave one of a batch, it goes into the next.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        *,
        shuffle: bool,
        seed: int,
        augment: Augment | None,
        device: torch.device,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
        self.split = split.to(device)
        self.batch_size, self.shuffle, self.seed, self.augment, self.device = (
            batch_size,
            shuffle,
            seed,
            augment,
            device,
        )
        self.unreadable: list[Unreadable] = []
        self._generator = torch.Generator()
        self.set_epoch(0)
        single = shuffle and len(split) > batch_size and len(split) % batch_size == 1
        self._used = len(split) - single

    def set_epoch(self, epoch: int) -> None:
        """Choose the order and the augmentation of the next pass."""
        self._generator.manual_seed(self.seed * 1_000_003 + epoch)

    def __len__(self) -> int:
        return -(-self._used // self.batch_size)

    def order(self) -> Tensor:
        """Indices of the pictures in the order of this epoch."""
        everything = torch.randperm(len(self.split), generator=self._generator) if self.shuffle else None
        return torch.arange(len(self.split)) if everything is None else everything[: self._used]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in self._from_disk() if isinstance(self.split.images, Pictures) else self._from_memory():
            images = to_float(images)
            if self.augment:
                images = self.augment(images, generator=self._generator)
            yield images, labels

    def _from_memory(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, labels = self.split.images, self.split.labels
        assert isinstance(images, Tensor)  # for the type checker: anything else is on the disk
        # Small pictures are gathered and scaled some batches at a time: for LeNet a twentieth of a step's time.
        together = max(1, GATHERED // (images[0].numel() * self.batch_size)) * self.batch_size
        for chosen in self.order().to(self.device).split(together):
            pictures, truths = to_float(images[chosen]), labels[chosen]
            yield from zip(pictures.split(self.batch_size), truths.split(self.batch_size), strict=True)

    def _from_disk(self) -> Iterator[tuple[Tensor, Tensor]]:
        order, given = self.order(), False
        held: list[tuple[int, Tensor]] = []  # a single picture that waits for the next batch
        with closing(ahead(self._decode, order.tolist(), pending=(AHEAD + 1) * self.batch_size)) as decoded:
            for chosen in order.split(self.batch_size):
                held += self._readable(zip(chosen.tolist(), islice(decoded, len(chosen)), strict=True))
                if len(held) > 1 or not self.shuffle or self.batch_size == 1:
                    yield from self._stacked(held)
                    held, given = [], True
        if not given:  # the only readable picture of all
            yield from self._stacked(held)

    def _decode(self, index: int) -> Tensor | Unreadable:
        pictures = self.split.images
        assert isinstance(pictures, Pictures)
        try:
            return pictures[index]
        except (UnreadablePictureError, FileNotFoundError) as error:
            path = str(pictures.paths[index])
            return Unreadable(path, str(error).removeprefix(f"{path}: "))

    def _readable(self, decoded: Iterable[tuple[int, Tensor | Unreadable]]) -> list[tuple[int, Tensor]]:
        """The pictures that could be decoded, with their indices; the others are listed and named."""
        entries = list(decoded)
        new = [entry for _, entry in entries if isinstance(entry, Unreadable) and entry not in self.unreadable]
        if new:
            self.unreadable += new
            warnings.warn(
                f"{len(new)} broken picture(s) left out: {'; '.join(f'{path} ({why})' for path, why in new)}",
                stacklevel=2,
            )
        return [(index, entry) for index, entry in entries if isinstance(entry, Tensor)]

    def _stacked(self, pictures: list[tuple[int, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
        """The batch of these pictures, if there are any."""
        if pictures:
            labels = self.split.labels[torch.tensor([index for index, _ in pictures])]
            yield torch.stack([picture for _, picture in pictures]).to(self.device), labels.to(self.device)


def batches(
    split: Split,
    batch_size: int,
    *,
    shuffle: bool = False,
    seed: int = 0,
    augment: Augment | None = None,
    device: torch.device | str = "cpu",
) -> Batches:
    """Batches of ``split``, from memory or decoded on demand; see `Batches`.

    Shape: each (n, C, H, W) float from −1 to 1, and (n,) int64, with n = ``batch_size`` but for the last and where
    pictures are broken.

    >>> split = Split(torch.zeros(5, 1, 28, 28, dtype=torch.uint8), torch.arange(5), tuple("abcde"))
    >>> [tuple(images.shape) for images, labels in batches(split, 2)]
    [(2, 1, 28, 28), (2, 1, 28, 28), (1, 1, 28, 28)]
    """
    return Batches(split, batch_size, shuffle=shuffle, seed=seed, augment=augment, device=torch.device(device))
