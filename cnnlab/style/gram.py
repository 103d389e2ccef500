"""The Gram matrix of feature maps: which channels are active together, wherever that is."""

import numpy as np
import torch
from torch import Tensor


def gram(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """The Gram matrix of feature maps: G[i, j] is the mean over all positions of channel i times channel j.

    With F the matrix that has a row for each channel, it is one matrix product, F Fᵀ, divided by the number of
    positions, so that pictures of different sizes compare. Gatys et al. 2016, equation 3, where the sum is not divided.

    ``weights`` says how much each position counts, and the mean becomes a weighted one: with a mask of zeros and ones,
    the mean over the masked region. Gatys et al. 2017, arXiv:1611.07865, section 5.1.

    Shape: (N, C, H, W), weights (H, W) -> (N, C, C) float32.

    >>> maps = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # two channels, two positions
    >>> gram(maps) * 2
    tensor([[[ 5., 11.],
             [11., 25.]]])
    """
    rows = maps.flatten(2)  # (N, C, H·W)
    if weights is None:
        return _product(rows, rows) / rows.shape[2]
    share = weights.flatten() / weights.sum()
    return _product(rows * share.to(rows.dtype), rows)


def _product(a: Tensor, b: Tensor) -> Tensor:
    return torch.einsum("ncp,ndp->ncd", a, b).float()


def gram_by_loops(layer: np.ndarray) -> np.ndarray:
    """The definition of the Gram matrix, read aloud: three loops over NumPy arrays, one multiplication at a time.

    It is as slow as it looks, and there to be compared with `gram`. The sum is not divided by the number of positions.
    Gatys et al. 2016, equation 3.

    Shape: (1, C, H, W) -> (C, C).

    >>> gram_by_loops(np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]]))
    array([[ 5., 11.],
           [11., 25.]])
    """
    channels = layer.shape[1]
    rows = layer.reshape(channels, -1)
    positions = rows.shape[1]
    result = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(channels):
            for k in range(positions):
                result[i, j] += rows[i, k] * rows[j, k]
    return result
