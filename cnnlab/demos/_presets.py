"""Well-known kernels, and pictures to apply them to."""

from functools import cache

import torch
from torch import Tensor

from cnnlab import data

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "china", "flower")
PICTURES = (*(f"digit {digit}" for digit in range(10)), *(f"photo: {name}" for name in PHOTOS))
EDGES = ("Sobel, vertical edges", "Sobel, horizontal edges")
PRESETS = ("identity", "blur", "sharpen", *EDGES, "Laplacian", "emboss", "random")
PHOTO_SIZE = (120, 160)  # pixels: few enough to see the effect of a stride

Kernel = tuple[tuple[float, ...], ...]


def preset(name: str, size: int = 3, *, seed: int = 0) -> Kernel:
    """A well-known kernel of 3×3 or 5×5 weights.

    Raises:
        ValueError: for an unknown name or another size.

    >>> preset("Sobel, vertical edges")
    ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))
    """
    if name not in PRESETS or size not in (3, 5):
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}, of size 3 or 5, got {name!r}, {size}")
    offset = torch.arange(size, dtype=torch.float32) - size // 2  # from the centre
    smooth = torch.tensor([1.0, 2, 1]) if size == 3 else torch.tensor([1.0, 4, 6, 4, 1])  # binomial
    slope = offset if size == 3 else torch.tensor([-1.0, -2, 0, 2, 1])
    identity = torch.zeros(size, size)
    identity[size // 2, size // 2] = 1
    diamond = ((offset[:, None].abs() + offset.abs()) <= size // 2) * 1.0
    laplacian = diamond - diamond.sum() * identity
    kernels = {
        "identity": identity,
        "blur": torch.full((size, size), 1 / size**2),
        "sharpen": identity - laplacian,
        "Sobel, vertical edges": smooth[:, None] * slope,
        "Sobel, horizontal edges": slope[:, None] * smooth,
        "Laplacian": laplacian,
        "emboss": offset[:, None] + offset + identity,
        "random": torch.rand(size, size, generator=torch.Generator().manual_seed(seed)).mul(2).sub(1),
    }
    return tuple(tuple(round(weight, 2) for weight in row) for row in kernels[name].tolist())


@cache
def picture(name: str) -> Tensor:
    """A digit or a photograph in grey, from 0 (black) to 1 (white).

    Shape: (H, W) float.
    """
    if name not in PICTURES:
        raise ValueError(f"picture must be one of {', '.join(PICTURES)}, got {name!r}")
    if name.startswith("digit"):
        train = data.digits().train
        first = int((train.labels == int(name[-1])).nonzero()[0])
        return torch.as_tensor(train.images[torch.tensor([first])]).float()[0, 0] / 255
    luma = torch.tensor([0.299, 0.587, 0.114])  # of red, green and blue: ITU-R BT.601
    return (data.photo(name.removeprefix("photo: "), size=PHOTO_SIZE).float() * luma[:, None, None]).sum(dim=0) / 255
