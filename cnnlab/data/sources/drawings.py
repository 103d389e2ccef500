"""A drawn digit, preprocessed as the digits of MNIST were."""

import os

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

from cnnlab.data.decoding import decode

SIDE, BOX = 28, 20  # pixels: MNIST fits a digit into 20×20 and centres its mass in 28×28
LARGEST = 560  # pixels: the longer side of a photograph is reduced to 28 times BOX first
CONTRAST = 32  # of 255, between the paper and the darkest stroke: less is an empty sheet
INK = 0.25  # of the darkest stroke: less is paper or compression noise
STROKE = 1.5  # pixels of 28: the thinnest strokes of MNIST; most are two to three pixels wide
SPECK = 0.05  # of the ink of the largest connected component: a smaller component is dirt


def drawing(path: str | os.PathLike[str]) -> Tensor:
    """Read a digit that was drawn on light or dark paper from a picture file, and preprocess it as MNIST's.

    Uneven light and shadows are removed: the ink of a pixel is how much darker it is than the paper around it. Thin
    strokes are thickened. The digit is then cropped, scaled to fit 20×20 pixels with its aspect ratio, and positioned
    with its centre of mass at the centre of 28×28 pixels, as all digits of MNIST: LeCun et al. 1998, section III.A.

    Shape: (1, 1, 28, 28) uint8, white on black.

    Raises:
        FileNotFoundError, UnreadablePictureError: as `decode`.
        ValueError: if nothing is drawn on it.
    """
    photo = Image.fromarray(decode(path, channels=1)[0].numpy())
    photo.thumbnail((LARGEST, LARGEST), Image.Resampling.BOX)
    try:
        return drawn(np.asarray(photo))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def drawn(grey: np.ndarray) -> Tensor:
    """The digit of `drawing`, from the grey values of a sheet instead of a picture file.

    Shape: (H, W), 0 to 255 -> (1, 1, 28, 28) uint8, white on black.

    Raises:
        ValueError: if nothing is drawn on it.
    """
    ink = _ink(grey.astype(np.float64))
    if ink.max() < CONTRAST:
        raise ValueError("nothing is drawn on it; draw a digit with a thick dark pen on white paper")
    cut = _cropped(_strokes(np.where(ink >= INK * ink.max(), ink / ink.max() * 255, 0)))
    cut = _cropped(_thickened(cut, STROKE / BOX * max(cut.shape)))
    scale = BOX / max(cut.shape)
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    small = Image.fromarray(cut.astype(np.uint8)).resize((width, height), Image.Resampling.BOX)
    return torch.from_numpy(_centred(np.asarray(small)))[None, None]


def _ink(grey: np.ndarray) -> np.ndarray:
    """The share of light that each pixel absorbs, 0 to 255, for strokes thinner than a third of the sheet."""
    around = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))  # the paper, at the border
    darkest, lightest = np.percentile(grey, [0.5, 99.5])
    if lightest - around > around - darkest:  # chalk on a board
        grey = 255 - grey
    # A closing fills what is darker and narrower than its window, and keeps gradients of light and edges of shadows.
    paper = ndimage.grey_closing(grey, size=[side // 3 + 1 for side in grey.shape])
    # Relative to the paper, so that ink in a shadow counts as much as in the light.
    return 255 * (paper - grey) / np.maximum(paper, 1)


def _strokes(ink: np.ndarray) -> np.ndarray:
    """The ink without small components (dirt) and, if others remain, without those at the border (shadows)."""
    labels, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    masses = ndimage.sum_labels(ink, labels, range(1, count + 1))
    large = set(1 + np.flatnonzero(masses >= SPECK * masses.max()))
    inside = large - set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.where(np.isin(labels, list(inside or large)), ink, 0)


def _cropped(ink: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _thickened(ink: np.ndarray, wanted: float) -> np.ndarray:
    """Strokes at least ``wanted`` pixels wide: in a stroke of width w a pixel is w/4 from the edge on average."""
    depth = ndimage.distance_transform_edt(np.pad(ink > 0, 1))
    reach = round((wanted - 4 * depth[depth > 0].mean()) / 2)
    if reach < 1:
        return ink
    across, down = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return ndimage.grey_dilation(np.pad(ink, reach), footprint=across**2 + down**2 <= reach**2)


def _centred(digit: np.ndarray) -> np.ndarray:
    """Move a digit's centre of mass to the centre of 28×28 pixels, as far as it fits."""
    height, width = digit.shape
    mass = digit.sum()
    centre = (np.arange(height) @ digit.sum(axis=1) / mass, np.arange(width) @ digit.sum(axis=0) / mass)
    top, left = (
        int(np.clip(round(SIDE / 2 - middle), 0, SIDE - length))  # MNIST's mean is pixel 14.0, counted from 0
        for middle, length in zip(centre, digit.shape, strict=True)
    )
    centred = np.zeros((SIDE, SIDE), np.uint8)
    centred[top : top + height, left : left + width] = digit
    return centred
