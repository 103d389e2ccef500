"""Mean and standard deviation of every channel, exact, in one pass over the pictures."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import cast

import torch
from torch import Tensor

from cnnlab.data.decoding import ahead
from cnnlab.data.folders import Pictures
from cnnlab.data.split import Split

TOGETHER = 256  # pictures in memory at a time


@dataclass(frozen=True, eq=False)
class ChannelStatistics:
    """``mean`` and ``std`` of each channel over all pixels, (C,) float64, in the scale of the pictures (0 to 255).

    Called with pictures, it subtracts the mean of each channel and divides by its standard deviation (equation 6 of
    Gjerde, Tron and Ryfetten 2019).

    Shape: (N, C, H, W) uint8 or float -> (N, C, H, W) float32.
    """

    mean: Tensor
    std: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """The normalised pictures."""
        mean, std = (part.to(images.device, torch.float32)[:, None, None] for part in (self.mean, self.std))
        return (images.to(torch.float32) - mean) / std


def channel_statistics(split: Split) -> ChannelStatistics:
    """Mean and standard deviation of each channel, over every pixel of every picture.

    Of the training part alone: validation and test pictures must not influence what the network gets. The pictures pass
    once, a few at a time, so that a set may be larger than the memory. Sums of whole numbers are exact, whatever their
    order: the result is that of all pixels at once. The standard deviation divides by the number of pixels.

    Raises:
        UnreadablePictureError: for a picture that cannot be decoded.
        ValueError: for a channel with the same value everywhere: its standard deviation is 0.

    >>> grey = torch.tensor([0, 100, 200], dtype=torch.uint8)[:, None, None, None].expand(3, 1, 8, 8)
    >>> channel_statistics(Split(grey, torch.zeros(3, dtype=torch.int64), ("grey",)))
    ChannelStatistics(mean=tensor([100.], dtype=torch.float64), std=tensor([81.6497], dtype=torch.float64))
    """
    count, channels, height, width = split.images.shape
    sums = [0] * channels  # Python's whole numbers, which do not overflow
    squares = [0] * channels
    for images in _few_at_a_time(split):
        # A picture's sum of squares is below 2⁶³ up to 10¹⁴ pixels.
        values = images.to(torch.int64).transpose(0, 1).flatten(1)
        for channel, (total, square) in enumerate(
            zip(values.sum(1).tolist(), values.square().sum(1).tolist(), strict=True)
        ):
            sums[channel] += total
            squares[channel] += square
    pixels = count * height * width
    constant = [channel for channel in range(channels) if pixels * squares[channel] == sums[channel] ** 2]
    if constant:
        raise ValueError(
            f"channel {constant[0]} has the value {sums[constant[0]] / pixels:g} in every pixel, so its standard "
            "deviation is 0; leave the channel out, or look at the pictures"
        )
    mean = torch.tensor([total / pixels for total in sums], dtype=torch.float64)
    variances = [
        (pixels * square - total**2) / pixels**2 for total, square in zip(sums, squares, strict=True)
    ]  # whole numbers up to the one division: nothing cancels
    return ChannelStatistics(mean, torch.tensor(variances, dtype=torch.float64).sqrt())


def _few_at_a_time(split: Split) -> Iterator[Tensor]:
    """All pictures in their order, (n, C, H, W) uint8."""
    images = split.images
    if isinstance(images, Pictures):
        decoded = ahead(images.__getitem__, range(len(images)), pending=2 * TOGETHER)
        with closing(decoded):
            while few := list(islice(decoded, TOGETHER)):
                yield torch.stack(few)
        return
    for start in range(0, len(images), TOGETHER):
        yield cast(Tensor, images)[start : start + TOGETHER]
