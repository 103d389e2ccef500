"""Whether a picture fits into memory, before anything is computed."""

import math

import psutil
import torch

from cnnlab.style.features import Features

COPIES = 1.25  # of each layer's output: padded inputs and gradients lie beside it; 1.2 was measured
SHARE = 0.9  # of the memory that is free


def bytes_per_pixel(features: Features) -> float:
    """Bytes that a step of `transfer` needs for each pixel of the picture: the outputs of all layers, and copies.

    >>> 1650 <= bytes_per_pixel(Features()) < 1900  # 1650 were measured
    True
    """
    size = 2 if features.runtime.format.precision == "bfloat16" else 4
    return COPIES * size * features.values_per_pixel()


def check_memory(features: Features, size: tuple[int, int]) -> None:
    """Refuse a size (height, width) that does not fit, with the largest that does.

    Raises:
        ValueError: if a step needs more than is free.
    """
    needed = bytes_per_pixel(features) * size[0] * size[1]
    free = SHARE * _free(features.runtime.device)
    if needed > free:
        largest = math.floor(max(size) * math.sqrt(free / needed))
        raise ValueError(
            f"{size[0]}×{size[1]} pixels need about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free; the "
            f"largest size that fits is {largest}"
        )


def _free(device: torch.device) -> int:
    """Bytes of memory that are free on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)
