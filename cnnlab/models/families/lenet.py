"""LeNet-5: LeCun, Bottou, Bengio and Haffner 1998, *Gradient-based learning applied to document recognition*.

The lecture's modern variant, as Fleuret's EE-559 lecture 7.2 prints it. It differs from the paper (section II.B) in
four places: ReLU instead of the scaled tanh, max pooling instead of the trainable average, a second convolution over
all six channels (the paper's Table I connects some), and a linear layer instead of the Gaussian connections at the
end. Inputs are 28×28, the paper's are padded to 32×32.

    layer   output (C, H, W)   parameters
    input        1, 28, 28
    conv1        6, 24, 24          156
    pool1        6, 12, 12
    conv2       16,  8,  8        2,416
    pool2       16,  4,  4
    fc1               120        30,840
    fc2                84        10,164
    fc3                10           850
                                 44,426
"""

from collections import OrderedDict

from torch import nn

from cnnlab.models.families.classifier import Classifier, Flattened

WIDTHS = (6, 16)  # channels of the two convolutions
UNITS = (120, 84)  # units of the two hidden linear layers
KERNEL, POOL = 5, 2


class LeNet5(Classifier):
    """LeNet-5 with ReLU and max pooling: two convolutions, then three linear layers.

    Shape: (N, in_channels, H, W) -> (N, num_classes), with (H, W) = ``input_size``, in pixels, at least 16×16.

    >>> net = LeNet5()
    >>> sum(p.numel() for p in net.parameters())
    44426
    >>> net(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, *, num_classes: int = 10, in_channels: int = 1, input_size: tuple[int, int] = (28, 28)) -> None:
        super().__init__(in_channels=in_channels, input_size=input_size)
        self.features = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(in_channels, WIDTHS[0], KERNEL),
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(POOL),
                conv2=nn.Conv2d(WIDTHS[0], WIDTHS[1], KERNEL),
                relu2=nn.ReLU(),
                pool2=nn.MaxPool2d(POOL),
            )
        )
        self.classifier = Flattened(
            OrderedDict(
                fc1=nn.Linear(self.flat_features(), UNITS[0]),
                relu3=nn.ReLU(),
                fc2=nn.Linear(UNITS[0], UNITS[1]),
                relu4=nn.ReLU(),
                fc3=nn.Linear(UNITS[1], num_classes),
            )
        )
