"""The image transformation network: a picture in one style, in one pass.

Johnson, Alahi and Fei-Fei 2016, *Perceptual losses for real-time style transfer and super-resolution*,
arXiv:1603.08155, and its supplementary material, table 1. Differences: half of the widths; instance in place of batch
normalisation (Ulyanov et al. 2016, arXiv:1607.08022); resize-convolutions in place of transposed convolutions, whose
overlaps draw chequerboards (Odena et al. 2016, https://distill.pub/2016/deconv-checkerboard); reflection padding at
every convolution. The network computes a change of the picture's logits: at first none, so that it begins as the
identity and learns the style alone, in hundreds of steps instead of ten thousands.
"""

import copy
import json
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from cnnlab.files import atomic

WIDTHS = (16, 32, 64)  # channels at the picture's resolution, at half and at a quarter; the paper's are 32, 64, 128
BLOCKS = 5  # residual blocks
EPSILON = 1e-5
DARKEST = 0.02  # the logit of black, which would be infinite, is that of this value
STRIDE = 4  # between the picture and the smallest feature maps
KEY = "cnnlab.style"  # of the metadata in a file's header


def padded_to_stride(pictures: Tensor) -> Tensor:
    """Pictures (N, C, H, W) with their last row and column repeated until the sides are multiples of 4."""
    height, width = pictures.shape[2:]
    return F.pad(pictures, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate")


def painted(pictures: Tensor, change: Tensor) -> Tensor:
    """Pictures from 0 to 1 after a change of their logits; float32, since bfloat16's 8 bits are too few for colours.

    >>> painted(torch.tensor([0.5]), torch.tensor([0.0]))
    tensor([0.5000])
    """
    return (pictures.float().logit(eps=DARKEST) + change.float()).sigmoid()


class InstanceNorm(nn.Module):
    """Normalise each channel of each picture by its own mean and variance over all positions, then scale and shift.

    ``statistics`` can be set to the mean and variance of a larger picture, each (N, C, 1, 1), of which the input is a
    tile; None, as it is at first, measures the input's own.

    Shape: (N, C, H, W) -> (N, C, H, W). Ulyanov et al. 2016, arXiv:1607.08022.

    >>> InstanceNorm(3)(torch.rand(1, 3, 8, 8)).mean().abs().item() < 1e-5
    True
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.statistics: tuple[Tensor, Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """The normalised maps, in the input's precision."""
        if self.statistics is None:
            # A group for each channel takes a tenth of the time of `var_mean`. It computes in float32 in any case.
            return F.group_norm(x, x.shape[1], self.weight, self.bias, eps=EPSILON).to(x.dtype)
        mean, variance = self.statistics
        scale = self.weight[:, None, None] * (variance + EPSILON).rsqrt()
        return (x.float() * scale + (self.bias[:, None, None] - mean * scale)).to(x.dtype)


class LastConv2d(nn.Conv2d):
    """A convolution with few output channels, computed for squares of 2×2 pixels at once: equal, and faster.

    Processors compute 16 output channels as fast as 3. So the kernel is shifted to each of the four pixels, and the
    four kernels, one pixel larger, become the output channels of a convolution with stride 2.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H − k + 1, W − k + 1), both of them even.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The convolution."""
        kernels = [F.pad(self.weight, (x, 1 - x, y, 1 - y)) for y in (0, 1) for x in (0, 1)]
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        # pixel_shuffle takes the four pixels of an output channel one after the other.
        return F.pixel_shuffle(F.conv2d(input, torch.stack(kernels, dim=1).flatten(0, 1), bias, stride=2), 2)


def _conv(
    in_channels: int,
    out_channels: int,
    kernel: int,
    *,
    stride: int = 1,
    upsample: bool = False,
    relu: bool = True,
) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if upsample:
        layers["upsample"] = nn.Upsample(scale_factor=2, mode="nearest")
    layers["pad"] = nn.ReflectionPad2d(kernel // 2)
    layers["conv"] = nn.Conv2d(in_channels, out_channels, kernel, stride=stride, bias=False)
    layers["norm"] = InstanceNorm(out_channels)
    if relu:
        layers["relu"] = nn.ReLU()
    return nn.Sequential(layers)


def in_bfloat16(network: "FastStyle") -> "FastStyle":
    """A copy whose convolutions compute in bfloat16, and with them what lies between; statistics stay in float32.

    Autocast would pad and normalise in float32, which takes half of the time again.
    """
    twin = copy.deepcopy(network)
    for layer in twin.modules():
        if isinstance(layer, nn.Conv2d):
            layer.bfloat16()
    return twin


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with instance normalisation, added to their input; no ReLU after the sum.

    Shape: (N, C, H, W) -> (N, C, H, W). Gross and Wilber 2016, as Johnson et al. use it.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(_conv(channels, channels, 3), _conv(channels, channels, 3, relu=False))

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
        return x + self.layers(x)


class FastStyle(nn.Module):
    """The image transformation network: it paints pictures in the one style that it was trained for.

    Three convolutions reduce the picture to a quarter, five residual blocks work there, two resize-convolutions and a
    last convolution lead back. Its file in half precision takes 0.85 MB.

    Pictures whose sides are not multiples of 4 are padded and the result is cropped.

    Shape: (N, 3, H, W) -> (N, 3, H, W), both from 0 to 1; H and W at least 16.

    >>> FastStyle()(torch.zeros(1, 3, 30, 41)).shape
    torch.Size([1, 3, 30, 41])
    """

    def __init__(self, *, widths: tuple[int, int, int] = WIDTHS, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.widths, self.blocks = tuple(widths), blocks
        self.card: dict[str, Any] = {}
        first, second, third = widths
        self.encoder = nn.Sequential(
            _conv(3, first, 9), _conv(first, second, 3, stride=2), _conv(second, third, 3, stride=2)
        )
        self.residual = nn.Sequential(*(ResidualBlock(third) for _ in range(blocks)))
        last = nn.Sequential(OrderedDict(pad=nn.ReflectionPad2d(4), conv=LastConv2d(first, 3, 9)))
        for parameter in last.parameters():
            nn.init.zeros_(parameter)  # it begins as the identity
        self.decoder = nn.Sequential(
            _conv(third, second, 3, upsample=True), _conv(second, first, 3, upsample=True), last
        )

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the convolutions."""
        return next(self.encoder.parameters()).dtype  # those of the first

    def forward(self, x: Tensor) -> Tensor:
        """The pictures in the style."""
        height, width = x.shape[2:]
        if x.ndim != 4 or x.shape[1] != 3 or min(height, width) < 16:
            raise ValueError(f"FastStyle takes pictures (N, 3, H, W) of at least 16×16 pixels, got {tuple(x.shape)}")
        padded = padded_to_stride(x)
        change = self.decoder(self.residual(self.encoder((2 * padded - 1).to(self.dtype))))
        return painted(padded, change)[..., :height, :width]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights in half precision, with the ``card`` (how it was trained) in the file's header.

        Raises:
            OSError: if the folder is missing or not writable, or the disk is full.
        """
        facts = {**self.card, "widths": list(self.widths), "blocks": self.blocks}
        tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in self.state_dict().items()}
        try:
            with atomic(path) as draft:
                save_file(tensors, draft, metadata={KEY: json.dumps(facts, ensure_ascii=False)})
        except SafetensorError as error:
            raise OSError(f"{path} could not be written: {error}") from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "FastStyle":
        """Read what `save` wrote, in eval mode; the card is in the attribute ``card``. No code of the file is run.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not a file of `FastStyle`.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no file {path}")
        try:
            with safe_open(path, framework="pt") as file:
                card = json.loads((file.metadata() or {}).get(KEY, "null"))
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            match card:
                case {"widths": [int(), int(), int()] as widths, "blocks": int() as blocks} if blocks <= 20:
                    network = cls(widths=tuple(widths), blocks=blocks)
                case _:
                    raise ValueError("its header does not describe a FastStyle")
            network.load_state_dict(tensors)
        except (SafetensorError, ValueError, RuntimeError, OSError) as error:
            raise ValueError(
                f"{path} holds no FastStyle ({str(error).splitlines()[0]}); save one with its method save"
            ) from error
        network.card = card
        return network.eval()
