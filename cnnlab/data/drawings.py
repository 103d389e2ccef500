"""A student's own drawing of a digit, brought to the form of MNIST's."""

import os

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cnnlab.data.decoding import decode

SIDE, BOX = 28, 20  # pixels: MNIST fits a digit into 20×20 and centres its mass in 28×28
INK = 0.25  # of the darkest stroke: less is paper, shadow or compression noise


def drawing(path: str | os.PathLike[str]) -> Tensor:
    """Read a drawn digit from a picture file, on light or on dark paper, as a picture like MNIST's.

    The strokes are cut out, scaled into 20×20 pixels with their proportions kept, and placed so that their centre
    of mass lies in the middle of 28×28: LeCun et al. 1998, section III.A, did so with every training digit, and a
    network knows no others.

    Shape: (1, 1, 28, 28) uint8, white on black.

    Raises:
        FileNotFoundError, UnreadablePictureError: as `decode`.
        ValueError: if nothing is drawn on it.
    """
    grey = decode(path, channels=1)[0].numpy().astype(np.float64)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - np.median(border))  # the paper is what the border shows
    if ink.max() < 32:
        raise ValueError(f"{path}: nothing is drawn on it; draw a digit with a thick dark pen on white paper")
    ink = np.where(ink >= INK * ink.max(), ink / ink.max() * 255, 0)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(cut.shape)
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    small = Image.fromarray(cut.astype(np.uint8)).resize((width, height), Image.Resampling.BOX)
    return torch.from_numpy(_centred(np.asarray(small)))[None, None]


def _centred(digit: np.ndarray) -> np.ndarray:
    """Place a digit's centre of mass in the middle of 28×28, as far as it fits."""
    height, width = digit.shape
    mass = digit.sum()
    centre = (np.arange(height) @ digit.sum(axis=1) / mass, np.arange(width) @ digit.sum(axis=0) / mass)
    top, left = (
        int(np.clip(round(SIDE / 2 - middle), 0, SIDE - length))  # in MNIST the mean lies at pixel 14.0, counted from 0
        for middle, length in zip(centre, digit.shape, strict=True)
    )
    page = np.zeros((SIDE, SIDE), np.uint8)
    page[top : top + height, left : left + width] = digit
    return page
