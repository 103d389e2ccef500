"""OverFeat's dense evaluation: Sermanet, Eigen, Zhang, Mathieu, Fergus and LeCun 2013, arXiv:1312.6229, section 3.3.

A classifier that slides answers once for every product of its strides: 36 pixels in the paper, 32 in AlexNet, too
coarse for a window that should fit an object. A factor 3 (in AlexNet 2) comes from the last pooling. So the pooling is
done at every offset that its stride leaves out, (Δx, Δy) from 0 to 2 in the paper; each offset gives a map of answers
of its own, and interleaved they are one map with a stride of 12 pixels. The features are computed once.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnlab.models.dense.convolutional import Convolutionized, layers_of, maps_and_stride, require_size
from cnnlab.models.inspect.two_parts import Parts, features_and_classifier, picture_shape

SIDES = (245, 281, 317, 389, 425, 461)  # pixels of the shorter side at the six scales (table 5), for windows of 221
WINDOW = 221


class OverFeat(nn.Module):
    """A classifier that slides on a grid as fine as its features before the last pooling.

    It is made from a network as by `convolutionize`, with the same layers, and answers at more positions: if nothing is
    padded, each answer equals the network's for the crop that begins at a multiple of ``stride``.

    Shape: (N, C, H, W) -> (N, num_classes, H', W'), with H' = W' = 1 at ``input_size``.

    Raises:
        ValueError: for what `convolutionize` refuses, and a network in whose features, an ``nn.Sequential``, the last
            stride is not that of a pooling.

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 5), nn.MaxPool2d(3), nn.Flatten(), nn.Linear(4 * 4, 2))
    >>> fine = OverFeat(net, (10, 10))
    >>> fine.stride, fine(torch.rand(1, 1, 16, 16)).shape
    ((1, 1), torch.Size([1, 2, 7, 7]))
    """

    def __init__(self, model: nn.Module, input_size: Sequence[int]) -> None:
        super().__init__()
        self._shape = picture_shape(model, input_size)
        features, classifier = features_and_classifier(model, self._shape)
        layers = list(layers_of(features))
        number = max((number for number, layer in enumerate(layers) if max(_pooling_stride(layer)) > 1), default=None)
        if number is None:
            raise ValueError(
                "OverFeat's offsets need a pooling with a stride, written as a layer of an nn.Sequential, and the "
                "features of this network have none; convolutionize makes it slide with the stride that it has"
            )
        self.trunk, tail = nn.Sequential(*layers[:number]), nn.Sequential(*layers[number:])
        maps, self.stride = maps_and_stride(self.trunk, self._shape)
        self.tail = Convolutionized(nn.Sequential(tail, classifier), Parts(tail, classifier), maps)
        self.offsets = self.tail.stride
        if self.offsets != _pooling_stride(layers[number]):
            kind = type(layers[number]).__name__
            name = next((name for name, layer in model.named_modules() if layer is layers[number]), kind)
            raise ValueError(
                f"OverFeat's offsets need a pooling after which nothing has a stride, and after {name}, this network's "
                f"last pooling, something has; convolutionize makes it slide with the stride that it has"
            )
        self.input_size = self._shape[1:]
        self.training = model.training

    def forward(self, x: Tensor) -> Tensor:
        """The answers of all offsets, interleaved."""
        require_size(x, self._shape)
        maps = self.trunk(x)
        height, width = (side - size + 1 for side, size in zip(maps.shape[2:], self.tail.input_size, strict=True))
        answers: Tensor | None = None
        for top in range(min(self.offsets[0], height)):
            for left in range(min(self.offsets[1], width)):
                coarse = self.tail(maps[:, :, self._part(0, top, height), self._part(1, left, width)])
                if answers is None:
                    answers = coarse.new_empty(*coarse.shape[:2], height, width)
                answers[:, :, top :: self.offsets[0], left :: self.offsets[1]] = coarse
        assert answers is not None  # there is a window at least
        return answers

    def _part(self, axis: int, offset: int, positions: int) -> slice:
        """The features from which the tail computes every n-th of ``positions`` answers, beginning with ``offset``."""
        step = self.offsets[axis]
        return slice(offset, offset + self.tail.input_size[axis] + (positions - 1 - offset) // step * step)


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

    >>> from cnnlab.models import convolutionize
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
    """One answer for a picture: each class's highest probability over all positions, averaged over the scales.

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


def _pooling_stride(layer: nn.Module) -> tuple[int, int]:
    """The stride of a pooling; (1, 1) for another layer."""
    if not isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        return 1, 1
    stride: Any = layer.stride
    return (stride, stride) if isinstance(stride, int) else (stride[0], stride[1])
