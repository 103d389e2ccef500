"""A convolution whose kernel, stride, padding and dilation can be edited, with the response and its size."""

import math
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import torch
import torch.nn.functional as F
from torch import Tensor

from cnnlab import look
from cnnlab.demos._demo import WIDE, Demo
from cnnlab.demos._pointer import Pointer
from cnnlab.demos._presets import PICTURES, PRESETS, Kernel, picture, preset


@dataclass(frozen=True)
class Settings:
    """The settings of the demo; stride, padding and dilation in pixels."""

    picture: str = "digit 3"
    kernel: Kernel = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def geometry(self) -> dict[str, Any]:
        """Stride, padding and dilation."""
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}


def figure(settings: Settings) -> look.Figure:
    """Picture, kernel and response for ``settings``, with the arithmetic of the response's size.

    Raises:
        ValueError: for an unknown picture, for a kernel that is not a rectangle of finite weights or is larger than
            the padded picture, or for a stride, padding or dilation out of range.

    >>> figure(Settings(stride=2)).alt[:59]
    'height and width: ⌊(28 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 13'
    """
    shown = picture(settings.picture)
    kernel = _tensor(settings.kernel)
    height, width = (arithmetic(*sides, **settings.geometry) for sides in zip(shown.shape, kernel.shape, strict=True))
    output = F.conv2d(shown[None, None], kernel[None, None], **settings.geometry)
    title = f"height and width: {height}" if height == width else f"height: {height}\nwidth: {width}"
    return look.response(shown, kernel, output, title=title)


def arithmetic(size: int, kernel: int, stride: int, padding: int, dilation: int) -> str:
    """The size of a convolution's output along one side, with its numbers.

    Raises:
        ValueError: if the kernel is larger than the padded picture, or a number is out of range.

    >>> arithmetic(28, kernel=5, stride=1, padding=0, dilation=1)
    '⌊(28 + 2·0 − 1·(5 − 1) − 1) / 1⌋ + 1 = 24'
    """
    if stride < 1 or dilation < 1 or padding < 0:
        raise ValueError(
            f"stride and dilation must be 1 or more and padding 0 or more, got {stride}, {dilation} and {padding}"
        )
    reach, padded = dilation * (kernel - 1) + 1, size + 2 * padding
    if reach > padded:
        raise ValueError(
            f"the kernel covers {reach} pixels ({kernel} weights, dilation {dilation}) and the padded picture has only "
            f"{padded} ({size} + 2·{padding}): lower the dilation, or raise the padding"
        )
    result = (padded - reach) // stride + 1
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
        default = Settings()
        self.choice = widgets.Dropdown(options=PICTURES, value=default.picture, description="picture", **WIDE)
        self.preset = widgets.Dropdown(options=("own", *PRESETS), value=PRESETS[3], description="kernel", **WIDE)
        self.size = widgets.Dropdown(options=[("3×3", 3), ("5×5", 5)], description="kernel size", **WIDE)
        self.again = widgets.Button(description="another random kernel", layout=WIDE["layout"])
        self.cells = widgets.GridBox()
        self.stride = widgets.IntSlider(default.stride, 1, 6, description="stride (pixels)", **WIDE)
        self.padding = widgets.IntSlider(default.padding, 0, 8, description="padding (pixels)", **WIDE)
        self.dilation = widgets.IntSlider(default.dilation, 1, 8, description="dilation (pixels)", **WIDE)
        self._seed = 0
        geometry = (self.stride, self.padding, self.dilation)
        self.pointer = Pointer(layout={"width": "100%"})
        controls = [self.choice, self.preset, self.size, self.cells, self.again, *geometry]
        super().__init__(controls, below=[self.pointer])
        self.redraw_on(self.choice, *geometry)
        self.preset.observe(self._preset_changed, "value")
        self.size.observe(self._preset_changed, "value")
        self.again.on_click(self._random_again)
        with self.one_redraw():
            self._fill(default.kernel)

    @property
    def settings(self) -> Settings:
        """The present values of the controls."""
        values = [cell.value for cell in self.cells.children]
        size = self.size.value
        rows = tuple(tuple(values[row * size : (row + 1) * size]) for row in range(size))
        return Settings(self.choice.value, rows, self.stride.value, self.padding.value, self.dilation.value)

    def draw(self) -> look.Figure:
        """The figure for the present values of the controls; the pointer below it follows."""
        settings = self.settings
        drawn = figure(settings)
        self.pointer.update(picture(settings.picture), _tensor(settings.kernel), **settings.geometry)
        return drawn

    def message(self) -> str:
        """The formula of the size above the figure."""
        return "size of the response: ⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1"

    def _fill(self, kernel: Kernel) -> None:
        """Show the weights of ``kernel``, a field for each."""
        size = len(kernel)
        if len(self.cells.children) != size**2:
            step = 0.5 if size == 3 else 0.25
            fields = [widgets.FloatText(step=step, layout={"width": "60px"}) for _ in range(size**2)]
            for number, field in enumerate(fields):
                field.tooltip = f"weight in row {number // size}, column {number % size}"
                field.observe(self._edited, "value")
            self.cells.children = fields
            self.cells.layout = {"grid_template_columns": f"repeat({size}, 62px)", "margin": "4px 0 4px 8px"}
        for field, weight in zip(self.cells.children, (weight for row in kernel for weight in row), strict=True):
            field.value = weight

    def _preset_changed(self, _change: Any) -> None:
        if self._updating:
            return
        name = self.preset.value
        if name == "own" and len(self.cells.children) == self.size.value**2:
            return
        with self.one_redraw():
            self._fill(self._resized() if name == "own" else preset(name, self.size.value, seed=self._seed))

    def _resized(self) -> Kernel:
        """The kernel in the fields, padded with zeros or cropped to the new size."""
        side = math.isqrt(len(self.cells.children))
        weights = torch.tensor([field.value for field in self.cells.children], dtype=torch.float64).view(side, side)
        margin = (self.size.value - side) // 2
        return tuple(tuple(row) for row in F.pad(weights, (margin,) * 4).tolist())

    def _random_again(self, _button: Any) -> None:
        self._seed += 1
        with self.one_redraw():
            self.preset.value = "random"
            self._fill(preset("random", self.size.value, seed=self._seed))

    def _edited(self, _change: Any) -> None:
        if self._updating:
            return
        with self.one_redraw():
            self.preset.value = "own"


def convolution() -> ConvolutionDemo:
    """A demo of convolution: edit kernel, stride, padding and dilation, and see the response and its size."""
    return ConvolutionDemo()
