"""What a network returns: its logits, or a tuple that begins with them."""

from typing import Any

import torch
from torch import Tensor


def logits_in(output: object) -> Tensor:
    """The logits in a network's output: the output itself, or the first of several; those of auxiliary heads follow.

    Raises:
        TypeError: if that is not a tensor.

    >>> logits_in((torch.zeros(2, 10), torch.zeros(2, 5))).shape
    torch.Size([2, 10])
    >>> logits_in({"logits": torch.zeros(2, 10)})
    Traceback (most recent call last):
    TypeError: a network must put out its logits (N, classes), or a tuple that begins with them, got a dict
    """
    first = output[0] if isinstance(output, (tuple, list)) and output else output
    if not isinstance(first, Tensor):
        inside = f" that begins with a {type(first).__name__}" if first is not output else ""
        raise TypeError(
            "a network must put out its logits (N, classes), or a tuple that begins with them, got a "
            f"{type(output).__name__}{inside}"
        )
    return first


def joined(outputs: list[Any]) -> Any:
    """The outputs of several batches as the output of one, in float32: of tuples, each tensor by itself.

    >>> joined([torch.zeros(2, 10), torch.zeros(3, 10)]).shape
    torch.Size([5, 10])
    >>> [part.shape for part in joined([(torch.zeros(2, 10), torch.zeros(2, 5))] * 2)]
    [torch.Size([4, 10]), torch.Size([4, 5])]
    """
    if isinstance(outputs[0], Tensor):
        return torch.cat([output.float() for output in outputs])
    parts = [joined(list(part)) if isinstance(part[0], Tensor) else part[0] for part in zip(*outputs, strict=True)]
    make = getattr(type(outputs[0]), "_make", tuple)  # a named tuple keeps its names
    return make(parts)
