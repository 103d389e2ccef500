"""What a run is refused for before it begins, in words; and the likely cause of a loss that is not finite."""

import math
from collections.abc import Callable
from contextlib import ExitStack
from numbers import Integral

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from cnnlab.data import Split, Splits
from cnnlab.inference.prediction import check_pictures
from cnnlab.models import evaluating


def check(
    model: nn.Module,
    train: Split,
    validation: Split | None,
    epochs: int,
    batch_size: int,
    optimizer: object,
    loss: Callable[..., Tensor] | None,
    class_weights: Tensor | None,
    patience: int | None,
) -> None:
    """Refuse arguments of `fit` that do not fit together, or that PyTorch would refuse later in words of its own.

    Raises:
        TypeError: for arguments of another kind.
        ValueError: for values that do not fit.
    """
    _check_split("train", train)
    if validation is not None:
        _check_split("validation", validation)
    if not (_whole(epochs) and _whole(batch_size)):
        raise ValueError(f"epochs and batch_size must be whole numbers, 1 or more, got {epochs} and {batch_size}")
    if validation is not None and validation.classes != train.classes:
        raise ValueError(
            f"training and validation must have the same classes in the same order, got {train.classes[:5]} and "
            f"{validation.classes[:5]} (the first five); make both parts from one folder or data set"
        )
    if patience is not None and (patience < 1 or validation is None):
        raise ValueError(
            f"patience must be 1 or more and needs a validation split, got patience={patience} and "
            f"{'no validation split' if validation is None else validation}"
        )
    for split in (train, validation):
        if split is not None:
            check_pictures(model, split.images)
    if isinstance(optimizer, Optimizer):
        raise TypeError(
            f"optimizer must be a function that makes one, got a finished {type(optimizer).__name__}; write optimizer="
            f"lambda parameters: torch.optim.{type(optimizer).__name__}(parameters, lr=0.01)"
        )
    if class_weights is not None:
        _check_weights(class_weights, len(train.classes), loss)
    lazy = [name for name, tensor in model.named_parameters() if is_lazy(tensor)]
    if lazy:
        raise ValueError(
            f"{lazy[0]} has no shape yet, since its layer is a lazy one; call the network once on a batch of pictures "
            "before you train it"
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("no parameter of this network has requires_grad=True: there is nothing to train")
    if min(batch_size, len(train)) == 1:
        _check_norms(model, train.images.shape[1:], batch_size)


def check_optimizer(optimizer: Optimizer, schedule: LRScheduler | None) -> None:
    """Refuse an optimiser or a schedule that wants more than a step.

    Raises:
        ValueError: for LBFGS and ReduceLROnPlateau.
    """
    if isinstance(optimizer, LBFGS):
        raise ValueError(
            "LBFGS computes the loss several times a step, which fit does not offer; take another, as torch.optim.Adam"
        )
    if isinstance(schedule, ReduceLROnPlateau):
        raise ValueError(
            "ReduceLROnPlateau waits for a validation loss, and a schedule of fit advances after every step; take one "
            "that needs none, as CosineAnnealingLR, or patience"
        )


def not_finite(model: nn.Module, images: Tensor, labels: Tensor, *, rate: float, weights: Tensor | None) -> str:
    """The likely cause of a loss that is NaN or infinite: the batch, the class ``weights`` or the learning ``rate``."""
    if not images.isfinite().all():
        return "the pictures of this batch hold NaN or infinite values: look at the data and the augmentation"
    if weights is not None and not weights[labels].any():
        return "every picture of this batch is of a class whose weight in class_weights is 0; take larger batches"
    broken = [name for name, parameter in model.named_parameters() if not parameter.isfinite().all()]
    if broken:
        return f"the learning rate {rate:g} is too high, {broken[0]} is no longer finite; try {rate / 10:g}"
    return (
        f"the learning rate {rate:g} is too high (try {rate / 10:g}), or a loss of your own divides by zero or takes "
        "the logarithm of zero"
    )


def _whole(number: object) -> bool:
    return isinstance(number, Integral) and int(number) >= 1


def _check_split(name: str, split: object) -> None:
    if isinstance(split, Splits):
        raise TypeError(f"{name} must be one part of a data set, got all of them; pass its part .{name}")
    if not isinstance(split, Split):
        raise TypeError(
            f"{name} must be a Split, got a {type(split).__name__}; cnnlab.data.Split(images, labels, classes) makes "
            "one of tensors, cnnlab.data.folder of pictures in folders"
        )


def _check_weights(weights: Tensor, classes: int, loss: Callable[..., Tensor] | None) -> None:
    if loss is not None:
        raise ValueError("class_weights belong to the cross-entropy: give them, or a loss of your own, not both")
    if not isinstance(weights, Tensor):
        raise TypeError(f"class_weights must be a tensor, got a {type(weights).__name__}; torch.tensor makes one of it")
    if weights.shape != (classes,):
        raise ValueError(f"class_weights must have shape ({classes},), a weight a class, got {tuple(weights.shape)}")
    if not (weights >= 0).all() or not 0 < weights.sum() < math.inf:
        raise ValueError(f"class_weights must be 0 or more, and not all of them 0, got {weights.tolist()}")


def _check_norms(model: nn.Module, shape: tuple[int, ...], batch_size: int) -> None:
    """Batch normalisation has no variance to divide by where a batch of one picture leaves one value a channel."""

    def refusal(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def refuse(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if inputs[0].numel() == inputs[0].shape[1]:
                few = "batch_size=1" if batch_size == 1 else "a split of one picture"
                raise ValueError(
                    f"{name} normalises over the values of a channel, and {few} leaves it a single one; train on "
                    "batches of 2 pictures or more, or put this layer into eval mode"
                )

        return refuse

    norms = {name: module for name, module in model.named_modules() if isinstance(module, _BatchNorm)}
    first = next(model.parameters())
    with ExitStack() as hooks:
        for name, norm in norms.items():
            if norm.training or not model.training:  # one that the student froze stays frozen
                hooks.callback(norm.register_forward_pre_hook(refusal(name)).remove)
        if norms:
            with evaluating(model), torch.no_grad():
                model(torch.zeros(1, *shape, device=first.device, dtype=first.dtype))
