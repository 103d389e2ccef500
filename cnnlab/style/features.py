"""The network that compares pictures: its layers, its normalisation, and how many bytes a pixel costs."""

import copy
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from cnnlab.inference import Runtime, choose
from cnnlab.models import EfficientNetLite0, Pretrained, Probe, pretrained

MARGIN = 2  # pixels of replicate padding around a picture
STYLE_STRIDES = (1, 2, 4, 8, 16)  # of the layers that the style is taken from
CONTENT_STRIDE = 8
# Mean and standard deviation that torchvision normalises by.
IMAGENET: tuple[tuple[float, ...], tuple[float, ...]] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class Layers(NamedTuple):
    """Names of the layers that content and style are compared in."""

    content: tuple[str, ...]
    style: tuple[str, ...]


# Outputs of blocks: those of the layers within a block, at six times the channels, gave pictures with little style.
LITE0 = Layers(
    content=("features.stage3_2",),
    style=(
        "features.stem.relu",
        "features.stage1_1",
        "features.stage2_2",
        "features.stage3_2",
        "features.stage4_3",
        "features.stage5_3",
    ),
)


def default_layers(model: nn.Module) -> Layers:
    """The layers for content and style of a network: `LITE0`'s, or by a rule that gives Gatys et al.'s for VGG-19.

    Style: the first activation of each resolution down to a sixteenth of the picture. Content: the second activation at
    an eighth of the picture, or at the smallest resolution if that is larger. Gatys et al. 2016, section 3, with ReLUs
    in place of the convolutions before them.

    Raises:
        ValueError: if the network has no activation layers that are modules.

    >>> from cnnlab.models import build
    >>> default_layers(build("vgg19", num_classes=2, widths=(4,) * 5, units=(4, 4))).content
    ('features.relu4_2',)
    """
    if isinstance(model, EfficientNetLite0):
        return LITE0
    side = 256
    found: dict[int, list[str]] = {}
    for name, shape in _activations(model, side):
        # To the next power of two, since convolutions without padding take some pixels from the border.
        found.setdefault(2 ** round(math.log2(side / shape[-1])), []).append(name)
    if not found:
        raise ValueError(
            f"{type(model).__name__} has no activation layer that puts out feature maps; name "
            "layers=Layers(content=(…,), style=(…,))"
        )
    at_content = found[max((stride for stride in found if stride <= CONTENT_STRIDE), default=min(found))]
    style = tuple(found[stride][0] for stride in STYLE_STRIDES if stride in found)
    return Layers(content=(at_content[min(1, len(at_content) - 1)],), style=style)


class Features:
    """Feature maps of pictures: normalises them as the network was trained, and runs no further than needed.

    ``network`` is a `cnnlab.models.Pretrained`, which says how its pictures are normalised, the name of one, or a
    module, for which torchvision's normalisation is taken; without it, EfficientNet-Lite0, which comes with the
    installation. Its weights are frozen in a copy that is never trained, and only its layers down to the deepest run,
    so that a network that fixes its pictures' size takes any.

    Around a picture its border is repeated for some pixels: a network pads with zeros, which would be a black frame.

    Calling it maps pictures (N, 3, H, W), 0 to 1, to a dict of feature maps.

    Raises:
        ValueError: for a layer that the network does not have.

    >>> features = Features()
    >>> features.layers.content, len(features(torch.rand(1, 3, 64, 64)))
    (('features.stage3_2',), 6)
    """

    def __init__(
        self,
        network: Pretrained | nn.Module | str | None = None,
        *,
        layers: Layers | None = None,
        precision: str = "auto",
        device: torch.device | str | None = None,
    ) -> None:
        if network is None or isinstance(network, str):
            network = pretrained(network)
        if isinstance(network, Pretrained):
            model, normalisation = network.model, (network.preprocess.mean, network.preprocess.std)
        else:
            model, normalisation = network, IMAGENET
        self._mean, self._std = normalisation
        self.layers = layers or default_layers(model)
        trunk, self._prefix = _trunk(model)
        self.names = tuple(dict.fromkeys((*self.layers.content, *self.layers.style)))
        Probe(model, self.names)  # names an unknown layer, with the near ones
        trunk = _folded(copy.deepcopy(trunk).eval()).requires_grad_(False)
        self.runtime: Runtime = choose(trunk, (1, 3, 256, 256), precision=precision, device=device, training=True)
        if self.runtime.format.precision == "bfloat16":
            for layer in trunk.modules():  # once, and not in every step as autocast does
                if isinstance(layer, nn.Conv2d):
                    layer.bfloat16()
        self.trunk = self.runtime.place(trunk)

    def __call__(self, pictures: Tensor, layers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Feature maps (N, C, H', W') of all layers, or of some, by name; their gradient reaches the pictures."""
        mean, std = (torch.tensor(values, device=pictures.device)[:, None, None] for values in (self._mean, self._std))
        normalised = self.runtime.arrange((F.pad(pictures, [MARGIN] * 4, mode="replicate") - mean) / std)
        layers = self.names if layers is None else layers
        names = [name.removeprefix(self._prefix) for name in layers]
        with Probe(self.trunk, names, keep_graph=True) as probe, self.runtime.autocast():
            probe.run(normalised)
        return {name: probe[short] for name, short in zip(layers, names, strict=True)}

    def values_per_pixel(self) -> float:
        """How many values all layers together put out for each pixel of a picture; a step of training keeps them."""
        values = 0

        def count(_layer: nn.Module, _inputs: object, output: object) -> None:
            nonlocal values
            if isinstance(output, Tensor):
                values += output.numel()

        twin = copy.deepcopy(self.trunk).to("meta")
        for layer in twin.modules():
            if not any(layer.children()):
                layer.register_forward_hook(count)
        with torch.no_grad(), Probe(twin, [name.removeprefix(self._prefix) for name in self.names]) as probe:
            probe.run(torch.empty(1, 3, 256, 256, device="meta"))
        return values / 256**2


def _trunk(model: nn.Module) -> tuple[nn.Module, str]:
    """The part that computes feature maps, and what the names of its layers begin with in the whole network."""
    features = getattr(model, "features", None)
    return (features, "features.") if isinstance(features, nn.Module) else (model, "")


def _folded(trunk: nn.Module) -> nn.Module:
    """Multiply each batch normalisation that follows a convolution into its weights, in place: a frozen one is linear.

    A step of EfficientNet-Lite0 takes about a fifth less time.
    """
    for module in trunk.modules():
        if isinstance(module, nn.Sequential):
            layers = list(module.named_children())
            for (name, layer), (next_name, following) in pairwise(layers):
                if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                    module.register_module(name, fuse_conv_bn_eval(layer, following))
                    module.register_module(next_name, nn.Identity())
    return trunk


ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Hardswish, nn.Mish)


def _activations(model: nn.Module, side: int) -> Sequence[tuple[str, torch.Size]]:
    """Names and output shapes of the activation layers, in the order in which they run on a picture of that side."""
    trunk, prefix = _trunk(model)
    names = [name for name, module in trunk.named_modules() if isinstance(module, ACTIVATIONS)]
    twin = copy.deepcopy(trunk).to("meta").eval()
    with torch.no_grad(), Probe(twin, names) as probe:
        twin(torch.empty(2, 3, side, side, device="meta"))
    return [(prefix + name, maps.shape) for name, maps in probe.items() if maps.ndim == 4]
