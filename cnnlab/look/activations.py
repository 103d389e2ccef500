"""What layers put out for one picture."""

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from torch import Tensor

from cnnlab.look.figure import Figure, canvas
from cnnlab.look.grid import draw_picture, picture_grid
from cnnlab.look.theme import SEQUENTIAL, SMALL, TEXT, TITLE, join_first, number, shortened

WIDE, LABEL, HEAD = 820, 150, 40  # CSS pixels: the page, a layer's name beside its row, the title above
LARGEST_MAP = 64  # CSS pixels
STRIP = 18  # CSS pixels: height of a vector's row


def activations(outputs: Mapping[str, Tensor] | Tensor, *, index: int = 0, limit: int = 16, title: str = "") -> Figure:
    """The feature maps of picture ``index``: of one layer as a grid, of several, as a `Probe` holds them, a row each.

    Dark is a layer's smallest value, bright its largest. At most ``limit`` maps of a layer are shown; a vector, as a
    linear layer puts out, is a strip.

    Shape: (N, C, H, W) or (N, features) each.

    Raises:
        ValueError: for another shape, nothing recorded, an index without a picture, or a limit that is not positive.

    >>> activations(torch.stack([torch.zeros(2, 2), torch.tensor([[0.0, 1], [2, 3]])])[None])
    <Figure: Activations of picture 0: 2 maps of 2×2, from 0 to 3, strongest on average: map 1, 1 map constant>
    """
    if limit < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}")
    layers = {"": outputs} if isinstance(outputs, Tensor) else dict(outputs)
    if not layers:
        raise ValueError("no activation was recorded; run the model inside the with block of the Probe")
    values = {name: _of_picture(name, output, index) for name, output in layers.items()}
    named = title or f"Activations of picture {index}"
    if len(values) == 1:
        name, only = next(iter(values.items()))
        told = f"{named}{f' in {name}' if name else ''}: {_story(only)}"
        return (
            _grid(only, limit, f"{name}: " if name else "", told)
            if only.ndim == 3
            else _rows(values, limit, named, told)
        )
    return _rows(values, limit, named, f"{named} in {len(values)} layers: {join_first(_stories(values))}")


def _of_picture(name: str, output: Tensor, index: int) -> np.ndarray:
    """(C, H, W) or (features,)."""
    of = f" of {name}" if name else ""
    if output.ndim not in (2, 4) or 0 in output.shape:
        raise ValueError(f"activations{of} must be (N, C, H, W) or (N, features), got {tuple(output.shape)}")
    if not 0 <= index < len(output):
        raise ValueError(f"index must lie between 0 and {len(output) - 1}, the pictures of the batch, got {index}")
    return output[index].detach().cpu().float().numpy()


def _grid(maps: np.ndarray, limit: int, name: str, alt: str) -> Figure:
    """One layer's maps, numbered."""
    shown = maps[:limit]
    count = f"{len(shown)} of {len(maps)} maps" if len(shown) < len(maps) else f"{len(maps)} maps"
    heading = f"{name}{count} of {_size(maps)}, {number(maps.min())} (dark) to {number(maps.max())} (bright)"
    columns = min(8, len(shown))
    return picture_grid(
        list(_coloured(shown, maps)),
        titles=[f"map {i}" for i in range(len(shown))],
        columns=columns,
        title=heading,
        alt=alt,
    )


def _rows(values: dict[str, np.ndarray], limit: int, title: str, alt: str) -> Figure:
    """A row a layer: its name and size, then its maps or its strip."""
    most = max((min(len(maps), limit) for maps in values.values() if maps.ndim == 3), default=1)
    side = min((WIDE - LABEL) / most - 4, LARGEST_MAP)
    tall = [max(side, 30) + 6 if maps.ndim == 3 else max(STRIP, 30) + 6 for maps in values.values()]
    figure, axes = canvas(WIDE, HEAD + sum(tall), alt=alt)
    axes.text(8, 14, title, fontsize=TITLE, va="center")
    axes.text(
        WIDE - 8, 14, "each row: its smallest value dark, its largest bright", fontsize=SMALL, va="center", ha="right"
    )
    top = float(HEAD - 6)
    for (name, maps), height in zip(values.items(), tall, strict=True):
        kind = f"{len(maps)} of {_size(maps)}" if maps.ndim == 3 else f"{len(maps)} values"
        axes.text(8, top + height / 2 - 10, shortened(name or "layer", 24), fontsize=TEXT, va="center")
        facts = f"{kind}, {number(maps.min())} to {number(maps.max())}"
        axes.text(8, top + height / 2 + 5, facts, fontsize=SMALL - 1, va="center", color="0.35")
        pictures = _coloured(maps[:limit] if maps.ndim == 3 else maps[None, None], maps)
        if maps.ndim == 3:
            for column, picture in enumerate(pictures):
                draw_picture(axes, picture, LABEL + column * (side + 4), top, side, side)
        else:
            wide = min(WIDE - LABEL - 8, 20.0 * len(maps))
            limits = axes.get_xlim(), axes.get_ylim()
            middle = top + height / 2 - 3
            extent = (LABEL, LABEL + wide, middle + STRIP / 2, middle - STRIP / 2)
            axes.imshow(pictures[0], extent=extent, aspect="auto", interpolation="nearest")
            axes.set(xlim=limits[0], ylim=limits[1])
        top += height
    return figure


def _coloured(shown: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """(C, H, W) -> (C, H, W, 3) on the scale of all ``maps`` of the layer."""
    low, high = float(maps.min()), float(maps.max())
    return colormaps[SEQUENTIAL]((shown - low) / ((high - low) or 1.0))[..., :3]


def _size(maps: np.ndarray) -> str:
    return f"{maps.shape[1]}×{maps.shape[2]}"


def _stories(values: dict[str, np.ndarray]) -> list[str]:
    return [f"{name} {_story(maps)}" for name, maps in values.items()]


def _story(maps: np.ndarray) -> str:
    """One layer in words."""
    span = f"from {number(maps.min())} to {number(maps.max())}"
    if maps.ndim == 1:
        return f"{len(maps)} values, {span}, largest: unit {maps.argmax()}"
    constant = int((maps.reshape(len(maps), -1).std(axis=1) == 0).sum()) if maps[0].size > 1 else 0
    told = f"{len(maps)} map{'s' if len(maps) > 1 else ''} of {_size(maps)}, {span}"
    told += f", strongest on average: map {maps.mean(axis=(1, 2)).argmax()}"
    return told + (f", {constant} map{'s' if constant > 1 else ''} constant" if constant else "")
