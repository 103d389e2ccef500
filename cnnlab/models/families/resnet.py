"""ResNet: He, Zhang, Ren and Sun 2016, *Deep residual learning for image recognition*, arXiv:1512.03385.

Table 1 as the constants below, and the three-stage family for CIFAR-10 of section 4.2, of depth 6n + 2. Two later
networks differ in one number each:

    ResNeXt (Xie et al. 2017, arXiv:1611.05431)       cardinality 32: the 3×3 is split into 32 groups
    Wide ResNet (Zagoruyko, Komodakis, 1605.07146)    base_width 128: the 3×3 is twice as wide

A stage's first block halves height and width. In the paper, the stride is in the bottleneck's first 1×1
(``stride_in="1x1"``, the default); in torchvision and ResNeXt, it is in the 3×3 (``"3x3"``), so that 50 layers need
4.1·10⁹ multiply-adds instead of 3.8·10⁹. Plain networks have the same layers without shortcuts.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from cnnlab.models.families.blocks import require_one_of
from cnnlab.models.families.classifier import Classifier, average_classifier
from cnnlab.models.families.init import initialise


class Row(NamedTuple):
    """A column of Table 1, a row here: what the stages conv2_x, conv3_x … are made of."""

    blocks: tuple[int, ...]  # blocks in each stage
    bottleneck: bool
    ops: float | None = None  # 10⁹ multiply-adds as the table prints them ("FLOPs"); a test counts ours
    widths: tuple[int, ...] = (64, 128, 256, 512)  # channels of the 3×3 convolutions
    stem: str = "imagenet"
    shortcut: str = "B"
    classes: int = 1000


TABLE = {
    18: Row((2, 2, 2, 2), bottleneck=False, ops=1.8),
    34: Row((3, 4, 6, 3), bottleneck=False, ops=3.6),
    50: Row((3, 4, 6, 3), bottleneck=True, ops=3.8),
    101: Row((3, 4, 23, 3), bottleneck=True, ops=7.6),
    152: Row((3, 8, 36, 3), bottleneck=True, ops=11.3),
}
EXPANSION = 4  # a bottleneck's output has four times the channels of its 3×3
SHORTCUTS = ("A", "B", "C", "none")


def cifar_row(depth: int) -> Row:
    """The row of a CIFAR-10 family: basic blocks at a depth of 6n + 2, bottlenecks at an odd depth of 9n + 2.

    The first is section 4.2: widths 16, 32, 64, zero-padded shortcuts. The second is Xie et al.'s (section 5.3):
    widths 64, 128, 256, projections.

    >>> cifar_row(20).blocks, cifar_row(29).bottleneck
    ((3, 3, 3), True)
    """
    if depth % 2 and depth % 9 == 2 and depth > 2:
        n = depth // 9
        return Row((n, n, n), bottleneck=True, widths=(64, 128, 256), stem="small", classes=10)
    n, rest = divmod(depth - 2, 6)
    if rest or n < 1:
        raise ValueError(
            f"depth must be one of {', '.join(map(str, TABLE))} or, for CIFAR-10, 6n + 2 (8, 14, 20, 26, 32, 44, 56, "
            f"110 …) or, with bottlenecks, 11, 29, 47 …, got {depth}"
        )
    return Row((n, n, n), bottleneck=False, widths=(16, 32, 64), stem="small", shortcut="A", classes=10)


class Pad(nn.Module):
    """Shortcut A: every second position, and zeros for the channels that are missing. No parameters.

    >>> Pad(64, 128, stride=2)(torch.ones(1, 64, 56, 56)).sum(dim=(0, 2, 3)).tolist() == [784.0] * 64 + [0.0] * 64
    True
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = out_channels - in_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        """The input in the shape of the block's output."""
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))


class Block(nn.Module):
    """y = F(x) + shortcut(x), then ReLU: basic (two 3×3) or bottleneck (1×1, 3×3, 1×1).

    ``shortcut``: "A" pads with zeros where the shape changes, "B" projects with a 1×1 there, "C" projects always;
    "none" leaves the shortcut out, so that the network is plain.

    Shape: (N, in_channels, H, W) -> (N, width, H / stride, W / stride), with four times the width in a bottleneck.

    >>> Block(256, 64, bottleneck=True)(torch.zeros(1, 256, 56, 56)).shape
    torch.Size([1, 256, 56, 56])
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        *,
        bottleneck: bool = False,
        stride: int = 1,
        stride_in: str = "1x1",
        shortcut: str = "B",
        cardinality: int = 1,
        inner: int | None = None,
    ) -> None:
        super().__init__()
        self.shortcut_kind = shortcut
        if bottleneck:
            inner, self.out_channels = inner or width, EXPANSION * width
            first, second = (stride, 1) if stride_in == "1x1" else (1, stride)
            self.conv1 = nn.Conv2d(in_channels, inner, 1, first, bias=False)
            self.bn1 = nn.BatchNorm2d(inner)
            self.relu1 = nn.ReLU()
            self.conv2 = nn.Conv2d(inner, inner, 3, second, padding=1, groups=cardinality, bias=False)
            self.bn2 = nn.BatchNorm2d(inner)
            self.relu2 = nn.ReLU()
            self.conv3 = nn.Conv2d(inner, self.out_channels, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(self.out_channels)
        else:
            self.out_channels = width
            self.conv1 = nn.Conv2d(in_channels, width, 3, stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.relu1 = nn.ReLU()
            self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
        changes = stride > 1 or in_channels != self.out_channels
        if shortcut == "C" or (shortcut == "B" and changes):
            self.shortcut: nn.Module = nn.Sequential(
                OrderedDict(
                    conv=nn.Conv2d(in_channels, self.out_channels, 1, stride, bias=False),
                    bn=nn.BatchNorm2d(self.out_channels),
                )
            )
        elif shortcut == "A" and changes:
            self.shortcut = Pad(in_channels, self.out_channels, stride=stride)
        elif shortcut != "none":
            self.shortcut = nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        if hasattr(self, "conv3"):
            y = self.bn3(self.conv3(self.relu2(y)))
        if self.shortcut_kind != "none":
            y = y + self.shortcut(x)
        return self.relu(y)


class ResNet(Classifier):
    """A residual network by its depth, its variants by option. Blocks carry the paper's names: ``features.conv3_1``.

    ``stem="imagenet"`` is a 7×7 convolution and a pooling, each of stride 2; ``"small"`` is a 3×3 convolution of
    stride 1, for pictures of 28 to 64 pixels.

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of any size; the papers' have 224 or 32 pixels.

    Raises:
        ValueError: for a depth that the paper does not have, another unknown option, or pictures of other channels.

    >>> ResNet(depth=18, num_classes=5)(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 5])
    >>> ResNet(depth=20).features.conv3_1.shortcut
    Pad()
    """

    def __init__(
        self,
        *,
        depth: int = 50,
        num_classes: int | None = None,
        in_channels: int = 3,
        shortcut: str | None = None,
        stride_in: str = "1x1",
        cardinality: int = 1,
        base_width: int = 64,
        widths: tuple[int, ...] | None = None,
        stem: str | None = None,
    ) -> None:
        super().__init__(in_channels=in_channels)
        row = TABLE.get(depth) or cifar_row(depth)
        stem = row.stem if stem is None else stem
        shortcut = row.shortcut if shortcut is None else shortcut
        widths = row.widths if widths is None else widths
        num_classes = row.classes if num_classes is None else num_classes
        require_one_of("stem", stem, ("imagenet", "small"))
        require_one_of("shortcut", shortcut, SHORTCUTS)
        require_one_of("stride_in", stride_in, ("1x1", "3x3"))
        if (cardinality != 1 or base_width != 64) and not row.bottleneck:
            raise ValueError(f"cardinality and base_width need bottlenecks: depth 29, 50, 101 or 152, got {depth}")
        if len(widths) != len(row.blocks):
            raise ValueError(f"widths must name the {len(row.blocks)} stages of depth {depth}, got {widths}")
        channels = widths[0]
        features: OrderedDict[str, nn.Module] = OrderedDict()
        kernel, stride = (7, 2) if stem == "imagenet" else (3, 1)
        features["conv1"] = nn.Conv2d(in_channels, channels, kernel, stride, padding=kernel // 2, bias=False)
        features["bn1"] = nn.BatchNorm2d(channels)
        features["relu1"] = nn.ReLU()
        if stem == "imagenet":
            features["pool1"] = nn.MaxPool2d(3, 2, padding=1)
        for stage, (blocks, width) in enumerate(zip(row.blocks, widths, strict=True), start=2):
            for number in range(1, blocks + 1):
                features[f"conv{stage}_{number}"] = block = Block(
                    channels,
                    width,
                    bottleneck=row.bottleneck,
                    stride=2 if stage > 2 and number == 1 else 1,
                    stride_in=stride_in,
                    shortcut=shortcut,
                    cardinality=cardinality,
                    inner=width * base_width // 64 * cardinality,
                )
                channels = block.out_channels
        self.features = nn.Sequential(features)
        self.classifier = average_classifier(channels, num_classes)
        initialise(self.features, "kaiming")
