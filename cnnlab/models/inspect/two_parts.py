"""The two parts of a classifier, found in anyone's network: features, and what turns them into logits.

Our networks are written as ``features`` and ``classifier``. Other networks follow no common plan, but most of them call
their layers one after the other. So the layers are recorded while random pictures run through the network, and the
first one that does not return feature maps begins the classifier.
"""

from collections import OrderedDict
from collections.abc import Sequence
from copy import deepcopy
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cnnlab.models.inspect.hooks import hooked
from cnnlab.models.inspect.modes import evaluating

HEADS = ("classifier", "head", "fc")  # a layer of this name, beside the features, is the classifier as a whole
# What a forward pass may compute between two layers by functions: one of each, in this order.
ACTIVATIONS = ((), (nn.ReLU(),))
POOLINGS = ((), (nn.MaxPool2d(2),), (nn.AdaptiveAvgPool2d(1),), (nn.AdaptiveMaxPool2d(1),))
FLATTENING = ((), (nn.Flatten(),))
ENDS = ((), (nn.LogSoftmax(dim=1),), (nn.Softmax(dim=1),))
PLAN = (
    "write it as nn.Sequential, or with two layers that its forward calls one after the other: features, from pictures "
    "to feature maps, and classifier, from feature maps to logits"
)


class Parts(NamedTuple):
    """A network in two parts, made of its own layers: ``classifier(features(x))`` are its logits."""

    features: nn.Module  # pictures (N, C, H, W) -> feature maps (N, C', H', W')
    classifier: nn.Module  # feature maps -> logits (N, num_classes)


def features_and_classifier(model: nn.Module, input_size: Sequence[int]) -> Parts:
    """Find the features and the classifier of a network for pictures of ``input_size``.

    The classifier begins with the layer called classifier, head or fc, or with the first one that flattens, is linear
    or pools over the whole feature map. The parts are made of the network's own layers, so the parameters are shared. A
    ReLU, pooling, flattening or softmax that ``forward`` computes by a function becomes a layer; auxiliary classifiers
    and functional dropout, which do nothing in eval mode, are left out. Random pictures then go through the network
    and through the parts, in eval mode, and the logits must be equal. (On the meta device only shapes are compared.)

    ``input_size`` is (C, H, W), or (H, W) for a network whose first convolution says how many channels it takes.

    Raises:
        ValueError: for an ``input_size`` that the network does not take, or a network whose ``forward`` does more than
            call layers one after the other.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 6 * 6, 10))
    >>> features, classifier = features_and_classifier(net, (8, 8))
    >>> features(torch.zeros(1, 3, 8, 8)).shape, classifier[1] is net[3]
    (torch.Size([1, 8, 6, 6]), True)
    """
    kind, shape = type(model).__name__, picture_shape(model, input_size)
    weight = next(model.parameters(), torch.empty(0))
    pictures = 10 * torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))  # large, so that ReLU6 cuts
    pictures = pictures.to(weight.device, weight.dtype)
    with evaluating(model), torch.no_grad():
        try:
            logits = model(pictures.clone())
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise ValueError(
                f"this {kind} takes no pictures of (C, H, W) = {shape}, as input_size has it: {error}"
            ) from error
        if not isinstance(logits, Tensor) or logits.ndim != 2:
            got = f"shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(f"this {kind} must return logits of shape (N, num_classes), got {got}; {PLAN}")
        # Alone, to see whether a network's answer for a picture depends on the others in the batch.
        picture, expected = pictures[:1], logits[:1]
        split = _Split(model, picture.clone())
        parts = Parts(_chain(split.features), _chain(split.classifier))
        if not split.classifier or (not split.features and _convolves(parts.classifier)):
            raise ValueError(
                f"no layer of this {kind} ends its features: none is linear, flattens or pools over the whole feature "
                f"map; {PLAN}"
            )
        if not _equal(parts.classifier(parts.features(picture)), expected):
            raise ValueError(
                f"this {kind} gives other logits in a batch than its layers give for a single picture, one after the "
                f"other; {PLAN}"
            )
    return parts


def picture_shape(model: nn.Module, input_size: Sequence[int]) -> tuple[int, int, int]:
    """Channels, height and width of a picture; channels that are not given are those of the first convolution.

    >>> picture_shape(nn.Conv2d(3, 8, 5), (32, 40))
    (3, 32, 40)
    """
    size = tuple(input_size) if isinstance(input_size, Sequence) else ()
    if len(size) not in (2, 3) or not all(isinstance(side, int) and side >= 1 for side in size):
        raise ValueError(f"input_size must be (height, width) or (channels, height, width) in pixels, got {input_size}")
    if len(size) == 3:
        return size[0], size[1], size[2]
    channels = next((layer.in_channels for layer in model.modules() if isinstance(layer, nn.Conv2d)), None)
    if channels is None:
        raise ValueError(
            f"this {type(model).__name__} holds no convolution that says how many channels its pictures have; pass "
            f"input_size=(channels, {size[0]}, {size[1]})"
        )
    return channels, size[0], size[1]


class TransformInput(nn.Module):
    """What torchvision's pretrained Inception networks do first: from ImageNet's mean and deviation to 0.5 and 0.5."""

    def forward(self, x: Tensor) -> Tensor:
        """The pictures, normalised anew."""
        mean, deviation = x.new_tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
        return (x * deviation + mean - 0.5) / 0.5


class _Split:
    """Sorts the layers of ``model`` into those of the features and those of the classifier, while it runs on ``x``."""

    def __init__(self, model: nn.Module, x: Tensor) -> None:
        self.kind = type(model).__name__
        self.heads = () if isinstance(model, nn.Sequential) else HEADS
        self.names = {layer: name.replace(".", "_") for name, layer in model.named_modules() if name}
        self.features: list[tuple[str, nn.Module]] = []
        self.classifier: list[tuple[str, nn.Module]] = []
        self.depth = 0  # of the running layer; only the outermost layers count, which are 1 deep
        self._returned("its input", x)
        if getattr(model, "transform_input", False) is True:
            self._insert(TransformInput())
        with hooked(self.names, before=self._enter, after=self._leave):
            self._connect("its output", model(x))

    def _enter(self, layer: nn.Module, inputs: Any) -> None:
        self.depth += 1
        if self.depth == 1:
            self._connect(self.names[layer], inputs[0] if len(inputs) == 1 else inputs)
            self.given = inputs[0].clone()

    def _leave(self, layer: nn.Module, _inputs: Any, output: Any) -> None:
        if self.depth == 1:
            self._add(self.names[layer], layer, self.given, output)
            self._returned(self.names[layer], output)
        self.depth -= 1

    def _returned(self, name: str, output: Any) -> None:
        if not isinstance(output, Tensor):
            raise ValueError(f"{name} of this {self.kind} must be a single tensor, got {type(output).__name__}; {PLAN}")
        self.before, self.output, self.value = name, output, output.clone()  # what follows may change it in place

    def _connect(self, name: str, given: Any) -> None:
        """Add the layers that lead from the last layer's output to what ``name`` is given."""
        if given is self.output and _equal(given, self.value):
            return
        if isinstance(given, Tensor):
            poolings = POOLINGS if self.value.ndim == 4 and min(self.value.shape[2:]) > 1 else ((),)
            for choice in product(ACTIVATIONS, poolings, FLATTENING, ENDS):
                x, layers = self.value, [layer for some in choice for layer in some]
                for layer in layers:
                    x = layer(x)
                if _equal(x, given):
                    for layer in layers:
                        self._insert(deepcopy(layer))
                    return
        raise ValueError(
            f"between {self.before} and {name} the forward of this {self.kind} does more than call one layer after the "
            f"other; {PLAN}"
        )

    def _insert(self, layer: nn.Module) -> None:
        """A layer for what a function computes."""
        output = layer(self.value)
        self._add(type(layer).__name__.lower(), layer, self.value, output)
        self._returned(self.before, output)

    def _add(self, name: str, layer: nn.Module, given: Tensor, output: Tensor) -> None:
        """Add a layer to the features or the classifier, or a part of it to each."""
        features, classifier = [(name, layer)], [(name, layer)]
        if self.classifier or (self.features and name in self.heads):
            features = []
        elif type(layer).forward is nn.Sequential.forward or (output.ndim != 4 and _convolves(layer)):
            inner = _Split(layer, given)
            if inner.features and inner.classifier:
                features, classifier = [(name, _chain(inner.features))], [(name, _chain(inner.classifier))]
            elif inner.classifier:
                features = []
            else:
                classifier = []
        elif output.ndim != 4 or _pools_all(layer, given, output):
            features = []
        else:
            classifier = []
        self.features += features
        self.classifier += classifier


def _chain(layers: list[tuple[str, nn.Module]]) -> nn.Module:
    """The layers one after the other; a single one as it is."""
    if len(layers) == 1:
        return layers[0][1]
    named: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in layers:  # a layer may run twice, and names come from ``forward`` too
        number = sum(key.partition("-")[0] == name for key in named)
        named[f"{name}-{number + 1}" if number else name] = layer
    return nn.Sequential(named)


def _convolves(layer: nn.Module) -> bool:
    return any(isinstance(inner, nn.Conv2d) for inner in layer.modules())


def _pools_all(layer: nn.Module, given: Tensor, output: Tensor) -> bool:
    """Whether a layer pools over the whole feature map: of a larger map its output is no larger."""
    if isinstance(layer, nn.AvgPool2d):
        return output.shape[2:] == (1, 1) != given.shape[2:]
    return not any(True for _ in layer.parameters()) and layer(given.repeat(1, 1, 2, 2)).shape == output.shape


def _equal(ours: Tensor, theirs: Tensor) -> bool:
    """Whether two tensors hold the same numbers, but for rounding."""
    if ours.shape != theirs.shape or ours.is_meta:
        return ours.shape == theirs.shape
    tolerance = torch.finfo(theirs.dtype).eps ** 0.5 * theirs.abs().max().item()
    return torch.allclose(ours, theirs.to(ours.dtype), rtol=0, atol=tolerance)
