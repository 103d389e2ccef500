"""What a run is made of beside its loop: what callbacks are told, the loss, and the best weights so far."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from cnnlab.training.history import History

Loss = Callable[[Tensor, Tensor], Tensor]


class StopTraining(Exception):  # noqa: N818 - a wish, not an error
    """Raised in a callback to end a run: the running epoch gets no row in the history.

    The weights stay as they are; with ``patience``, they go back to those of the best epoch, if one was finished.
    """


@dataclass(frozen=True)
class Step:
    """What a callback is told after every optimiser step; ``epoch`` and ``step`` count from 1."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    model: nn.Module
    optimizer: Optimizer
    history: History


@dataclass
class Best:
    """The weights of the epoch with the lowest validation loss."""

    loss: float = math.inf
    epoch: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    def update(self, model: nn.Module, loss: float, epoch: int) -> int:
        """Keep the weights if ``loss`` is the lowest so far; return for how many epochs there was none lower."""
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
            self.weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        return epoch - self.epoch

    def restore(self, model: nn.Module) -> None:
        """Give ``model`` the weights that were kept, if there are any."""
        if self.weights:
            model.load_state_dict(self.weights)


def cross_entropy_of(classes: int, weights: Tensor | None) -> Loss:
    """The cross-entropy of logits of so many ``classes``, which refuses anything else in words."""

    def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
        if not isinstance(logits, Tensor):
            raise TypeError(
                f"the network puts out a {type(logits).__name__}, not logits alone; with auxiliary heads pass "
                "loss=cnnlab.models.auxiliary_loss"
            )
        if logits.ndim != 2 or logits.shape[1] != classes:
            raise ValueError(
                f"the network puts out {tuple(logits.shape)} and the data has {classes} classes; "
                "build it with num_classes to match"
            )
        return F.cross_entropy(logits, labels, weight=weights)

    return cross_entropy


def in_eval_mode(model: nn.Module) -> dict[str, nn.Module]:
    """The layers that were put into eval mode in a network that is itself in train mode, by name: they stay so.

    >>> list(in_eval_mode(nn.Sequential(nn.BatchNorm2d(3).eval(), nn.ReLU())))
    ['0']
    """
    return {name: module for name, module in model.named_modules() if model.training and not module.training}


@contextmanager
def eval_at_the_end(model: nn.Module) -> Iterator[None]:
    """Leave the network in eval mode, however the run ends."""
    try:
        yield
    finally:
        model.eval()
