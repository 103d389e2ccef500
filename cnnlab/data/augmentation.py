"""Random changes of training pictures, for a whole batch at once, different for each picture."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Rotate, shift, zoom and mirror every picture of a batch by random amounts of its own.

    ``rotation`` in degrees, ``shift`` as a fraction of the side and ``zoom`` as a fraction of the scale are drawn
    uniformly between minus and plus the given value. ``flip`` mirrors a picture, left to right, with probability 1/2.
    Pixels from outside repeat the border. The same generator state gives the same changes.

    Shape: (N, C, H, W) float -> the same.

    Raises:
        ValueError: for a negative value, or a zoom of 1 or more.

    >>> flip = Augmentation(flip=True)
    >>> flip(torch.arange(4.0).reshape(1, 1, 1, 4), generator=torch.Generator().manual_seed(0))
    tensor([[[[3., 2., 1., 0.]]]])
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    flip: bool = False

    def __post_init__(self) -> None:
        for name in ("rotation", "shift", "zoom"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if self.zoom >= 1:
            raise ValueError(f"zoom must be below 1 (0.1 means 90 to 110 % of the size), got {self.zoom}")

    def __call__(self, images: Tensor, *, generator: torch.Generator) -> Tensor:
        """The changed batch."""

        def spread(amount: float, *shape: int) -> Tensor:
            return amount * (2 * torch.rand(len(images), *shape, generator=generator) - 1)

        angles, shifts, scales = spread(self.rotation), spread(self.shift, 2), 1 + spread(self.zoom)
        mirrored = torch.rand(len(images), generator=generator) < 0.5
        if self.rotation or self.shift or self.zoom:
            images = warp(images, angles=angles, shifts=shifts, scales=scales)
        if self.flip:
            images = torch.where(mirrored.to(images.device)[:, None, None, None], images.flip(-1), images)
        return images


def warp(images: Tensor, *, angles: Tensor, shifts: Tensor, scales: Tensor) -> Tensor:
    """Rotate and scale each picture about its centre, then shift it, with bilinear interpolation.

    Shape: images (N, C, H, W); angles (N,) in degrees, counter-clockwise; shifts (N, 2) to the right and down, as
    fractions of the side; scales (N,), above 1 enlarges.
    """
    height, width = images.shape[-2:]
    radians = angles * (math.pi / 180)
    cos, sin = radians.cos() / scales, radians.sin() / scales
    # grid_sample needs, for each pixel of the result, its position in the picture: the inverse of the change, in
    # coordinates from −1 to 1 along each side, hence the ratio of the sides.
    inverse = torch.stack(
        [
            torch.stack([cos, -sin * height / width], dim=1),
            torch.stack([sin * width / height, cos], dim=1),
        ],
        dim=1,
    )
    moved = -inverse @ (2 * shifts[:, :, None])
    theta = torch.cat([inverse, moved], dim=2).to(images.device, images.dtype)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)
