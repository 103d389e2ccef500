"""What a callback of `fit` is called with, and how it ends a run."""

from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer

from cnnlab.training.history import History


class StopTraining(Exception):  # noqa: N818 - a request, not an error
    """Raised in a callback to end a run: the running epoch gets no row in the history.

    The weights stay as they are; with ``patience``, they go back to those of the best epoch, if one was finished.
    """


@dataclass(frozen=True)
class Step:
    """What a callback is called with after every optimiser step; ``epoch`` and ``step`` count from 1."""

    epoch: int
    epochs: int
    step: int
    steps: int  # of an epoch; 0 while a loader without a length is in its first epoch
    loss: float
    model: nn.Module
    optimizer: Optimizer
    history: History
