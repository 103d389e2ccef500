"""Network in network: Lin, Chen and Yan 2014, arXiv:1312.4400.

An MLP convolution is a convolution followed by two 1×1 convolutions: a small network in place of the dot product
("cascaded cross channel pooling", hence ``cccp1``). The last one has a channel for each class, whose average is the
logit; there is no linear layer. The paper draws three such layers (figure 2) and prints no widths; these are the
authors' own for CIFAR-10. Formula (2) has a ReLU after every layer; ours leaves the last one out, because it would cut
a negative logit to zero.

    layer                    output (C, H, W)   parameters
    input                          3, 32, 32
    conv1 5×5, cccp1, cccp2       96, 32, 32        60,928
    pool1 3×3 max                 96, 16, 16
    conv2 5×5, cccp3, cccp4      192, 16, 16       535,104
    pool2 3×3 average            192,  8,  8
    conv3 3×3, cccp5, cccp6       10,  8,  8       370,954
    average                       10                966,986
"""

from collections import OrderedDict
from typing import NamedTuple

from torch import nn

from cnnlab.models.families.blocks import scale
from cnnlab.models.families.classifier import Classifier
from cnnlab.models.families.init import initialise


class MLPConv(NamedTuple):
    """The kernel of the convolution, and the channels of it and of the two 1×1 convolutions after it."""

    kernel: int
    channels: tuple[int, int, int]


TABLE = (
    MLPConv(5, (192, 160, 96)),
    MLPConv(5, (192, 192, 192)),
    MLPConv(3, (192, 192, 0)),  # 0: one channel a class
)
SMALLEST = 4


class NiN(Classifier):
    """Network in network: three MLP convolutions, and the average of each channel of the last.

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of 4 pixels a side or more; the table's have 32.

    >>> net = NiN(num_classes=10, width=0.25)
    >>> net(torch.zeros(2, 3, 32, 32)).shape, net.features.cccp6
    (torch.Size([2, 10]), Conv2d(48, 10, kernel_size=(1, 1), stride=(1, 1)))
    """

    def __init__(
        self, *, num_classes: int = 10, in_channels: int = 3, dropout: float = 0.5, width: float = 1.0
    ) -> None:
        super().__init__(in_channels=in_channels, smallest=SMALLEST)
        channels = in_channels
        features: OrderedDict[str, nn.Module] = OrderedDict()
        for number, (kernel, outs) in enumerate(TABLE, start=1):
            names = (f"conv{number}", f"cccp{2 * number - 1}", f"cccp{2 * number}")
            for name, size, out in zip(names, (kernel, 1, 1), outs, strict=True):
                out_channels = scale(out, width) if out else num_classes
                features[name] = nn.Conv2d(channels, out_channels, size, padding=size // 2)
                if out:
                    features[f"relu_{name}"] = nn.ReLU()
                channels = out_channels
            if number < len(TABLE):
                pool = nn.MaxPool2d if number == 1 else nn.AvgPool2d
                features[f"pool{number}"] = pool(3, 2, ceil_mode=True)
                features[f"dropout{number}"] = nn.Dropout(dropout)
        self.features = nn.Sequential(features)
        self.classifier = nn.Sequential(OrderedDict(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten()))
        initialise(self.features, "kaiming")
