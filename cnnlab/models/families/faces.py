"""The face report's two networks: Gjerde, Tron and Ryfetten 2019, *Multinomial regression using CNNs*.

Tables 1 and 2 as the constants below; a linear layer of 300 units follows, then 201 outputs, for the 200 identities
that the report counts. The tables end in softmax (the first after a ReLU, which ours leaves out, because a negative
logit would be cut to zero): ours return logits, as cross-entropy takes them.

Table 2 contradicts itself: its last convolution has stride 1, but its linear layer takes 1210 = 10·11·11 values, which
at 224×224 pixels needs stride 2. Stride 1 gives 10·22·22 = 4840. ``last_stride=1`` builds what the line says.
"""

from collections import OrderedDict
from typing import NamedTuple

from torch import nn

from cnnlab.models.families.classifier import Classifier
from cnnlab.models.families.init import initialise


class Conv(NamedTuple):
    """A row of the tables: a convolution followed by a ReLU, with batch normalisation and max pooling where set."""

    channels: int
    kernel: int
    stride: int
    padding: int = 0
    norm: bool = True
    pool: bool = False


BASELINE = (  # table 1: 1183 features at 224×224
    Conv(21, 3, 2, norm=False),
    Conv(20, 3, 2),
    Conv(15, 3, 2, padding=1),
    Conv(7, 5, 2, padding=1),
)
TRONNET = (  # table 2: 1210 features at 224×224
    Conv(21, 3, 1, norm=False),
    Conv(30, 3, 1, padding=1, pool=True),
    Conv(35, 3, 1, padding=1),
    Conv(25, 3, 1, padding=1, pool=True),
    Conv(20, 3, 1, padding=1),
    Conv(15, 3, 1, padding=1),
    Conv(10, 5, 2, padding=1),  # the table prints stride 1
)
UNITS = 300


class FaceNet(Classifier):
    """What both networks are: convolutions of a table, a hidden linear layer, logits.

    Shape: (N, in_channels, H, W) -> (N, num_classes), with (H, W) = ``input_size``, in pixels.
    """

    def __init__(
        self,
        convs: tuple[Conv, ...],
        *,
        num_classes: int,
        in_channels: int,
        input_size: tuple[int, int],
        pool: int = 3,
    ) -> None:
        super().__init__(in_channels=in_channels, input_size=input_size)
        features: OrderedDict[str, nn.Module] = OrderedDict()
        channels = in_channels
        for number, conv in enumerate(convs, start=1):
            features[f"conv{number}"] = nn.Conv2d(channels, conv.channels, conv.kernel, conv.stride, conv.padding)
            if conv.norm:
                features[f"bn{number}"] = nn.BatchNorm2d(conv.channels)
            features[f"relu{number}"] = nn.ReLU()
            if conv.pool:
                features[f"pool{number}"] = nn.MaxPool2d(pool)
            channels = conv.channels
        self.features = nn.Sequential(features)
        self.classifier = nn.Sequential(
            OrderedDict(
                flatten=nn.Flatten(),
                fc1=nn.Linear(self.flat_features(), UNITS),
                relu_fc1=nn.ReLU(),
                fc2=nn.Linear(UNITS, num_classes),
            )
        )


class FaceBaseline(FaceNet):
    """The baseline of Table 1: four convolutions of stride 2.

    >>> FaceBaseline().classifier.fc1.in_features
    1183
    """

    def __init__(
        self, *, num_classes: int = 201, in_channels: int = 3, input_size: tuple[int, int] = (224, 224)
    ) -> None:
        super().__init__(BASELINE, num_classes=num_classes, in_channels=in_channels, input_size=input_size)


class TronNet(FaceNet):
    """TronNet of Table 2: seven convolutions, two poolings of 3×3 (``pool``).

    >>> TronNet().classifier.fc1.in_features, TronNet(last_stride=1).classifier.fc1.in_features
    (1210, 4840)
    """

    def __init__(
        self,
        *,
        num_classes: int = 201,
        in_channels: int = 3,
        input_size: tuple[int, int] = (224, 224),
        last_stride: int = 2,
        pool: int = 3,
    ) -> None:
        convs = (*TRONNET[:-1], TRONNET[-1]._replace(stride=last_stride))
        super().__init__(convs, num_classes=num_classes, in_channels=in_channels, input_size=input_size, pool=pool)
        initialise(self, "xavier")  # section 3.3: this method gave the best results
