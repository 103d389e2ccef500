"""A network for fast training on CIFAR-10: Jordan 2024, *94% on CIFAR-10 in 3.29 seconds on a single GPU*.

arXiv:2404.00498; the first layer is Page's ("How to train your ResNet", 2018). Named after the source's code.

    layer                                    output (C, H, W)   parameters
    input                                          3, 32, 32
    whiten, 2×2 without padding                   24, 31, 31          312
    conv1_1, 2×2 maximum; conv1_2                 64, 15, 15       50,944
    conv2_1, 2×2 maximum; conv2_2                256,  7,  7      738,304
    conv3_1, 2×2 maximum; conv3_2                256,  3,  3    1,180,672
    maximum, linear without bias                  10                2,560
                                                                1,972,792

Each convolution is 3×3, without bias, and followed by batch normalisation and GELU. The table counts the scale of the
batch normalisations, which the network has but never trains.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnlab.models.families.classifier import Classifier

WIDTHS = (64, 256, 256)
PATCH = 2  # pixels a side of the patches that the first layer whitens
MOMENTUM, EPS = 0.4, 1e-12  # of batch normalisation, as PyTorch counts the momentum; the source says 0.6
SCALE = 1 / 9  # of the logits
WHITEN_EPS = 1.25e-4  # added to the eigenvalues: the source's 5e-4, for pixels from −1 to 1 instead of unit variance
SMALLEST = 9  # pixels a side: three poolings leave one position


class AirBench94(Classifier):
    """A whitening layer, three blocks of two convolutions, and a scaled linear layer.

    ``whiten`` sets the first layer from training pictures and must be called before training; until then its weights
    are random. The first channels of every convolution begin as the identity (Dirac).

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of 9 pixels a side or more. The source's have 32
    and leave 3×3 positions, over which the last pooling takes the maximum.

    >>> net = AirBench94(widths=(8, 16, 16))
    >>> net(torch.zeros(2, 3, 32, 32)).shape, net.features.whiten.weight.requires_grad
    (torch.Size([2, 10]), False)
    """

    def __init__(self, *, num_classes: int = 10, in_channels: int = 3, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__(in_channels=in_channels, smallest=SMALLEST)
        channels = 2 * in_channels * PATCH**2  # each eigenvector, and its negative
        features: OrderedDict[str, nn.Module] = OrderedDict()
        features["whiten"] = nn.Conv2d(in_channels, channels, PATCH)
        features["whiten"].weight.requires_grad_(False)
        features["gelu"] = nn.GELU()
        for block, width in enumerate(widths, start=1):
            for layer in (1, 2):
                name = f"{block}_{layer}"
                features[f"conv{name}"] = conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
                nn.init.dirac_(conv.weight.data[: conv.in_channels])
                if layer == 1:
                    features[f"pool{block}"] = nn.MaxPool2d(2)
                features[f"bn{name}"] = bn = nn.BatchNorm2d(width, eps=EPS, momentum=MOMENTUM)
                bn.weight.requires_grad_(False)
                features[f"gelu{name}"] = nn.GELU()
                channels = width
        self.features = nn.Sequential(features)
        self.classifier = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveMaxPool2d(1),
                flatten=nn.Flatten(),
                fc=nn.Linear(channels, num_classes, bias=False),
                scale=Scale(SCALE),
            )
        )

    @torch.no_grad()
    def whiten(self, images: Tensor, *, eps: float = WHITEN_EPS) -> "AirBench94":
        """Set the first layer so that its outputs over ``images`` are uncorrelated, with mean 0 and variance 1.

        The weights are the eigenvectors of the covariance of 2×2 patches, divided by the square root of their
        eigenvalues; the second half are the negatives, since GELU passes one sign only. Returns the network.

        Shape: images (N, in_channels, H, W) float.
        """
        layer = self.features.whiten
        assert isinstance(layer, nn.Conv2d)
        assert layer.bias is not None
        patches = images.unfold(2, PATCH, 1).unfold(3, PATCH, 1)  # N, C, H', W', 2, 2
        flat = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, layer.weight[0].numel()).double()
        values, vectors = torch.linalg.eigh(flat.T.cov())
        whitening = (vectors / (values + eps).sqrt()).T.flip(0)  # the largest eigenvalue first
        layer.weight.copy_(torch.cat([whitening, -whitening]).reshape(layer.weight.shape))
        layer.bias.copy_(-torch.cat([whitening, -whitening]) @ flat.mean(dim=0))
        return self


class Scale(nn.Module):
    """Multiply by a constant.

    >>> Scale(0.5)(torch.ones(2))
    tensor([0.5000, 0.5000])
    """

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """The scaled input."""
        return self.factor * x
