"""Convolution by hand: a kernel whose weights one edits, stride, padding, dilation, and the response at once."""

import math
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnlab import look
from cnnlab.demos._demo import STYLE, WIDTH, Demo
from cnnlab.demos._pointer import Pointer
from cnnlab.demos._presets import PICTURES, PRESETS, Kernel, picture, preset


@dataclass(frozen=True)
class Settings:
    """What the demo shows; stride, padding and dilation in pixels."""

    picture: str = "digit 3"
    kernel: Kernel = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
    stride: int = 1
    padding: int = 0
    dilation: int = 1


def figure(settings: Settings) -> look.Figure:
    """Picture, kernel and response for ``settings``, with the arithmetic of the response's size.

    Raises:
        ValueError: for an unknown picture, a kernel that is no rectangle of finite weights or reaches beyond the
            padded picture, or a stride, padding or dilation out of range.

    >>> figure(Settings(stride=2)).alt[:59]
    'height and width: ⌊(28 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 13'
    """
    shown = picture(settings.picture)
    kernel = _tensor(settings.kernel)
    sizes = dict(zip(("height", "width"), zip(shown.shape, kernel.shape, strict=True), strict=True))
    geometry = (settings.stride, settings.padding, settings.dilation)
    lines = {side: arithmetic(*size, *geometry) for side, size in sizes.items()}
    output = F.conv2d(
        shown[None, None],
        kernel[None, None],
        stride=settings.stride,
        padding=settings.padding,
        dilation=settings.dilation,
    )
    same = lines["height"] == lines["width"]
    title = (
        f"height and width: {lines['height']}" if same else "\n".join(f"{side}: {line}" for side, line in lines.items())
    )
    return look.response(shown, kernel, output, title=title)


def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Pixels that a convolution leaves of ``size``: ⌊(H + 2p − d(k − 1) − 1) / s⌋ + 1.

    Raises:
        ValueError: if the kernel reaches beyond the padded picture, or a number is out of range.

    >>> output_size(28, kernel=5), output_size(28, kernel=3, stride=2, padding=1)
    (24, 14)
    """
    if stride < 1 or dilation < 1 or padding < 0:
        raise ValueError(
            f"stride and dilation must be 1 or more and padding 0 or more, got {stride}, {dilation} and {padding}"
        )
    reach, padded = dilation * (kernel - 1) + 1, size + 2 * padding
    if reach > padded:
        raise ValueError(
            f"the kernel reaches over {reach} pixels ({kernel} weights, dilation {dilation}) and the padded picture "
            f"has only {padded} ({size} + 2·{padding}): lower the dilation, or raise the padding"
        )
    return (padded - reach) // stride + 1


def arithmetic(size: int, kernel: int, stride: int, padding: int, dilation: int) -> str:
    """`output_size` written out with its numbers.

    >>> arithmetic(28, 5, 1, 0, 1)
    '⌊(28 + 2·0 − 1·(5 − 1) − 1) / 1⌋ + 1 = 24'
    """
    result = output_size(size, kernel, stride, padding, dilation)
    return f"⌊({size} + 2·{padding} − {dilation}·({kernel} − 1) − 1) / {stride}⌋ + 1 = {result}"


def _tensor(kernel: Kernel) -> Tensor:
    lengths = {len(row) for row in kernel}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"a kernel needs rows of equally many weights, got rows of {sorted(lengths)}")
    weights = torch.tensor(kernel, dtype=torch.float32)
    if not weights.isfinite().all():
        raise ValueError(f"the weights of a kernel must be finite numbers, got {kernel}")
    return weights


class ConvolutionDemo(Demo):
    """The widgets over `figure`."""

    name = "convolution"

    def __init__(self) -> None:
        def slider(low: int, high: int, value: int, text: str) -> widgets.IntSlider:
            return widgets.IntSlider(
                value, low, high, description=text, style=STYLE, layout=widgets.Layout(width=WIDTH)
            )

        wide = {"style": STYLE, "layout": widgets.Layout(width=WIDTH)}
        default = Settings()
        self.choice = widgets.Dropdown(options=PICTURES, value=default.picture, description="picture", **wide)
        self.preset = widgets.Dropdown(options=("own", *PRESETS), value=PRESETS[3], description="kernel", **wide)
        self.size = widgets.Dropdown(options=[("3×3", 3), ("5×5", 5)], description="kernel size", **wide)
        self.again = widgets.Button(description="another random kernel", layout=widgets.Layout(width=WIDTH))
        self.cells = widgets.GridBox()
        self.stride = slider(1, 6, default.stride, "stride (pixels)")
        self.padding = slider(0, 8, default.padding, "padding (pixels)")
        self.dilation = slider(1, 8, default.dilation, "dilation (pixels)")
        self._seed = 0
        geometry = (self.stride, self.padding, self.dilation)
        self.pointer = Pointer(layout=widgets.Layout(width="100%"))
        controls = [self.choice, self.preset, self.size, self.cells, self.again, *geometry]
        super().__init__(controls, below=[self.pointer])
        for control in (self.choice, *geometry):
            control.observe(self.redraw, "value")
        self.preset.observe(self._choose, "value")
        self.size.observe(self._choose, "value")
        self.again.on_click(self._randomly)
        with self.quietly():
            self._fill(default.kernel)

    @property
    def settings(self) -> Settings:
        """What the controls say now."""
        values = [cell.value for cell in self.cells.children]
        size = self.size.value
        rows = tuple(tuple(values[row * size : (row + 1) * size]) for row in range(size))
        return Settings(self.choice.value, rows, self.stride.value, self.padding.value, self.dilation.value)

    def draw(self) -> look.Figure:
        """The figure for what the controls say now; what the pointer shows follows."""
        settings = self.settings
        drawn = figure(settings)
        self.pointer.update(
            picture(settings.picture),
            _tensor(settings.kernel),
            stride=settings.stride,
            padding=settings.padding,
            dilation=settings.dilation,
        )
        return drawn

    def words(self) -> str:
        """The rule behind the numbers above the figure."""
        return "size of the response: ⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1"

    def _fill(self, kernel: Kernel) -> None:
        """Show ``kernel`` in the fields, as many as it has weights."""
        size = len(kernel)
        if len(self.cells.children) != size**2:
            step, room = 0.5 if size == 3 else 0.25, widgets.Layout(width="60px")
            fields = [widgets.FloatText(step=step, layout=room) for _ in range(size**2)]
            for number, field in enumerate(fields):
                field.tooltip = f"weight in row {number // size}, column {number % size}"
                field.observe(self._edited, "value")
            self.cells.children = fields
            self.cells.layout = widgets.Layout(grid_template_columns=f"repeat({size}, 62px)", margin="4px 0 4px 8px")
        for field, weight in zip(self.cells.children, (weight for row in kernel for weight in row), strict=True):
            field.value = weight

    def _choose(self, _change: Any) -> None:
        if self._quiet:
            return
        name = self.preset.value
        if name == "own" and len(self.cells.children) == self.size.value**2:
            return
        with self.quietly():
            self._fill(self._resized() if name == "own" else preset(name, self.size.value, seed=self._seed))

    def _resized(self) -> Kernel:
        """The kernel in the fields with a rim of zeros, or without its rim."""
        side = math.isqrt(len(self.cells.children))
        weights = torch.tensor([field.value for field in self.cells.children], dtype=torch.float64).view(side, side)
        rim = (self.size.value - side) // 2
        return tuple(tuple(row) for row in F.pad(weights, (rim,) * 4).tolist())

    def _randomly(self, _button: Any) -> None:
        self._seed += 1
        with self.quietly():
            self.preset.value = "random"
            self._fill(preset("random", self.size.value, seed=self._seed))

    def _edited(self, _change: Any) -> None:
        if self._quiet:
            return
        with self.quietly():
            self.preset.value = "own"


def convolution() -> ConvolutionDemo:
    """A demo of convolution: edit a kernel, stride, padding and dilation, and see the response and its size."""
    return ConvolutionDemo()
