"""Pictures in the normalisation that a network was trained on, and what is refused."""

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from cnnlab.data import Images, Pictures, Split, ahead, decode
from cnnlab.models import Preprocess, Pretrained


def prepared(network: Pretrained, split: Split) -> Split:
    """A split whose pictures were prepared by the preprocessing of ``network``, as floats in memory.

    A network with another normalisation than −1 … 1 needs it, such as torchvision's. Pictures of a folder are read in
    their own size.

    Raises:
        UnreadablePictureError: for a picture that cannot be decoded.

    >>> from cnnlab import data, models
    >>> network = models.pretrained()
    >>> prepared(network, data.Split(data.photo("chelsea")[None], torch.tensor([0]), ("cat",)))
    Split(1 pictures of 3×224×224, 1 classes)
    """
    images = split.images
    if isinstance(images, Pictures):
        found = ahead(lambda path: network.preprocess(decode(path)), images.paths, pending=64)
    else:
        found = (network.preprocess(picture) for picture in cast(Tensor, images))
    return replace(split, images=cast(Images, torch.stack(list(found))))


def fitting_source(source: nn.Module | Pretrained, train: Split) -> Pretrained:
    """The source with the preprocessing of ``train``, which the network will be trained on.

    Raises:
        ValueError: for fewer than two classes, or if the source was trained on pictures of another normalisation, or
            nobody can tell.
    """
    if len(train.classes) < 2:
        raise ValueError(f"a network tells two or more classes apart, and the data has {train.classes}; add a class")
    images = train.images
    scaled = isinstance(images, Tensor) and images.is_floating_point()
    if isinstance(source, Pretrained):
        mean, std = source.preprocess.mean, source.preprocess.std
        if not scaled and {*mean, *std} != {0.5}:
            raise ValueError(
                f"this network was trained on pictures with mean {mean} and standard deviation {std}, and uint8 "
                "pictures are scaled with 0.5 and 0.5; prepare each part with cnnlab.training.prepared(network, split)"
            )
    elif scaled:
        raise ValueError(
            "these pictures are floats, and a module alone does not tell how they must be normalised; pass "
            "models.Pretrained(model, preprocess, classes, source), or uint8 pictures, which are scaled to −1 … 1"
        )
    if isinstance(source, Pretrained) and scaled:
        return source._replace(source=f"transferred from {source.source}")
    channels, height, width = images.shape[1:]
    size = height if height == width else (height, width)
    half = (0.5,) * channels
    text = source.source if isinstance(source, Pretrained) else type(source).__name__
    model = source.model if isinstance(source, Pretrained) else source
    return Pretrained(model, Preprocess(size, size, half, half, "bilinear"), (), f"transferred from {text}")
