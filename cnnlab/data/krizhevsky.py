"""Krizhevsky's augmentation: random crops and reflections, PCA of the colours, and ten crops at test time.

Krizhevsky, Sutskever and Hinton 2012, *ImageNet Classification with Deep Convolutional Neural Networks*, section 4.1.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from cnnlab.data.feeding import to_float

CHUNK = 4_000_000  # pixels whose covariance is computed at once: 100 MB of doubles
STRENGTH = 0.1  # standard deviation of the factors α, section 4.1


@dataclass(frozen=True)
class RandomCrop:
    """Crop a square at a random position from every picture of a batch, and mirror it with probability 1/2.

    A picture of 256×256 pixels has 33·33 crops of 224 (the paper counts 32·32), or twice as many with reflections: the
    paper's factor of 2,048.

    Shape: (N, C, H, W) -> (N, C, size, size), as an augmentation of `batches`.

    Raises:
        ValueError: if a crop of ``size`` pixels does not fit.

    >>> crop = RandomCrop(2)
    >>> crop(torch.arange(9.0).reshape(1, 1, 3, 3), generator=torch.Generator().manual_seed(1)).shape
    torch.Size([1, 1, 2, 2])
    """

    size: int

    def __call__(self, images: Tensor, *, generator: torch.Generator) -> Tensor:
        """The crops, each at a position of its own."""
        _require_fit(self.size, images)
        count, channels, height, width = images.shape
        tops = torch.randint(height - self.size + 1, (count,), generator=generator).tolist()
        lefts = torch.randint(width - self.size + 1, (count,), generator=generator).tolist()
        mirrored = torch.rand(count, generator=generator) < 0.5
        crops = images.new_empty(count, channels, self.size, self.size)
        for crop, image, top, left in zip(crops, images, tops, lefts, strict=True):
            crop.copy_(image[:, top : top + self.size, left : left + self.size])
        return torch.where(mirrored.to(crops.device)[:, None, None, None], crops.flip(-1), crops)


@dataclass(frozen=True, eq=False)
class ColourPCA:
    """Shift the colour of every picture along the principal axes of the training pictures' colours.

    Each pixel of a picture gets [p₁ p₂ p₃][α₁λ₁ α₂λ₂ α₃λ₃]ᵀ added: p and λ are eigenvectors and eigenvalues of the
    3×3 covariance of RGB values from −1 to 1, the input of the networks, and each α is drawn once for each picture from
    a normal distribution with standard deviation ``strength``. The effect is that of a different illumination.

    Shape: eigenvalues (3,), the largest first; eigenvectors (3, 3), a column each; pictures (N, 3, H, W) float.

    Raises:
        ValueError: for uint8 pictures, which would round such small shifts away, or pictures without three channels.

    >>> grey = torch.linspace(-1, 1, 100).expand(3, 100).reshape(1, 3, 10, 10)
    >>> colours = ColourPCA.of(grey)
    >>> colours.eigenvectors[:, 0].abs()  # grey pictures vary along red = green = blue only
    tensor([0.5774, 0.5774, 0.5774])
    """

    eigenvalues: Tensor
    eigenvectors: Tensor
    strength: float = STRENGTH

    @classmethod
    def of(cls, images: Tensor, *, strength: float = STRENGTH) -> "ColourPCA":
        """The principal axes of the colours of training pictures (N, 3, H, W), uint8 or float.

        Raises:
            ValueError: for pictures without three channels, or with values that are not finite.
        """
        _require_colours(images)
        count, sums, products = images.numel() // 3, torch.zeros(3).double(), torch.zeros(3, 3).double()
        if count < 2:
            raise ValueError(
                f"the covariance of colours needs two pixels or more, got pictures of {tuple(images.shape)}"
            )
        for some in images.split(max(1, CHUNK // images[0, 0].numel())):
            pixels = to_float(some).movedim(1, 0).flatten(1).cpu().double()
            sums += pixels.sum(dim=1)
            products += pixels @ pixels.T
        covariance = (products - sums.outer(sums) / count) / (count - 1)
        if not covariance.isfinite().all():
            raise ValueError("the pictures hold NaN or infinite values, which have no covariance; see Tensor.isfinite")
        values, vectors = torch.linalg.eigh(covariance)
        return cls(values.flip(0).clamp(min=0).float(), vectors.flip(1).float(), strength)

    def __call__(self, images: Tensor, *, generator: torch.Generator) -> Tensor:
        """The pictures, each with a shift of its own."""
        if not images.is_floating_point():
            raise ValueError(f"colours are shifted in floats from −1 to 1, got {images.dtype}; pass to_float(images)")
        _require_colours(images)
        alphas = self.strength * torch.randn(len(images), 3, generator=generator)
        shifts = (alphas * self.eigenvalues) @ self.eigenvectors.T
        return images + shifts.to(images.device, images.dtype)[:, :, None, None]


def ten_crops(images: Tensor, size: int) -> Tensor:
    """The crops at the four corners and the centre of pictures, and their reflections, to average predictions over.

    Shape: (N, C, H, W) -> (N, 10, C, size, size); in the second dimension the upper left, upper right, lower left,
    lower right and centre of the picture, then of its mirror image.

    Raises:
        ValueError: if a crop of ``size`` pixels does not fit, or ``images`` is no batch.

    >>> ten_crops(torch.arange(9.0).reshape(1, 1, 3, 3), 1).flatten()
    tensor([0., 2., 6., 8., 4., 2., 0., 8., 6., 4.])
    """
    from torchvision.transforms.v2.functional import ten_crop  # takes a second, and only this function needs it

    _require_fit(size, images)
    return torch.stack(ten_crop(images, [size, size]), dim=1)


def _require_colours(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"colours need pictures of shape (N, 3, H, W), got {tuple(images.shape)}")


def _require_fit(size: int, images: Tensor) -> None:
    if images.ndim != 4:
        raise ValueError(
            f"crops are cut from a batch (N, C, H, W), got {tuple(images.shape)}; a single picture becomes one with "
            "picture[None]"
        )
    shorter = min(images.shape[-2:])
    if not 1 <= size <= shorter:
        raise ValueError(f"a crop must have between 1 and {shorter} pixels a side, got {size}")
