"""A picture, a kernel, and the result of their convolution."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from cnnlab.look.figure import Figure
from cnnlab.look.grid import as_arrays
from cnnlab.look.theme import DIVERGING, SMALL, colour_bar, label_axes, number, symmetric_limit

MOST_WRITTEN = 7  # weights a side whose values are written into the cells
WIDTH, SIDE, KERNEL_SIDE = 7.2, 2.05, 1.3  # inches: the figure; picture and response; kernel


def response(picture: Tensor, kernel: Tensor, output: Tensor, *, title: str = "") -> Figure:
    """A picture, a kernel and the response side by side, with axes in pixels.

    A response without negative values is shown from black (0) to white, any other from blue over white (0) to red.

    Shape: ``picture`` (H, W) or (3, H, W); ``kernel`` and ``output`` (h, w); each may have leading dimensions of 1.

    Raises:
        ValueError: for several pictures, kernels or responses at once.

    >>> picture = torch.eye(4)
    >>> kernel = torch.tensor([[1.0, -1.0]])
    >>> response(picture, kernel, nn.functional.conv2d(picture[None, None], kernel[None, None]))
    <Figure: A picture of 4×4 pixels, a kernel of 1×2 and the response of 4×3 pixels, from −1 to 1; its largest |value|
    is in row 0, column 0>
    """
    shown = _single(picture, "picture", channels=(1, 3))
    weights, values = (_single(tensor, name) for tensor, name in ((kernel, "kernel"), (output, "output")))
    row, column = np.unravel_index(np.abs(values).argmax(), values.shape)
    alt = f"{title.replace(chr(10), ', ')}. " if title else ""
    alt += (
        f"A picture of {_size(shown)} pixels, a kernel of {_size(weights)} and the response of {_size(values)} pixels, "
        f"from {number(values.min())} to {number(values.max())}; its largest |value| is in row {row}, column {column}"
    )
    tall = max(min(1.0, array.shape[-2] / array.shape[-1]) for array in (shown, values))  # of a panel as wide as tall
    lines = title.count("\n") + 1 if title else 0
    figure = Figure((WIDTH, SIDE * max(tall, 0.4) + 0.75 + 0.17 * lines), alt=alt)
    figure.suptitle(title, fontsize=SMALL + 1)
    panels = figure.subplots(1, 3, width_ratios=(SIDE, KERNEL_SIDE, SIDE), gridspec_kw={"wspace": 0.1})
    array = as_arrays([picture.reshape(-1, *picture.shape[-2:])])[0]
    # Interpolated values, unlike interpolated colours, have only colours of the scale, and give a small PNG.
    stage: dict[str, Any] = {"interpolation_stage": "data"}
    panels[0].imshow(array if shown.ndim == 3 else array[..., 0], cmap="gray", vmin=0, vmax=1, **stage)
    _label_in_pixels(panels[0], f"picture: {_size(shown)}")
    _draw_kernel(panels[1], weights)
    end = symmetric_limit(values)
    signed = values.min() < -1e-6 * end  # rounding errors do not count as negative values
    low, colours = (-end, DIVERGING) if signed else (0, "gray")
    image = panels[2].imshow(values, cmap=colours, vmin=low, vmax=end, **stage)
    _label_in_pixels(panels[2], f"response: {_size(values)}")
    colour_bar(image, panels[2], "")
    return figure


def _draw_kernel(axes: Axes, weights: np.ndarray) -> None:
    end = symmetric_limit(weights)
    axes.imshow(weights, cmap=DIVERGING, vmin=-end, vmax=end)
    label_axes(axes, title=f"kernel: {_size(weights)}")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    if max(weights.shape) > MOST_WRITTEN:
        return
    written = {cell: _written(weight) for cell, weight in np.ndenumerate(weights)}
    room = KERNEL_SIDE / max(weights.shape) * 72  # points in a cell; a digit is about 0.6 of the font size wide
    size = min(SMALL + 1, 0.9 * room / (0.6 * max(map(len, written.values()))))
    for (row, column), text in written.items():
        colour = "white" if abs(weights[row, column]) > 0.6 * end else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)


def _written(weight: float) -> str:
    text = f"{weight:.2f}".rstrip("0").rstrip(".").replace("-", "−")
    return "0" if text == "−0" else text


def _label_in_pixels(axes: Axes, title: str) -> None:
    label_axes(axes, title=title, x="column (pixels)", y="row (pixels)")
    axes.spines[:].set(visible=True, color="0.8")  # a frame, so that white pixels at the border are visible
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))


def _single(tensor: Tensor, name: str, channels: tuple[int, ...] = (1,)) -> np.ndarray:
    """(H, W), or (C, H, W) for a colour picture."""
    flat = tensor.detach().cpu().float().reshape(-1, *tensor.shape[-2:]) if tensor.ndim >= 2 else None
    if flat is None or len(flat) not in channels or 0 in flat.shape:
        allowed = " or ".join(str(count) for count in channels)
        raise ValueError(
            f"{name} must be (H, W), or (C, H, W) with {allowed} channel(s), got {tuple(tensor.shape)}; "
            f"pass one, as in {name}[0, 0]"
        )
    return flat.squeeze(0).numpy()


def _size(array: np.ndarray) -> str:
    return f"{array.shape[-2]}×{array.shape[-1]}"
