"""What three or more families share: checks of options, and a notation for the modules of Szegedy's papers.

3×3/2 96 V          convolution 3×3, stride 2, 96 maps, without padding ("V" for valid, as in the v4 paper's
                    figures; without it the grid keeps its size), then batch normalisation, then ReLU
max 3×3/2 V         pooling; "avg 3×3" averages
a → b               one after the other
(a | b)             side by side, the maps stacked: how the last step of figure 7 splits
("a", "b → c")      a module: its branches side by side, the maps stacked
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

STEP = re.compile(r"(?:(max|avg) )?(\d+)×(\d+)(?:/(\d))?(?: (\d+))?( V)?")


def choose(option: str, value: object, choices: Iterable[object]) -> None:
    """Refuse a value that is not one of ``choices``.

    >>> choose("column", "F", "ABCDE")
    Traceback (most recent call last):
    ValueError: column must be one of A, B, C, D, E, got 'F'
    """
    choices = list(choices)
    if value not in choices:
        raise ValueError(f"{option} must be one of {', '.join(map(str, choices))}, got {value!r}")


def scale(maps: int, width: float) -> int:
    """``maps`` times ``width``, rounded to a multiple of 8 (at least 8); with a width of 1 the paper's own number.

    Raises:
        ValueError: for a width that is not above 0.

    >>> scale(80, 1), scale(80, 0.25), scale(16, 0.25)
    (80, 24, 8)
    """
    if not width > 0:
        raise ValueError(f"width must be above 0 (1 is the paper's), got {width!r}")
    return maps if width == 1 else max(8, int(maps * width / 8 + 0.5) * 8)


class Branches(nn.Module):
    """A module of Szegedy's papers: branches that see the same map, their outputs stacked along the channels.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H', W').

    >>> reduction = Branches(320, ("3×3/2 384 V", "1×1 64 → 3×3 96 → 3×3/2 96 V", "max 3×3/2 V"))
    >>> reduction(torch.zeros(1, 320, 35, 35)).shape, reduction.branch2.conv3x3_2.conv.stride
    (torch.Size([1, 800, 17, 17]), (2, 2))
    """

    def __init__(
        self, in_channels: int, branches: Sequence[str], *, width: float = 1.0, count_padding: bool = True
    ) -> None:
        super().__init__()
        self.out_channels = 0
        for number, drawn in enumerate(branches, start=1):
            branch, channels = chain(in_channels, drawn, width=width, count_padding=count_padding)
            self.add_module(f"branch{number}", branch)
            self.out_channels += channels

    def forward(self, x: Tensor) -> Tensor:
        """The maps of all branches."""
        return torch.cat([branch(x) for branch in self.children()], dim=1)


def stack(
    in_channels: int,
    drawing: Mapping[str, str | tuple[str, ...]],
    *,
    width: float = 1.0,
    count_padding: bool = True,
) -> tuple[nn.Sequential, int]:
    """A network's layers by name, from a drawing in the notation above, and the channels of the last.

    ``count_padding=False`` makes average pooling leave the padded zeros out, as TensorFlow does.

    >>> features, channels = stack(3, {"conv1": "3×3/2 32 V", "mixed": ("1×1 64", "avg 3×3 → 1×1 16")})
    >>> channels, list(dict(features.named_children()))
    (80, ['conv1', 'mixed'])
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for name, drawn in drawing.items():
        if isinstance(drawn, str):
            layers[name], in_channels = chain(in_channels, drawn, width=width, count_padding=count_padding)
        else:
            layers[name] = module = Branches(in_channels, drawn, width=width, count_padding=count_padding)
            in_channels = module.out_channels
    return nn.Sequential(layers), in_channels


def chain(in_channels: int, drawn: str, *, width: float = 1.0, count_padding: bool = True) -> tuple[nn.Module, int]:
    """Steps one after the other, such as "1×1 64 → 3×3 96", and the channels of the last; a single step stays bare.

    Raises:
        ValueError: for a step that the notation does not have.
    """
    steps: OrderedDict[str, nn.Module] = OrderedDict()
    for text in drawn.split(" → "):
        layer: nn.Module
        if text.startswith("("):
            layer = split = Branches(
                in_channels, text.strip("()").split(" | "), width=width, count_padding=count_padding
            )
            kind, in_channels = "split", split.out_channels
        else:
            if not (step := STEP.fullmatch(text)):
                raise ValueError(f"a step is drawn like '3×3/2 96 V' or 'max 3×3/2 V', got {text!r} in {drawn!r}")
            pool, stride, valid = step[1], int(step[4] or 1), bool(step[6])
            kernel = (int(step[2]), int(step[3]))
            padding = (0, 0) if valid else (kernel[0] // 2, kernel[1] // 2)
            if pool:
                kind, layer = "pool", _pool(pool, kernel, stride, padding, count_padding)
            else:
                kind, maps = f"conv{kernel[0]}x{kernel[1]}", scale(int(step[5]), width)
                layer = conv_bn_relu(in_channels, maps, kernel, stride=stride, padding=padding)
                in_channels = maps
        earlier = sum(name.rpartition("_")[0] == kind or name == kind for name in steps)
        steps[f"{kind}_{earlier + 1}" if earlier else kind] = layer
    if len(steps) == 1:
        return layer, in_channels
    return nn.Sequential(steps), in_channels


def conv_bn_relu(
    in_channels: int,
    maps: int,
    kernel: tuple[int, int],
    *,
    stride: int = 1,
    padding: tuple[int, int] = (0, 0),
    relu: bool = True,
) -> nn.Sequential:
    """A convolution without bias, batch normalisation (ε = 0.001, as in Szegedy's code) and ReLU."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(in_channels, maps, kernel, stride=stride, padding=padding, bias=False),
        bn=nn.BatchNorm2d(maps, eps=1e-3),
    )
    if relu:
        layers["relu"] = nn.ReLU()
    return nn.Sequential(layers)


def _pool(pool: str, kernel: tuple[int, int], stride: int, padding: tuple[int, int], count_padding: bool) -> nn.Module:
    if pool == "max":
        return nn.MaxPool2d(kernel, stride, padding)
    return nn.AvgPool2d(kernel, stride, padding, count_include_pad=count_padding)
