"""VGG: Simonyan and Zisserman 2015, *Very deep convolutional networks for large-scale …*, arXiv:1409.1556.

Table 1 as the constants below: every convolution is 3×3 with stride 1 and padding 1, every stage ends in a 2×2 max
pooling, then come 4096, 4096 and 1000 units. Three 3×3 convolutions have the receptive field of one 7×7, with 27C²
weights instead of 49C².

The order of dropout, ReLU and linear layer is torchvision's. Batch normalisation (``batch_norm=True``) came
after the paper; torchvision publishes such checkpoints as ``vgg16_bn``.
"""

from collections import OrderedDict
from typing import NamedTuple

from torch import nn

from cnnlab.models.families.blocks import require_one_of
from cnnlab.models.families.classifier import Classifier, Flattened
from cnnlab.models.families.init import initialise

WIDTHS = (64, 128, 256, 512, 512)  # channels of the five stages, the same in every column
UNITS = (4096, 4096)


class Column(NamedTuple):
    """A column of Table 1."""

    convs: tuple[int, ...]  # convolutions in each stage
    params: int  # Table 2: millions, at 1000 classes; a test counts ours
    third_kernel: int = 3  # C alone makes a stage's third convolution 1×1
    lrn: bool = False  # A-LRN alone normalises across channels, after conv1_1


COLUMNS = {
    "A": Column((1, 1, 2, 2, 2), params=133),
    "A-LRN": Column((1, 1, 2, 2, 2), params=133, lrn=True),
    "B": Column((2, 2, 2, 2, 2), params=133),
    "C": Column((2, 2, 3, 3, 3), params=134, third_kernel=1),
    "D": Column((2, 2, 3, 3, 3), params=138),  # known as VGG-16
    "E": Column((2, 2, 4, 4, 4), params=144),  # known as VGG-19
}


class VGG(Classifier):
    """A column of VGG's Table 1.

    ``widths`` may name fewer stages than five: four need pictures of at least 16 pixels a side, five need 32.

    Shape: (N, in_channels, H, W) -> (N, num_classes), with (H, W) = ``input_size``, in pixels.

    >>> net = VGG(column="A", num_classes=10, widths=(8, 16, 16, 32), units=(32, 32), input_size=(28, 28))
    >>> net(torch.zeros(2, 3, 28, 28)).shape, net.features.conv3_2
    (torch.Size([2, 10]), Conv2d(16, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)))
    """

    def __init__(
        self,
        *,
        column: str = "D",
        num_classes: int = 1000,
        in_channels: int = 3,
        input_size: tuple[int, int] = (224, 224),
        widths: tuple[int, ...] = WIDTHS,
        units: tuple[int, int] = UNITS,
        batch_norm: bool = False,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(in_channels=in_channels, input_size=input_size)
        require_one_of("column", column, COLUMNS)
        stages = len(widths)
        if not 1 <= stages <= len(WIDTHS):
            raise ValueError(f"widths must name 1 to {len(WIDTHS)} stages, got {stages}: {widths}")
        table, channels = COLUMNS[column], in_channels
        features: OrderedDict[str, nn.Module] = OrderedDict()
        for stage, (convs, width) in enumerate(zip(table.convs, widths, strict=False), start=1):
            for conv in range(1, convs + 1):
                kernel = table.third_kernel if conv == 3 else 3
                features[f"conv{stage}_{conv}"] = nn.Conv2d(channels, width, kernel, padding=kernel // 2)
                if batch_norm:
                    features[f"bn{stage}_{conv}"] = nn.BatchNorm2d(width)
                features[f"relu{stage}_{conv}"] = nn.ReLU()
                if table.lrn and stage == conv == 1:
                    # AlexNet's constants; PyTorch divides α by the window, the paper's formula does not
                    features["lrn"] = nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2)
                channels = width
            features[f"pool{stage}"] = nn.MaxPool2d(2)
        self.features = nn.Sequential(features)
        self.classifier = Flattened(
            OrderedDict(
                fc6=nn.Linear(self.flat_features(), units[0]),
                relu6=nn.ReLU(),
                dropout6=nn.Dropout(dropout),
                fc7=nn.Linear(units[0], units[1]),
                relu7=nn.ReLU(),
                dropout7=nn.Dropout(dropout),
                fc8=nn.Linear(units[1], num_classes),
            )
        )
        initialise(self.features, "kaiming")  # through so many layers, the signal fades under PyTorch's default
