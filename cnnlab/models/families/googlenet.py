"""GoogLeNet: Szegedy, Liu, Jia, Sermanet, Reed et al. 2015, *Going deeper with convolutions*, arXiv:1409.4842.

Table 1 as the constants below, with the parameters (thousands, K = 1024) and operations (millions) that it prints.
Not all of them follow from its widths; tests/papers/test_googlenet.py computes each row beside the printed one.

The variants differ in five places:

                        paper                   batch_norm    torchvision
    "5×5" branch        5×5                     5×5           3×3 (its own comment calls that a known bug)
    normalisation       across channels, twice  batch         batch
    pooling after 4e    3×3                     3×3           2×2
    auxiliary pooling   5×5, stride 3           5×5, 3        adaptive, to 4×4
    biases              in convolutions         none          none
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnnlab.models.families.auxiliary import AuxiliaryClassifier
from cnnlab.models.families.blocks import conv_bn_relu, require_one_of, scale
from cnnlab.models.families.classifier import average_classifier
from cnnlab.models.families.init import initialise


class Widths(NamedTuple):
    """A row of Table 1: channels of each convolution of a module, and the cost that the table prints."""

    ones: int  # #1×1
    three_reduce: int  # #3×3 reduce; 0 leaves the reduction out
    threes: int  # #3×3
    five_reduce: int  # #5×5 reduce; 0 leaves the reduction out
    fives: int  # #5×5
    pool_proj: int  # 0 leaves the projection out
    params: int = 0  # K
    ops: int = 0  # M


TABLE: dict[str, Widths | None] = {  # None is a max pooling of 3×3 with stride 2
    "inception3a": Widths(64, 96, 128, 16, 32, 32, params=159, ops=128),
    "inception3b": Widths(128, 128, 192, 32, 96, 64, params=380, ops=304),
    "pool3": None,
    "inception4a": Widths(192, 96, 208, 16, 48, 64, params=364, ops=73),
    "inception4b": Widths(160, 112, 224, 24, 64, 64, params=437, ops=88),
    "inception4c": Widths(128, 128, 256, 24, 64, 64, params=463, ops=100),
    "inception4d": Widths(112, 144, 288, 32, 64, 64, params=580, ops=119),
    "inception4e": Widths(256, 160, 320, 32, 128, 128, params=840, ops=170),
    "pool4": None,
    "inception5a": Widths(256, 160, 320, 32, 128, 128, params=1072, ops=54),
    "inception5b": Widths(384, 192, 384, 48, 128, 128, params=1388, ops=71),
}
VARIANTS = ("paper", "batch_norm", "torchvision")
SMALLEST = {"imagenet": 31, "small": 8}  # pixels a side; torchvision's last pooling takes half of it
AUXILIARY = ("inception4a", "inception4d")  # section 5


class Inception(nn.Module):
    """The inception module, with dimension reductions (figure 2b) or naïve (figure 2a: ``Widths`` with zeros).

    Shape: (N, in_channels, H, W) -> (N, out_channels, H, W).

    >>> naive = Inception(192, Widths(64, 0, 128, 0, 32, 0))
    >>> naive.out_channels  # with all 192 channels of the pooling
    416
    >>> list(dict(Inception(192, TABLE["inception3a"]).named_children()))
    ['conv1x1', 'conv3x3_reduce', 'conv3x3', 'conv5x5_reduce', 'conv5x5', 'pool', 'pool_proj']
    """

    def __init__(self, in_channels: int, widths: Widths, *, variant: str = "paper") -> None:
        super().__init__()
        ones, three_reduce, threes, five_reduce, fives, pool_proj = widths[:6]
        five = 3 if variant == "torchvision" else 5
        self.conv1x1 = _conv(in_channels, ones, 1, variant)
        self.conv3x3_reduce = _conv(in_channels, three_reduce, 1, variant) if three_reduce else nn.Identity()
        self.conv3x3 = _conv(three_reduce or in_channels, threes, 3, variant)
        self.conv5x5_reduce = _conv(in_channels, five_reduce, 1, variant) if five_reduce else nn.Identity()
        self.conv5x5 = _conv(five_reduce or in_channels, fives, five, variant)
        self.pool = nn.MaxPool2d(3, 1, padding=1)
        self.pool_proj = _conv(in_channels, pool_proj, 1, variant) if pool_proj else nn.Identity()
        self.out_channels = ones + threes + fives + (pool_proj or in_channels)

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of the four branches, concatenated along the channels."""
        branches = (
            self.conv1x1(x),
            self.conv3x3(self.conv3x3_reduce(x)),
            self.conv5x5(self.conv5x5_reduce(x)),
            self.pool_proj(self.pool(x)),
        )
        return torch.cat(branches, dim=1)


class GoogLeNet(AuxiliaryClassifier):
    """GoogLeNet: 22 layers with weights, nine inception modules, no large linear layer.

    ``auxiliary=True`` adds the two classifiers of section 5; while it trains, the network then returns ``Outputs``
    (``models.auxiliary_loss`` weighs them), and in eval mode the logits alone. ``width`` multiplies every number of
    channels; ``stem="small"`` begins with a 3×3 of stride 1 and leaves pool1 out, for pictures of 28 to 64 pixels.

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of 31 pixels a side or more; the paper's have 224.

    >>> net = GoogLeNet(num_classes=10, width=0.25, stem="small")
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        variant: str = "paper",
        auxiliary: bool = False,
        dropout: float = 0.4,
        width: float = 1.0,
        stem: str = "imagenet",
    ) -> None:
        require_one_of("variant", variant, VARIANTS)
        require_one_of("stem", stem, ("imagenet", "small"))
        smallest = SMALLEST[stem] // (2 if variant == "torchvision" else 1)
        super().__init__(in_channels=in_channels, smallest=smallest)
        features = _stem(in_channels, variant, width, stem)
        channels = scale(192, width)
        heads: dict[str, nn.Module] = {}
        for name, row in TABLE.items():
            if row is None:
                kernel = 2 if variant == "torchvision" and name == "pool4" else 3
                features[name] = nn.MaxPool2d(kernel, 2, ceil_mode=True)
            else:
                widths = Widths(*(scale(count, width) for count in row[:6]))
                features[name] = module = Inception(channels, widths, variant=variant)
                channels = module.out_channels
                if auxiliary and name in AUXILIARY:
                    heads[name] = AuxiliaryHead(channels, num_classes, variant=variant, width=width)
        self.features = nn.Sequential(features)
        self.classifier = average_classifier(channels, num_classes, dropout=dropout)
        self.auxiliary = nn.ModuleDict(heads)
        if variant == "paper":
            initialise(self, "kaiming")  # without batch normalisation, the signal fades under PyTorch's default

    def heads(self) -> dict[str, nn.Module]:
        """The auxiliary classifiers, if there are any."""
        return dict(self.auxiliary.items())


class AuxiliaryHead(nn.Module):
    """Section 5: average pooling to 4×4, a 1×1 convolution of 128 channels, 1024 units, 70 % dropout, logits.

    Shape: (N, in_channels, 14, 14) -> (N, num_classes); torchvision's pooling takes any height and width.
    """

    def __init__(self, in_channels: int, num_classes: int, *, variant: str = "paper", width: float = 1.0) -> None:
        super().__init__()
        channels, units = scale(128, width), scale(1024, width)
        self.pool = nn.AdaptiveAvgPool2d(4) if variant == "torchvision" else nn.AvgPool2d(5, 3)
        self.conv = _conv(in_channels, channels, 1, variant)
        self.fc1 = nn.Linear(channels * 4 * 4, units)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(units, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits from inner feature maps."""
        size, x = x.shape[2:], self.pool(x)
        if x.shape[2:] != (4, 4):
            raise ValueError(
                f"the auxiliary classifiers need feature maps of 14×14 to 16×16 (pictures of 224 pixels), got "
                f"{size[0]}×{size[1]}; resize the pictures, or build it with auxiliary=False"
            )
        return self.fc2(self.dropout(self.relu(self.fc1(self.conv(x).flatten(1)))))


def _stem(in_channels: int, variant: str, width: float, stem: str) -> OrderedDict[str, nn.Module]:
    """The layers before the first module."""
    first, second = scale(64, width), scale(192, width)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if stem == "imagenet":
        layers["conv1"] = _conv(in_channels, first, 7, variant, stride=2)
        layers["pool1"] = nn.MaxPool2d(3, 2, ceil_mode=True)
    else:
        layers["conv1"] = _conv(in_channels, first, 3, variant)
    if variant == "paper":
        layers["norm1"] = nn.LocalResponseNorm(5, alpha=5e-4, k=2)  # figure 3 has both; AlexNet's constants
    layers["conv2_reduce"] = _conv(first, first, 1, variant)
    layers["conv2"] = _conv(first, second, 3, variant)
    if variant == "paper":
        layers["norm2"] = nn.LocalResponseNorm(5, alpha=5e-4, k=2)
    layers["pool2"] = nn.MaxPool2d(3, 2, ceil_mode=True)
    return layers


def _conv(in_channels: int, out_channels: int, kernel: int, variant: str, stride: int = 1) -> nn.Sequential:
    padding = kernel // 2
    if variant == "paper":
        conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding)
        return nn.Sequential(OrderedDict(conv=conv, relu=nn.ReLU()))
    return conv_bn_relu(in_channels, out_channels, (kernel, kernel), stride=stride, padding=(padding, padding))
