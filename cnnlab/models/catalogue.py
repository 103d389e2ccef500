"""The zoo as a table: each network with its paper, its year, and what it costs for the pictures it was made for."""

import re
from collections.abc import Sequence
from inspect import signature
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import nn

from cnnlab.models.inspect.summaries import summary
from cnnlab.models.registry import MODELS, build, known

SIZE = re.compile(r"(\d+)\s*[x×]\s*(\d+)\s*[x×]\s*(\d+)")
LARGEST = 16_384  # pixels a side: so large, counts and bytes still fit into 64 bits


class Paper(NamedTuple):
    """Where a network comes from."""

    family: str
    source: str
    year: int  # in which the network became known; its paper may bear the next one
    input_size: tuple[int, int, int]  # channels, height and width of the paper's pictures


_VGG = Paper("VGG", "Simonyan, Zisserman, arXiv:1409.1556", 2014, (3, 224, 224))
_RETHINKING = Paper("Inception", "Szegedy et al., arXiv:1512.00567", 2015, (3, 299, 299))
_INCEPTION_V4 = Paper("Inception", "Szegedy et al., arXiv:1602.07261", 2016, (3, 299, 299))
_RESNET = Paper("ResNet", "He, Zhang, Ren, Sun, arXiv:1512.03385", 2015, (3, 224, 224))
_RESNEXT = Paper("ResNet", "Xie et al., arXiv:1611.05431", 2016, (3, 224, 224))
_CIFAR = _RESNET._replace(input_size=(3, 32, 32))
_FACES = Paper("Faces", "Gjerde, Tron, Ryfetten: Multinomial regression using CNNs", 2019, (3, 224, 224))
PAPERS = {
    "lenet5": Paper("LeNet", "LeCun, Bottou, Bengio, Haffner: Gradient-based learning", 1998, (1, 28, 28)),
    "alexnet": Paper("AlexNet", "Krizhevsky, Sutskever, Hinton, NIPS 2012", 2012, (3, 224, 224)),
    **dict.fromkeys(("vgg11", "vgg11_lrn", "vgg13", "vgg16_c", "vgg16", "vgg19"), _VGG),
    "nin": Paper("NiN", "Lin, Chen, Yan, arXiv:1312.4400", 2013, (3, 32, 32)),
    "googlenet": Paper("Inception", "Szegedy et al., arXiv:1409.4842", 2014, (3, 224, 224)),
    **dict.fromkeys(("inception_v2", "inception_v3"), _RETHINKING),
    **dict.fromkeys(("inception_v4", "inception_resnet_v2"), _INCEPTION_V4),
    **dict.fromkeys(("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"), _RESNET),
    **dict.fromkeys(("resnext50_32x4d", "resnext101_32x8d"), _RESNEXT),
    "wide_resnet50_2": Paper("ResNet", "Zagoruyko, Komodakis, arXiv:1605.07146", 2016, (3, 224, 224)),
    **dict.fromkeys(("resnet20", "plain20"), _CIFAR),
    "highway": Paper("Highway", "Srivastava, Greff, Schmidhuber, arXiv:1507.06228", 2015, (1, 28, 28)),
    "landmark_cnn": Paper("Landmarks", "Kim: Development of a CNN model for landmarks", 2018, (3, 192, 256)),
    **dict.fromkeys(("face_baseline", "tronnet"), _FACES),
    "efficientnet_lite0": Paper("EfficientNet", "Tan, Le, arXiv:1905.11946", 2020, (3, 224, 224)),
}


def native_size(name: str) -> tuple[int, int, int]:
    """Channels, height and width of the pictures that the network called ``name`` was made for.

    >>> native_size("landmark_cnn")
    (3, 192, 256)
    """
    known(name)
    return PAPERS[name].input_size


def blueprint(name: str, input_size: Sequence[int] | None = None, **options: Any) -> nn.Module:
    """The network called ``name`` for pictures of ``input_size`` (C, H, W), without memory for its weights.

    It lies on PyTorch's meta device: enough for ``summary`` and for drawings, in milliseconds and at any size. Without
    ``input_size`` it takes the paper's pictures; ``options`` are those of ``build``.

    Raises:
        ValueError: for an unknown name or option, or a size that is no picture or too small for the network.

    >>> net = blueprint("vgg19", (1, 64, 64), num_classes=10)
    >>> net.classifier.fc6.weight.device, net.classifier.fc6.in_features
    (device(type='meta'), 2048)
    """
    known(name)
    size = PAPERS[name].input_size if input_size is None else tuple(input_size)
    if len(size) != 3 or min(size) < 1 or max(size) > LARGEST:
        raise ValueError(f"input_size must be (channels, height, width), each from 1 to {LARGEST:,}, got {size}")
    options = {"in_channels": size[0], **options}
    if "input_size" in signature(MODELS[name]).parameters:
        options["input_size"] = size[1:]
    with torch.device("meta"):
        return build(name, **options)


def catalogue() -> pd.DataFrame:
    """The whole zoo, a row a network, by name: where it comes from, and what it costs.

    Columns: ``family``, ``paper``, ``year``, ``input_size`` (C, H, W) of the paper's pictures, and for one of these
    ``parameters``, ``multiply_adds`` and ``activation_memory`` (bytes of all layers' outputs, in float32), counted on
    the meta device with the number of classes of the paper.

    >>> catalogue().loc[["lenet5", "vgg16"], ["year", "input_size", "parameters", "multiply_adds"]]
            year     input_size  parameters  multiply_adds
    name
    lenet5  1998    (1, 28, 28)       44426         281640
    vgg16   2014  (3, 224, 224)   138357544    15470264320
    """
    rows = []
    for name in MODELS:
        paper = PAPERS[name]
        table = summary(blueprint(name), paper.input_size)
        rows.append(
            {
                "name": name,
                "family": paper.family,
                "paper": paper.source,
                "year": paper.year,
                "input_size": paper.input_size,
                "parameters": int(table.parameters.sum()),
                "multiply_adds": int(table.multiply_adds.sum()),
                "activation_memory": int(table.activation_memory.sum()),
            }
        )
    return pd.DataFrame(rows).set_index("name")


def size_from(text: str) -> tuple[int, int, int]:
    """An input size as one writes it.

    Raises:
        ValueError: if it is not written so.

    >>> size_from("3x224x224"), size_from("1 × 28 × 28")
    ((3, 224, 224), (1, 28, 28))
    >>> size_from("224")
    Traceback (most recent call last):
    ValueError: an input size is written channels x height x width, as in 3x224x224, got '224'
    """
    if not (found := SIZE.fullmatch(text.strip().lower())):
        raise ValueError(f"an input size is written channels x height x width, as in 3x224x224, got {text!r}")
    channels, height, width = map(int, found.groups())
    return channels, height, width


def memory(size: int) -> str:
    """Bytes as one reads them.

    >>> memory(40), memory(41_992), memory(114_603_936)
    ('40 B', '41.0 KiB', '109.3 MiB')
    """
    for unit, word in ((2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:,.1f} {word}"
    return f"{size} B"
