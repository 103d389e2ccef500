"""EfficientNet-Lite0: Tan and Le 2019, *EfficientNet*, arXiv:1905.11946, table 1, in the authors' mobile variant.

Lite leaves out squeeze-and-excitation and takes ReLU6 for swish, so that it can be quantised; the stages are those of
EfficientNet-B0. It is the course's offline backbone: its ImageNet weights come with the installation.

    stage     operator           resolution   channels   layers
    stem      conv 3×3             224×224          32        1
    stage1    MBConv1, 3×3         112×112          16        1
    stage2    MBConv6, 3×3         112×112          24        2
    stage3    MBConv6, 5×5           56×56          40        2
    stage4    MBConv6, 3×3           28×28          80        3
    stage5    MBConv6, 5×5           14×14         112        3
    stage6    MBConv6, 5×5           14×14         192        4
    stage7    MBConv6, 3×3             7×7         320        1
    head      conv 1×1, mean           7×7        1280        1

The resolution is that of a stage's input, as in the paper's table.
"""

import math
from collections import OrderedDict
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from cnnlab.models.families.blocks import require_one_of, scale
from cnnlab.models.families.classifier import Classifier, average_classifier


class Stage(NamedTuple):
    """A row of Table 1."""

    expansion: int
    kernel: int
    channels: int
    layers: int
    stride: int  # of the first layer


STAGES = (
    Stage(1, 3, 16, 1, 1),
    Stage(6, 3, 24, 2, 2),
    Stage(6, 5, 40, 2, 2),
    Stage(6, 3, 80, 3, 2),
    Stage(6, 5, 112, 3, 1),
    Stage(6, 5, 192, 4, 2),
    Stage(6, 3, 320, 1, 1),
)
STEM, HEAD = 32, 1280


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow pads: ⌈side / stride⌉ positions a side, an odd zero to the right and below.

    With stride 2 and an even side that is one zero at the end, where PyTorch's ``padding=1`` puts one at each.

    >>> SameConv2d(3, 8, 3, stride=2)(torch.zeros(1, 3, 224, 224)).shape
    torch.Size([1, 8, 112, 112])
    """

    def forward(self, input: Tensor) -> Tensor:
        """The padded convolution."""
        pads: list[int] = []
        for axis in (1, 0):  # F.pad begins with the last axis
            side, kernel, stride = input.shape[2 + axis], self.kernel_size[axis], self.stride[axis]
            total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(input, pads))


class MBConv(nn.Module):
    """An inverted bottleneck: 1×1 to ``expansion`` times the channels, depthwise k×k, 1×1 back without activation.

    The input is added where the output has its shape.

    Shape: (N, in_channels, H, W) -> (N, out_channels, ⌈H / stride⌉, ⌈W / stride⌉).

    >>> MBConv(16, 24, expansion=6, kernel=3, stride=2)(torch.zeros(1, 16, 7, 7)).shape
    torch.Size([1, 24, 4, 4])
    """

    def __init__(self, in_channels: int, out_channels: int, *, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = in_channels * expansion
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if expansion > 1:
            layers["expand"] = _conv(in_channels, inner, 1)
        layers["depthwise"] = _conv(inner, inner, kernel, stride=stride, groups=inner)
        layers["project"] = _conv(inner, out_channels, 1, activation=False)
        self.layers = nn.Sequential(layers)
        self.residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        return x + self.layers(x) if self.residual else self.layers(x)


class EfficientNetLite0(Classifier):
    """EfficientNet-Lite0: a stem, seven stages of MBConv, a head of 1280 channels and their average.

    ``width`` multiplies every number of channels; ``stem="small"`` has stride 1, for pictures of 28 to 64 pixels.

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of any size; the published weights are for 224.

    >>> net = EfficientNetLite0(num_classes=10, width=0.5, stem="small")
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.2,
        width: float = 1.0,
        stem: str = "imagenet",
    ) -> None:
        super().__init__(in_channels=in_channels)
        require_one_of("stem", stem, ("imagenet", "small"))
        channels = scale(STEM, width)
        features: OrderedDict[str, nn.Module] = OrderedDict()
        features["stem"] = _conv(in_channels, channels, 3, stride=2 if stem == "imagenet" else 1)
        for stage, row in enumerate(STAGES, start=1):
            for number in range(1, row.layers + 1):
                out_channels = scale(row.channels, width)
                features[f"stage{stage}_{number}"] = MBConv(
                    channels,
                    out_channels,
                    expansion=row.expansion,
                    kernel=row.kernel,
                    stride=row.stride if number == 1 else 1,
                )
                channels = out_channels
        features["head"] = _conv(channels, scale(HEAD, width), 1)
        self.features = nn.Sequential(features)
        self.classifier = average_classifier(scale(HEAD, width), num_classes, dropout=dropout)


def _conv(
    in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1, activation: bool = True
) -> nn.Sequential:
    """A convolution without bias, batch normalisation (ε = 0.001) and ReLU6."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv=SameConv2d(in_channels, out_channels, kernel, stride=stride, groups=groups, bias=False),
        bn=nn.BatchNorm2d(out_channels, eps=1e-3),
    )
    if activation:
        layers["relu"] = nn.ReLU6()
    return nn.Sequential(layers)
