"""Layers that carry a classifier over a larger map: windows become pictures of one large batch, and cells again.

A linear layer over a flattened map of k×k cells is a convolution of k×k. As such PyTorch's convolution would repack its
weights at every call, which for AlexNet's 38 million costs more than the product itself. So the windows of the map are
laid side by side as a batch, the linear layers multiply all of them at once with the weights as they are, and what
comes out is arranged as a grid again.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEW = 8  # rows: with fewer, the product only waits for the weights to arrive, whoever computes it
BLOCK = 1 << 22  # weights that are converted to the reduced precision at a time: 8 MB of bfloat16, which a cache holds


def at_least(x: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Pass pictures on that are not smaller than the window.

    >>> at_least(torch.zeros(1, 3, 200, 300), (3, 224, 224))
    Traceback (most recent call last):
    ValueError: this network slides a window of 224×224 pixels over pictures (N, 3, H, W) that are at least as large,
    got (1, 3, 200, 300); enlarge the pictures
    """
    channels, height, width = shape
    if x.ndim != 4 or x.shape[1] != channels or x.shape[2] < height or x.shape[3] < width:
        raise ValueError(
            f"this network slides a window of {height}×{width} pixels over pictures (N, {channels}, H, W) that are at "
            f"least as large, got {tuple(x.shape)}; enlarge the pictures"
        )
    return x


def as_many(x: Tensor, size: tuple[int, int], other: Tensor, other_size: tuple[int, int]) -> Tensor:
    """Pass a map on that holds as many windows of ``size`` cells as ``other`` holds of ``other_size``.

    Branches round differently, and a branch with a single window would be repeated for all windows of the other.

    >>> as_many(torch.zeros(1, 3, 5, 4), (3, 3), torch.zeros(1, 3, 2, 2), (1, 1))
    Traceback (most recent call last):
    ValueError: two branches of this network have 3×2 and 2×2 windows in such a picture; cut it to a side that is
    larger than the window by a multiple of the stride
    """
    (rows, columns), (other_rows, other_columns) = (
        (features.shape[-2] - cells[0] + 1, features.shape[-1] - cells[1] + 1)
        for features, cells in ((x, size), (other, other_size))
    )
    if (rows, columns) != (other_rows, other_columns):
        raise ValueError(
            f"two branches of this network have {rows}×{columns} and {other_rows}×{other_columns} windows in such a "
            f"picture; cut it to a side that is larger than the window by a multiple of the stride"
        )
    return x


class Windows(nn.Module):
    """Every window of ``size`` cells of a map, as a picture of its own in a larger batch.

    ``flat`` flattens each, as the linear layer after it wants it.

    Shape: (N, C, H, W) -> (N·H'·W', C·h·w) or, not flat, (N·H'·W', C, h, w); H' = H − h + 1 and W' = W − w + 1.

    >>> Windows((2, 2))(torch.arange(9.0).view(1, 1, 3, 3))
    tensor([[0., 1., 3., 4.],
            [1., 2., 4., 5.],
            [3., 4., 6., 7.],
            [4., 5., 7., 8.]])
    """

    def __init__(self, size: tuple[int, int], *, flat: bool = True) -> None:
        super().__init__()
        self.size, self.flat = size, flat

    def forward(self, x: Tensor) -> Tensor:
        """The windows, row by row."""
        height, width = self.size
        if x.shape[2:] != self.size:  # else the map is its only window, and nothing is copied
            windows = x.unfold(2, height, 1).unfold(3, width, 1)
            x = windows.permute(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1], height, width)
        return x.flatten(1) if self.flat else x

    def extra_repr(self) -> str:
        """The window's size, in cells."""
        return f"{self.size[0]}×{self.size[1]}" + ("" if self.flat else ", flat=False")


class Grid(nn.Module):
    """Puts what was computed for the windows of a map where the windows were.

    Shape: (N·H'·W', K) and the map (N, C, H, W) -> (N, K, H', W').

    >>> features = torch.arange(9.0).view(1, 1, 3, 3)
    >>> Grid((2, 2))(Windows((2, 2))(features)[:, :1], features)
    tensor([[[[0., 1.],
              [3., 4.]]]])
    """

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, rows: Tensor, features: Tensor) -> Tensor:
        """The grid of all windows' outputs."""
        height, width = (side - cells + 1 for side, cells in zip(features.shape[2:], self.size, strict=True))
        return rows.reshape(len(features), height, width, rows.shape[-1]).permute(0, 3, 1, 2).contiguous()

    def extra_repr(self) -> str:
        """The window's size, in cells."""
        return f"{self.size[0]}×{self.size[1]}"


class MeanPool2d(nn.AvgPool2d):
    """The mean over a window that slides; over a map of the window's own size the very sum that a global mean takes.

    >>> features = torch.arange(12.0).view(1, 1, 3, 4)
    >>> MeanPool2d((3, 3), (1, 1))(features), features[..., :3].mean((2, 3))
    (tensor([[[[5., 6.]]]]), tensor([[5.]]))
    """

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        if input.shape[2:] == self.kernel_size:
            return input.mean((2, 3), keepdim=True)
        return super().forward(input)


class WindowLinear(nn.Linear):
    """A linear layer for the many rows of one map; the same weights, the same result.

    On a processor and without gradients it is faster than ``Linear``: in float32 by oneDNN's product, and in a reduced
    precision by converting some rows of the weights at a time, so that the converted ones stay in the cache and there
    is never a second copy of all.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The product with the weights, plus the bias."""
        plain = torch.is_grad_enabled() or torch.compiler.is_compiling() or not input.is_cpu or input.ndim != 2
        if plain or self.weight.dtype != torch.float32:
            return super().forward(input)
        if torch.is_autocast_enabled("cpu"):
            reduced = torch.get_autocast_dtype("cpu")
            if len(input) > FEW:
                return self._in_blocks(input.to(reduced))
            with torch.autocast("cpu", enabled=False):  # to convert the weights would take longer than to use them
                return super().forward(input.float()).to(reduced)
        if len(input) > FEW and input.dtype == torch.float32 and _has_onednn():
            # MKL's product, which Linear calls, is half as fast on processors that are not Intel's
            return cast(Tensor, torch.ops.mkldnn._linear_pointwise(input, self.weight, self.bias, "none", [], ""))
        return super().forward(input)

    def _in_blocks(self, rows: Tensor) -> Tensor:
        step = max(1, BLOCK // self.in_features)
        bias = None if self.bias is None else self.bias.to(rows.dtype)
        output = rows.new_empty(len(rows), self.out_features)
        for begin in range(0, self.out_features, step):
            part = slice(begin, begin + step)
            weight = self.weight[part].to(rows.dtype)
            output[:, part] = F.linear(rows, weight, None if bias is None else bias[part])
        return output


def _has_onednn() -> bool:
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
