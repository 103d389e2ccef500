"""Pictures as style transfer takes and gives them: from names, files and tensors; scaled; with their old colours."""

import os
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnlab.data import decode
from cnnlab.data.sources.style_pictures import STYLE_PICTURES, style_picture

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601
SMALLEST = 32  # pixels a side: the networks leave nothing of smaller pictures

Picture = Tensor | str | os.PathLike[str]


def read(picture: Picture) -> Tensor:
    """A picture from a tensor, a file, or the name of a style picture.

    Shape: (3, H, W) uint8.

    Raises:
        ValueError: for a tensor of another kind, or a name that is neither a style picture's nor a file's.
        FileNotFoundError, UnreadablePictureError: as `data.decode`.

    >>> read("mosaic").shape
    torch.Size([3, 512, 512])
    """
    if isinstance(picture, Tensor):
        if picture.dtype != torch.uint8 or picture.ndim != 3 or picture.shape[0] != 3:
            raise ValueError(
                f"a picture is a uint8 tensor (3, H, W), got {picture.dtype} of shape {tuple(picture.shape)}; "
                "cnnlab.data.decode reads one from a file"
            )
        return picture
    if isinstance(picture, str) and picture in STYLE_PICTURES:
        return style_picture(picture)
    if not Path(picture).suffix and not Path(picture).exists():
        raise ValueError(
            f"no style picture is called {str(picture)!r}; there are {', '.join(STYLE_PICTURES)}, or name a file"
        )
    return decode(picture)


def fitted(picture: Tensor, size: int) -> tuple[int, int]:
    """Height and width of a picture (…, H, W) whose longer side becomes ``size`` pixels.

    >>> fitted(torch.zeros(3, 300, 451), 256)
    (170, 256)
    """
    height, width = picture.shape[-2:]
    scale = size / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def scaled(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures (N, C, H, W) scaled to ``size`` (height, width), smoothly; values stay between 0 and 1."""
    if tuple(picture.shape[-2:]) == size:
        return picture
    return F.interpolate(picture, size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def to_float(picture: Tensor) -> Tensor:
    """(3, H, W) uint8 -> (1, 3, H, W) from 0 to 1."""
    return picture[None].float() / 255


def to_bytes(picture: Tensor) -> Tensor:
    """(1, 3, H, W) from 0 to 1 -> (3, H, W) uint8, on the CPU."""
    return (255 * picture.detach()[0].float()).round().clamp(0, 255).to(torch.uint8).cpu().contiguous()


def luminance(picture: Tensor) -> Tensor:
    """The grey of a picture, in three equal channels: (N, 3, H, W) -> (N, 3, H, W)."""
    weights = torch.tensor(LUMA, device=picture.device)[:, None, None]
    return (picture * weights).sum(dim=1, keepdim=True).expand_as(picture)


def with_colours_of(painted: Tensor, content: Tensor) -> Tensor:
    """The luminance of ``painted`` with the colours of ``content``: the differences from its luminance.

    Gatys et al. 2016, *Preserving color in neural artistic style transfer*, arXiv:1606.05897, section 3.

    Shape: twice (N, 3, H, W) from 0 to 1 -> (N, 3, H, W).

    >>> grey, red = torch.full((1, 3, 1, 1), 0.5), torch.tensor([0.8, 0.3, 0.3])[None, :, None, None]
    >>> with_colours_of(grey, red).flatten()
    tensor([0.8505, 0.3505, 0.3505])
    """
    return (luminance(painted) + content - luminance(content)).clamp(0, 1)


def with_luminance_like(style: Tensor, content: Tensor) -> Tensor:
    """The luminance of ``style``, shifted and scaled to the mean and standard deviation of the content's luminance."""
    grey, wanted = luminance(style), luminance(content)
    return ((grey - grey.mean()) * wanted.std() / grey.std().clamp_min(1e-3) + wanted.mean()).clamp(0, 1)
