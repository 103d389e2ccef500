"""A new head, frozen layers, and layers that start again from random weights."""

import copy
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn

from cnnlab.models import features_and_classifier, initialise
from cnnlab.models.families.classifier import Classifier, average_classifier
from cnnlab.training.transfer_learning.heads import CLASSIFIERS, HEADS, NETWORKS, Estimator, Scikit
from cnnlab.training.transfer_learning.layers import Layer, layers, output, run

Head = str | nn.Module | Scikit


def with_head(model: nn.Module, classes: int, picture: Sequence[int], head: Head = "linear") -> tuple[nn.Module, str]:
    """A copy of ``model`` with a new head for so many ``classes``, and the name of the head in it.

    ``picture`` is the shape (C, H, W) of the pictures that it is for. The head takes the place of the last layer:

    - "linear" is that layer with other outputs;
    - "mlp" is two linear layers, with 256 hidden units, ReLU and dropout between them;
    - "average" takes the place of the whole classifier: global average pooling and a linear layer (the softmax is part
      of the loss), with which a network that flattens its feature maps takes pictures of other sizes;
    - "svm", "random_forest", "boosted_trees" and "nearest_neighbours" are scikit-learn's; any other classifier of
      scikit-learn is passed as it is;
    - a module of your own takes what the last layer took, and returns logits (N, classes).

    Raises:
        ValueError: for pictures that the network does not take, another name, or a head whose outputs are not the
            classes.

    >>> from cnnlab.models import build
    >>> model, name = with_head(build("resnet18"), 5, (3, 64, 64))
    >>> name, model.get_submodule(name)
    ('classifier.fc', Linear(in_features=512, out_features=5, bias=True))
    """
    if isinstance(head, str) and head not in HEADS:
        raise ValueError(f"head must be one of {', '.join(HEADS)}, or a module or classifier of your own, got {head!r}")
    model = copy.deepcopy(model)
    if head == "average":
        model, name = _averaged(model, classes, picture), "classifier.fc"
    else:
        name = layers(model, picture)[-1].name
        if not name:
            raise ValueError(f"a {type(model).__name__} alone has no layers under its head; transfer needs some")
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, _new(model.get_submodule(name), classes, head))
    if head in ("linear", "average") and hasattr(model, "recipe"):  # by which `save` describes it
        model.recipe["options"]["num_classes"] = classes  # type: ignore[index]
    if not isinstance(model.get_submodule(name), Estimator):  # which has learnt nothing yet
        outputs = run(model, picture).shape[1]
        if outputs != classes:
            raise ValueError(
                f"the head has {outputs} outputs and the data {classes} classes; give it {classes} outputs"
            )
    return model, name


def train_only(model: nn.Module, trained: Iterable[Layer]) -> nn.Module:
    """Freeze everything except the layers ``trained``, and put ``model`` into train mode; returns ``model``.

    Frozen parameters need no gradient. Frozen layers are in eval mode, in which batch normalisation uses the source's
    statistics and leaves them as they are; `fit` keeps them in it. Whoever calls ``model.train()`` later ends that, and
    the statistics move although every parameter is frozen.

    >>> from cnnlab.models import build
    >>> net = build("resnet18", num_classes=5)
    >>> _ = train_only(net, layers(net, (3, 64, 64))[-1:])
    >>> sum(p.numel() for p in net.parameters() if p.requires_grad), net.training, net.features.bn1.training
    (2565, True, False)
    """
    kept = list(trained)
    model.requires_grad_(False).eval()
    model.training = True  # by which `fit` sees that the layers in eval mode are so on purpose
    for layer in kept:
        for module in layer.modules:
            module.training = True
        for parameter in layer.parameters():
            parameter.requires_grad = True
    return model


def reinitialise(again: Iterable[Layer]) -> None:
    """Give layers random weights, and their batch normalisation its first statistics.

    Convolutions are initialised as He et al. 2015 (arXiv:1502.01852) do, other modules by PyTorch's own rule.
    """
    for layer in again:
        for module in layer.modules:
            if isinstance(module, nn.Conv2d):
                initialise(module, "kaiming")
            elif callable(reset := getattr(module, "reset_parameters", None)):
                reset()


def _new(last: nn.Module, classes: int, head: Head) -> nn.Module:
    if isinstance(head, nn.Module):
        return copy.deepcopy(head)
    if not isinstance(head, str):
        return Estimator(copy.deepcopy(head), classes)
    return NETWORKS[head](last, classes) if head in NETWORKS else Estimator(CLASSIFIERS[head](), classes)


def _averaged(model: nn.Module, classes: int, picture: Sequence[int]) -> nn.Module:
    """The features of a network under global average pooling and a linear layer."""
    if isinstance(model, Classifier):
        model.input_size = None  # averages do not fix the size of the pictures
        ours: Any = model
    else:
        ours = nn.Sequential(OrderedDict(features=features_and_classifier(model, picture).features))
    channels = output(ours.features, picture).shape[1]
    ours.classifier = average_classifier(channels, classes)
    return ours
