"""The activations of layers for one picture."""

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from torch import Tensor

from cnnlab.look.figure import Figure, canvas
from cnnlab.look.grid import draw_picture, picture_grid
from cnnlab.look.theme import SEQUENTIAL, SMALL, TEXT, TITLE, join_first, number, shortened

WIDE, LABEL, HEAD = 820, 150, 40  # CSS pixels: the figure, the name of a layer left of its row, the title
LARGEST_CHANNEL = 64  # CSS pixels
STRIP = 18  # CSS pixels: the height of a vector


def activations(outputs: Mapping[str, Tensor] | Tensor, *, index: int = 0, limit: int = 16, title: str = "") -> Figure:
    """The activations of picture ``index``: a grid for one layer, a row each for several, as a `Probe` holds them.

    The smallest value of a layer is dark, its largest bright. At most ``limit`` channels of a layer are shown; a
    vector, the output of a linear layer, is a strip.

    Shape: (N, C, H, W) or (N, features) each.

    Raises:
        ValueError: for another shape, if nothing was recorded, or for an ``index`` or ``limit`` out of range.

    >>> activations(torch.stack([torch.zeros(2, 2), torch.tensor([[0.0, 1], [2, 3]])])[None])
    <Figure: Activations of picture 0: 2 maps of 2×2, from 0 to 3, strongest on average: map 1, 1 map constant>
    """
    if limit < 1:
        raise ValueError(f"limit must be 1 or more, got {limit}")
    layers = {"": outputs} if isinstance(outputs, Tensor) else dict(outputs)
    if not layers:
        raise ValueError("no activation was recorded; run the model inside the with block of the Probe")
    values = {name: _of_picture(name, output, index) for name, output in layers.items()}
    heading = title or f"Activations of picture {index}"
    if len(values) > 1:
        layers_in_words = [f"{name} {_in_words(array)}" for name, array in values.items()]
        return _rows(values, limit, heading, f"{heading} in {len(values)} layers: {join_first(layers_in_words)}")
    ((name, array),) = values.items()
    alt = f"{heading}{f' in {name}' if name else ''}: {_in_words(array)}"
    return _rows(values, limit, heading, alt) if array.ndim == 1 else _grid(array, limit, name, alt)


def _of_picture(name: str, output: Tensor, index: int) -> np.ndarray:
    """(C, H, W) or (features,)."""
    of = f" of {name}" if name else ""
    if output.ndim not in (2, 4) or 0 in output.shape:
        raise ValueError(f"activations{of} must be (N, C, H, W) or (N, features), got {tuple(output.shape)}")
    if not 0 <= index < len(output):
        raise ValueError(f"index must lie between 0 and {len(output) - 1}, the pictures of the batch, got {index}")
    return output[index].detach().cpu().float().numpy()


def _grid(channels: np.ndarray, limit: int, name: str, alt: str) -> Figure:
    shown = channels[:limit]
    count = f"{len(shown)} of {len(channels)} maps" if len(shown) < len(channels) else f"{len(channels)} maps"
    heading = f"{f'{name}: ' if name else ''}{count} of {_size(channels)}, "
    heading += f"{number(channels.min())} (dark) to {number(channels.max())} (bright)"
    titles = [f"map {i}" for i in range(len(shown))]
    return picture_grid(
        list(_coloured(shown, channels)), titles=titles, columns=min(8, len(shown)), title=heading, alt=alt
    )


def _rows(values: dict[str, np.ndarray], limit: int, title: str, alt: str) -> Figure:
    """A row for each layer: its name, size and range, then its channels or its strip."""
    most = max((min(len(array), limit) for array in values.values() if array.ndim == 3), default=1)
    side = min((WIDE - LABEL) / most - 4, LARGEST_CHANNEL)
    heights = [max(side if array.ndim == 3 else STRIP, 30) + 6 for array in values.values()]
    figure, axes = canvas(WIDE, HEAD + sum(heights), alt=alt)
    axes.text(8, 14, title, fontsize=TITLE, va="center")
    explanation = "each row: its smallest value dark, its largest bright"
    axes.text(WIDE - 8, 14, explanation, fontsize=SMALL, va="center", ha="right")
    top = float(HEAD - 6)
    for (name, array), height in zip(values.items(), heights, strict=True):
        kind = f"{len(array)} of {_size(array)}" if array.ndim == 3 else f"{len(array)} values"
        facts = f"{kind}, {number(array.min())} to {number(array.max())}"
        axes.text(8, top + height / 2 - 10, shortened(name or "layer", 24), fontsize=TEXT, va="center")
        axes.text(8, top + height / 2 + 5, facts, fontsize=SMALL - 1, va="center", color="0.35")
        if array.ndim == 3:
            for column, picture in enumerate(_coloured(array[:limit], array)):
                draw_picture(axes, picture, LABEL + column * (side + 4), top, side, side)
        else:
            wide = min(WIDE - LABEL - 8, 20.0 * len(array))
            middle = top + height / 2 - 3
            extent = (LABEL, LABEL + wide, middle + STRIP / 2, middle - STRIP / 2)
            limits = {"xlim": axes.get_xlim(), "ylim": axes.get_ylim()}
            axes.imshow(_coloured(array[None], array), extent=extent, aspect="auto", interpolation="nearest")
            axes.set(**limits)
        top += height
    return figure


def _coloured(shown: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """Colours (..., 3) of values, on a scale from the smallest to the largest of the layer."""
    low, high = float(layer.min()), float(layer.max())
    return colormaps[SEQUENTIAL]((shown - low) / ((high - low) or 1.0))[..., :3]


def _size(channels: np.ndarray) -> str:
    return f"{channels.shape[1]}×{channels.shape[2]}"


def _in_words(array: np.ndarray) -> str:
    span = f"from {number(array.min())} to {number(array.max())}"
    if array.ndim == 1:
        return f"{len(array)} values, {span}, largest: unit {array.argmax()}"
    text = f"{len(array)} map{'s' if len(array) > 1 else ''} of {_size(array)}, {span}"
    text += f", strongest on average: map {array.mean(axis=(1, 2)).argmax()}"
    constant = int((np.ptp(array, axis=(1, 2)) == 0).sum()) if array[0].size > 1 else 0
    return text + (f", {constant} map{'s' if constant > 1 else ''} constant" if constant else "")
