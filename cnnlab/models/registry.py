"""Networks by name."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from inspect import signature
from typing import Any

from torch import nn

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
from cnnlab.models.weights.loading import PUBLISHED, imagenet

MODELS: dict[str, Callable[..., nn.Module]] = {
    "lenet5": LeNet5,
    "alexnet": AlexNet,
    "vgg11": partial(VGG, column="A"),
    "vgg11_lrn": partial(VGG, column="A-LRN"),
    "vgg13": partial(VGG, column="B"),
    "vgg16_c": partial(VGG, column="C"),
    "vgg16": partial(VGG, column="D"),
    "vgg19": partial(VGG, column="E"),
    "nin": NiN,
    "googlenet": GoogLeNet,
    "inception_v2": InceptionV2,
    "inception_v3": InceptionV3,
    "inception_v4": InceptionV4,
    "inception_resnet_v2": InceptionResNetV2,
    "resnet18": partial(ResNet, depth=18),
    "resnet34": partial(ResNet, depth=34),
    "resnet50": partial(ResNet, depth=50),
    "resnet101": partial(ResNet, depth=101),
    "resnet152": partial(ResNet, depth=152),
    "resnext50_32x4d": partial(ResNet, depth=50, cardinality=32, base_width=4, stride_in="3x3"),
    "resnext101_32x8d": partial(ResNet, depth=101, cardinality=32, base_width=8, stride_in="3x3"),
    "wide_resnet50_2": partial(ResNet, depth=50, base_width=128, stride_in="3x3"),
    "resnet20": partial(ResNet, depth=20),
    "plain20": partial(ResNet, depth=20, shortcut="none"),
    "highway": Highway,
    "landmark_cnn": LandmarkCNN,
    "face_baseline": FaceBaseline,
    "tronnet": TronNet,
    "efficientnet_lite0": EfficientNetLite0,
}

_VGG = {"widths": (16, 32, 64, 64), "units": (128, 128), "input_size": (32, 32)}
_RESNET = {"widths": (16, 32, 64, 128), "stem": "small"}
_INCEPTION = {"width": 0.25, "stem": "small"}
_REPEATS = {"repeats": (1, 2, 1)}
SMALL: dict[str, dict[str, Any]] = {  # the options that make each network fit pictures of 28 to 64 pixels
    "lenet5": {"input_size": (32, 32)},
    "alexnet": {
        "widths": (16, 48, 96, 64, 64),
        "units": (128, 128),
        "first": (5, 1, 2),
        "input_size": (32, 32),
    },
    **dict.fromkeys(("vgg11", "vgg11_lrn", "vgg13", "vgg16_c", "vgg16", "vgg19"), _VGG),
    "nin": {"width": 0.25},
    "googlenet": _INCEPTION | {"variant": "batch_norm"},
    **dict.fromkeys(("inception_v2", "inception_v3"), _INCEPTION),
    **dict.fromkeys(("inception_v4", "inception_resnet_v2"), _INCEPTION | _REPEATS),
    **dict.fromkeys(("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"), _RESNET),
    **dict.fromkeys(("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2"), _RESNET),
    "resnet20": {},
    "plain20": {},
    "highway": {"input_size": (32, 32)},
    "landmark_cnn": {"run": 8, "input_size": (32, 32)},
    "face_baseline": {"input_size": (32, 32)},
    "tronnet": {"pool": 2, "input_size": (32, 32)},
    "efficientnet_lite0": {"width": 0.5, "stem": "small"},
}


def build(name: str, *, weights: str | None = None, **options: Any) -> nn.Module:
    """Build the network called ``name``; ``options`` go to its class.

    The weights are random, or with ``weights="imagenet"`` those that torchvision publishes (downloaded once, see
    ``weights.imagenet``). The network remembers ``name`` and ``options`` in its attribute ``recipe``, so that a
    checkpoint can rebuild it.

    Raises:
        ValueError: for an unknown name (the near ones are listed), an option that the network does not take, a value
            that it cannot have, such as a count below 1, or weights that nobody publishes.
        OSError: if the weights can be had neither from the cache nor from the network.

    >>> build("lenet5", num_classes=3, in_channels=3, input_size=(128, 128)).classifier.fc3
    Linear(in_features=84, out_features=3, bias=True)
    >>> build("lenet")
    Traceback (most recent call last):
    ValueError: no network is called 'lenet'; did you mean lenet5...? `cnnlab models` lists them all
    """
    known(name)
    constructor = MODELS[name]
    bound = constructor.keywords if isinstance(constructor, partial) else {}
    taken = {key: option.default for key, option in signature(constructor).parameters.items() if key not in bound}
    for option, value in options.items():
        if option not in taken:
            raise ValueError(f"{name} takes no option {option!r}; it takes {', '.join(taken)}")
        _check(option, value, taken[option])
    if weights not in (None, "imagenet"):
        raise ValueError(f"weights must be None or 'imagenet', got {weights!r}")
    if weights and name in PUBLISHED:
        options = {**PUBLISHED[name], **options}
    network = constructor(**options)
    network.recipe = {"name": name, "options": options}  # type: ignore[assignment]
    return imagenet(network) if weights else network


def small(name: str, **options: Any) -> nn.Module:
    """Build the network called ``name`` in a narrow version for pictures of 28 to 64 pixels.

    The same class with the options of ``SMALL``, over which ``options`` win. Where the network is made for one size of
    picture, that is 32×32 unless ``input_size`` says otherwise; the others take any.

    >>> net = small("vgg16", num_classes=10, in_channels=1, input_size=(28, 28))
    >>> net(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    known(name)
    return build(name, **{**SMALL[name], **options})


def _check(option: str, value: Any, default: Any) -> None:
    """Refuse what is no count where a network wants one, or no counts where it wants some; the rest it looks at."""
    least = 0 if option == "first" else 1  # its padding may be 0
    if value is default:
        return
    if option == "widths":  # how many there may be depends on the network
        right, rule = _counts(value, least), "whole numbers of at least 1"
    elif isinstance(default, tuple):
        right = _counts(value, least) and len(value) == len(default)
        rule = f"{len(default)} whole numbers of at least {least}"
    elif option == "num_classes" or (isinstance(default, int) and not isinstance(default, bool)):
        right, rule = _counts([value], least), "a whole number of at least 1"
    else:
        return
    if not right:
        raise ValueError(f"{option} must be {rule}, got {value!r}")


def _counts(values: object, least: int) -> bool:
    return isinstance(values, Sequence) and all(type(value) is int and value >= least for value in values)


def known(name: str) -> None:
    """Refuse a name that ``MODELS`` does not have, with the near ones.

    >>> known("vgg17")
    Traceback (most recent call last):
    ValueError: no network is called 'vgg17'; did you mean vgg1...? `cnnlab models` lists them all
    """
    if name not in MODELS:
        near = get_close_matches(name, MODELS, n=3, cutoff=0.4) or sorted(MODELS)[:5]
        raise ValueError(
            f"no network is called {name!r}; did you mean {', '.join(near)}? `cnnlab models` lists them all"
        )
