"""What makes a run this run and no other: a checkpoint goes on only with the settings that it was begun with."""

import functools
import hashlib
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from cnnlab.data import Pictures, Split


def fingerprint(split: Split) -> str:
    """What tells a split from another: classes, labels, the pictures' shape, and their bytes or their paths."""
    digest = hashlib.sha256(repr((split.classes, tuple(split.images.shape))).encode())
    digest.update(split.labels.cpu().numpy().tobytes())
    images = split.images
    if isinstance(images, Tensor):
        digest.update(images[:: max(1, len(images) // 100)].cpu().numpy().tobytes())  # a hundred of them
    elif isinstance(images, Pictures):
        digest.update("\n".join(map(str, images.paths)).encode())
    return digest.hexdigest()[:12]


def shapes(model: nn.Module) -> dict[str, object]:
    """The shape of every tensor of a network; of a frozen parameter also that it is frozen.

    >>> shapes(nn.Linear(3, 2).requires_grad_(False))
    {'weight': 'frozen (2, 3)', 'bias': 'frozen (2,)'}
    """
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    return {
        name: f"frozen {tuple(tensor.shape)}" if name in frozen else tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
    }


def described(part: object) -> dict[str, str]:
    """The kind of a part of a run (optimiser, schedule, loss, augmentation) with its options, as text.

    A function is known by its name, since its code cannot be compared from one process to the next.

    >>> from cnnlab.data import Augmentation
    >>> described(Augmentation(flip=True))
    {'kind': 'Augmentation', 'rotation': '0.0', 'shift': '0.0', 'zoom': '0.0', 'flip': 'True'}
    >>> described(nn.functional.cross_entropy), described(None)
    ({'kind': 'cross_entropy'}, {'kind': 'none'})
    """
    options: dict[str, Any] = {}
    if part is None:
        return {"kind": "none"}
    if isinstance(part, functools.partial):
        options = {**{f"argument {place}": value for place, value in enumerate(part.args, 1)}, **part.keywords}
        return described(part.func) | _said(options)
    if isinstance(part, Optimizer):
        for number, group in enumerate(part.param_groups, 1):
            of = f" of group {number}" if number > 1 else ""
            options |= {name + of: value for name, value in group.items() if name != "params"}
            options["parameters" + of] = len(group["params"])
    elif isinstance(part, LRScheduler):
        options = part.state_dict()
    elif isinstance(part, nn.Module):
        options = {name: value for name, value in vars(part).items() if not name.startswith("_")} | part.state_dict()
    elif is_dataclass(part):
        options = {field.name: getattr(part, field.name) for field in fields(part)}
    return {"kind": getattr(part, "__qualname__", type(part).__qualname__)} | _said(options)


def plain(value: Any) -> Any:
    """``value`` with NumPy's numbers as Python's: a checkpoint is read without running code, and they would need it.

    >>> plain({"rate": np.float64(0.5), "betas": (np.float32(0.5), 1)})
    {'rate': 0.5, 'betas': (0.5, 1)}
    """
    match value:
        case np.generic():
            return value.item()
        case dict():
            return type(value)({key: plain(item) for key, item in value.items()})
        case list() | tuple():
            return type(value)(map(plain, value))
    return value


def _said(options: dict[str, Any]) -> dict[str, str]:
    """Options as text, but for functions and the like, whose text is their address, another in each process."""
    texts = {name: repr(value.item() if isinstance(value, np.generic) else value) for name, value in options.items()}
    return {name: text for name, text in texts.items() if " at 0x" not in text}
