"""The landmark report's "Base CNN": Kim 2018, *Development of a CNN model for Google Landmark Recognition Challenge*.

Table 2 as the constants below. Every convolution keeps height and width ("same" padding, also for even kernels) and is
followed by a 2×2 max pooling; every linear layer but the last is followed by 30 % dropout.

Run 11 at 192×256 pixels and 100 classes is Fig. 6, with 13,348,180 parameters. The report's text gives two sizes that
its figure contradicts: (12, 18) and (6, 9), where the figure has (12, 16) and (6, 8).
"""

from collections import OrderedDict
from typing import NamedTuple

from torch import nn

from cnnlab.models.families.blocks import require_one_of
from cnnlab.models.families.classifier import Classifier
from cnnlab.models.families.init import initialise


class Run(NamedTuple):
    """A row of Table 2."""

    filters: tuple[int, ...]
    kernels: tuple[int, ...]
    dense: tuple[int, ...]  # without the last layer, which has a unit for each class
    batch_size: int
    accuracy: float  # on the report's 809 test pictures


RUNS = {
    1: Run((16, 32, 64), (3, 3, 3), (512,), 64, 0.2361),
    2: Run((16, 32, 64, 128), (3, 3, 3, 3), (512,), 64, 0.3461),
    3: Run((16, 32, 64, 128), (3, 3, 3, 3), (512,), 128, 0.2917),
    4: Run((16, 32, 64, 128), (3, 3, 3, 3), (512,), 32, 0.3004),
    5: Run((16, 32, 64, 128), (4, 4, 3, 3), (512,), 64, 0.3337),
    6: Run((16, 32, 64, 128), (4, 3, 3, 2), (512,), 64, 0.3696),
    7: Run((16, 32, 64, 128), (4, 3, 3, 2), (1024, 512), 64, 0.3523),
    8: Run((16, 32, 64, 128), (4, 3, 3, 2), (256,), 64, 0.2930),
    9: Run((16, 32, 64, 128), (4, 3, 3, 2), (512, 256), 64, 0.3337),
    10: Run((16, 32, 64, 128, 256), (3, 3, 3, 3, 3), (512,), 64, 0.3498),
    11: Run((16, 32, 64, 128, 256), (4, 3, 3, 2, 2), (1024, 512), 64, 0.4227),
}
BATCH_NORM = (None, "before", "after")


class LandmarkCNN(Classifier):
    """A run of the landmark report's Table 2, or a network of the same kind with layers of your own.

    ``filters`` and ``kernels`` of the convolutions, and ``dense``, the units of the linear layers before the last, are
    those of the ``run`` unless given. ``batch_norm`` puts batch normalisation "before" or "after" each ReLU of the
    features, and the convolutions then have no bias (the report's two listings). An even kernel's padding is a layer
    of its own, with the larger half to the right and below, as in Keras.

    Shape: (N, in_channels, H, W) -> (N, num_classes), with (H, W) = ``input_size``, in pixels.

    >>> net = LandmarkCNN(run=8, num_classes=10, input_size=(32, 32))
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    >>> net.features.pad1, net.features.conv1
    (ZeroPad2d((1, 2, 1, 2)), Conv2d(3, 16, kernel_size=(4, 4), stride=(1, 1)))
    >>> LandmarkCNN(filters=(8, 16), kernels=(3, 3), dense=(32,), input_size=(32, 32)).classifier.dense1
    Linear(in_features=1024, out_features=32, bias=True)
    """

    def __init__(
        self,
        *,
        run: int = 11,
        filters: tuple[int, ...] | None = None,
        kernels: tuple[int, ...] | None = None,
        dense: tuple[int, ...] | None = None,
        num_classes: int = 100,
        in_channels: int = 3,
        input_size: tuple[int, int] = (192, 256),
        batch_norm: str | None = None,
        dropout: float = 0.3,
    ) -> None:
        super().__init__(in_channels=in_channels, input_size=input_size)
        require_one_of("run", run, RUNS)
        batch_norm = None if batch_norm == "none" else batch_norm  # its name in files of version 0.1
        require_one_of("batch_norm", batch_norm, BATCH_NORM)
        table = RUNS[run]
        filters = table.filters if filters is None else filters
        kernels = table.kernels if kernels is None else kernels
        dense = table.dense if dense is None else dense
        if len(filters) != len(kernels) or not filters:
            raise ValueError(
                f"each convolution has filters and a kernel, got filters={filters} and kernels={kernels}; without one "
                f"of them, that of run {run} is taken"
            )
        features: OrderedDict[str, nn.Module] = OrderedDict()
        channels = in_channels
        for stage, (width, kernel) in enumerate(zip(filters, kernels, strict=True), start=1):
            small, large = (kernel - 1) // 2, kernel // 2
            if small != large:
                features[f"pad{stage}"] = nn.ZeroPad2d((small, large, small, large))
            padding = small if small == large else 0
            bias = batch_norm is None
            features[f"conv{stage}"] = nn.Conv2d(channels, width, kernel, padding=padding, bias=bias)
            if batch_norm == "before":
                features[f"bn{stage}"] = nn.BatchNorm2d(width)
            features[f"relu{stage}"] = nn.ReLU()
            if batch_norm == "after":
                features[f"bn{stage}"] = nn.BatchNorm2d(width)
            features[f"pool{stage}"] = nn.MaxPool2d(2)
            channels = width
        self.features = nn.Sequential(features)
        classifier: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
        units = self.flat_features()
        for number, width in enumerate(dense, start=1):
            classifier[f"dense{number}"] = nn.Linear(units, width)
            classifier[f"relu_dense{number}"] = nn.ReLU()
            classifier[f"dropout{number}"] = nn.Dropout(dropout)
            units = width
        classifier[f"dense{len(dense) + 1}"] = nn.Linear(units, num_classes)
        self.classifier = nn.Sequential(classifier)
        initialise(self, "xavier")  # the variance of Keras's default, which is uniform
