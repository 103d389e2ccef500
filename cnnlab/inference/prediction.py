"""From pictures to logits, and from logits to a report."""

from collections.abc import Iterable, Sized
from itertools import chain
from typing import Any, cast

import torch
from torch import Tensor, nn

from cnnlab.data import Batches, Images, Loader, Split, Splits, ten_crops
from cnnlab.evaluation import Report
from cnnlab.inference.outputs import joined, logits_in
from cnnlab.inference.runtime import Runtime, choose
from cnnlab.models import evaluating

NO_PICTURE = "there is no picture: the loader is empty, or no picture could be decoded"
MAKE_SPLIT = "cnnlab.data.Split(images, labels, classes) makes a Split of tensors, cnnlab.data.folder of files"


def predict(
    model: nn.Module,
    images: Tensor | Split | Loader,
    *,
    batch_size: int = 256,
    precision: str = "auto",
    device: torch.device | str | None = None,
) -> Tensor:
    """Logits of pictures, computed in eval mode and without gradients; the network's mode is restored.

    ``images`` is a tensor of pictures, a split, or a loader of (pictures, labels). uint8 pictures are scaled as in
    training. A broken picture of a folder has no row; a warning names it.

    Shape: N pictures (C, H, W) -> (N, num_classes) float32, on the CPU.

    Of several outputs, the logits come first.

    Raises:
        TypeError: for something else than these, float64 pictures, or a network whose outputs do not begin with logits.
        ValueError: for a tensor that is no batch of pictures, or no pictures at all.

    >>> from cnnlab import models
    >>> predict(models.build("lenet5"), torch.zeros(3, 1, 28, 28, dtype=torch.uint8)).shape
    torch.Size([3, 10])
    """
    return _logits_and_labels(model, images, batch_size, precision, device)[0]


def evaluate(
    model: nn.Module,
    split: Split | Loader,
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
    logits, labels = _logits_and_labels(model, split, batch_size, precision, device)
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


def outputs_of(model: nn.Module, feed: Loader, runtime: Runtime) -> tuple[Any, Tensor]:
    """What the network returns for all batches of float pictures, in eval mode, and their labels, on the device.

    The outputs are float32: logits (N, classes), or a tuple that begins with them, such as those of auxiliary heads.

    Raises:
        TypeError: if the outputs do not begin with logits.
        ValueError: if there is no picture.
    """
    outputs, labels = [], []
    with evaluating(model), torch.inference_mode(), runtime.autocast():
        for images, truth in feed:
            outputs.append(model(runtime.arrange(images)))
            logits_in(outputs[-1])
            labels.append(truth.to(runtime.device))
    if not outputs:
        raise ValueError(NO_PICTURE)
    return joined(outputs), torch.cat(labels)


def first_look(model: nn.Module, pictures: Split | Loader, part: str) -> tuple[Split | Loader, tuple[int, ...]]:
    """The pictures of a ``part`` of a data set, and the shape (N, C, H, W) of a split or of a loader's first batch.

    A loader is given back with its first batch in front: an iterator gives its batches only once.

    Raises:
        TypeError: for something else than a split or a loader, and float64 pictures, which NumPy makes of almost
            everything, for a network in float32.
        ValueError: for a loader without batches.
    """
    if isinstance(pictures, Splits):
        raise TypeError(f"these are all parts of a data set; pass one of them, as its part .{part}")
    if isinstance(pictures, Split):
        source: Split | Loader = pictures
        images: Any = pictures.images
    else:
        if not isinstance(pictures, Iterable):
            raise TypeError(f"the pictures must be a Split or a loader, got a {type(pictures).__name__}; {MAKE_SPLIT}")
        with torch.random.fork_rng(devices=[]):  # a DataLoader draws random numbers
            batches = iter(pictures)
            first = next(batches, None)
        if first is None:
            raise ValueError(NO_PICTURE)
        if not (isinstance(first, tuple | list) and [isinstance(item, Tensor) for item in first] == [True, True]):
            raise TypeError(
                "a loader must give batches of pictures with their labels, two tensors each, and the first was a "
                f"{type(first).__name__}; {MAKE_SPLIT}, and predict takes pictures without labels as one tensor"
            )
        source, images = chain([first], batches), first[0]
    kinds = {parameter.dtype for parameter in model.parameters()}
    if getattr(images, "dtype", None) == torch.float64 and kinds and torch.float64 not in kinds:
        raise TypeError("the pictures are float64 and the network's weights are not; give it pictures.float()")
    return source, tuple(images.shape)


def _logits_and_labels(
    model: nn.Module,
    images: Tensor | Split | Loader,
    batch_size: int,
    precision: str,
    device: torch.device | str | None,
) -> tuple[Tensor, Tensor]:
    """Logits (N, classes) in float32 and labels (N,), on the CPU; those of a tensor are zeros."""
    if isinstance(images, Tensor):
        if images.ndim != 4 or not len(images):
            raise ValueError(
                f"pictures must come as a batch (N, C, H, W) with N > 0, got {tuple(images.shape)}; "
                "a single picture becomes a batch with picture[None]"
            )
        images = Split(cast(Images, images), torch.zeros(len(images), dtype=torch.int64), ("",))
    pictures, (count, *size) = first_look(model, images, "test")
    if not isinstance(images, Split) and isinstance(images, Sized):
        count *= len(images)
    runtime = choose(model, (count, *size), precision=precision, device=device, training=False)
    feed = Batches(pictures, batch_size, device=runtime.device)
    # The memory format of the weights stays: an optimiser that trains them meanwhile relies on it.
    before = next((tensor.device for tensor in model.state_dict().values()), runtime.device)
    model.to(runtime.device)
    try:
        output, labels = outputs_of(model, feed, runtime)
    finally:
        model.to(before)
    return logits_in(output).cpu(), labels.cpu()
