"""The recipe of the fastest published CIFAR-10 runs, as arguments of `fit`.

    one-cycle learning rate               Smith and Topin 2017, arXiv:1708.07120; a triangle in Page 2018
    Nesterov SGD, decoupled weight decay  Loshchilov and Hutter 2019, arXiv:1711.05101; none on biases and norms
    label smoothing                       Szegedy et al. 2016, arXiv:1512.00567, section 7
    cut-outs                              DeVries and Taylor 2017, arXiv:1708.04552
    alternating flips                     Jordan 2024, arXiv:2404.00498, section 3.6
    faster biases of batch norms          Jordan 2024, section 3.4, after Page 2018
    averaged weights                      Zhang et al. 2019, arXiv:1907.08610 (lookahead); Jordan 2024, section 3.4
    flip at test time                     Krizhevsky et al. 2012, section 4.1; Jordan 2024, section 3.5

Page 2018 is David Page's series "How to train your ResNet". Channels-last and bfloat16 are the runtime's work: `fit`
chooses them where they are faster.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from cnnlab.training.callbacks import Step


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings of a run; `arguments` turns them into those of `fit`.

    ``learning_rate`` is the peak. It is reached after the fraction ``peak`` of the run, from ``start`` times the peak,
    and falls to ``end`` times the peak, in straight lines. ``bias_scale`` multiplies the rate of the biases of batch
    normalisations. ``averaging`` adds `Lookahead`.

    >>> from cnnlab import data, fit, models
    >>> net, train = models.build("lenet5"), data.digits().train[:500]
    >>> recipe = Recipe(epochs=2, batch_size=50, learning_rate=0.05, flip=False, shift=2)
    >>> history = fit(net, train, **recipe.arguments(net), progress=False)
    >>> bool(history.train_loss[2] < history.train_loss[1])
    True
    """

    epochs: int
    batch_size: int = 500
    learning_rate: float = 0.5
    momentum: float = 0.9
    weight_decay: float = 5e-3
    bias_scale: float = 1.0
    start: float = 0.2
    peak: float = 0.25
    end: float = 0.0
    label_smoothing: float = 0.0
    flip: bool = True
    shift: int = 0
    cutout: int = 0
    averaging: bool = False

    def arguments(self, model: nn.Module) -> dict[str, Any]:
        """What `fit` is given beside the network and the pictures: ``fit(net, train, **recipe.arguments(net))``."""
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "optimizer": lambda parameters: self.optimizer(model, parameters),
            "schedule": self.schedule,
            "loss": nn.CrossEntropyLoss(label_smoothing=self.label_smoothing),
            "augment": Shifts(flip=self.flip, shift=self.shift, cutout=self.cutout),
            "callbacks": [Lookahead()] if self.averaging else [],
        }

    def optimizer(self, model: nn.Module, parameters: Iterable[tuple[str, nn.Parameter]]) -> Optimizer:
        """Nesterov SGD over three groups: weights, biases of batch normalisations, all other vectors."""
        norms = {id(layer.bias) for layer in model.modules() if isinstance(layer, _BatchNorm)}
        groups: list[list[nn.Parameter]] = [[], [], []]
        for _, parameter in parameters:
            groups[0 if parameter.ndim > 1 else 1 if id(parameter) in norms else 2].append(parameter)
        rates = (self.learning_rate, self.learning_rate * self.bias_scale, self.learning_rate)
        decays = (self.weight_decay, 0.0, 0.0)
        return DecoupledSGD(
            [
                {"params": group, "lr": rate, "decay": decay}
                for group, rate, decay in zip(groups, rates, decays, strict=True)
                if group
            ],
            momentum=self.momentum,
        )

    def schedule(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        """One cycle over ``steps``, in two straight lines."""
        return OneCycleLR(
            optimizer,
            [group["lr"] for group in optimizer.param_groups],
            total_steps=steps,
            pct_start=self.peak,
            anneal_strategy="linear",
            cycle_momentum=False,
            div_factor=1 / self.start,
            final_div_factor=self.start / max(self.end, 1e-9),
        )


class DecoupledSGD(SGD):
    """Nesterov SGD whose weight decay is not part of the gradient: w shrinks by lr · decay · w before each step.

    The decay does not pass through the momentum, so that both can be chosen apart. The group's ``decay`` corresponds to
    ``weight_decay / (1 − momentum)`` of `torch.optim.SGD`.

    >>> weight = nn.Parameter(torch.ones(1))
    >>> weight.grad = torch.zeros(1)
    >>> DecoupledSGD([{"params": [weight], "lr": 0.1, "decay": 0.5}], momentum=0.9).step()
    >>> weight
    Parameter containing:
    tensor([0.9500], requires_grad=True)
    """

    def __init__(self, groups: list[dict[str, Any]], *, momentum: float) -> None:
        super().__init__(groups, momentum=momentum, nesterov=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Shrink the weights, then follow the gradient."""
        for group in self.param_groups:
            if group["decay"]:
                for parameter in group["params"]:
                    parameter.mul_(1 - group["lr"] * group["decay"])
        return super().step(closure)


@dataclass(frozen=True, kw_only=True)
class Shifts:
    """Flip, shift and cut out whole batches, each picture by its own amount.

    ``flip`` mirrors every picture in every second epoch; the picture's own pixels decide whether in the odd or the even
    ones, so that two epochs in a row show each picture both ways. The parity of the epoch is that of the generator's
    seed: the feed seeds it anew for each epoch, with consecutive numbers. ``shift`` moves by up to so many whole
    pixels, with a reflection at the edge. ``cutout`` sets a square of that side to mid-grey, at a random position,
    also across the edge.

    Shape: (N, C, H, W) float -> the same.

    >>> picture = torch.arange(4.0).reshape(1, 1, 1, 4)
    >>> chance = torch.Generator()
    >>> [Shifts()(picture, generator=chance.manual_seed(epoch)).flatten().tolist() for epoch in (1, 2)]
    [[0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0]]
    """

    flip: bool = True
    shift: int = 0
    cutout: int = 0

    def __call__(self, images: Tensor, *, generator: torch.Generator) -> Tensor:
        """The changed batch."""
        if self.flip:
            grey = (127.5 * (images + 1)).round().long().sum(dim=(1, 2, 3))
            mirrored = (grey + generator.initial_seed()) % 2 == 1
            images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
        if self.shift:
            images = self._shifted(images, generator)
        if self.cutout:
            images = self._cut(images, generator)
        return images

    def _shifted(self, images: Tensor, generator: torch.Generator) -> Tensor:
        count, channels, height, width = images.shape
        padded = F.pad(images, (self.shift,) * 4, mode="reflect")
        down, right = torch.randint(2 * self.shift + 1, (2, count, 1), generator=generator).to(images.device)
        rows = (down + torch.arange(height, device=images.device))[:, None, :, None]
        columns = (right + torch.arange(width, device=images.device))[:, None, None, :]
        every = torch.arange(count, device=images.device)[:, None, None, None]
        return padded[every, torch.arange(channels, device=images.device)[:, None, None], rows, columns]

    def _cut(self, images: Tensor, generator: torch.Generator) -> Tensor:
        def inside(side: int) -> Tensor:
            low = 1 - self.cutout // 2
            first = torch.randint(low, low + side, (len(images), 1), generator=generator)
            pixel = torch.arange(side)
            return ((pixel >= first) & (pixel < first + self.cutout)).to(images.device)

        height, width = images.shape[2:]
        hidden = inside(height)[:, None, :, None] & inside(width)[:, None, None, :]
        return images.masked_fill(hidden, 0.0)


@dataclass
class Lookahead:
    """A callback of `fit` that pulls the weights back to their running average, every ``every`` steps.

    slow ← decay · slow + (1 − decay) · fast, then fast ← slow; statistics of batch normalisation are averaged too.
    The decay grows from 0 to ``decay`` with the cube of the time; the last step of a run takes the average alone. An
    epoch begins and ends with slow = fast, so that a checkpoint need not hold both.
    """

    every: int = 5
    decay: float = 0.95**5
    slow: list[Tensor] = field(default_factory=list, repr=False)

    def __call__(self, step: Step) -> None:
        """Average, if it is time to."""
        done, total = (step.epoch - 1) * step.steps + step.step, step.epochs * step.steps
        if step.step > 1 and done % self.every and step.step < step.steps:
            return
        fast = [tensor.detach() for tensor in step.model.state_dict().values() if tensor.is_floating_point()]
        if step.step == 1:
            self.slow = [tensor.clone() for tensor in fast]
            return
        decay = 1.0 if done == total else self.decay * (done / total) ** 3
        torch._foreach_lerp_(self.slow, fast, 1 - decay)
        torch._foreach_copy_(fast, self.slow)


class Mirrored(nn.Module):
    """A network that is asked twice, about a picture and about its mirror image: the mean of the logits.

    Shape: (N, C, H, W) -> (N, num_classes).

    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    >>> picture = torch.rand(1, 1, 1, 4)
    >>> torch.allclose(Mirrored(net)(picture), Mirrored(net)(picture.flip(-1)))
    True
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Logits of a batch of pictures."""
        return (self.model(x) + self.model(x.flip(-1))) / 2
