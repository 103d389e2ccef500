"""From pictures to logits, and from logits to a report."""

from collections.abc import Iterable, Sized
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn

from cnnlab.data import Images, Split, batches, ten_crops, to_float
from cnnlab.evaluation import Report
from cnnlab.models import evaluating
from cnnlab.training.memory import memory_kept
from cnnlab.training.runtime import Runtime, choose

NO_PICTURE = "there is no picture to classify: the loader is empty, or no picture could be decoded"
Pairs = Iterable[tuple[Tensor, Tensor]]


def predict(
    model: nn.Module,
    images: Tensor | Split | Pairs,
    *,
    batch_size: int = 256,
    precision: str = "auto",
    device: torch.device | str | None = None,
) -> Tensor:
    """Logits of pictures, computed in eval mode and without gradients; the network's mode is restored.

    ``images`` is a tensor of pictures, a split, or a loader of (pictures, labels). uint8 pictures are scaled as in
    training. A broken picture of a folder has no row; a warning names it.

    Shape: N pictures (C, H, W) -> (N, num_classes) float32, on the CPU.

    Raises:
        ValueError: for a tensor that is no batch of pictures, or no pictures at all.

    >>> from cnnlab import models
    >>> predict(models.build("lenet5"), torch.zeros(3, 1, 28, 28, dtype=torch.uint8)).shape
    torch.Size([3, 10])
    """
    return _predict(model, images, batch_size, precision, device)[0]


def evaluate(
    model: nn.Module,
    split: Split | Pairs,
    *,
    classes: tuple[str, ...] | None = None,
    batch_size: int = 256,
    precision: str = "auto",
    device: torch.device | str | None = None,
) -> Report:
    """Compare a network's predictions with the true labels of a split, or of a loader of (pictures, labels).

    A loader has no class names: ``classes`` gives them.

    Raises:
        ValueError: if the number of classes is not that of the network's outputs, or a loader comes without
        ``classes``.
    """
    names = split.classes if isinstance(split, Split) else classes
    if names is None:
        raise ValueError("a loader has no class names: pass classes=(…), a name for each output of the network")
    logits, labels = _predict(model, split, batch_size, precision, device)
    return Report(logits, labels, names)


def predict_crops(
    model: nn.Module, images: Tensor, size: int, *, precision: str = "auto", device: torch.device | str | None = None
) -> Tensor:
    """Probabilities of pictures, averaged over ten crops: corners, centre and their reflections.

    Krizhevsky et al. 2012, section 4.1: "averaging the predictions made by the network's softmax layer on the ten
    patches". ``images`` are larger than the ``size`` pixels that the network takes, and prepared but for the crop.

    Shape: (N, C, H, W) -> (N, num_classes), each row a distribution, on the CPU.

    Raises:
        ValueError: if a crop of ``size`` pixels does not fit, or there is no picture.

    >>> from cnnlab import models
    >>> predict_crops(models.build("lenet5"), torch.zeros(3, 1, 32, 32), 28).shape
    torch.Size([3, 10])
    """
    crops = ten_crops(images, size)
    logits = predict(model, crops.flatten(0, 1), precision=precision, device=device)
    return logits.softmax(dim=1).unflatten(0, crops.shape[:2]).mean(dim=1)


def logits_of(model: nn.Module, feed: Pairs, runtime: Runtime) -> tuple[Tensor, Tensor]:
    """Logits (N, classes) in float32 and labels (N,) of all batches, on the runtime's device.

    Raises:
        ValueError: if there is no picture.
    """
    logits, labels = [], []
    with evaluating(model), torch.inference_mode(), runtime.autocast(), memory_kept():
        for images, truth in feed:
            logits.append(model(runtime.arrange(to_float(images))).float())
            labels.append(truth.to(runtime.device))
    if not logits:
        raise ValueError(NO_PICTURE)
    return torch.cat(logits), torch.cat(labels)


def _predict(
    model: nn.Module,
    images: Tensor | Split | Pairs,
    batch_size: int,
    precision: str,
    device: torch.device | str | None,
) -> tuple[Tensor, Tensor]:
    if isinstance(images, Tensor):
        if images.ndim != 4 or not len(images):
            raise ValueError(
                f"pictures must come as a batch (N, C, H, W) with N > 0, got {tuple(images.shape)}; "
                "a single picture becomes a batch with picture[None]"
            )
        nobody = torch.zeros(len(images), dtype=torch.int64)  # a split needs labels; nobody looks at them
        images = Split(cast(Images, images), nobody, ("",))
    if isinstance(images, Split):
        shape: tuple[int, ...] = images.images.shape
    else:
        loader = iter(images)
        first = next(loader, None)
        if first is None:
            raise ValueError(NO_PICTURE)
        shape = (len(first[0]) * (len(images) if isinstance(images, Sized) else 1), *first[0].shape[1:])
        images = chain([first], loader)
    runtime = choose(model, tuple(shape), precision=precision, device=device, training=False)
    feed = batches(images, batch_size, device=runtime.device) if isinstance(images, Split) else images
    # The weights' memory format stays: an optimiser that trains them meanwhile relies on it.
    before = next((tensor.device for tensor in model.state_dict().values()), runtime.device)
    model.to(runtime.device)
    try:
        logits, labels = logits_of(model, feed, runtime)
    finally:
        model.to(before)
    return logits.cpu(), labels.cpu()
