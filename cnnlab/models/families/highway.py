"""Highway networks: Srivastava, Greff and Schmidhuber 2015, *Training very deep networks*, arXiv:1507.06228.

    y = H(x)·T(x) + x·C(x)         (2)  the transform gate T weighs the layer's output, the carry gate C its input
    y = H(x)·T(x) + x·(1 − T(x))   (3)  with one gate for both, C = 1 − T

T is a sigmoid whose bias starts negative, so that at first a deep network carries its input and a gradient reaches
the first layer. Dense networks have 50 units a layer (71 in a plain one, so that both have about 5,000
parameters a layer, section 3.1); convolutional ones for MNIST have nine layers of 3×3 with 16 or 32 channels, and
39,000 or 151,000 parameters (table 1). The paper does not print where the poolings are: ours are after layers 3, 6
and 9, which gives these counts.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnlab.models.families.blocks import require_one_of
from cnnlab.models.families.classifier import Classifier
from cnnlab.models.families.init import initialise

POOLS = (3, 6, 9)  # convolutional layers that a 2×2 max pooling follows


class HighwayLayer(nn.Module):
    """A dense or convolutional highway layer; its output has the shape of its input.

    ``carry="coupled"`` takes C = 1 − T, ``"own"`` learns C with weights of its own (it starts near 1, as 1 − T does),
    ``"none"`` leaves the gates out: a plain layer. ``gates(x)`` returns T and C.

    Shape: (N, width) -> (N, width), or (N, width, H, W) -> (N, width, H, W) with ``convolution``.

    >>> layer = HighwayLayer(50, gate_bias=-3.0)
    >>> sum(p.numel() for p in layer.parameters())
    5100
    >>> transform, carry = layer.gates(torch.zeros(1, 50))
    >>> print(f"{transform[0, 0]:.3f} {carry[0, 0]:.3f}")
    0.047 0.953
    """

    def __init__(
        self, width: int, *, convolution: bool = False, carry: str = "coupled", gate_bias: float = -2.0
    ) -> None:
        super().__init__()
        require_one_of("carry", carry, ("coupled", "own", "none"))

        def weights() -> nn.Conv2d | nn.Linear:
            return nn.Conv2d(width, width, 3, padding=1) if convolution else nn.Linear(width, width)

        self.carry = carry
        self.transform = weights()
        self.relu = nn.ReLU()
        if carry != "none":
            self.transform_gate = _biased(weights(), gate_bias)
        if carry == "own":
            self.carry_gate = _biased(weights(), -gate_bias)

    def gates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Transform and carry gate, each from 0 to 1."""
        if self.carry == "none":
            return torch.ones_like(x), torch.zeros_like(x)
        transform = torch.sigmoid(self.transform_gate(x))
        return transform, torch.sigmoid(self.carry_gate(x)) if self.carry == "own" else 1 - transform

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output."""
        y = self.relu(self.transform(x))
        if self.carry == "none":
            return y
        transform, carry = self.gates(x)
        return y * transform + x * carry


class Highway(Classifier):
    """A highway network: a plain layer that sets the width, highway layers, and the logits.

    ``layers="convolution"`` has 3×3 convolutions and three poolings, ``"dense"`` linear layers over the flattened
    picture. ``depth`` counts every layer with weights, as the paper does. ``carry="none"`` makes it plain.

    Shape: (N, in_channels, H, W) -> (N, num_classes), with (H, W) = ``input_size``, in pixels.

    >>> net = Highway(layers="dense", depth=50, width=50)
    >>> net(torch.zeros(2, 1, 28, 28)).shape, len(net.features)
    (torch.Size([2, 10]), 51)
    """

    def __init__(
        self,
        *,
        num_classes: int = 10,
        in_channels: int = 1,
        input_size: tuple[int, int] = (28, 28),
        layers: str = "convolution",
        depth: int = 10,
        width: int = 16,
        carry: str = "coupled",
        gate_bias: float = -2.0,
    ) -> None:
        super().__init__(in_channels=in_channels, input_size=input_size)
        require_one_of("layers", layers, ("convolution", "dense"))
        if depth < 3:
            raise ValueError(f"depth must be at least 3 (first layer, highway layer, logits), got {depth}")
        convolution = layers == "convolution"
        features: OrderedDict[str, nn.Module] = OrderedDict()
        if convolution:
            features["conv1"] = nn.Conv2d(in_channels, width, 3, padding=1)
        else:
            features["flatten"] = nn.Flatten()
            features["fc1"] = nn.Linear(in_channels * input_size[0] * input_size[1], width)
        features["relu1"] = nn.ReLU()
        for number in range(2, depth):
            features[f"highway{number}"] = HighwayLayer(
                width, convolution=convolution, carry=carry, gate_bias=gate_bias
            )
            if convolution and number in POOLS:
                features[f"pool{number}"] = nn.MaxPool2d(2)
        self.features = nn.Sequential(features)
        self.classifier = nn.Sequential(
            OrderedDict(flatten=nn.Flatten(), fc=nn.Linear(self.flat_features(), num_classes))
        )
        initialise(self, "kaiming")  # the gates keep their bias


def _biased(layer: nn.Conv2d | nn.Linear, bias: float) -> nn.Module:
    assert layer.bias is not None
    nn.init.constant_(layer.bias, bias)
    return layer
