"""MNIST, FashionMNIST and CIFAR-10, downloaded by torchvision."""

import os
import socket
from pathlib import Path

import torch

from cnnlab.data.split import Split, Splits
from cnnlab.files import cache_folder

NAMES = ("MNIST", "FashionMNIST", "CIFAR10")
TIMEOUT = 60  # seconds without a byte


def torchvision_dataset(
    name: str, *, root: str | os.PathLike[str] | None = None, validation: float = 0.1, seed: int = 0
) -> Splits:
    """MNIST, FashionMNIST (60,000 and 10,000 grey pictures of 28×28) or CIFAR10 (50,000 and 10,000 in colour of 32×32).

    torchvision downloads them into ``root`` (by default the cache) and checks their MD5; a second call reads those
    files. ``validation`` is a stratified fraction of the training part; the test part is the publishers' own.

    Shape: images (N, C, H, W) uint8, labels (N,) int64.

    Raises:
        ValueError: for another name, or a fraction that is not between 0 and 1.
        ConnectionError: if its files are missing or damaged and cannot be downloaded.
    """
    import torchvision  # takes a second, and only this function needs it
    from sklearn.model_selection import train_test_split

    if name not in NAMES:
        raise ValueError(f"no data set is called {name!r}; there are {', '.join(NAMES)} (digits() needs no network)")
    if not 0 < validation < 1:
        raise ValueError(f"validation must be a fraction between 0 and 1, got {validation}; try 0.1")
    folder = Path(root) if root else cache_folder() / "torchvision"
    dataset = getattr(torchvision.datasets, name)
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # torchvision sets none, and would wait for a silent server without end
    try:
        parts = [_split(_open(dataset, folder, train=train)) for train in (True, False)]
    except (OSError, RuntimeError, EOFError, ValueError, AssertionError) as error:  # what torchvision's readers raise
        raise ConnectionError(
            f"{name} is not complete in {folder} and could not be downloaded ({error}); delete its files, connect to a "
            "network and call again, or copy the files from another machine; data.digits() needs no network"
        ) from error
    finally:
        socket.setdefaulttimeout(timeout)
    whole, test = parts
    train, held_out = train_test_split(
        torch.arange(len(whole)).numpy(), test_size=validation, stratify=whole.labels.numpy(), random_state=seed
    )
    return Splits(whole[torch.as_tensor(train)], whole[torch.as_tensor(held_out)], test)


def _open(dataset: type, folder: Path, *, train: bool) -> object:
    try:
        return dataset(folder, train=train, download=False)
    except RuntimeError:  # the files are missing or damaged
        return dataset(folder, train=train, download=True)


def _split(dataset: object) -> Split:
    images = torch.as_tensor(dataset.data)  # type: ignore[attr-defined]
    images = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
    labels = torch.as_tensor(dataset.targets)  # type: ignore[attr-defined]
    return Split(images, labels, tuple(dataset.classes))  # type: ignore[attr-defined]
