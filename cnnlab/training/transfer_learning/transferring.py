"""Transfer learning in one call: a new head on a trained network, and training of what is to be trained."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple, cast

import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from cnnlab.data import Augment, Split, Splits
from cnnlab.evaluation import Report
from cnnlab.models import Pretrained
from cnnlab.training.fitting import fit
from cnnlab.training.history import History
from cnnlab.training.transfer_learning._plan import Choice, plan
from cnnlab.training.transfer_learning.cached import ends_network, features
from cnnlab.training.transfer_learning.conservative import L2SP
from cnnlab.training.transfer_learning.groups import COPIED, groups
from cnnlab.training.transfer_learning.heads import Estimator
from cnnlab.training.transfer_learning.layers import Layer, Which, below, layers
from cnnlab.training.transfer_learning.pictures import fitting_source
from cnnlab.training.transfer_learning.surgery import Head, reinitialise, train_only, with_head


class Transferred(NamedTuple):
    """A network that was trained by transfer, with its preprocessing and classes, and the history of its training."""

    network: Pretrained
    history: History


def transfer(
    source: nn.Module | Pretrained,
    data: Split | Splits,
    *,
    scenario: int | None = None,
    freeze: Which | None = None,
    last: Which | None = None,
    gradual: Sequence[int] | None = None,
    copied: int | None = None,
    head: Head = "linear",
    epochs: int = 30,
    batch_size: int = 64,
    learning_rate: float = 3e-3,
    rates: Mapping[str, float] | None = None,
    conservative: float = 0.0,
    augment: Augment | None = None,
    copies: int = 0,
    seed: int = 0,
    progress: bool = True,
    precision: str = "auto",
) -> Transferred:
    """Train a copy of ``source``, a trained network, for the classes of ``data``.

    The copy gets a new ``head`` (see `with_head`), and some of its layers are trained with Adam. One of four options
    says which. A layer is a convolution or linear layer, in the order in which they run, the new head included (see
    `layers`); batch normalisation belongs to the layer before it. Frozen layers keep their parameters and their
    statistics, bit for bit. The head is trained in any case.

    - ``freeze=5`` freezes the first five layers, ``freeze="layer1"`` those in a module of this name, or of several;
    - ``last=5`` trains the last five layers and freezes the others; names are possible too;
    - ``gradual=(1, 5, 20)`` trains the last layer for ``epochs``, then the last five, then the last twenty: gradual
      unfreezing, Howard and Ruder 2018, arXiv:1801.06146, section 3.3;
    - ``scenario`` is one of four, by the size of the data set and its likeness to the source's, which `advise` tells
      apart: 1 (small, alike) trains the head alone; 2 (small, unlike) freezes the first third of the layers; 3 (large,
      unlike) takes the architecture and trains it from random weights; 4 (large, alike) trains all layers, from the
      source's weights.

    Without any of them it is scenario 1. If nothing but the head is trained, the features under it are computed once
    and kept (see `features`).

    The network takes ``data`` as `fit` feeds it: uint8 pictures are scaled to −1 … 1. A `Pretrained` source that was
    trained on pictures of another normalisation is refused; a module without its preprocessing cannot be checked.

    Args:
        copied: so many first layers start from the source's weights, and the others from random ones: layer transfer,
            Yosinski et al. 2014, arXiv:1411.1792. All are copied unless given.
        rates: learning rates of modules by name (see `groups`); unless given, layers with the source's weights learn
            at a tenth of ``learning_rate``.
        conservative: weight of a penalty on the distance to the source's weights (see `L2SP`).
        augment: changes the training pictures, in every epoch anew, so that features are not kept.
        copies: instead, keep the features of so many changed copies of every picture; an epoch is a pass over all.

    Raises:
        ValueError: for options that exclude one another, a layer that is not there, and pictures that do not fit the
            network by size, channels or normalisation.

    >>> from cnnlab import data, models, predict
    >>> photos = torch.stack([data.photo(name, size=(64, 64)) for name in ("chelsea", "coffee", "rocket")])
    >>> split = data.Split(photos, torch.arange(3), ("cat", "coffee", "rocket"))
    >>> network, history = transfer(models.pretrained(), split, progress=False)
    >>> predict(network.model, photos).argmax(dim=1)
    tensor([0, 1, 2])
    """
    train, validation = (data.train, data.validation) if isinstance(data, Splits) else (data, None)
    network = fitting_source(source, train)
    picture = train.images.shape[1:]
    choice = Choice(scenario, freeze, last, gradual, copied)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, name = with_head(network.model, len(train.classes), picture, head)
        if isinstance(model.get_submodule(name), Estimator):
            stages, fresh = [_nothing(choice, augment, copies)], set()
        else:
            found = layers(model, picture)
            stages, random = plan(found, name, choice)
            reinitialise(layer for layer in random if not below(layer.name, name))
            fresh = {parameter for layer in random for parameter in layer.parameters()}
    start = {key: value.detach().clone() for key, value in model.named_parameters() if value not in fresh}
    slower = dict.fromkeys(start, COPIED * learning_rate) if rates is None else rates
    for module in slower:
        if not any(below(key, module) for key, _ in model.named_parameters()):
            raise ValueError(f"rates names {module!r}, and no module or parameter of this network is called so")

    def adam(named: list[tuple[str, nn.Parameter]], *, within: str = "") -> Optimizer:
        named = [(within + key, parameter) for key, parameter in named]
        made = Adam(groups(named, learning_rate, slower))
        if conservative:
            near = [(parameter, start[key].to(parameter.device)) for key, parameter in named if key in start]
            made.register_step_pre_hook(L2SP(near, alpha=conservative))
        return made

    train_on = partial(fit, epochs=epochs, batch_size=batch_size, seed=seed, progress=progress, precision=precision)
    histories = []
    for trained in stages:
        train_only(model, trained)
        if _features_suffice(model, name, picture, trained, augment, copies):
            if progress:
                print(f"features of {len(train):,} training pictures: computed once, then kept", flush=True)
            inputs = features(model, name, train, augment=augment, copies=max(copies, 1), seed=seed)
            held_out = None if validation is None else features(model, name, validation)
            top = model.get_submodule(name)
            if isinstance(top, Estimator):
                histories.append(_fit_estimator(top, inputs, held_out))
            else:
                make = partial(adam, within=f"{name}.")
                histories.append(train_on(top, inputs, validation=held_out, optimizer=make))
        else:
            histories.append(train_on(model, train, validation=validation, optimizer=adam, augment=augment))
    rows = [{str(key): value for key, value in row.items()} for row in pd.concat(histories).to_dict("records")]
    return Transferred(
        network._replace(model=model.eval(), classes=train.classes), History.of(rows, runtime=histories[-1].runtime)
    )


def _nothing(choice: Choice, augment: Augment | None, copies: int) -> list[Layer]:
    """No layer: what is trained under one of scikit-learn's classifiers.

    Raises:
        ValueError: for options that would train some, or change pictures in every epoch.
    """
    if choice not in (Choice(), Choice(scenario=1), Choice(last=1)):
        raise ValueError(
            f"a classifier of scikit-learn learns from the features of a frozen network, got {choice}; leave these "
            "options out, or take head='linear' or 'mlp'"
        )
    if augment is not None and not copies:
        raise ValueError(
            "a classifier of scikit-learn learns only once: say with copies how many changed pictures from"
        )
    return []


def _features_suffice(
    model: nn.Module, head: str, picture: tuple[int, ...], trained: list[Layer], augment: Augment | None, copies: int
) -> bool:
    """Whether the head can be trained alone, on features that are computed once.

    Raises:
        ValueError: for ``copies`` where they can't be used.
    """
    suffice = all(below(layer.name, head) for layer in trained) and (augment is None or copies > 0)
    if suffice and not isinstance(model.get_submodule(head), Estimator):
        suffice = ends_network(model, head, picture)
    if copies and not suffice:
        raise ValueError(
            f"copies={copies} are kept as features, for a head that is trained alone and ends the network; leave "
            "copies out to change the pictures anew in every epoch"
        )
    return suffice


def _fit_estimator(head: Estimator, train: Split, validation: Split | None) -> History:
    """Let a classifier of scikit-learn learn; the history has one row."""
    began = time.perf_counter()
    head.fit_features(cast(Tensor, train.images), train.labels)
    row = {"seconds": time.perf_counter() - began}
    for part, split in (("train", train), ("validation", validation)):
        if split is not None:
            report = Report(head(split.images), split.labels, split.classes)
            row |= {f"{part}_loss": report.loss, f"{part}_accuracy": report.accuracy}
    return History.of([row], runtime=f"{type(head.classifier).__name__} of scikit-learn")
