"""Two networks compared layer by layer: the first layer that differs, and in what."""

from typing import NamedTuple

from torch import nn

from cnnlab.models import summary
from cnnlab.models.inspect.summaries import holds_layers

SETTINGS = ("kernel_size", "stride", "padding", "dilation", "groups", "ceil_mode", "p", "negative_slope", "eps")
WITHOUT_EFFECT = (nn.Identity, nn.Dropout, nn.Flatten)  # free to stand anywhere, or to be missing


class Layer(NamedTuple):
    """A layer that ran: its name, the module, and the shape of its output, without the batch."""

    name: str
    module: nn.Module
    shape: tuple[int, ...]


def network_symptom(value: object, expected: nn.Module, input_shape: tuple[int, ...]) -> str:
    """The first layer in which ``value`` differs from ``expected`` for a picture (C, H, W); empty if none does.

    Names and containers are free; layers are compared in the order in which they run, by kind, settings and the shapes
    of their weights and outputs. Dropout, flattening and identities are left out.

    >>> ours = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU())
    >>> print(network_symptom(ours, nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), (1, 28, 28)))
    layer 1, 0 (Conv2d): its padding differs; it gives 6×28×28, and 6×24×24 is wanted
    """
    if not isinstance(value, nn.Module):
        return f"is no network (nn.Module), its type is {type(value).__name__}"
    theirs = layers(expected, input_shape)
    ours = layers(value, input_shape)
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if found := _difference(mine, other):
            return f"layer {number}, {mine.name} ({type(mine.module).__name__}): {found}"
    if len(ours) == len(theirs):
        return ""
    if len(ours) < len(theirs):
        return f"ends after layer {len(ours)}: {len(theirs) - len(ours)} more should follow"
    extra = ours[len(theirs)]
    return f"should end before layer {len(theirs) + 1}, {extra.name} ({type(extra.module).__name__})"


def layers(network: nn.Module, input_shape: tuple[int, ...]) -> list[Layer]:
    """The layers without children, in the order in which they run on a picture (C, H, W)."""
    ran = summary(network, input_shape)
    named = zip(ran.name, map(network.get_submodule, ran.name), ran.output_shape, strict=True)
    return [
        Layer(name, module, shape)
        for name, module, shape in named
        if not holds_layers(module) and not isinstance(module, WITHOUT_EFFECT)
    ]


def _difference(ours: Layer, theirs: Layer) -> str:
    mine, other = ours.module, theirs.module
    if type(mine) is not type(other):
        kind = "a layer of another kind is wanted here"
        return (
            kind
            if _weighted(mine) == _weighted(other)
            else f"{kind}, {'with' if _weighted(other) else 'without'} weights"
        )
    shapes = "" if ours.shape == theirs.shape else f"; it gives {_by(ours.shape)}, and {_by(theirs.shape)} is wanted"
    for setting in SETTINGS:
        if _pair(getattr(mine, setting, None)) != _pair(getattr(other, setting, None)):
            return f"its {setting} differs{shapes}"
    if (getattr(mine, "bias", None) is None) != (getattr(other, "bias", None) is None):
        return "it has no bias" if getattr(mine, "bias", None) is None else "it has a bias, and should have none"
    weights = [tuple(tensor.shape) for tensor in mine.parameters()]
    if weights != [tuple(tensor.shape) for tensor in other.parameters()]:
        return f"its weights have the shapes {', '.join(map(str, weights))}{shapes}"
    return f"the shape of its output differs{shapes}" if shapes else ""


def _weighted(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _pair(value: object) -> object:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
