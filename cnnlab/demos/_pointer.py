"""A position of a convolution's response under the pointer: its patch, the products with the kernel, and their sum."""

from pathlib import Path

import anywidget
import numpy as np
import torch.nn.functional as F
import traitlets
from torch import Tensor


class Pointer(anywidget.AnyWidget):
    """A picture and its response; the position under the pointer is computed in view, padding included."""

    _esm = Path(__file__).with_name("pointer.js")
    picture = traitlets.Bytes(b"").tag(sync=True)  # float32, row by row, with its padding
    response = traitlets.Bytes(b"").tag(sync=True)
    padded = traitlets.List([1, 1]).tag(sync=True)  # height and width of the picture with its padding
    size = traitlets.List([1, 1]).tag(sync=True)  # of the response
    kernel = traitlets.List([[0.0]]).tag(sync=True)
    stride = traitlets.Int(1).tag(sync=True)
    padding = traitlets.Int(0).tag(sync=True)
    dilation = traitlets.Int(1).tag(sync=True)
    version = traitlets.Int(0).tag(sync=True)  # a change shows the rest, which came before it

    def update(self, picture: Tensor, kernel: Tensor, *, stride: int, padding: int, dilation: int) -> None:
        """Show a picture (H, W) and its convolution with ``kernel`` (h, w)."""
        padded = F.pad(picture, (padding,) * 4)
        response = F.conv2d(padded[None, None], kernel[None, None], stride=stride, dilation=dilation)[0, 0]
        with self.hold_sync():
            self.picture, self.response = (tensor.numpy().astype(np.float32).tobytes() for tensor in (padded, response))
            self.padded, self.size, self.kernel = list(padded.shape), list(response.shape), kernel.tolist()
            self.stride, self.padding, self.dilation = stride, padding, dilation
            self.version += 1
