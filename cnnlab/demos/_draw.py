"""A canvas for a digit, and the network's prediction after every stroke."""

import base64
import io
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import torch
import traitlets
from PIL import Image
from torch import Tensor, nn

from cnnlab import data, look
from cnnlab.demos._demo import Demo
from cnnlab.demos._kernels import lenets
from cnnlab.inference import predict

DIGITS = tuple("0123456789")


class Canvas(anywidget.AnyWidget):
    """A square canvas of 280×280 pixels to draw on in black; `png` is its content."""

    _esm = Path(__file__).with_name("canvas.js")
    png = traitlets.Unicode("").tag(sync=True)  # base64
    sent = traitlets.Int(0).tag(sync=True)  # drawings received
    read = traitlets.Int(0).tag(sync=True)  # drawings shown: the next may be sent
    cleared = traitlets.Int(0).tag(sync=True)  # a change clears the canvas


def figure(digit: Tensor, network: nn.Module | None = None) -> look.Figure:
    """A drawn digit as input of the network, and its most probable classes.

    Without a network, a LeNet-5 is trained on digits for some seconds.

    Shape: digit (1, 1, 28, 28) uint8, white on black, as `cnnlab.data.drawing` makes it.
    """
    logits = predict(network or lenets(progress=False).after, digit)
    return look.verdict(digit[0].expand(3, -1, -1), logits[0].softmax(dim=0), DIGITS)


class DrawDemo(Demo):
    """The widgets over `figure`."""

    name = "draw"

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.canvas = Canvas()
        self.clear = widgets.Button(description="clear", layout={"width": "282px"})
        test = data.digits().test
        self._digit = torch.as_tensor(test.images[torch.tensor([0])])  # until something is drawn
        super().__init__([self.canvas, self.clear])
        self.canvas.observe(self._drawn, "png")
        self.clear.on_click(self._clear)
        self.redraw()

    def draw(self) -> look.Figure:
        """The figure for the content of the canvas."""
        return figure(self._digit, self.network)

    def message(self) -> str:
        """An instruction, and once something is drawn, how it is preprocessed."""
        if not self.canvas.png:
            return "Draw a digit on the canvas (the picture shows one of MNIST's until you do)."
        return "Before the network sees it, a drawing is scaled into 20×20 pixels and centred in 28×28."

    def _drawn(self, _change: object) -> None:
        if self.canvas.png:
            drawing = Image.open(io.BytesIO(base64.b64decode(self.canvas.png))).convert("L")
            try:
                self._digit = data.drawn(np.asarray(drawing))
            except ValueError as error:
                self.say(str(error), error=True)
            else:
                self.redraw()
        self.canvas.read = self.canvas.sent

    def _clear(self, _button: object) -> None:
        self.canvas.png = ""
        self.canvas.cleared += 1
        self.say(self.message())


def draw(network: nn.Module | None = None) -> DrawDemo:
    """A demo that classifies a digit that you draw, after every stroke.

    ``network`` takes digits of 1×28×28 and has ten classes. Without one, a LeNet-5 is trained for some seconds first.

    Raises:
        TypeError: for anything other than a network.
    """
    if network is not None and not isinstance(network, nn.Module):
        raise TypeError(f"draw needs a network that reads digits, got {network!r}; models.build makes one of a name")
    return DrawDemo(network or lenets().after)
