"""From crops to dense prediction: a classifier that slides over a larger picture.

Sermanet, Eigen, Zhang, Mathieu, Fergus and LeCun 2013, *OverFeat*, arXiv:1312.6229, section 3.5: where windows overlap,
their convolutions are the same numbers. A network that computes them once, for the whole picture, sees all its
windows at little more than the cost of the features. Without padding each of its outputs is exactly what the
network says of that window cut out; with padding it is not, since a crop has zeros where the picture goes on.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import fx, nn

from cnnlab.models.dense.surgery import PLAN, Surgery
from cnnlab.models.dense.tracing import outline, place, shared, traced

FARTHER = 1_000_000  # pixels added to a side to measure the stride: exact to stride²/FARTHER pixels


def convolutionize(model: nn.Module, input_size: Sequence[int]) -> "Convolutionized":
    """Rewrite a classifier so that it slides over larger pictures and answers for every window.

    The first ``Linear`` becomes a convolution as large as the map that it used to flatten, the rest become 1×1; a
    pooling over the whole map becomes one over a window that moves by a cell. Convolutions stay as they are. The
    parameters are the model's own (training either trains both) and ``model`` is left alone. The forward pass is
    that of eval mode, without auxiliary classifiers; layers such as dropout follow ``train`` and ``eval`` as ever.

    ``input_size`` is (H, W), in pixels; or (C, H, W) for a network that does not begin with a convolution. At this
    size the logits are equal. Without padding (``ceil_mode`` pads too) each output equals the network's for the crop
    that begins at a multiple of ``stride``. Sermanet et al. 2013, arXiv:1312.6229, section 3.5.

    Shape: (N, C, H, W) -> (N, num_classes, H', W'), with H' = W' = 1 at ``input_size``.

    Raises:
        ValueError: if ``model`` holds no linear layer or global pooling after its features, takes no pictures of
            ``input_size``, or does something else with all of a map; later, for a picture smaller than ``input_size``.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 6 * 6, 10))
    >>> dense = convolutionize(net, input_size=(8, 8))
    >>> dense(torch.zeros(1, 3, 16, 16)).shape
    torch.Size([1, 10, 9, 9])
    >>> dense.input_size, dense.stride
    ((8, 8), (1, 1))
    """
    if isinstance(model, Convolutionized):
        raise ValueError(f"this network slides already, with a window of {model.input_size}; pass the original")
    shape = _picture(model, input_size)
    meta = outline(model)
    graph = traced(meta, shape)
    surgery = Surgery(graph, meta, shape)
    stride = stride_of(surgery.applied(meta), graph, shape)
    return Convolutionized(surgery.applied(shared(model)), graph, shape, stride)


class Convolutionized(fx.GraphModule):
    """What `convolutionize` returns: the layers of the network, under their names, in a graph.

    ``input_size`` (height, width) is the window, ``stride`` the distance from one window to the next, both in pixels.
    """

    input_size: tuple[int, int]
    stride: tuple[int, int]

    def __init__(
        self, network: nn.Module, graph: fx.Graph, shape: tuple[int, int, int], stride: tuple[int, int]
    ) -> None:
        super().__init__(network, graph, "Convolutionized")
        # GraphModule takes only what the graph uses, in bare containers: the state dict must be the network's.
        self._modules = dict(network._modules)
        self._parameters, self._buffers = network._parameters, network._buffers
        self._picture, self.input_size, self.stride = shape, (shape[1], shape[2]), stride

    def __reduce__(self) -> Any:
        raise TypeError(
            "a convolutionized network cannot be pickled: save the network itself, as with cnnlab.save, and "
            "convolutionize it again when it is loaded"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> "Convolutionized":
        network = nn.Module()
        network.training = self.training
        for name in ("_modules", "_parameters", "_buffers"):
            setattr(network, name, copy.deepcopy(getattr(self, name), memo))
        memo[id(self)] = twin = Convolutionized(network, copy.deepcopy(self.graph), self._picture, self.stride)
        return twin


class _Trial(fx.Interpreter):
    """Runs a graph with sizes alone; an error names the step."""

    def __init__(self, network: nn.Module, graph: fx.Graph) -> None:
        super().__init__(network, graph=graph)
        self.extra_traceback = False

    def run_node(self, n: fx.Node) -> Any:
        try:
            return super().run_node(n)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise ValueError(
                f"convolutionize cannot convert {place(n)}: over a larger picture it fails ({error}); {PLAN}"
            ) from error


def stride_of(network: nn.Module, graph: fx.Graph, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Pixels from one output to the next, by counting the outputs of a very large picture without content.

    ``network`` is an outline that answers once for a picture of ``shape`` (C, H, W).
    """
    dtype = next((tensor.dtype for tensor in network.parameters()), torch.float32)
    channels, height, width = shape
    trial = _Trial(network, graph)
    with torch.no_grad():
        near, far = (
            trial.run(torch.empty(1, channels, height + more, width + more, dtype=dtype, device="meta")).shape
            for more in (0, FARTHER)
        )
    if len(near) != 4 or near[2:] != (1, 1) or min(far[2:]) < 2:
        raise ValueError(
            f"convolutionize found outputs of shape {tuple(near)} at input_size and {tuple(far)} for pictures "
            f"{FARTHER} pixels larger, and expected (1, num_classes, 1, 1) and a grid; {PLAN}"
        )
    return round(FARTHER / (far[2] - 1)), round(FARTHER / (far[3] - 1))


def _picture(model: nn.Module, input_size: Sequence[int]) -> tuple[int, int, int]:
    """Channels, height and width of a picture; channels that are not given are those of the first convolution."""
    size = tuple(input_size) if isinstance(input_size, Sequence) else ()
    if len(size) not in (2, 3) or not all(isinstance(side, int) and side >= 1 for side in size):
        raise ValueError(f"input_size must be (height, width) or (channels, height, width) in pixels, got {input_size}")
    if len(size) == 3:
        return size[0], size[1], size[2]
    height, width = size
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            return layer.in_channels, height, width
    for layer in model.modules():
        if isinstance(layer, nn.Linear) and layer.in_features % (height * width) == 0:
            return layer.in_features // (height * width), height, width
    raise ValueError(
        f"this {type(model).__name__} holds no linear layer and no convolution from which the channels of its pictures "
        f"could be known; pass input_size=(channels, {height}, {width})"
    )
