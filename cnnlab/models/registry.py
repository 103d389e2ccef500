"""The networks by name: one entry each. A new architecture is a file in ``families`` and an entry here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from inspect import signature
from typing import Any, NamedTuple

from torch import nn

from cnnlab.models.families.airbench import AirBench94
from cnnlab.models.families.alexnet import AlexNet
from cnnlab.models.families.efficientnet_lite0 import EfficientNetLite0
from cnnlab.models.families.faces import FaceBaseline, TronNet
from cnnlab.models.families.googlenet import GoogLeNet
from cnnlab.models.families.highway import Highway
from cnnlab.models.families.inception_v2 import InceptionV2
from cnnlab.models.families.inception_v3 import InceptionV3
from cnnlab.models.families.inception_v4 import InceptionResNetV2, InceptionV4
from cnnlab.models.families.landmark_cnn import LandmarkCNN
from cnnlab.models.families.lenet import LeNet5
from cnnlab.models.families.nin import NiN
from cnnlab.models.families.resnet import ResNet
from cnnlab.models.families.vgg import VGG


class Paper(NamedTuple):
    """Where a network comes from."""

    family: str
    source: str
    year: int  # in which the network became known; its paper may bear the next one
    input_size: tuple[int, int, int]  # channels, height and width of the paper's pictures


@dataclass(frozen=True)
class Entry:
    """A network of the zoo; called with options, it builds the network."""

    constructor: Callable[..., nn.Module]
    paper: Paper
    fixed: Mapping[str, Any] = field(default_factory=dict)  # the options that the name stands for
    small: Mapping[str, Any] = field(default_factory=dict)  # those of the narrow version for 28 to 64 pixels
    torchvision: Mapping[str, Any] | None = None  # those of torchvision's network of this name; None: it has none
    timm: str | None = None  # the name of timm's network

    def __call__(self, **options: Any) -> nn.Module:
        """The network, with random weights."""
        return self.constructor(**self.fixed, **options)

    def defaults(self) -> dict[str, Any]:
        """The options that the network takes, with their defaults."""
        parameters = signature(self.constructor).parameters
        return {name: parameter.default for name, parameter in parameters.items() if name not in self.fixed}


VGG_PAPER = Paper("VGG", "Simonyan, Zisserman, arXiv:1409.1556", 2014, (3, 224, 224))
RETHINKING = Paper("Inception", "Szegedy et al., arXiv:1512.00567", 2015, (3, 299, 299))
INCEPTION_V4 = Paper("Inception", "Szegedy et al., arXiv:1602.07261", 2016, (3, 299, 299))
RESNET = Paper("ResNet", "He, Zhang, Ren, Sun, arXiv:1512.03385", 2015, (3, 224, 224))
RESNET_CIFAR = RESNET._replace(input_size=(3, 32, 32))
RESNEXT = Paper("ResNet", "Xie et al., arXiv:1611.05431", 2016, (3, 224, 224))
WIDE_RESNET = Paper("ResNet", "Zagoruyko, Komodakis, arXiv:1605.07146", 2016, (3, 224, 224))
FACES = Paper("Faces", "Gjerde, Tron, Ryfetten: Multinomial regression using CNNs", 2019, (3, 224, 224))

SMALL_VGG = {"widths": (16, 32, 64, 64), "units": (128, 128), "input_size": (32, 32)}
SMALL_INCEPTION = {"width": 0.25, "stem": "small"}
SMALL_INCEPTION_V4 = {**SMALL_INCEPTION, "repeats": (1, 2, 1)}
SMALL_RESNET = {"widths": (16, 32, 64, 128), "stem": "small"}

MODELS: dict[str, Entry] = {
    "lenet5": Entry(
        LeNet5,
        Paper("LeNet", "LeCun, Bottou, Bengio, Haffner: Gradient-based learning", 1998, (1, 28, 28)),
        small={"input_size": (32, 32)},
    ),
    "alexnet": Entry(
        AlexNet,
        Paper("AlexNet", "Krizhevsky, Sutskever, Hinton, NIPS 2012", 2012, (3, 224, 224)),
        small={"widths": (16, 48, 96, 64, 64), "units": (128, 128), "first": (5, 1, 2), "input_size": (32, 32)},
        torchvision={},
    ),
    "vgg11": Entry(VGG, VGG_PAPER, {"column": "A"}, SMALL_VGG, torchvision={}),
    "vgg11_lrn": Entry(VGG, VGG_PAPER, {"column": "A-LRN"}, SMALL_VGG),
    "vgg13": Entry(VGG, VGG_PAPER, {"column": "B"}, SMALL_VGG, torchvision={}),
    "vgg16_c": Entry(VGG, VGG_PAPER, {"column": "C"}, SMALL_VGG),
    "vgg16": Entry(VGG, VGG_PAPER, {"column": "D"}, SMALL_VGG, torchvision={}),
    "vgg19": Entry(VGG, VGG_PAPER, {"column": "E"}, SMALL_VGG, torchvision={}),
    "nin": Entry(NiN, Paper("NiN", "Lin, Chen, Yan, arXiv:1312.4400", 2013, (3, 32, 32)), small={"width": 0.25}),
    "googlenet": Entry(
        GoogLeNet,
        Paper("Inception", "Szegedy et al., arXiv:1409.4842", 2014, (3, 224, 224)),
        small={**SMALL_INCEPTION, "variant": "batch_norm"},
        torchvision={"variant": "torchvision"},
    ),
    "inception_v2": Entry(InceptionV2, RETHINKING, small=SMALL_INCEPTION),
    "inception_v3": Entry(InceptionV3, RETHINKING, small=SMALL_INCEPTION, torchvision={}),
    "inception_v4": Entry(InceptionV4, INCEPTION_V4, small=SMALL_INCEPTION_V4, timm="inception_v4"),
    "inception_resnet_v2": Entry(InceptionResNetV2, INCEPTION_V4, small=SMALL_INCEPTION_V4, timm="inception_resnet_v2"),
    "resnet18": Entry(ResNet, RESNET, {"depth": 18}, SMALL_RESNET, torchvision={}),
    "resnet34": Entry(ResNet, RESNET, {"depth": 34}, SMALL_RESNET, torchvision={}),
    "resnet50": Entry(ResNet, RESNET, {"depth": 50}, SMALL_RESNET, torchvision={"stride_in": "3x3"}),
    "resnet101": Entry(ResNet, RESNET, {"depth": 101}, SMALL_RESNET, torchvision={"stride_in": "3x3"}),
    "resnet152": Entry(ResNet, RESNET, {"depth": 152}, SMALL_RESNET, torchvision={"stride_in": "3x3"}),
    "resnext50_32x4d": Entry(
        ResNet,
        RESNEXT,
        {"depth": 50, "cardinality": 32, "base_width": 4, "stride_in": "3x3"},
        SMALL_RESNET,
        torchvision={},
    ),
    "resnext101_32x8d": Entry(
        ResNet,
        RESNEXT,
        {"depth": 101, "cardinality": 32, "base_width": 8, "stride_in": "3x3"},
        SMALL_RESNET,
        torchvision={},
    ),
    "wide_resnet50_2": Entry(
        ResNet,
        WIDE_RESNET,
        {"depth": 50, "base_width": 128, "stride_in": "3x3"},
        SMALL_RESNET,
        torchvision={},
    ),
    "resnet20": Entry(ResNet, RESNET_CIFAR, {"depth": 20}),
    "plain20": Entry(ResNet, RESNET_CIFAR, {"depth": 20, "shortcut": "none"}),
    "resnext29_8x64d": Entry(
        ResNet,
        RESNEXT._replace(input_size=(3, 32, 32)),
        {"depth": 29, "cardinality": 8, "stride_in": "3x3"},
        small={"widths": (16, 32, 64), "base_width": 16},
    ),
    "wide_resnet16_2": Entry(
        ResNet,
        WIDE_RESNET._replace(input_size=(3, 32, 32)),
        {"depth": 14, "widths": (32, 64, 128), "shortcut": "B"},  # the source's 16 counts two projections
    ),
    "airbench94": Entry(
        AirBench94,
        Paper("airbench", "Jordan, arXiv:2404.00498", 2024, (3, 32, 32)),
        small={"widths": (16, 32, 32)},
    ),
    "highway": Entry(
        Highway,
        Paper("Highway", "Srivastava, Greff, Schmidhuber, arXiv:1507.06228", 2015, (1, 28, 28)),
        small={"input_size": (32, 32)},
    ),
    "landmark_cnn": Entry(
        LandmarkCNN,
        Paper("Landmarks", "Kim: Development of a CNN model for landmarks", 2018, (3, 192, 256)),
        small={"run": 8, "input_size": (32, 32)},
    ),
    "face_baseline": Entry(FaceBaseline, FACES, small={"input_size": (32, 32)}),
    "tronnet": Entry(TronNet, FACES, small={"pool": 2, "input_size": (32, 32)}),
    "efficientnet_lite0": Entry(
        EfficientNetLite0,
        Paper("EfficientNet", "Tan, Le, arXiv:1905.11946", 2020, (3, 224, 224)),
        small={"width": 0.5, "stem": "small"},
        timm="tf_efficientnet_lite0",
    ),
}


def entry(name: str) -> Entry:
    """The entry of the network called ``name``.

    Raises:
        ValueError: for an unknown name, with the near ones.

    >>> entry("landmark_cnn").paper.input_size
    (3, 192, 256)
    >>> entry("lenet")
    Traceback (most recent call last):
    ValueError: no network is called 'lenet'; did you mean lenet5...? `cnnlab models` lists them all
    """
    if name not in MODELS:
        near = get_close_matches(name, MODELS, n=3, cutoff=0.4) or sorted(MODELS)[:5]
        raise ValueError(
            f"no network is called {name!r}; did you mean {', '.join(near)}? `cnnlab models` lists them all"
        )
    return MODELS[name]
