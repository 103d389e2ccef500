"""Published checkpoints in our definitions: torchvision's, timm's, and ImageNet's by name.

Our layers are in the order of theirs, so no table of names is needed: tensors are paired in order, and the last word of
each name and each shape must agree. The order of their names comes from their own constructors, run on the meta device,
because a file may hold tensors in any order. One exception: auxiliary classifiers are last in ours.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cnnlab.downloads import fetch
from cnnlab.models.registry import MODELS

PUBLISHED = {name: network.torchvision for name, network in MODELS.items() if network.torchvision is not None}
TIMM = {name: network.timm for name, network in MODELS.items() if network.timm is not None}


def load_torchvision(model: nn.Module, state_dict: Mapping[str, Tensor]) -> nn.Module:
    """Copy a ``state_dict`` of torchvision's network of the same name into ours; the logits are then equal.

    Returns ``model``.

    ``model`` comes from ``build``, with the options of torchvision's definition: ``variant="torchvision"`` for
    GoogLeNet, ``stride_in="3x3"`` for ResNet-50 to -152. Weights of auxiliary classifiers that ``model`` does not have
    are left out.

    Raises:
        ValueError: for a network that torchvision does not publish, options that are not torchvision's, or a checkpoint
            of another network.

    >>> import torchvision
    >>> from cnnlab.models import build
    >>> theirs = torchvision.models.resnet18(num_classes=5)
    >>> ours = load_torchvision(build("resnet18", num_classes=5), theirs.state_dict())
    >>> torch.equal(ours.classifier.fc.weight, theirs.fc.weight)
    True
    """
    import torchvision

    name, options = _recipe(model)
    if name not in PUBLISHED:
        raise ValueError(f"torchvision has no {name}; it has {', '.join(PUBLISHED)}")
    for option, value in PUBLISHED[name].items():
        if options.get(option) != value:
            raise ValueError(
                f"torchvision's {name} has {option}={value!r}, this one {options.get(option, 'the default')!r}; "
                f"build it with build({name!r}, {option}={value!r})"
            )
    extra = {"aux_logits": True, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        theirs = torchvision.models.get_model(_their_name(name, options), **extra)
    return load_in_order(model, state_dict, theirs.state_dict(), source=f"torchvision's {name}")


def load_timm(model: nn.Module, state_dict: Mapping[str, Tensor]) -> nn.Module:
    """Copy a ``state_dict`` of timm's network into ours; the logits are then equal. Returns ``model``.

    For ``inception_v4``, ``inception_resnet_v2`` and ``efficientnet_lite0`` (timm's ``tf_efficientnet_lite0``).

    Raises:
        ValueError: for a network that is not one of these, or a checkpoint of another network.
        ImportError: if timm is not installed.

    >>> import timm
    >>> from cnnlab.models import build
    >>> theirs = timm.create_model("tf_efficientnet_lite0", num_classes=5)
    >>> ours = load_timm(build("efficientnet_lite0", num_classes=5), theirs.state_dict())
    >>> torch.equal(ours.classifier.fc.weight, theirs.classifier.weight)
    True
    """
    name, _ = _recipe(model)
    if name not in TIMM:
        raise ValueError(f"load_timm knows {', '.join(TIMM)}, got {name}")
    try:
        import timm
    except ImportError as error:
        raise ImportError("load_timm takes the order of the layers from timm itself: pip install timm") from error

    with torch.device("meta"):
        theirs = timm.create_model(TIMM[name])
    return load_in_order(model, state_dict, theirs.state_dict(), source=f"timm's {TIMM[name]}")


def load_in_order(
    model: nn.Module, state_dict: Mapping[str, Tensor], order: Iterable[str] | None = None, *, source: str = "it"
) -> nn.Module:
    """Copy a checkpoint whose tensors are in the same order as ours, under whatever names. Returns ``model``.

    ``order`` holds the checkpoint's names in the order of its layers; without it, the checkpoint's own order counts.
    Counters of batches are left out, as they only matter for the averages of batch normalisation without a momentum.
    Nothing is copied unless all tensors agree.

    Raises:
        ValueError: if a tensor is missing, superfluous or of another shape.

    >>> load_in_order(nn.Linear(2, 1), {"a.weight": torch.ones(1, 2), "a.bias": torch.zeros(1)}).weight
    Parameter containing:
    tensor([[1., 1.]], requires_grad=True)
    """
    if not isinstance(state_dict, Mapping):
        raise ValueError(f"a state_dict maps names to tensors, got {type(state_dict).__name__}")
    ours = _without_counters(model.state_dict())
    theirs = sorted(_without_counters(state_dict if order is None else order), key=_auxiliary)  # these come last
    spare = {name for name in theirs[len(ours) :] if _auxiliary(name)}  # heads that ours does not have
    theirs = [name for name in theirs if name not in spare]
    if len(ours) != len(theirs):
        raise ValueError(f"{source} has {len(theirs)} tensors, ours {len(ours)}: another network or other options")
    copied, own = {}, model.state_dict()
    for name, their_name in zip(ours, theirs, strict=True):
        if their_name not in state_dict or _last(their_name) != _last(name):
            raise ValueError(f"this checkpoint is not {source}: it lacks {their_name!r}, our {name!r}")
        copied[name], shape = state_dict[their_name], own[name].shape
        if copied[name].shape != shape:
            raise ValueError(
                f"{their_name!r} has shape {tuple(copied[name].shape)}, our {name!r} {tuple(shape)}; build the network "
                f"with the checkpoint's num_classes and in_channels, load, and replace layers afterwards"
            )
    for name in _without_counters(state_dict):
        if name not in theirs and name not in spare:
            raise ValueError(f"this checkpoint is not {source}: it has {name!r}, which ours does not have")
    model.load_state_dict(copied, strict=False)
    return model


def imagenet(model: nn.Module) -> nn.Module:
    """Load torchvision's ImageNet checkpoint (the first it published) into a network of ``build``. Returns ``model``.

    The file is kept where torch keeps such files, ``torch.hub.get_dir()/checkpoints``. An interrupted download
    continues where it stopped, and the file's SHA-256 is compared with the one in its name at every load.

    Raises:
        ValueError: if torchvision publishes no weights for it.
        OSError: if the file can't be had, with where to put it by hand.
    """
    import torchvision

    name, options = _recipe(model)
    if name not in PUBLISHED:
        raise ValueError(
            f"nobody publishes ImageNet weights for {name} that fit it; torchvision does for {', '.join(PUBLISHED)}"
        )
    weights = torchvision.models.get_model_weights(_their_name(name, options))["IMAGENET1K_V1"]
    path = fetch(weights.url, Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rpartition("/")[2])
    return load_torchvision(model, torch.load(path, map_location="cpu", weights_only=True))


def _recipe(model: nn.Module) -> tuple[str, dict[str, Any]]:
    recipe: Any = getattr(model, "recipe", None)
    if recipe is None:
        raise ValueError(
            f"this {type(model).__name__} does not know its name; build it with cnnlab.models.build, "
            "or pass the layers' names in order to load_in_order"
        )
    return recipe["name"], recipe["options"]


def _their_name(name: str, options: dict[str, Any]) -> str:
    return f"{name}_bn" if options.get("batch_norm") else name


def _without_counters(names: Iterable[str]) -> list[str]:
    return [name for name in names if _last(name) != "num_batches_tracked"]


def _auxiliary(name: str) -> bool:
    return name.lower().startswith("aux")


def _last(name: str) -> str:
    return name.rpartition(".")[2]
