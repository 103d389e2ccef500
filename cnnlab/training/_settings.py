"""The settings of a run, as a checkpoint keeps them: a run goes on only with those that it was begun with."""

import functools
import hashlib
import inspect
from types import CodeType, FunctionType
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from cnnlab.data import Pictures, Split

FUNCTIONS = (FunctionType, functools.partial)


def fingerprint(pictures: object) -> str:
    """A digest of a split: classes, labels, the pictures' shape, and the bytes of a hundred of them or all paths.

    A loader cannot be compared, and gives its kind.
    """
    if not isinstance(pictures, Split):
        return "" if pictures is None else type(pictures).__name__
    digest = hashlib.sha256(repr((pictures.classes, tuple(pictures.images.shape))).encode())
    digest.update(pictures.labels.cpu().numpy().tobytes())
    images = pictures.images
    if isinstance(images, Tensor):
        digest.update(images[:: max(1, len(images) // 100)].cpu().numpy().tobytes())
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

    A function of a module is known by its name; a lambda, a function inside another and one of the notebook or script
    itself also by a digest of its code and of the numbers and texts that it takes from outside.

    >>> from cnnlab.data import Augmentation
    >>> described(Augmentation(flip=True))
    {'kind': 'Augmentation', 'rotation': '0.0', 'shift': '0.0', 'zoom': '0.0', 'flip': 'True'}
    >>> described(nn.functional.cross_entropy), described(None)
    ({'kind': 'cross_entropy'}, {'kind': 'none'})
    >>> described(lambda x: x + 1) == described(lambda x: x + 2)
    False
    """
    if part is None:
        return {"kind": "none"}
    options: dict[str, Any] = {}
    if isinstance(part, functools.partial):
        options = {f"argument {number}": value for number, value in enumerate(part.args, 1)} | dict(part.keywords)
        return described(part.func) | _texts(options)
    if isinstance(part, FunctionType):
        if "<" in part.__qualname__ or part.__module__ == "__main__":
            options = {"code": _code(part)}
    elif isinstance(part, Optimizer):
        for number, group in enumerate(part.param_groups, 1):
            of = f" of group {number}" if number > 1 else ""
            options |= {name + of: value for name, value in group.items() if name not in ("params", "param_names")}
            options["parameters" + of] = len(group["params"])
    elif isinstance(part, LRScheduler):
        options = part.state_dict()  # in which functions are missing
        options |= {f"function {number}": of for number, of in enumerate(getattr(part, "lr_lambdas", []), 1)}
    else:
        options = {name: value for name, value in getattr(part, "__dict__", {}).items() if not name.startswith("_")}
        options |= part.state_dict() if isinstance(part, nn.Module) else {}
    return {"kind": getattr(part, "__qualname__", type(part).__qualname__)} | _texts(options)


def _texts(options: dict[str, Any]) -> dict[str, str]:
    """Options as text, but for those whose text is an address, another in each process."""
    functions = {name: str(described(value)) for name, value in options.items() if isinstance(value, FUNCTIONS)}
    texts = {name: repr(value.item() if isinstance(value, np.generic) else value) for name, value in options.items()}
    return {name: text for name, text in (texts | functions).items() if " at 0x" not in text}


def _code(function: FunctionType) -> str:
    """A digest of a function's instructions, and of the numbers, texts, tensors and functions that it uses."""
    outside = inspect.getclosurevars(function)
    used = {**outside.globals, **outside.nonlocals, **(function.__kwdefaults__ or {})}
    used |= {f"default {number}": value for number, value in enumerate(function.__defaults__ or ())}
    values = {name: repr(value) for name, value in used.items() if isinstance(value, int | float | str | Tensor)}
    values |= {name: _code_text(value.__code__) for name, value in used.items() if isinstance(value, FunctionType)}
    return hashlib.sha256(repr((_code_text(function.__code__), sorted(values.items()))).encode()).hexdigest()[:8]


def _code_text(code: CodeType) -> str:
    constants = [
        _code_text(value)
        if isinstance(value, CodeType)
        else repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)
        for value in code.co_consts
    ]
    return repr((code.co_code, code.co_names, constants))


def numpy_free(value: Any) -> Any:
    """``value`` with NumPy's numbers as Python's: a checkpoint is read without running code, and they would need it.

    >>> numpy_free({"rate": np.float64(0.5), "betas": (np.float32(0.5), 1)})
    {'rate': 0.5, 'betas': (0.5, 1)}
    """
    match value:
        case np.generic():
            return value.item()
        case dict():
            return type(value)({key: numpy_free(item) for key, item in value.items()})
        case list() | tuple():
            return type(value)(map(numpy_free, value))
    return value
