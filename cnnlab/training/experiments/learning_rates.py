"""The learning rate range test: one short run in which the rate grows with every step."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import length_hint

import pandas as pd
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from cnnlab.data import Augment, Batches, Loader, Split
from cnnlab.training.callbacks import Step, StopTraining
from cnnlab.training.fitting import fit
from cnnlab.training.loss import Loss

WINDOW = 5  # steps over which the losses are averaged
DIVERGED = 4  # times the lowest averaged loss
SAFETY = 10  # the suggested rate is so many times lower than that of the lowest loss


@dataclass(frozen=True, eq=False)
class LearningRateSearch:
    """The losses of a range test.

    ``curve`` has a row for each step, indexed by its ``learning rate``: ``loss`` in nats, of the step's batch before
    its weights change, and ``smoothed``, the mean over five steps. ``diverged`` says whether the test ended early,
    because the loss rose to four times its lowest value or became infinite.
    """

    curve: pd.DataFrame
    diverged: bool

    @property
    def lowest(self) -> float:
        """The rate at which the smoothed loss is lowest: higher ones no longer help."""
        return float(self.curve.index[int(self.curve.smoothed.argmin())])

    @property
    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss is lowest: a rule of thumb that keeps away from divergence."""
        return self.lowest / SAFETY

    def __repr__(self) -> str:
        low, high = self.curve.index[[0, -1]]
        return f"LearningRateSearch({len(self.curve)} steps from {low:.1e} to {high:.1e}, try {self.suggestion:.1e})"


def learning_rate_search(
    model: nn.Module,
    train: Split | Loader,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int = 64,
    optimizer: Callable[[list[tuple[str, nn.Parameter]]], Optimizer] | None = None,
    loss: Loss | None = None,
    augment: Augment | None = None,
    seed: int = 0,
) -> LearningRateSearch:
    """Train a copy of ``model`` while the learning rate grows from ``low`` to ``high``, and keep the losses.

    The rate grows by the same factor with each of ``steps`` steps. While it is too low, the loss hardly falls; then it
    falls; when the rate is too high, it rises, and the test ends. ``model`` is left alone. Of an ``optimizer`` with
    several groups, ``low`` and ``high`` are the rates of the first; the ratios between the groups stay. Adam unless
    given, as in `fit`.

    Smith 2017, *Cyclical learning rates for training neural networks*, arXiv:1506.01186, section 3.3. The paper's rate
    grows linearly and its curve is that of the accuracy; growth by a factor and the curve of the loss are fastai's.

    Raises:
        ValueError: unless 0 < ``low`` < ``high``, for fewer than 10 ``steps``, or if the loss is not finite from the
            start.

    >>> from cnnlab import data, models
    >>> found = learning_rate_search(models.build("lenet5"), data.digits().train[:1000], steps=50)
    >>> 1e-6 < found.suggestion < 0.1, list(found.curve.columns)
    (True, ['loss', 'smoothed'])
    """
    if not 0 < low < high < math.inf or steps < 2 * WINDOW:
        raise ValueError(
            f"a range test needs 0 < low < high and {2 * WINDOW} steps or more, got {low}, {high} and {steps} steps; "
            "1e-6 to 10 in 100 steps fit most networks"
        )
    batches = Batches(train, batch_size, shuffle=True)
    losses: list[float] = []

    def record(step: Step) -> None:
        losses.append(step.loss)
        if len(losses) == steps or _risen(losses):
            raise StopTraining

    def growing(optimizer: Optimizer, _steps: int) -> LambdaLR:
        first = optimizer.param_groups[0]["lr"]
        return LambdaLR(optimizer, lambda step: low / first * (high / low) ** (step / (steps - 1)))

    try:
        fit(
            copy.deepcopy(model),
            train,
            epochs=math.ceil(steps / length_hint(batches, steps)) + 1,
            batch_size=batch_size,
            learning_rate=low,
            optimizer=optimizer,
            loss=loss,
            schedule=growing,
            augment=augment,
            callbacks=[record],
            seed=seed,
            progress=False,
        )
    except FloatingPointError as error:
        if len(losses) < WINDOW:
            raise ValueError(
                f"the loss is not finite from the start, at a learning rate of {low:g}: {error}"
            ) from error
    index = pd.Index([low * (high / low) ** (step / (steps - 1)) for step in range(len(losses))], name="learning rate")
    curve = pd.DataFrame({"loss": losses}, index=index)
    curve["smoothed"] = curve.loss.rolling(WINDOW, center=True, min_periods=1).mean()
    return LearningRateSearch(curve, diverged=len(losses) < steps)


def _risen(losses: list[float]) -> bool:
    """Whether the averaged loss is far above its lowest value."""
    averaged = pd.Series(losses).rolling(WINDOW).mean()
    return bool(averaged.iloc[-1] > DIVERGED * averaged.min())
