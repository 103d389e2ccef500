"""Networks built by name: at full size, in a narrow version, or as a blueprint without weights."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from cnnlab.models.registry import entry
from cnnlab.models.weights.loading import imagenet
from cnnlab.models.weights.trained import load_cifar10, trained_options

COUNTS = {"widths", "filters", "kernels", "dense"}  # options whose length the network checks itself
LARGEST = 16_384  # pixels a side: up to this size, counts and bytes fit into 64 bits


def build(name: str, *, weights: str | None = None, **options: Any) -> nn.Module:
    """Build the network called ``name``; ``options`` go to its class.

    The weights are random, or with ``weights="imagenet"`` those that torchvision publishes (downloaded once, see
    ``weights.imagenet``), or with ``weights="cifar10"`` those that come with cnnlab, trained on CIFAR-10; `trained`
    lists them. These bring the options of the trained network, which may be narrower than the paper's. The network
    keeps ``name`` and ``options`` in its attribute ``recipe``, from which ``load`` builds it again.

    Raises:
        ValueError: for an unknown name (the near ones are listed), an option that the network does not take, a value
            that the option cannot have, such as a count below 1, or that contradicts the weights, or weights that are
            not there.
        OSError: if the weights are not in the cache and cannot be downloaded.

    >>> build("lenet5", num_classes=3, in_channels=3, input_size=(128, 128)).classifier.fc3
    Linear(in_features=84, out_features=3, bias=True)
    >>> build("lenet5", weights="cifar10").features.conv1
    Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
    """
    found = entry(name)
    defaults = found.defaults()
    for option, value in options.items():
        if option not in defaults:
            raise ValueError(f"{name} takes no option {option!r}; it takes {', '.join(defaults)}")
        _require_counts(option, value, defaults[option])
    if weights not in (None, "imagenet", "cifar10"):
        raise ValueError(f"weights must be None, 'imagenet' or 'cifar10', got {weights!r}")
    if weights == "imagenet":
        options = {**(found.torchvision or {}), **options}
    elif weights == "cifar10":
        options = trained_options(name, options)
    network = found(**options)
    network.recipe = {"name": name, "options": options}  # type: ignore[assignment]
    if weights == "imagenet":
        return imagenet(network)
    return load_cifar10(network) if weights == "cifar10" else network


def small(name: str, **options: Any) -> nn.Module:
    """Build the network called ``name`` in a narrow version for pictures of 28 to 64 pixels.

    It is the same class with the options that the network's entry calls small; ``options`` replace them one by one. A
    network that takes pictures of one size takes 32×32 pixels unless ``input_size`` says otherwise.

    >>> net = small("vgg16", num_classes=10, in_channels=1, input_size=(28, 28))
    >>> net(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    return build(name, **{**entry(name).small, **options})


def blueprint(name: str, input_size: Sequence[int] | None = None, **options: Any) -> nn.Module:
    """The network called ``name`` for pictures of ``input_size`` (C, H, W), without memory for its weights.

    It is on PyTorch's meta device: that is enough for ``summary`` and for figures, and takes milliseconds at any size.
    Without ``input_size`` it takes the paper's pictures; ``options`` are those of ``build``.

    Raises:
        ValueError: for an unknown name or option, an ``input_size`` that is not one, or one that is too small for the
            network.

    >>> net = blueprint("vgg19", (1, 64, 64), num_classes=10)
    >>> net.classifier.fc6.weight.device, net.classifier.fc6.in_features
    (device(type='meta'), 2048)
    """
    size = entry(name).paper.input_size if input_size is None else tuple(input_size)
    if len(size) != 3 or min(size) < 1 or max(size) > LARGEST:
        raise ValueError(f"input_size must be (channels, height, width), each from 1 to {LARGEST:,}, got {size}")
    options = {"in_channels": size[0], **options}
    if "input_size" in entry(name).defaults():
        options["input_size"] = size[1:]
    with torch.device("meta"):
        return build(name, **options)


def _require_counts(option: str, value: Any, default: Any) -> None:
    """Refuse a value that is not a count, or not as many counts as the default has, where the network takes counts."""
    several = isinstance(default, tuple) or option in COUNTS
    if value is default or not (several or option == "num_classes" or type(default) is int):
        return
    counts = value if several else (value,)
    length = len(default) if several and option not in COUNTS else None
    least = 0 if option == "first" else 1  # its padding may be 0
    right = isinstance(counts, Sequence) and length in (None, len(counts))
    if not (right and all(type(count) is int and count >= least for count in counts)):
        kind = f"{length or ''} whole numbers".lstrip() if several else "a whole number"
        raise ValueError(f"{option} must be {kind} of at least {least}, got {value!r}")
