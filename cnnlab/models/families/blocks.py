"""What three or more families share: checks of options, and the notation of the figures in Szegedy's papers.

3×3/2 96 V          a 3×3 convolution of stride 2 with 96 channels, without padding ("V" for valid, as in the v4
                    paper's figures; without it height and width are kept), then batch normalisation and ReLU
max 3×3/2 V         max pooling; "avg 3×3" is average pooling
a → b               one after the other
(a | b)             side by side, with the channels concatenated: the split at the end of figure 7
("a", "b → c")      a module: its branches side by side, with the channels concatenated
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

STEP = re.compile(r"(?:(max|avg) )?(\d+)×(\d+)(?:/(\d))?(?: (\d+))?( V)?")


def require_one_of(option: str, value: object, choices: Iterable[object]) -> None:
    """Refuse a value that is not one of ``choices``.

    >>> require_one_of("column", "F", "ABCDE")
    Traceback (most recent call last):
    ValueError: column must be one of A, B, C, D, E, got 'F'
    """
    choices = list(choices)
    if value not in choices:
        raise ValueError(f"{option} must be one of {', '.join(map(str, choices))}, got {value!r}")


def scale(channels: int, width: float) -> int:
    """``channels`` times ``width``, rounded to a multiple of 8 (at least 8); unchanged if ``width`` is 1.

    Raises:
        ValueError: for a width that is not above 0.

    >>> scale(80, 1), scale(80, 0.25), scale(16, 0.25)
    (80, 24, 8)
    """
    if not width > 0:
        raise ValueError(f"width must be above 0 (1 is the paper's), got {width!r}")
    return channels if width == 1 else max(8, int(channels * width / 8 + 0.5) * 8)


class Branches(nn.Module):
    """A module of Szegedy's papers: branches with the same input, their outputs concatenated along the channels.

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
        for number, steps in enumerate(branches, start=1):
            branch, channels = chain(in_channels, steps, width=width, count_padding=count_padding)
            self.add_module(f"branch{number}", branch)
            self.out_channels += channels

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of all branches."""
        return torch.cat([branch(x) for branch in self.children()], dim=1)


def stack(
    in_channels: int,
    layers: Mapping[str, str | tuple[str, ...]],
    *,
    width: float = 1.0,
    count_padding: bool = True,
) -> tuple[nn.Sequential, int]:
    """A network's layers by name, each in the notation above, and the channels of the last.

    ``count_padding=False`` leaves the padded zeros out of an average, as TensorFlow does.

    >>> features, channels = stack(3, {"conv1": "3×3/2 32 V", "mixed": ("1×1 64", "avg 3×3 → 1×1 16")})
    >>> channels, list(dict(features.named_children()))
    (80, ['conv1', 'mixed'])
    """
    built: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in layers.items():
        if isinstance(layer, str):
            built[name], in_channels = chain(in_channels, layer, width=width, count_padding=count_padding)
        else:
            built[name] = module = Branches(in_channels, layer, width=width, count_padding=count_padding)
            in_channels = module.out_channels
    return nn.Sequential(built), in_channels


def chain(in_channels: int, steps: str, *, width: float = 1.0, count_padding: bool = True) -> tuple[nn.Module, int]:
    """Steps one after the other, such as "1×1 64 → 3×3 96", and the channels of the last; one step is not wrapped.

    Raises:
        ValueError: for a step that is not in the notation.
    """
    built: OrderedDict[str, nn.Module] = OrderedDict()
    for text in steps.split(" → "):
        layer: nn.Module
        if text.startswith("("):
            branches = text.strip("()").split(" | ")
            layer = split = Branches(in_channels, branches, width=width, count_padding=count_padding)
            kind, in_channels = "split", split.out_channels
        else:
            if not (step := STEP.fullmatch(text)):
                raise ValueError(f"a step is written like '3×3/2 96 V' or 'max 3×3/2 V', got {text!r} in {steps!r}")
            pool, stride, kernel = step[1], int(step[4] or 1), (int(step[2]), int(step[3]))
            padding = (0, 0) if step[6] else (kernel[0] // 2, kernel[1] // 2)
            if pool == "max":
                kind, layer = "pool", nn.MaxPool2d(kernel, stride, padding)
            elif pool == "avg":
                kind, layer = "pool", nn.AvgPool2d(kernel, stride, padding, count_include_pad=count_padding)
            else:
                kind, out_channels = f"conv{kernel[0]}x{kernel[1]}", scale(int(step[5]), width)
                layer = conv_bn_relu(in_channels, out_channels, kernel, stride=stride, padding=padding)
                in_channels = out_channels
        earlier = sum(name.rpartition("_")[0] == kind or name == kind for name in built)
        built[f"{kind}_{earlier + 1}" if earlier else kind] = layer
    return (layer if len(built) == 1 else nn.Sequential(built)), in_channels


def conv_bn_relu(
    in_channels: int, out_channels: int, kernel: tuple[int, int], *, stride: int = 1, padding: tuple[int, int] = (0, 0)
) -> nn.Sequential:
    """A convolution without bias, batch normalisation (ε = 0.001, as in Szegedy's code) and ReLU."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=padding, bias=False),
            bn=nn.BatchNorm2d(out_channels, eps=1e-3),
            relu=nn.ReLU(),
        )
    )
