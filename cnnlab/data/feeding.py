"""From a split, or a loader of your own, to the batches that a network is fed with."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any, Protocol

import torch
from torch import Tensor

from cnnlab.data.decoding import UnreadablePictureError, ahead
from cnnlab.data.folders import Pictures
from cnnlab.data.split import Split, Unreadable

AHEAD = 2  # batches that are being decoded while the network works on another
GATHERED = 2_000_000  # values of pictures in memory that are gathered at once: 8 MB

Loader = Iterable[tuple[Tensor, Tensor]]  # of (pictures, labels), again in every epoch, as a DataLoader


class Augment(Protocol):
    """A change of a float batch (N, C, H, W) that draws its random numbers from ``generator``; `Augmentation` is one.

    If it has a method ``set_epoch(epoch)``, that is called before every epoch.
    """

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
    """The batches of a split, or of a loader of (pictures, labels), as a network is fed with them, in every epoch anew.

    Shape: each (n, C, H, W) float, of uint8 pictures from −1 to 1, and (n,) int64, both on ``device``, with
    n = ``batch_size`` but for the last.

    Pictures in memory are indexed as tensors on the device; pictures on demand are decoded by threads, and
    broken ones are left out, listed in ``unreadable`` and named in a warning. Order and augmentation of the pass after
    `set_epoch` depend on ``seed`` and the epoch alone: epoch 7 is the same whether epoch 6 was run or not. Further
    passes have further orders. Since batch normalisation cannot train on a single picture, a shuffled last batch of
    one is left out.

    Process ``rank`` of several ``processes`` takes each n-th picture of the order that they share. When shuffled, up to
    n − 1 pictures are left out of an epoch, so that all processes take equally many steps.

    A loader shuffles, and divides its pictures among processes, by itself: its batches are only scaled and augmented.
    If it has a method ``set_epoch``, that is called too.

    >>> split = Split(torch.zeros(5, 1, 28, 28, dtype=torch.uint8), torch.arange(5), tuple("abcde"))
    >>> [tuple(images.shape) for images, labels in batches(split, 2)]
    [(2, 1, 28, 28), (2, 1, 28, 28), (1, 1, 28, 28)]
    >>> [labels.tolist() for images, labels in batches(split, 2, rank=1, processes=2)]
    [[1, 3]]
    """

    def __init__(
        self,
        source: Split | Loader,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        augment: Augment | None = None,
        device: torch.device | str = "cpu",
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, got {batch_size}")
        self.source = source.to(device) if isinstance(source, Split) else source
        self.batch_size, self.shuffle, self.seed, self.augment = batch_size, shuffle, seed, augment
        self.device, self.rank, self.processes = torch.device(device), rank, processes
        self.unreadable: list[Unreadable] = []
        self._generator = torch.Generator()
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Set the order and the augmentation of the next pass."""
        self._generator.manual_seed(self.seed * 1_000_003 + epoch)
        for part in (self.source, self.augment):
            if part is not None and hasattr(part, "set_epoch"):
                part.set_epoch(epoch)

    def __len__(self) -> int:
        if isinstance(self.source, Split):
            return -(-len(self._share(range(len(self.source)))) // self.batch_size)
        return len(self.source)  # type: ignore[arg-type]  # TypeError for a loader without a length

    def _share(self, order: Any) -> Any:
        """This process's part of the order."""
        used = len(order)
        if self.shuffle:
            used -= used % self.processes
            single = used // self.processes % self.batch_size == 1 and used > self.processes * self.batch_size
            used -= single * self.processes
        return order[self.rank : used : self.processes]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if isinstance(self.source, Split):
            found = self._from_split(self.source)
        else:
            found = ((images.to(self.device), labels.to(self.device)) for images, labels in self.source)
        for images, labels in found:
            images = to_float(images)
            if self.augment:
                images = self.augment(images, generator=self._generator)
            yield images, labels

    def _from_split(self, split: Split) -> Iterator[tuple[Tensor, Tensor]]:
        count = len(split)
        everything = torch.randperm(count, generator=self._generator) if self.shuffle else torch.arange(count)
        order = self._share(everything)
        if self.rank:  # the processes have one order, but not one augmentation
            self._generator.manual_seed(self._generator.initial_seed() + 1_000_000_007 * self.rank)
        if isinstance(split.images, Pictures):
            return self._from_disk(split.images, split.labels, order.tolist())
        assert isinstance(split.images, Tensor)  # for the type checker
        return self._from_memory(split.images, split.labels, order.to(self.device))

    def _from_memory(self, images: Tensor, labels: Tensor, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        # Small pictures are gathered and scaled some batches at a time: for LeNet a twentieth of a step's time.
        together = max(1, GATHERED // (images[0].numel() * self.batch_size)) * self.batch_size
        for chosen in order.split(together):
            yield from zip(
                to_float(images[chosen]).split(self.batch_size), labels[chosen].split(self.batch_size), strict=True
            )

    def _from_disk(self, images: Pictures, labels: Tensor, order: list[int]) -> Iterator[tuple[Tensor, Tensor]]:
        def decoded(index: int) -> Tensor | Unreadable:
            try:
                return images[index]
            except (UnreadablePictureError, FileNotFoundError) as error:
                path = str(images.paths[index])
                return Unreadable(path, str(error).removeprefix(f"{path}: "))

        with closing(ahead(decoded, order, pending=(AHEAD + 1) * self.batch_size)) as results:
            readable = ((result, labels[i]) for i, result in zip(order, results, strict=True) if self._keep(result))
            first = True
            while batch := list(islice(readable, self.batch_size)):
                if first or not (self.shuffle and len(batch) == 1 < self.batch_size):
                    pictures, truths = zip(*batch, strict=True)
                    yield torch.stack(pictures).to(self.device), torch.stack(truths).to(self.device)
                first = False

    def _keep(self, result: Tensor | Unreadable) -> bool:
        """Whether a picture could be decoded; a broken one is listed and named, once."""
        if isinstance(result, Unreadable) and result not in self.unreadable:
            self.unreadable.append(result)
            warnings.warn(f"a broken picture is left out: {result.path} ({result.reason})", stacklevel=2)
        return isinstance(result, Tensor)


batches = Batches  # as lectures write it: for images, labels in data.batches(split, 64)
