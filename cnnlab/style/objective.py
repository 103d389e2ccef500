"""What a picture should be: close to a photograph in content and to pictures in style, and smooth."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnlab.style.features import MARGIN, Features
from cnnlab.style.gram import gram
from cnnlab.style.losses import content_loss, mixed_grams, style_loss, total_variation


class Weights(NamedTuple):
    """How much each loss counts."""

    content: float
    style: float
    tv: float


class Loss(NamedTuple):
    """The weighted sum of the losses, and each of them without its weight."""

    total: Tensor
    content: Tensor
    style: Tensor
    tv: Tensor


class Objective:
    """The losses of pictures of one size, as a function of the picture.

    Each of content and style is the mean over its layers. With a ``mask`` (1, 1, H, W), from 0 to 1, what lies outside
    is the photograph, and positions count as the mask says in the Gram matrices.

    Shape: ``content`` (1, 3, H, W) from 0 to 1; styles of any sizes, each (1, 3, h, w).
    """

    def __init__(
        self,
        features: Features,
        content: Tensor,
        styles: Sequence[Tensor],
        shares: Sequence[float],
        weights: Weights,
        mask: Tensor | None = None,
    ) -> None:
        self.features, self.photo, self.weights, self.mask = features, content, weights, mask
        layers = features.layers
        with torch.no_grad():
            self._content = {name: maps.clone() for name, maps in features(content, layers.content).items()}
            grams = [
                {name: gram(maps)[0] for name, maps in features(picture, layers.style).items()} for picture in styles
            ]
        self._grams = mixed_grams(grams, shares)
        self._padded_mask = None if mask is None else F.pad(mask, [MARGIN] * 4, mode="replicate")

    def composed(self, picture: Tensor) -> Tensor:
        """The picture inside the mask, the photograph outside."""
        return picture if self.mask is None else self.mask * picture + (1 - self.mask) * self.photo

    def __call__(self, picture: Tensor) -> Loss:
        """The losses of a picture (1, 3, H, W)."""
        composed, layers = self.composed(picture), self.features.layers
        maps = self.features(composed)
        content = _mean([content_loss(maps[name], self._content[name]) for name in layers.content])
        style = _mean([style_loss(maps[name], self._grams[name], self._share(maps[name])) for name in layers.style])
        tv = total_variation(composed)
        total = self.weights.content * content + self.weights.style * style + self.weights.tv * tv
        return Loss(total, content, style, tv)

    def _share(self, maps: Tensor) -> Tensor | None:
        """The mask at the resolution of feature maps, (h, w)."""
        if self._padded_mask is None:
            return None
        return F.adaptive_avg_pool2d(self._padded_mask, (maps.shape[2], maps.shape[3]))[0, 0]


def _mean(losses: list[Tensor]) -> Tensor:
    return torch.stack(losses).mean() if losses else torch.zeros(())
