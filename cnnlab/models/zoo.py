"""Networks by name."""

from difflib import get_close_matches
from inspect import signature
from typing import Any

from torch import nn

from cnnlab.models.lenet import LeNet5

MODELS: dict[str, type[nn.Module]] = {
    "lenet5": LeNet5,
}


def build(name: str, **options: Any) -> nn.Module:
    """Build the network called ``name`` with random weights; ``options`` go to its class.

    The network remembers ``name`` and ``options`` in its attribute ``recipe``, so that a checkpoint can rebuild it.

    Raises:
        ValueError: for an unknown name (the near ones are listed) or an option that the network does not take.

    >>> build("lenet5", num_classes=3, in_channels=3, input_size=(128, 128)).classifier.fc3
    Linear(in_features=84, out_features=3, bias=True)
    >>> build("lenet")
    Traceback (most recent call last):
    ValueError: no network is called 'lenet'; did you mean lenet5? cnnlab.models.MODELS lists them all
    """
    if name not in MODELS:
        near = get_close_matches(name, MODELS, n=3, cutoff=0.4) or sorted(MODELS)[:5]
        raise ValueError(
            f"no network is called {name!r}; did you mean {', '.join(near)}? cnnlab.models.MODELS lists them all"
        )
    taken = list(signature(MODELS[name]).parameters)
    for option in options:
        if option not in taken:
            raise ValueError(f"{name} takes no option {option!r}; it takes {', '.join(taken)}")
    network = MODELS[name](**options)
    network.recipe = {"name": name, "options": options}  # type: ignore[assignment]
    return network
