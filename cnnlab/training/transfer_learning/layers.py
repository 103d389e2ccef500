"""The layers of anyone's network, in the order in which they run, so that they can be counted and named."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnnlab.models import evaluating
from cnnlab.models.inspect.hooks import hooked

Which = int | str | Sequence[str]  # the first or last so many layers, or layers by name


class Layer(NamedTuple):
    """A convolution or linear layer with what belongs to it: modules that run after it and before the next layer."""

    name: str
    modules: tuple[nn.Module, ...]

    def parameters(self) -> list[nn.Parameter]:
        """The parameters of the layer and of what belongs to it."""
        return [parameter for module in self.modules for parameter in module.parameters(recurse=False)]


def layers(model: nn.Module, picture: Sequence[int]) -> list[Layer]:
    """The layers of ``model`` in the order in which they run on pictures of shape ``picture`` (C, H, W), in eval mode.

    A layer is a convolution or a linear layer. Batch normalisation, activation, pooling and dropout belong to the layer
    that ran before them. VGG-16 has 16 layers, as its name says. ResNet-50 has 54: the 50 of its name and the 4
    convolutions that project shortcuts, which the name leaves out. EfficientNet-Lite0 has 50, of which each block has
    two or three. What does not run in eval mode, such as an auxiliary classifier, is not a layer.

    Raises:
        ValueError: for pictures that the network does not take, or a network without a layer.

    >>> from cnnlab.models import build
    >>> [layer.name for layer in layers(build("lenet5"), (1, 28, 28))]
    ['features.conv1', 'features.conv2', 'classifier.fc1', 'classifier.fc2', 'classifier.fc3']
    """
    names = {module: name for name, module in model.named_modules()}
    order: list[tuple[str, list[nn.Module]]] = []
    before: list[nn.Module] = []  # what runs before the first layer belongs to that
    seen: set[nn.Module] = set()

    def enter(module: nn.Module, _inputs: object) -> None:
        if module in seen:  # a layer may run twice
            return
        seen.add(module)
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            order.append((names[module], [module]))
        elif not any(module.children()) or module._parameters or module._buffers:
            (order[-1][1] if order else before).append(module)

    with hooked(names, before=enter):
        run(model, picture)
    if not order:
        raise ValueError(f"this {type(model).__name__} has no convolution and no linear layer, so nothing to transfer")
    order[0][1].extend(before)
    return [Layer(name, tuple(modules)) for name, modules in order]


def run(model: nn.Module, picture: Sequence[int]) -> Tensor:
    """The logits (1, classes) of a black picture of shape (C, H, W), in eval mode.

    Raises:
        ValueError: if the network does not take such a picture, or returns something else than logits.
    """
    logits = output(model, picture)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        got = f"shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(f"transfer needs a network that returns logits (N, classes), got {got}")
    return logits


def output(module: nn.Module, picture: Sequence[int]) -> Tensor:
    """What a network, or its features, returns for a black picture of shape (C, H, W), in eval mode.

    Raises:
        ValueError: if it does not take such a picture.
    """
    weight = next(module.parameters(), torch.empty(0))
    black = torch.zeros(1, *picture, device=weight.device, dtype=weight.dtype)
    with evaluating(module), torch.no_grad():
        try:
            result: Tensor = module(black)
        except (RuntimeError, ValueError) as error:
            raise ValueError(
                f"this {type(module).__name__} takes no pictures of {'×'.join(map(str, picture))} ({error}); give the "
                "pictures the size that it was trained on, or take head='average', which fits feature maps of any size"
            ) from error
    return result


def chosen(found: Sequence[Layer], *, first: Which | None = None, last: Which | None = None) -> list[Layer]:
    """The first or the last so many layers; or those of the given names, alone or below a module of that name.

    Raises:
        ValueError: for a count that is larger than the number of layers, or a name that no layer has.

    >>> found = [Layer(name, ()) for name in ("features.conv1", "features.conv2", "classifier.fc")]
    >>> [layer.name for layer in chosen(found, last=2)], [layer.name for layer in chosen(found, first="features")]
    (['features.conv2', 'classifier.fc'], ['features.conv1', 'features.conv2'])
    """
    which = first if last is None else last
    if isinstance(which, int):
        if not 0 <= which <= len(found):
            raise ValueError(f"a number of layers must be from 0 to {len(found)}, which this network has, got {which}")
        return list(found[len(found) - which :] if first is None else found[:which])
    wanted = [which] if isinstance(which, str) else list(which or ())
    for name in wanted:
        if not any(below(layer.name, name) for layer in found):
            every = {layer.name for layer in found} | {layer.name.rpartition(".")[0] for layer in found} - {""}
            near = get_close_matches(name, sorted(every), n=3, cutoff=0.4) or sorted(every)[:3]
            raise ValueError(f"no layer is called {name!r} or lies in a module of that name; try {', '.join(near)}")
    return [layer for layer in found if any(below(layer.name, name) for name in wanted)]


def below(name: str, module: str) -> bool:
    """Whether ``name`` is that of ``module`` or of something in it.

    >>> below("layer1.0.conv1", "layer1"), below("layer10.conv1", "layer1")
    (True, False)
    """
    return name == module or name.startswith(f"{module}.")
