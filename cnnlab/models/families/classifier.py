"""What every network of ours is: features, a classifier over them, and one check of the pictures that it is given."""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.func import functional_call

LARGEST = 1024  # pixels a side: every network of ours takes pictures of this size


class Flattened(nn.Sequential):
    """Layers over flattened feature maps. It prints as the ``Sequential`` that it is but for the flattening.

    Shape: (N, C, H, W) -> that of the last layer.

    >>> Flattened(nn.Linear(3 * 4 * 4, 10))(torch.zeros(2, 3, 4, 4)).shape
    torch.Size([2, 10])
    """

    def forward(self, input: Tensor) -> Tensor:
        """The last layer's output."""
        return super().forward(input.flatten(1))

    def _get_name(self) -> str:
        return "Sequential"


def average_classifier(channels: int, num_classes: int, *, dropout: float | None = None) -> nn.Sequential:
    """The classifier of most networks since 2014: the average of each channel, dropout if given, one linear layer."""
    layers: OrderedDict[str, nn.Module] = OrderedDict(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
    if dropout is not None:
        layers["dropout"] = nn.Dropout(dropout)
    layers["fc"] = nn.Linear(channels, num_classes)
    return nn.Sequential(layers)


class Classifier(nn.Module):
    """A network in two parts: ``features`` turns pictures into feature maps, ``classifier`` turns these into logits.

    A family sets both parts in its ``__init__``. It gives ``input_size``, (height, width) in pixels, if its linear
    layers fix the size of the pictures, and otherwise ``smallest``, the pixels a side that its features need.

    Shape: (N, in_channels, H, W) -> (N, num_classes).

    Raises:
        ValueError: for pictures of other channels or of another size than the network takes.

    >>> class Linear(Classifier):
    ...     def __init__(self):
    ...         super().__init__(in_channels=1, input_size=(8, 8))
    ...         self.features = nn.MaxPool2d(2)
    ...         self.classifier = Flattened(nn.Linear(self.flat_features(), 10))
    >>> Linear()(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 10])
    """

    features: nn.Module
    classifier: nn.Module

    def __init__(self, *, in_channels: int, input_size: tuple[int, int] | None = None, smallest: int = 1) -> None:
        super().__init__()
        self.in_channels, self.smallest = in_channels, smallest
        self.input_size = None if input_size is None else (input_size[0], input_size[1])

    def forward(self, x: Tensor) -> Tensor:
        """Logits of a batch of pictures."""
        self.check_pictures(x)
        return self.classifier(self.features(x))

    def check_pictures(self, x: Tensor) -> None:
        """Refuse a batch of pictures that the network can't take, with the shape that it takes."""
        if x.ndim == 4 and x.shape[1] == self.in_channels:
            if self.input_size is None and min(x.shape[2:]) >= self.smallest:
                return
            if tuple(x.shape[2:]) == self.input_size:
                return
        if self.input_size is None:
            wanted, options = f"H, W) with H and W of at least {self.smallest}", "in_channels"
        else:
            wanted, options = f"{self.input_size[0]}, {self.input_size[1]})", "in_channels and input_size"
        raise ValueError(
            f"this {type(self).__name__} takes pictures of shape (N, {self.in_channels}, {wanted}, got "
            f"{tuple(x.shape)}; resize the pictures, or build it with {options} to match"
        )

    def flat_features(self) -> int:
        """How many values ``features`` computes for a picture of ``input_size``.

        Raises:
            ValueError: if such a picture is too small, with the smallest size that is not.
        """
        assert self.input_size is not None
        try:
            return self._features_of(self.input_size).numel()
        except RuntimeError:  # PyTorch's, of a convolution or pooling that is left without an output
            smallest = next((side for side in range(1, LARGEST) if self._takes(side)), None)
            if smallest is None:
                raise
        raise ValueError(
            f"this {type(self).__name__} needs pictures of at least {smallest}×{smallest} pixels, got "
            f"input_size={self.input_size}; enlarge the pictures, or build a version for small ones with "
            f"cnnlab.models.small"
        )

    def _features_of(self, size: tuple[int, int]) -> Tensor:
        """The feature maps of one picture, on the meta device: a shape without content."""
        state = {name: tensor.to("meta") for name, tensor in self.features.state_dict().items()}
        picture = torch.empty(2, self.in_channels, *size, device="meta")  # two: batch normalisation wants more than one
        with torch.no_grad():
            maps: Tensor = functional_call(self.features, state, (picture,))
        return maps[0]

    def _takes(self, side: int) -> bool:
        try:
            self._features_of((side, side))
        except RuntimeError:
            return False
        return True
