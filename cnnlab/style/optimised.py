"""Style transfer by optimising the picture itself.

Gatys, Ecker and Bethge 2016, *Image style transfer using convolutional neural networks*, CVPR (2015 as
arXiv:1508.06576). From coarse to fine, with Adam's moments carried from size to size and the last pictures averaged, as
in K. Crowson's style-transfer-pytorch.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

import pandas as pd
import torch
from PIL import Image
from torch import Tensor, nn

from cnnlab.models import Pretrained
from cnnlab.style._descent import OPTIMIZERS, Descent, descend
from cnnlab.style.features import Features, Layers
from cnnlab.style.live import Live
from cnnlab.style.memory import check_memory
from cnnlab.style.objective import Loss, Objective, Weights
from cnnlab.style.pictures import (
    SMALLEST,
    Picture,
    fitted,
    luminance,
    read,
    scaled,
    to_bytes,
    to_float,
    with_colours_of,
    with_luminance_like,
)

STYLE_WEIGHT, TV_WEIGHT = 100.0, 20.0  # by default; chosen by eye, with six styles
COARSEST = 128  # pixels: the longer side of the first picture
INITS = ("content", "noise")
LOSSES = ("loss", "content", "style", "tv")  # the weighted sum, and what it is a sum of


class Step(NamedTuple):
    """A step of `transfer`, as ``on_step`` gets it: ``number`` of ``total``, at ``size`` (height, width) in pixels.

    ``loss`` is the weighted sum of ``content``, ``style`` and ``tv``, which come without their weights. Calling
    ``picture`` gives the picture of the moment, (3, H, W) uint8.
    """

    number: int
    total: int
    size: tuple[int, int]
    loss: float
    content: float
    style: float
    tv: float
    picture: Callable[[], Tensor]


@dataclass(frozen=True)
class Transferred:
    """What `transfer` returns; in a notebook it shows the picture.

    ``picture`` is (3, H, W) uint8. ``losses`` has a row for each step: size, loss, content, style, tv. ``ended`` is
    empty, or "stopped", or "diverged" if the loss was not finite again after a restart with a smaller step: the picture
    is then the best until there.
    """

    picture: Tensor
    losses: pd.DataFrame
    ended: str = ""

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        Image.fromarray(self.picture.permute(1, 2, 0).contiguous().numpy()).save(buffer, format="PNG")
        return buffer.getvalue()

    def __repr__(self) -> str:
        height, width = self.picture.shape[1:]
        ended = f", {self.ended}" if self.ended else ""
        return f"Transferred({height}×{width} pixels after {len(self.losses)} steps{ended})"


def scales(size: int, coarsest: int = COARSEST) -> list[int]:
    """The longer sides of the pictures from coarse to fine: each about √2 times the one before.

    >>> scales(512), scales(100)
    ([128, 181, 256, 362, 512], [100])
    """
    sides = [size]
    while sides[0] / math.sqrt(2) > coarsest - 1:
        sides.insert(0, round(size / math.sqrt(2) ** len(sides)))
    return sides


def transfer(
    content: Picture,
    style: Picture | Mapping[str, float] | Sequence[tuple[Picture, float]],
    *,
    network: Pretrained | nn.Module | str | Features | None = None,
    content_weight: float = 1.0,
    style_weight: float = STYLE_WEIGHT,
    tv_weight: float = TV_WEIGHT,
    layers: Layers | None = None,
    size: int = 256,
    steps: int = 100,
    optimizer: str = "adam",
    init: str | Tensor = "content",
    keep_colours: bool = False,
    mask: Tensor | None = None,
    on_step: Callable[[Step], object] | None = None,
    seed: int = 0,
) -> Transferred:
    """Paint a photograph in the style of a picture: the pixels are what is optimised, the network is fixed.

    ``content`` is a picture (3, H, W) uint8 or a file; ``style``, too, or the name of a style picture. Several styles
    are mixed by their weights: ``{"night": 2, "mosaic": 1}``, or pairs of pictures and weights.

    The losses are shares, 0 for what is asked and about 1 for none of it, so the weights suit any network: see
    `style.losses`. ``network`` and ``layers`` are those of `Features`; without them, EfficientNet-Lite0's.
    The longer side of the result has ``size`` pixels. There are ``steps`` steps at each of `scales`. ``optimizer`` is
    "adam" or "lbfgs"; ``init``, "content", "noise" or a picture, is where it begins.

    ``keep_colours`` changes the photograph's luminance alone. ``mask`` (H, W), bool or from 0 to 1, is scaled to the
    picture; only where it is 1 does the style apply.

    ``on_step`` is called with each `Step`; if it returns True, it ends. On Ctrl-C, too, it ends, and the best picture
    so far is returned. Without ``on_step``, a notebook shows the picture while it is made.

    Raises:
        ValueError: for an unknown option, a weight below 0, a picture or size that is too small, or one that memory is
            too small for, with the largest that fits.

    >>> result = transfer(torch.full((3, 48, 64), 128, dtype=torch.uint8), "mosaic", size=48, steps=2)
    >>> result
    Transferred(36×48 pixels after 2 steps)
    """
    weights = Weights(content_weight, style_weight, tv_weight)
    _check_options(weights, size, steps, optimizer, init)
    photo, styles, shares = to_float(read(content)), *_styles(style)
    features = network if isinstance(network, Features) else Features(network, layers=layers)
    if min(fitted(photo, size)) < SMALLEST:
        raise ValueError(
            f"the shorter side must have at least {SMALLEST} pixels, got {fitted(photo, size)}; raise size"
        )
    check_memory(features, fitted(photo, size))
    device = features.runtime.device
    photo, styles = photo.to(device), [picture.to(device) for picture in styles]
    colours = photo if keep_colours else None
    if keep_colours:
        [with_luminance_like(picture, photo) for picture in styles]
        photo = luminance(photo).contiguous()
    area = None if mask is None else mask_of(mask, photo)

    final = fitted(photo, size)
    sides = [side for side in scales(size) if min(fitted(photo, side)) >= SMALLEST]
    report = _Report(on_step or Live(), steps * len(sides), colours)
    picture, descent = _start(init, photo, fitted(photo, sides[0]), seed), None
    for side in sides:
        now = fitted(photo, side)
        report.objective = Objective(
            features,
            scaled(photo, now),
            [scaled(style, fitted(style, side)) for style in styles],
            shares,
            weights,
            None if area is None else scaled(area, now),
        )
        descent, ended = descend(
            report.objective, scaled(picture, now), steps=steps, optimizer=optimizer, before=descent, on_step=report
        )
        picture = descent.finish()
        if ended:
            break
    losses = pd.DataFrame(report.rows, columns=["size", *LOSSES])
    return Transferred(to_bytes(report.finished(picture, final)), losses, ended)


class _Report:
    """Keeps the losses of every step, and tells ``on_step`` of it."""

    objective: Objective  # of the size that is being worked on

    def __init__(self, on_step: Callable[[Step], object], total: int, colours: Tensor | None) -> None:
        self.on_step, self.total, self.colours = on_step, total, colours
        self.rows: list[dict[str, float]] = []

    def __call__(self, loss: Loss, descent: Descent) -> bool:
        """Whether ``on_step`` wants to end after a step with these losses."""
        size = (descent.picture.shape[2], descent.picture.shape[3])
        values = dict(zip(LOSSES, (value.item() for value in loss), strict=True))
        self.rows.append({"size": max(size), **values})
        step = Step(
            len(self.rows), self.total, size, **values, picture=lambda: to_bytes(self.finished(descent.picture, size))
        )
        return self.on_step(step) is True

    def finished(self, picture: Tensor, size: tuple[int, int]) -> Tensor:
        """A picture as the user gets it: with the photograph outside the mask, at ``size``, in its colours."""
        whole = scaled(self.objective.composed(picture), size)
        return whole if self.colours is None else with_colours_of(whole, scaled(self.colours, size))


def mask_of(mask: Tensor, photo: Tensor) -> Tensor:
    """A mask as (1, 1, H, W) from 0 to 1 at the photograph's size.

    Raises:
        ValueError: for a mask of another shape, or one that is 0 everywhere.
    """
    if mask.ndim != 2 or not 0 <= float(mask.float().min()) <= float(mask.float().max()) <= 1:
        raise ValueError(
            f"a mask is (H, W), bool or from 0 to 1, got shape {tuple(mask.shape)} with values from "
            f"{float(mask.float().min()):g} to {float(mask.float().max()):g}"
        )
    if not bool(mask.any()):
        raise ValueError("the mask is 0 everywhere, so there is nothing to paint; make it 1 where the style applies")
    return scaled(mask[None, None].float(), (photo.shape[2], photo.shape[3])).to(photo.device)


def _styles(style: Picture | Mapping[str, float] | Sequence[tuple[Picture, float]]) -> tuple[list[Tensor], list[float]]:
    """Pictures (1, 3, h, w) and their weights."""
    pairs: list[tuple[Picture, float]]
    if isinstance(style, Mapping):
        pairs = list(style.items())
    elif isinstance(style, Sequence) and not isinstance(style, str):
        pairs = list(style)
    else:
        pairs = [(style, 1.0)]
    shares = [float(share) for _, share in pairs]
    if not shares or min(shares) < 0 or sum(shares) == 0:
        raise ValueError(f"the weights of the styles must be 0 or more, and one above 0, got {shares}")
    return [to_float(read(picture)) for picture, _ in pairs], shares


def _start(init: str | Tensor, photo: Tensor, size: tuple[int, int], seed: int) -> Tensor:
    if isinstance(init, Tensor):
        return scaled(to_float(read(init)).to(photo.device), size)
    if init == "noise":
        return torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(seed)).to(photo.device)
    return scaled(photo, size)


def _check_options(weights: Weights, size: int, steps: int, optimizer: str, init: str | Tensor) -> None:
    if min(weights) < 0 or not all(map(math.isfinite, weights)):
        raise ValueError(f"weights must be 0 or more, got content, style and tv weights of {tuple(weights)}")
    if size < SMALLEST or steps < 1:
        raise ValueError(f"size must be at least {SMALLEST} pixels and steps at least 1, got {size} and {steps}")
    if optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")
    if isinstance(init, str) and init not in INITS:
        raise ValueError(f"init must be one of {', '.join(INITS)}, or a picture (3, H, W) uint8, got {init!r}")
