"""Networks run on PyTorch's meta device, where tensors have shapes and no content, so that nothing is computed."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parameter import is_lazy

from cnnlab.models.inspect.modes import evaluating


def meta_state(model: nn.Module) -> dict[str, Tensor]:
    """The parameters and buffers of ``model`` by name, on the meta device.

    Raises:
        ValueError: for layers without a size as yet.
    """
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    for name, tensor in tensors.items():
        if is_lazy(tensor):
            raise ValueError(
                f"{name} of this {type(model).__name__} is lazy, without a size as yet; run the network once on a "
                f"picture first: model(torch.zeros(1, channels, height, width))"
            )
    return {name: tensor.to("meta") for name, tensor in tensors.items()}


def meta_input(model: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """A tensor of ``shape`` on the meta device, in the precision of the weights."""
    return torch.empty(shape, device="meta", dtype=next((tensor.dtype for tensor in model.parameters()), torch.float32))


def meta_run(model: nn.Module, x: Tensor, state: dict[str, Tensor] | None = None) -> Any:
    """What ``model`` returns for ``x`` of the meta device, in eval mode; the network itself may be anywhere.

    Raises:
        ValueError: for a ``forward`` that makes a tensor or asks for the content of a picture, and inputs of another
            size than the network takes.

    >>> meta_run(nn.Conv2d(3, 8, 5), torch.empty(1, 3, 28, 28, device="meta")).shape
    torch.Size([1, 8, 24, 24])
    """
    kind = type(model).__name__
    try:
        with evaluating(model), torch.no_grad():
            return functional_call(model, meta_state(model) if state is None else state, (x,))
    except (RuntimeError, TypeError, IndexError) as error:
        if "expected device" in str(error) or "on the same device" in str(error):
            raise ValueError(
                f"the forward of this {kind} makes a tensor of its own, which cannot be followed without a picture "
                f"({error}); make it in __init__, with self.register_buffer"
            ) from error
        if "meta tensors" in str(error):
            raise ValueError(
                f"the forward of this {kind} asks for the content of a picture, and here it runs without one "
                f"({error}); what it does must depend on sizes alone"
            ) from error
        size = f"shape {tuple(x.shape[1:])}"
        if x.ndim == 4:
            size = f"{x.shape[1]} channels and {x.shape[2]}×{x.shape[3]} pixels"
        raise ValueError(f"this {kind} takes no pictures of {size}: {error}") from error
