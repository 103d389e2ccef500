"""AlexNet: Krizhevsky, Sutskever and Hinton 2012, *ImageNet classification with deep convolutional neural networks*.

The lecture's variant in one tower, as Fleuret's EE-559 lecture 7.2 prints it; it is also torchvision's, and
Krizhevsky's own of 2014 (arXiv:1404.5997). The paper (section 3) has 96, 256, 384, 384 and 256 channels, divided
between two GPUs, so that the second, fourth and fifth convolution take half of the channels before them, and it
normalises the first two across channels. Both have 61 million parameters; the paper says 60.

    layer   output (C, H, W)   parameters
    input      3, 224, 224
    conv1     64,  55,  55         23,296
    pool1     64,  27,  27
    conv2    192,  27,  27        307,392
    pool2    192,  13,  13
    conv3    384,  13,  13        663,936
    conv4    256,  13,  13        884,992
    conv5    256,  13,  13        590,080
    pool5    256,   6,   6
    fc6              4,096     37,752,832
    fc7              4,096     16,781,312
    fc8              1,000      4,097,000
                               61,100,840
"""

from collections import OrderedDict
from typing import NamedTuple

from torch import nn

from cnnlab.models.families.classifier import Classifier, Flattened
from cnnlab.models.families.init import initialise

WIDTHS = (64, 192, 384, 256, 256)  # channels of the five convolutions
UNITS = (4096, 4096)  # units of the two hidden linear layers


class Conv(NamedTuple):
    """A convolution, and whether a 3×3 pooling of stride 2 follows it."""

    kernel: int
    stride: int
    padding: int
    pool: bool


CONVS = (
    Conv(11, 4, 2, pool=True),
    Conv(5, 1, 2, pool=True),
    Conv(3, 1, 1, pool=False),
    Conv(3, 1, 1, pool=False),
    Conv(3, 1, 1, pool=True),
)
POOL, POOL_STRIDE = 3, 2  # overlapping, section 3.4


class AlexNet(Classifier):
    """AlexNet in one tower: five convolutions, three linear layers, dropout before the first two of them.

    ``first`` gives kernel, stride and padding of conv1: (5, 1, 2) suits pictures of 28 to 64 pixels.

    Shape: (N, in_channels, H, W) -> (N, num_classes), with (H, W) = ``input_size``, in pixels.

    >>> net = AlexNet(num_classes=10, widths=(8, 16, 32, 16, 16), units=(64, 64), first=(5, 1, 2), input_size=(32, 32))
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        input_size: tuple[int, int] = (224, 224),
        widths: tuple[int, int, int, int, int] = WIDTHS,
        units: tuple[int, int] = UNITS,
        first: tuple[int, int, int] = CONVS[0][:3],
        dropout: float = 0.5,
    ) -> None:
        super().__init__(in_channels=in_channels, input_size=input_size)
        if len(widths) != len(CONVS):
            raise ValueError(f"widths must name the {len(CONVS)} convolutions, got {widths}")
        convs = (Conv(*first, pool=True), *CONVS[1:])
        features: OrderedDict[str, nn.Module] = OrderedDict()
        channels = in_channels
        for number, (conv, width) in enumerate(zip(convs, widths, strict=True), start=1):
            features[f"conv{number}"] = nn.Conv2d(channels, width, conv.kernel, conv.stride, conv.padding)
            features[f"relu{number}"] = nn.ReLU()
            if conv.pool:
                features[f"pool{number}"] = nn.MaxPool2d(POOL, POOL_STRIDE)
            channels = width
        self.features = nn.Sequential(features)
        self.classifier = Flattened(
            OrderedDict(
                dropout6=nn.Dropout(dropout),
                fc6=nn.Linear(self.flat_features(), units[0]),
                relu6=nn.ReLU(),
                dropout7=nn.Dropout(dropout),
                fc7=nn.Linear(units[0], units[1]),
                relu7=nn.ReLU(),
                fc8=nn.Linear(units[1], num_classes),
            )
        )
        initialise(self.features, "kaiming")
