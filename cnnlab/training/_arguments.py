"""What a run is refused for before it begins, in words; and the likely cause of a loss that is not finite."""

import math
from collections.abc import Callable, Iterator
from numbers import Integral

from torch import Tensor, nn
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from cnnlab.data import Loader, Split
from cnnlab.inference.prediction import first_look

Named = list[tuple[str, nn.Parameter]]


def require_arguments(
    model: nn.Module,
    train: Split | Loader,
    validation: Split | Loader | None,
    epochs: int,
    batch_size: int,
    loss: object,
    class_weights: Tensor | None,
    patience: int | None,
) -> tuple[int, ...]:
    """Refuse arguments of `fit` that do not fit together; return the shape (N, C, H, W) of the first batch.

    Raises:
        TypeError: for arguments of another kind.
        ValueError: for values that do not fit.
    """
    if not all(isinstance(number, Integral) and int(number) >= 1 for number in (epochs, batch_size)):
        raise ValueError(f"epochs and batch_size must be whole numbers, 1 or more, got {epochs} and {batch_size}")
    if patience is not None and (patience < 1 or validation is None):
        raise ValueError(
            f"patience must be 1 or more and needs validation pictures, got patience={patience} and {validation}"
        )
    for name, pictures in (("train", train), ("validation", validation)):
        if isinstance(pictures, Iterator):
            raise TypeError(
                f"{name} must be a Split, or a loader that gives its batches again in every epoch, got a "
                f"{type(pictures).__name__}"
            )
    _, (count, *size) = first_look(model, train, "train")
    if validation is not None:
        first_look(model, validation, "validation")
    classes = train.classes if isinstance(train, Split) else None
    if classes and isinstance(validation, Split) and validation.classes != classes:
        raise ValueError(
            f"training and validation must have the same classes in the same order, got {classes[:5]} and "
            f"{validation.classes[:5]} (the first five); make both parts from one folder or data set"
        )
    if class_weights is not None and loss is not None:
        raise ValueError("class_weights belong to the cross-entropy: give them, or a loss of your own, not both")
    if class_weights is not None and not (
        isinstance(class_weights, Tensor)
        and class_weights.shape == (len(classes or class_weights),)
        and (class_weights >= 0).all()
        and 0 < class_weights.sum() < math.inf
    ):
        raise ValueError(
            "class_weights must be a tensor (classes,) of numbers that are 0 or more, and not all of them 0, got "
            f"{class_weights!r:.200}"
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("no parameter of this network has requires_grad=True: there is nothing to train")
    return (min(batch_size, count) if isinstance(train, Split) else count, *size)


def make_optimizer(make: Callable[[Named], Optimizer], named: Named) -> Optimizer:
    """The optimiser that ``make`` makes of named parameters.

    Raises:
        TypeError: if ``make`` is an optimiser already, or takes the pairs for parameters.
        ValueError: for LBFGS.
    """
    if isinstance(make, Optimizer):
        raise TypeError(
            f"optimizer must be a function that makes one, got a finished {type(make).__name__}; write optimizer="
            f"lambda parameters: torch.optim.{type(make).__name__}(parameters, lr=0.01)"
        )
    try:
        optimizer = make(named)
    except (AttributeError, TypeError) as error:
        raise TypeError(
            f"the function in optimizer failed ({error}); it is called with a list of pairs (name, parameter), as "
            "model.named_parameters() gives them, which PyTorch's optimisers take as they are"
        ) from error
    if isinstance(optimizer, LBFGS):
        raise ValueError(
            "LBFGS computes the loss several times a step, which fit does not offer; take another, as torch.optim.Adam"
        )
    return optimizer


def make_schedule(make: Callable[[Optimizer, int], LRScheduler], optimizer: Optimizer, steps: int) -> LRScheduler:
    """The schedule that ``make`` makes for a run of so many ``steps``.

    Raises:
        ValueError: if their number is not known, and for ReduceLROnPlateau.
    """
    if not steps:
        raise ValueError(
            "a schedule needs the number of steps, and this loader has no length: give it a method __len__, or change "
            "the learning rate in a callback"
        )
    schedule = make(optimizer, steps)
    if isinstance(schedule, ReduceLROnPlateau):
        raise ValueError(
            "ReduceLROnPlateau waits for a validation loss, and a schedule of fit advances after every step; take one "
            "that needs none, as CosineAnnealingLR, or patience"
        )
    return schedule


def not_finite(model: nn.Module, images: Tensor, labels: Tensor, optimizer: Optimizer, weights: Tensor | None) -> str:
    """The likely cause of a loss that is NaN or infinite: the batch, the class ``weights`` or the learning rate."""
    if not images.isfinite().all():
        return "the pictures of this batch hold NaN or infinite values: look at the data and the augmentation"
    if weights is not None and not weights[labels].any():
        return "every picture of this batch is of a class whose weight in class_weights is 0; take larger batches"
    rate = optimizer.param_groups[0]["lr"]
    broken = [name for name, parameter in model.named_parameters() if not parameter.isfinite().all()]
    if broken:
        return f"the learning rate {rate:g} is too high, {broken[0]} is no longer finite; try {rate / 10:g}"
    return (
        f"the learning rate {rate:g} is too high (try {rate / 10:g}), or a loss of your own divides by zero or takes "
        "the logarithm of zero"
    )
