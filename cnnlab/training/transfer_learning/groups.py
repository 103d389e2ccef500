"""Learning rates by layer."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from cnnlab.training.transfer_learning.layers import below

COPIED = 0.1  # of the learning rate, for layers that keep the source's weights: new ones have further to go


def groups(
    named: Sequence[tuple[str, nn.Parameter]], learning_rate: float, rates: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Parameters in groups of equal learning rate, as PyTorch's optimisers take them.

    ``named`` are pairs (name, parameter). ``rates`` gives the learning rate of a module and what lies in it, by name;
    of several names that fit, the longest counts; ``learning_rate`` is that of all other parameters. Layers near the
    pictures are more general, and need smaller steps: Howard and Ruder 2018, arXiv:1801.06146, section 3.2.

    Raises:
        ValueError: for a rate that is not positive.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 2))
    >>> [(group["lr"], len(group["params"])) for group in groups(list(net.named_parameters()), 0.01, {"0": 0.001})]
    [(0.001, 2), (0.01, 2)]
    """
    for name, rate in rates.items():
        if rate <= 0:
            raise ValueError(f"a learning rate must be above 0, got {rate} for {name}; freeze what must not change")
    found: dict[float, list[tuple[str, nn.Parameter]]] = {}
    for name, parameter in named:
        fitting = max((module for module in rates if below(name, module)), key=len, default=None)
        rate = learning_rate if fitting is None else rates[fitting]
        found.setdefault(rate, []).append((name, parameter))
    return [{"params": group, "lr": rate} for rate, group in found.items()]
