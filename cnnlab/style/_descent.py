"""Descending one objective from one picture: Adam or L-BFGS, the best picture so far, a restart after divergence."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnlab.style.objective import Loss, Objective

RATE = 0.02  # of Adam, on pixels from 0 to 1
BETAS = (0.9, 0.99)
DECAY = 0.9  # of the average of the iterates
EXPLODED = 100.0  # times the first loss: what is larger diverges
OPTIMIZERS = ("adam", "lbfgs")


class DivergedError(FloatingPointError):
    """The loss was not finite, or a hundred times the first one."""


class Descent:
    """Steps down an objective, at one size of the picture.

    ``best`` is the picture of the lowest loss so far; with Adam, `finish` also tries the average of the last pictures,
    which is smoother than any of them.
    """

    def __init__(self, objective: Objective, start: Tensor, optimizer: str, rate_scale: float) -> None:
        self.objective = objective
        # In the content's layout: Adam's state then has it, too.
        self.picture = start.detach().clone().contiguous().requires_grad_()
        self.adam = optimizer == "adam"
        self.optimizer: torch.optim.Optimizer
        if self.adam:
            self.optimizer = torch.optim.Adam([self.picture], RATE * rate_scale, betas=BETAS)
        else:
            self.optimizer = torch.optim.LBFGS(
                [self.picture], lr=rate_scale, max_iter=1, max_eval=8, history_size=10, line_search_fn="strong_wolfe"
            )
        self.best, self.lowest, self.first = self.picture.detach().clone(), math.inf, math.inf
        self._average, self._weight = torch.zeros_like(self.best), 0.0

    def carry(self, before: "Descent") -> None:
        """Go on with the state of Adam at another size: its moments, scaled to this picture's."""
        state = before.optimizer.state[before.picture]
        if not (self.adam and state):
            return
        size = self.picture.shape[2:]
        self.optimizer.state[self.picture] = {
            "step": state["step"].clone(),
            "exp_avg": F.interpolate(state["exp_avg"], size, mode="bicubic", align_corners=False),
            "exp_avg_sq": F.interpolate(state["exp_avg_sq"], size, mode="bilinear", align_corners=False).clamp_min(0),
        }

    def step(self) -> Loss:
        """One step; the losses of the picture before it.

        Raises:
            DivergedError: if the loss is not finite or grew a hundredfold; ``best`` is a picture all the same.
        """
        losses: list[Loss] = []

        def closure() -> float:
            self.optimizer.zero_grad()
            losses.append(self.objective(self.picture))
            losses[-1].total.backward()
            return losses[-1].total.item()

        before = self.picture.detach().clone()
        self.optimizer.step(closure)
        loss = losses[0].total.item()
        self.first = min(self.first, loss) if math.isfinite(self.first) else loss
        if not math.isfinite(loss) or loss > EXPLODED * self.first or not bool(self.picture.isfinite().all()):
            raise DivergedError(f"the loss is {loss:g}")
        if loss < self.lowest:
            self.best, self.lowest = before, loss
        with torch.no_grad():
            self.picture.clamp_(0, 1)
        self._average = DECAY * self._average + (1 - DECAY) * self.picture.detach()
        self._weight = DECAY * self._weight + (1 - DECAY)
        return Loss(*(value.detach() for value in losses[0]))

    def finish(self) -> Tensor:
        """The picture of the lowest loss: the best, or the average of the last ones if that is better."""
        if self.adam and self._weight:
            average = self._average / self._weight
            with torch.no_grad():
                if self.objective(average).total.item() < self.lowest:
                    return average
        return self.best


def descend(
    objective: Objective,
    start: Tensor,
    *,
    steps: int,
    optimizer: str,
    before: Descent | None,
    on_step: Callable[[Loss, Descent], bool],
) -> tuple[Descent, str]:
    """Descend for ``steps`` steps, or until ``on_step`` returns True; how it ended: "", "stopped" or "diverged".

    After a divergence it begins again from the best picture at a tenth of the step size, once.
    """
    descent = Descent(objective, start, optimizer, 1.0)
    if before is not None:
        descent.carry(before)
    restarted, done = False, 0
    while done < steps:
        try:
            if on_step(descent.step(), descent):
                return descent, "stopped"
            done += 1
        except KeyboardInterrupt:
            return descent, "stopped"
        except DivergedError:
            if restarted:
                return descent, "diverged"
            restarted, broken = True, descent
            descent = Descent(objective, broken.best, optimizer, 0.1)
            descent.lowest = broken.lowest
    return descent, ""
