"""Conservative training: a penalty on the distance between a network's weights and those that it started from."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


class L2SP:
    """The penalty α/2 · ‖w − w⁰‖², with the source's weights w⁰; it holds trained layers near the source.

    "L2-SP" (SP for starting point) of Xuhong, Grandvalet and Davoine 2018, arXiv:1802.01483, equation 2. It
    is made of pairs (w, w⁰). The penalty's gradient, α · (w − w⁰), is added to that of the loss before every step of an
    optimiser, so that the losses in the history remain those of the data alone:

    >>> layer = nn.Linear(3, 2)
    >>> optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    >>> penalty = L2SP([(layer.bias, layer.bias.detach().clone())], alpha=0.5)
    >>> _ = optimizer.register_step_pre_hook(penalty)
    >>> with torch.no_grad():
    ...     _ = layer.bias.add_(2.0)
    >>> penalty.value()
    tensor(2., grad_fn=<MulBackward0>)

    Raises:
        ValueError: for a negative ``alpha``.
    """

    def __init__(self, pairs: Iterable[tuple[nn.Parameter, Tensor]], *, alpha: float) -> None:
        if alpha < 0:
            raise ValueError(f"the weight of the penalty must be 0 or more, got {alpha}")
        self.alpha = alpha
        self.pairs = list(pairs)

    def value(self) -> Tensor:
        """The penalty for the weights as they are."""
        distances = [(parameter - start).square().sum() for parameter, start in self.pairs]
        return self.alpha / 2 * torch.stack(distances).sum()

    @torch.no_grad()
    def __call__(self, optimizer: Optimizer, args: tuple, options: dict) -> None:
        """Add the penalty's gradient to that of each parameter; PyTorch calls it before a step."""
        for parameter, start in self.pairs:
            if parameter.grad is not None:
                parameter.grad.add_(parameter - start, alpha=self.alpha)
