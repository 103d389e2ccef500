"""The losses of style transfer, each divided by what it would be for no picture at all: shares, not sums.

Feature maps of different networks differ by orders of magnitude, and so do those of one network's layers. A share is 0
where the picture has what is asked of it, and about 1 where it has nothing of it. So the same weights suit any network.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from cnnlab.style.gram import gram

TINY = 1e-30  # what a share is divided by at least: a black picture has maps of zeros


def content_loss(maps: Tensor, target: Tensor) -> Tensor:
    """The squared distance of feature maps from ``target``, as a share of the target's squared norm.

    ‖φ(ŷ) − φ(y)‖² / ‖φ(y)‖². Johnson et al. 2016, section 3.2 (feature reconstruction loss), divide by C·H·W.

    Shape: twice (N, C, H, W) -> scalar, the mean over the batch.

    >>> content_loss(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)).item()
    1.0
    """
    error = (maps.float() - target.float()).square().flatten(1).sum(dim=1)
    return (error / target.float().square().flatten(1).sum(dim=1).clamp_min(TINY)).mean()


def style_loss(maps: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """The squared distance of a Gram matrix from ``target``, as a share of the target's squared norm.

    ‖G(ŷ) − G‖² / ‖G‖², in the Frobenius norm. Johnson et al. 2016, section 3.2 (style reconstruction
    loss), do not divide.

    Shape: maps (N, C, H, W), target (C, C) -> scalar, the mean over the batch.

    >>> maps = torch.rand(1, 3, 4, 4)
    >>> style_loss(maps, gram(maps)[0]).item()
    0.0
    """
    error = (gram(maps, weights) - target).square().sum(dim=(1, 2))
    return (error / target.square().sum().clamp_min(TINY)).mean()


def total_variation(pictures: Tensor) -> Tensor:
    """The mean squared difference of neighbours, to the right plus below: large for noise, 0 for one colour.

    Mahendran and Vedaldi 2015, arXiv:1412.0035, section 2.2, with β = 2.

    Shape: (N, C, H, W) -> scalar.

    >>> total_variation(torch.tensor([[[[0.0, 1.0], [1.0, 0.0]]]])).item()  # a chequerboard: every neighbour differs
    2.0
    """
    right = (pictures[..., 1:] - pictures[..., :-1]).square().mean()
    below = (pictures[..., 1:, :] - pictures[..., :-1, :]).square().mean()
    return right + below


def mixed_grams(styles: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """The weighted mean of several styles' Gram matrices, by layer.

    The sum of the squared distances from several matrices differs from the distance from their mean by a constant, so
    the mean asks for the same picture, at the price of one style.
    """
    total = sum(shares)
    return {
        name: sum((share / total * style[name] for style, share in zip(styles, shares, strict=True)), torch.zeros(()))
        for name in styles[0]
    }
