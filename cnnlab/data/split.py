"""Pictures with labels, and their parts for training, validation and test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import Tensor


class Images(Protocol):
    """The pictures of a split: a uint8 tensor (N, C, H, W), or pictures that are decoded on demand."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor) -> "Images": ...


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures, their labels and the names of the classes.

    ``images`` is a uint8 tensor (N, C, H, W), or a `Pictures` that decodes on demand; ``labels`` is an int64 tensor
    (N,) of indices into ``classes``. A slice, or a tensor or list of indices, gives a smaller split.

    Raises:
        ValueError: if there are no pictures, if the numbers of pictures and labels differ, for a label without a class,
            or for labels of another type or shape.

    >>> split = Split(torch.zeros(5, 1, 28, 28, dtype=torch.uint8), torch.arange(5), tuple("abcde"))
    >>> split[:2]
    Split(2 pictures of 1×28×28, 5 classes)
    """

    images: Images
    labels: Tensor
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.images)
        if count == 0:
            raise ValueError("a split needs at least one picture, got none")
        if not isinstance(self.labels, Tensor) or self.labels.dtype != torch.int64 or self.labels.ndim != 1:
            kind = type(self.labels).__name__
            if isinstance(self.labels, Tensor):
                kind = f"{self.labels.dtype} of shape {tuple(self.labels.shape)}"
            raise ValueError(
                f"labels must be an int64 tensor (N,) of indices into the classes, got {kind}; torch.tensor converts "
                "a list of whole numbers"
            )
        if len(self.labels) != count:
            raise ValueError(f"a split needs one label a picture, got {count} pictures and {len(self.labels)} labels")
        low, high = int(self.labels.min()), int(self.labels.max())
        if low < 0 or high >= len(self.classes):
            raise ValueError(
                f"labels of {len(self.classes)} classes lie between 0 and {len(self.classes) - 1}, got {low} to {high}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Tensor | Sequence[int]) -> "Split":
        if not isinstance(index, slice):
            index = torch.as_tensor(index)
            if index.ndim != 1:
                raise ValueError(
                    f"a split is indexed by a slice or by indices (N,), got {index.tolist()!r:.80}; split[1:2] is a "
                    "split of one picture, split.images[1] is a picture"
                )
            index = index if len(index) else index.long()  # torch takes an empty list for one of floats
        chosen = torch.arange(len(self))[index]
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])

    def __repr__(self) -> str:
        size = "×".join(map(str, self.images.shape[1:]))
        return f"Split({len(self):,} pictures of {size}, {len(self.classes)} classes)"

    def to(self, device: torch.device | str) -> "Split":
        """The same split with pictures and labels on ``device``; pictures on demand stay where they are."""
        if not isinstance(self.images, Tensor):
            return self
        return replace(self, images=cast(Images, self.images.to(device)), labels=self.labels.to(device))


class Unreadable(NamedTuple):
    """A picture that cannot be decoded, and why."""

    path: str
    reason: str


class Splits(NamedTuple):
    """The parts of a data set, and the files that were left out because they cannot be read."""

    train: Split
    validation: Split
    test: Split
    unreadable: tuple[Unreadable, ...] = ()


def stratify(whole: Split, *, validation: float, test: float, seed: int) -> Splits:
    """Split ``whole`` into parts with the same proportion of every class, to within one picture of each.

    ``validation`` and ``test`` are fractions of the whole. Pictures are shuffled with ``seed``. With a fraction of 0.1,
    a class of fewer than about ten pictures may be missing from a part.

    Raises:
        ValueError: for fractions that leave nothing to train on, or a class with too few pictures for three parts.

    >>> whole = Split(torch.zeros(50, 1, 8, 8, dtype=torch.uint8), torch.arange(50) % 5, tuple("abcde"))
    >>> [torch.bincount(part.labels).tolist() for part in stratify(whole, validation=0.2, test=0.2, seed=0)[:3]]
    [[6, 6, 6, 6, 6], [2, 2, 2, 2, 2], [2, 2, 2, 2, 2]]
    """
    from sklearn.model_selection import train_test_split  # takes half a second, and only this function needs it

    if not (0 < validation < 1 and 0 < test < 1 and validation + test < 1):
        raise ValueError(
            "validation and test must be fractions above 0 that leave something to train on, "
            f"got {validation} and {test}; try 0.1 and 0.2"
        )
    _require_counts(whole)
    labels = whole.labels.numpy()
    everything = np.arange(len(whole))
    try:
        rest, test_part = train_test_split(everything, test_size=test, stratify=labels, random_state=seed)
        train_part, validation_part = train_test_split(
            rest, test_size=validation / (1 - test), stratify=labels[rest], random_state=seed
        )
    except ValueError as error:
        raise ValueError(
            f"{len(whole)} pictures of {len(whole.classes)} classes cannot be split into {validation:.0%} validation, "
            f"{test:.0%} test and the rest with the same proportions of classes ({error}); add pictures or change the "
            "fractions"
        ) from error
    train = torch.as_tensor(train_part)
    return Splits(whole[train], whole[torch.as_tensor(validation_part)], whole[torch.as_tensor(test_part)])


def _require_counts(whole: Split) -> None:
    counts = torch.bincount(whole.labels, minlength=len(whole.classes)).tolist()
    few = [f"{name} ({count})" for name, count in zip(whole.classes, counts, strict=True) if count < 3]
    if few:
        raise ValueError(
            "every class needs at least 3 pictures, one each for training, validation and test; too few: "
            f"{', '.join(few[:5])}{' …' if len(few) > 5 else ''}; add pictures or take the class out"
        )
