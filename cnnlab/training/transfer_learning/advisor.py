"""Which of the four scenarios of transfer learning a data set belongs to, with the reasons."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cnnlab.data import Batches, Split, Splits
from cnnlab.models import Pretrained, evaluating
from cnnlab.models.inspect.hooks import hooked
from cnnlab.training.transfer_learning.layers import layers

LOOKED_AT, BATCH = 256, 32  # pictures at most, and at once
SMALL = 100  # pictures a class: rule of thumb
# Rule of thumb. With EfficientNet-Lite0: photographs 0.3, drawn landmarks 0.4, CIFAR-10 enlarged 0.5, digits 0.7,
# noise 0.9. Pictures of a single thing are far from the average of ImageNet: crops of one cat 0.6.
ALIKE = 0.6

ADVICE = {
    1: "train a new head alone, on the features of the frozen network",
    2: "keep the first third of the layers frozen, and train the others with the head",
    3: "take the architecture alone, and train it from random weights",
    4: "start from the source's weights, and train all layers, the copied ones at a smaller learning rate",
}


@dataclass(frozen=True)
class Advice:
    """A scenario from 1 to 4 for `transfer`, and what it follows from; as a string, the reasons.

    ``pictures`` is the number of training pictures of the smallest class; ``distance`` is that of the features of the
    data from those of the source, in standard deviations of the source.
    """

    scenario: int
    pictures: int
    distance: float

    def __str__(self) -> str:
        size = f"small: {self.pictures} pictures in the smallest class, fewer than {SMALL}"
        if self.pictures >= SMALL:
            size = f"large: {self.pictures} pictures in the smallest class, {SMALL} or more"
        likeness = "like" if self.distance < ALIKE else "unlike"
        bound = f"below {ALIKE}" if self.distance < ALIKE else f"{ALIKE} or more"
        return (
            f"Scenario {self.scenario}: {ADVICE[self.scenario]}.\n"
            f"The data set is {size}.\n"
            f"It is {likeness} the source: its features are {self.distance:.2f} standard deviations away, {bound}."
        )


def advise(network: nn.Module | Pretrained, data: Split | Splits, *, source: Split | None = None) -> Advice:
    """The scenario that fits the number of training pictures a class and their likeness to those of the source.

        ===================  ====================  ======================
        pictures             like the source's     unlike the source's
        ===================  ====================  ======================
        fewer than 100       1: new head           2: freeze first layers
        100 or more          4: fine-tune          3: from scratch
        ===================  ====================  ======================

    Batch normalisation keeps the mean and variance that the source's pictures gave each channel. The distance compares
    them with those of the data: the root mean square, over the channels of a layer, of the difference of the means and
    of that of the standard deviations, each divided by the source's standard deviation; then the mean over all layers.
    A network without batch normalisation needs pictures of its ``source``, and the inputs of its convolutions and
    linear layers are compared. Both bounds are rules of thumb.

    Raises:
        ValueError: for a network without batch normalisation and no ``source``.

    >>> from cnnlab import data, models
    >>> digits = data.digits()
    >>> advise(models.build("lenet5"), digits, source=digits.validation).scenario
    4
    """
    model = network.model if isinstance(network, Pretrained) else network
    train = data.train if isinstance(data, Splits) else data
    if source is None:
        modules: list[nn.Module] = [
            norm for norm in model.modules() if isinstance(norm, _BatchNorm) and norm.track_running_stats
        ]
        if not modules:
            raise ValueError(
                f"this {type(model).__name__} has no batch normalisation, which would know the features of its source; "
                "pass pictures of it as source"
            )
        found = _moments(model, modules, train)
        known = {norm: (norm.get_buffer("running_mean"), norm.get_buffer("running_var")) for norm in modules}
    else:
        modules = [layer.modules[0] for layer in layers(model, train.images.shape[1:])]
        found, known = _moments(model, modules, train), _moments(model, modules, source)
    distances = [_distance(*moments, *known[module]) for module, moments in found.items()]
    distance = sum(distances) / len(distances)
    pictures = int(torch.bincount(train.labels, minlength=len(train.classes)).min())
    scenario = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
        pictures < SMALL, distance < ALIKE
    ]
    return Advice(scenario, pictures, distance)


def _distance(mean: Tensor, variance: Tensor, source_mean: Tensor, source_variance: Tensor) -> float:
    """In standard deviations of the source, the root mean square over the channels."""
    least = 1e-3 * source_variance.mean() + 1e-12  # a channel that is almost constant counts for no more
    scale = source_variance + least
    squares = (mean - source_mean).square() + (variance.sqrt() - source_variance.sqrt()).square()
    return (squares / scale).mean().sqrt().item()


def _moments(model: nn.Module, modules: Iterable[nn.Module], split: Split) -> dict[nn.Module, tuple[Tensor, Tensor]]:
    """Mean and variance (C,) of each channel of what the modules are given, over at most 256 pictures of ``split``."""
    sums: dict[nn.Module, list[Tensor]] = {}

    def given(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        rows = inputs[0].transpose(0, 1).flatten(1).double()
        now = [torch.full((), rows.shape[1]), rows.sum(dim=1), rows.square().sum(dim=1)]
        sums[module] = [a + b for a, b in zip(sums[module], now, strict=True)] if module in sums else now

    some = split[:: -(-len(split) // LOOKED_AT)]
    with evaluating(model), torch.inference_mode(), hooked(modules, before=given):
        for images, _ in Batches(some, BATCH, device=next(model.parameters()).device):
            model(images)
    means = {module: (total / count, squares / count) for module, (count, total, squares) in sums.items()}
    return {module: (mean, (power - mean.square()).clamp(min=0)) for module, (mean, power) in means.items()}
