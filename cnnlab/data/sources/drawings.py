"""A student's own drawing of a digit, brought to the form of MNIST's."""

import os

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

from cnnlab.data.decoding import decode

SIDE, BOX = 28, 20  # pixels: MNIST fits a digit into 20×20 and centres its mass in 28×28
ENOUGH = 560  # pixels of the longer side to which a photograph is reduced first: BOX times 28
CONTRAST = 32  # of 255, between the paper and the darkest stroke: less is an empty sheet
INK = 0.25  # of the darkest stroke: less is paper or compression noise
STROKE = 1.5  # pixels of 28: MNIST's strokes are two to three wide, its finest this; a finer pen's would fade away
SPECK = 0.05  # of the ink of the largest piece: less is dirt


def drawing(path: str | os.PathLike[str]) -> Tensor:
    """Read a drawn digit from a picture file, on light or on dark paper, as a picture like MNIST's.

    The light on a photographed sheet, shadows included, is taken away: what counts is how much darker a stroke is than
    the paper around it. The strokes of a fine pen are thickened. Then they are cut out, scaled into 20×20 pixels with
    their proportions kept, and placed so that their centre of mass lies in the middle of 28×28: LeCun et al. 1998,
    section III.A, did so with every training digit, and a network knows no others.

    Shape: (1, 1, 28, 28) uint8, white on black.

    Raises:
        FileNotFoundError, UnreadablePictureError: as `decode`.
        ValueError: if nothing is drawn on it.
    """
    photo = Image.fromarray(decode(path, channels=1)[0].numpy())
    photo.thumbnail((ENOUGH, ENOUGH), Image.Resampling.BOX)
    try:
        return drawn(np.asarray(photo))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def drawn(grey: np.ndarray) -> Tensor:
    """A drawn digit from the grey values of a sheet, as `drawing` makes it of a picture file.

    Shape: (H, W), 0 to 255 -> (1, 1, 28, 28) uint8, white on black.

    Raises:
        ValueError: if nothing is drawn on it.
    """
    ink = _ink(grey.astype(np.float64))
    if ink.max() < CONTRAST:
        raise ValueError("nothing is drawn on it; draw a digit with a thick dark pen on white paper")
    cut = _cut(_strokes(np.where(ink >= INK * ink.max(), ink / ink.max() * 255, 0)))
    cut = _cut(_thickened(cut, STROKE / BOX * max(cut.shape)))
    scale = BOX / max(cut.shape)
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    small = Image.fromarray(cut.astype(np.uint8)).resize((width, height), Image.Resampling.BOX)
    return torch.from_numpy(_centred(np.asarray(small)))[None, None]


def _ink(grey: np.ndarray) -> np.ndarray:
    """The share of light that each pixel swallows, 0 to 255, for strokes thinner than a third of the sheet."""
    around = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))  # is what the border shows
    darkest, lightest = np.percentile(grey, [0.5, 99.5])
    if lightest - around > around - darkest:  # chalk on a board
        grey = 255 - grey
    # A closing fills what is darker and narrower than its window; slopes of light, and edges of shadows, it leaves.
    paper = ndimage.grey_closing(grey, size=[side // 3 + 1 for side in grey.shape])
    # In a shadow the same ink differs less from the paper, and is as dark.
    return 255 * (paper - grey) / np.maximum(paper, 1)


def _strokes(ink: np.ndarray) -> np.ndarray:
    """The ink without dirt, and without what comes in from outside, such as a shadow, if anything else is there."""
    labels, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    masses = ndimage.sum_labels(ink, labels, range(1, count + 1))
    large = set(1 + np.flatnonzero(masses >= SPECK * masses.max()))
    inside = large - set(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.where(np.isin(labels, list(inside or large)), ink, 0)


def _cut(ink: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _thickened(ink: np.ndarray, wanted: float) -> np.ndarray:
    """Strokes of ``wanted`` pixels at least: in a stroke of width w a pixel is w/4 from the edge, in the mean."""
    depth = ndimage.distance_transform_edt(np.pad(ink > 0, 1))
    reach = round((wanted - 4 * depth[depth > 0].mean()) / 2)
    if reach < 1:
        return ink
    across, down = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return ndimage.grey_dilation(np.pad(ink, reach), footprint=across**2 + down**2 <= reach**2)


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
