"""OverFeat's dense evaluation: Sermanet, Eigen, Zhang, Mathieu, Fergus and LeCun 2013, arXiv:1312.6229, section 3.3.

A classifier that slides answers once for every product of its strides: 36 pixels in the paper, 32 in AlexNet, too
coarse for a window that should fit an object. A factor 3 (in AlexNet 2) comes from the last pooling. So the pooling is
done at every offset that its stride leaves out, (Δx, Δy) from 0 to 2 in the paper; each offset gives a map of answers
of its own, and interleaved they are one map with a stride of 12 pixels. The features are computed once.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from cnnlab.models.dense.convolutional import Convolutionized, convolutionize, stride_of
from cnnlab.models.dense.geometry import argument, layer_of, name_of, sides
from cnnlab.models.dense.tracing import hint, outline, place

SIDES = (245, 281, 317, 389, 425, 461)  # pixels of the shorter side at the six scales (table 5), for windows of 221
WINDOW = 221


class OverFeat(nn.Module):
    """A classifier that slides on a grid as fine as its features before the last pooling.

    It is made from a network as by `convolutionize`, with the same parameters, and answers at more places: if nothing
    is padded, each answer equals the network's for the crop that begins at a multiple of ``stride``.

    Shape: (N, C, H, W) -> (N, num_classes, H', W'), with H' = W' = 1 at ``input_size``.

    Raises:
        ValueError: for what `convolutionize` refuses, or a network in which no pooling is the last stride and on every
            path.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 5), nn.MaxPool2d(3), nn.Flatten(), nn.Linear(4 * 4, 2))
    >>> coarse, fine = convolutionize(net, (10, 10)), OverFeat(net, (10, 10))
    >>> coarse.stride, fine.stride
    ((3, 3), (1, 1))
    >>> pictures = torch.rand(1, 1, 16, 16)
    >>> coarse(pictures).shape, fine(pictures).shape
    (torch.Size([1, 2, 3, 3]), torch.Size([1, 2, 7, 7]))
    """

    def __init__(self, model: nn.Module, input_size: Sequence[int]) -> None:
        super().__init__()
        dense = convolutionize(model, input_size)
        pool, stride = _last_pooling(dense)
        features = pool.all_input_nodes[0]
        self.input_size, self.window = dense.input_size, sides(features)
        self.trunk, self.tail = _divided(dense, pool, features)
        self.offsets = stride_of(outline(self.tail), self.tail.graph, tuple(hint(features).shape[1:]))
        if self.offsets != stride:
            raise ValueError(
                f"OverFeat's offsets need a pooling after which nothing has a stride, and this network's last is "
                f"{place(pool)}, before other strides; convolutionize makes it slide with the stride that it has"
            )
        self.stride = dense.stride[0] // self.offsets[0], dense.stride[1] // self.offsets[1]
        self.training = model.training  # the layers keep their modes: a frozen one may have another

    def forward(self, x: Tensor) -> Tensor:
        """The answers of all offsets, interleaved."""
        features = self.trunk(x)
        height, width = (side - cells + 1 for side, cells in zip(features.shape[2:], self.window, strict=True))
        maps: Tensor | None = None
        for top in range(min(self.offsets[0], height)):
            for left in range(min(self.offsets[1], width)):
                answers = self.tail(features[:, :, self._part(0, top, height), self._part(1, left, width)])
                if maps is None:
                    maps = answers.new_empty(*answers.shape[:2], height, width)
                maps[:, :, top :: self.offsets[0], left :: self.offsets[1]] = answers
        assert maps is not None  # the trunk refuses pictures that are smaller than the window
        return maps

    def __reduce__(self) -> Any:
        raise TypeError(
            "an OverFeat cannot be pickled: save the network itself, as with cnnlab.save, and make an OverFeat of it "
            "again when it is loaded"
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> "OverFeat":
        memo[id(self)] = twin = OverFeat.__new__(OverFeat)
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def _part(self, axis: int, offset: int, cells: int) -> slice:
        """The features from which the tail computes every n-th of ``cells`` answers, beginning with ``offset``."""
        step = self.offsets[axis]
        more = (cells - 1 - offset) // step * step
        return slice(offset, offset + self.window[axis] + more)


class AtScale(NamedTuple):
    """The answers for pictures of one size."""

    size: tuple[int, int]  # of the pictures, (height, width) in pixels
    logits: Tensor  # (N, num_classes, H', W')


def at_scales(
    network: Convolutionized | OverFeat, pictures: Tensor, *, sides: Sequence[int] | None = None
) -> list[AtScale]:
    """The answers for pictures that are resized so that an object of any size fills some window.

    ``sides`` are the shorter sides, in pixels; without them they are the paper's six, in proportion to the window.

    Shape: pictures (N, C, H, W), as the network wants them -> a map (N, num_classes, H', W') for each side.

    Raises:
        ValueError: for a side that is shorter than the window.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 5, stride=2), nn.Flatten(), nn.Linear(4 * 9 * 9, 2))
    >>> [answer.size for answer in at_scales(convolutionize(net, (22, 22)), torch.rand(1, 1, 30, 40))]
    [(24, 32), (28, 37), (32, 43), (39, 52), (42, 56), (46, 61)]
    """
    window = max(network.input_size)
    answers = []
    for side in [round(side * window / WINDOW) for side in SIDES] if sides is None else sides:
        factor = side / min(pictures.shape[2:])
        height, width = (round(length * factor) for length in pictures.shape[2:])
        resized = F.interpolate(pictures, (height, width), mode="bilinear", antialias=True, align_corners=False)
        answers.append(AtScale((height, width), network(resized)))
    return answers


def voted(answers: Iterable[AtScale]) -> Tensor:
    """One answer for a picture: each class's highest probability over the places, averaged over the scales.

    Reflections vote too: ``voted([*at_scales(net, x), *at_scales(net, x.flip(3))])``.

    Shape: maps (N, num_classes, H', W') -> (N, num_classes).

    Raises:
        ValueError: for no answers.

    >>> logits = torch.tensor([[0.0, 4.0], [0.0, 0.0]]).log_softmax(dim=0).view(1, 2, 1, 2)
    >>> print(voted([AtScale((8, 16), logits)]))
    tensor([[0.9820, 0.5000]])
    """
    votes = [answer.logits.float().softmax(dim=1).amax(dim=(2, 3)) for answer in answers]
    if not votes:
        raise ValueError("a vote needs the answers of at least one scale, got none")
    return torch.stack(votes).mean(dim=0)


def _last_pooling(dense: Convolutionized) -> tuple[fx.Node, tuple[int, int]]:
    """The last pooling that has a stride, and its stride."""
    for node in reversed(dense.graph.nodes):
        layer, stride = layer_of(dense, node), None
        if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
            stride = layer.stride
        elif name_of(node) in ("max_pool2d", "avg_pool2d"):
            stride = argument(node, 2, "stride", None) or argument(node, 1, "kernel_size", None)
        if stride is not None and max(_pair(stride)) > 1:
            return node, _pair(stride)
    raise ValueError(
        "OverFeat's offsets need a pooling with a stride, and this network has none; convolutionize makes it slide "
        "with the stride that it has"
    )


def _divided(dense: Convolutionized, pool: fx.Node, features: fx.Node) -> tuple[fx.GraphModule, fx.GraphModule]:
    """What comes before a pooling, once for a picture, and what begins with it, once for an offset."""
    graph = dense.graph
    output = next(node for node in graph.nodes if node.op == "output")
    trunk, tail = fx.Graph(), fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    wanted = _before(features, set())
    for node in graph.nodes:
        if node in wanted:
            copies[node] = trunk.node_copy(node, copies.__getitem__)
    trunk.output(copies[features])
    wanted = _before(output.args[0], {features})
    if any(node.op == "placeholder" for node in wanted):
        raise ValueError(
            f"OverFeat's offsets need a pooling on every path, and there is one past this network's {place(pool)}; "
            f"convolutionize makes it slide with the stride that it has"
        )
    copies = {features: tail.placeholder("features")}
    for node in graph.nodes:
        if node in wanted - {features}:
            copies[node] = tail.node_copy(node, copies.__getitem__)
    tail.output(copies[output.args[0]])
    return fx.GraphModule(dense, trunk, "Trunk"), fx.GraphModule(dense, tail, "Tail")


def _before(node: fx.Node, stop: set[fx.Node]) -> set[fx.Node]:
    """A node and all that it depends on, as far back as ``stop``."""
    found, waiting = set(), [node]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [] if node in stop else node.all_input_nodes
    return found


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
