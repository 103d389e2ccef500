"""Pictures to take a style from, each drawn by a program of its own: no painter's work is copied."""

from functools import cache
from importlib import import_module

import numpy as np
import torch
from PIL import Image
from torch import Tensor

STYLE_PICTURES = {
    "night": "a night sky of strokes that whirl around stars and a moon",
    "cubist": "planes that are each shaded from edge to edge, around a figure with a guitar",
    "composition": "circles, triangles, lines and chequerboards on cream",
    "wave": "a woodcut of a breaking wave before a far mountain",
    "mosaic": "a fish, the sea and the sun, of small stones with grout between them",
    "ink": "mountains in mist and bamboo, in black ink on paper",
}


def style_picture(name: str, *, size: int = 512) -> Tensor:
    """A picture drawn by this project to take a style from: night, cubist, composition, wave, mosaic or ink.

    ``size`` is the side of the square in pixels. A picture is drawn in a few seconds, once in a session, and the same
    every time. `STYLE_PICTURES` says what each shows.

    Shape: (3, size, size) uint8.

    Raises:
        ValueError: for a name that is not among these, or a size below 1.

    >>> style_picture("mosaic", size=64).shape
    torch.Size([3, 64, 64])
    """
    if name not in STYLE_PICTURES:
        raise ValueError(
            f"no style picture is called {name!r}; there are {', '.join(STYLE_PICTURES)} (data.decode reads a file)"
        )
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, got {size}")
    reduced = _painted(name).resize((size, size), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(reduced)).permute(2, 0, 1).contiguous()


@cache
def _painted(name: str) -> Image.Image:
    picture: Image.Image = import_module(f"cnnlab.data.sources.painted.{name}").paint()
    return picture
