"""The first check of a training: a network that cannot learn one batch by heart will not learn the rest either."""

import copy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from cnnlab.data import Batches, Loader, Split
from cnnlab.inference import predict
from cnnlab.training.fitting import fit
from cnnlab.training.history import History

DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
LEARNT = 0.05  # nats: the mean probability of the true class is about 95 %
FALLING = 0.9  # the loss of the last quarter, as a fraction of that of the quarter before


@dataclass(frozen=True, eq=False)
class OneBatch:
    """Whether one batch was learnt by heart: ``learnt``, the ``history`` of the steps, and what to look at if not.

    ``findings`` are sentences; there may be some even if the batch was learnt.
    """

    learnt: bool
    history: History
    findings: tuple[str, ...] = field(repr=False)

    def __repr__(self) -> str:
        losses = self.history.train_loss
        result = "learnt" if self.learnt else "not learnt"
        shown = "no step was made" if losses.empty else f"loss {losses.iloc[0]:.2f} to {losses.iloc[-1]:.2g} nats"
        return "\n".join([f"one batch {result}: {shown}", *(f"- {finding}" for finding in self.findings)])


def overfit_one_batch(
    model: nn.Module,
    train: Split | Loader,
    *,
    batch_size: int = 16,
    steps: int = 200,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> OneBatch:
    """Train a copy of ``model`` on one batch of ``train``, without dropout, until its cross-entropy should be near 0.

    A network with enough parameters learns a few pictures by heart, whatever their labels. If it does not, data,
    network, loss or optimiser are at fault, and the whole training set would not tell which. The batch is learnt if the
    loss falls below 0.05 nats. ``model`` is left alone. Wrong labels go unnoticed, because they are learnt as well.

    Karpathy 2019, *A recipe for training neural networks*, step 2 ("overfit one batch").

    Raises:
        ValueError: for fewer than 8 ``steps``.

    >>> from cnnlab import data, models
    >>> found = overfit_one_batch(models.build("lenet5"), data.digits().train, steps=100)
    >>> found.learnt, found.findings
    (True, ())
    """
    if steps < 8:
        raise ValueError(f"steps must be 8 or more, got {steps}; most networks need 100 or 200")
    batches = Batches(train, batch_size, shuffle=True, seed=seed)
    images, labels = next(iter(batches))
    trained = copy.deepcopy(model)
    for module in trained.modules():
        if isinstance(module, DROPOUTS):
            module.p = 0.0
    untouched = {name: parameter.detach().clone() for name, parameter in trained.named_parameters()}
    before = predict(trained, images)
    diverged = ""
    rows: list[History] = []
    try:
        history = fit(
            trained,
            [(images, labels)],
            epochs=steps,
            learning_rate=learning_rate,
            callbacks=[lambda step: rows.append(step.history)],
            seed=seed,
            progress=False,
        )
    except FloatingPointError as error:
        history, diverged = rows[-1] if rows else History.of([]), str(error)
    learnt = not diverged and bool(history.train_loss.iloc[-1] < LEARNT)
    findings = _of_data(images, labels) + _of_logits(before)
    still = [
        name
        for name, parameter in trained.named_parameters()
        if torch.equal(parameter.detach().cpu(), untouched[name].cpu())
    ]
    if still:
        findings.append(
            f"{len(still)} of {len(untouched)} parameters did not change, the first is {still[0]}: frozen, not part of "
            "the forward pass, or cut off from the loss by detach, argmax or ReLUs that put out 0 alone"
        )
    if diverged:
        findings.append(diverged)
    elif not learnt:
        findings.append(_of_losses(history.train_loss.tolist(), learning_rate))
    return OneBatch(learnt, history, tuple(findings))


def _of_data(images: Tensor, labels: Tensor) -> list[str]:
    """What is wrong with the pictures and labels of the batch."""
    flat = images.flatten(1)
    if len(images) > 1 and bool((flat == flat[:1]).all()):
        return [f"all {len(images)} pictures of the batch are the same: look at the loading"]
    equal = (flat[:, None] == flat[None]).all(dim=2) & (labels[:, None] != labels[None])
    if equal.any():
        first, second = equal.nonzero()[0].tolist()
        return [
            f"pictures {first} and {second} of the batch are the same, and their labels are {labels[first]} and "
            f"{labels[second]}: look at the labels"
        ]
    if len(images) > 1 and bool((labels == labels[0]).all()):
        return [
            f"all labels of the batch are {int(labels[0])}: look at the order of the pictures, or take a larger batch"
        ]
    return []


def _of_logits(logits: Tensor) -> list[str]:
    """What is wrong with the outputs of the untrained network."""
    if not logits.isfinite().all():
        return ["the outputs of the untrained network are not finite: look at the pictures, then at its weights"]
    findings = []
    if bool((logits >= 0).all()) and torch.allclose(logits.sum(dim=1), torch.ones(len(logits)), atol=1e-3):
        findings.append("the outputs are probabilities: leave out the softmax, since the cross-entropy has one")
    if len(logits) > 1 and torch.equal(logits, logits[:1].expand_as(logits)):
        findings.append("the outputs are the same for all pictures: look for a layer that puts out a constant")
    return findings


def _of_losses(losses: list[float], learning_rate: float) -> str:
    """What a loss that stays above the limit suggests."""
    quarter = len(losses) // 4
    last, earlier = sum(losses[-quarter:]) / quarter, sum(losses[-2 * quarter : -quarter]) / quarter
    if last < FALLING * earlier:
        return f"the loss still falls: take more steps, or a learning rate above {learning_rate:g}"
    if max(losses) > 2 * losses[0]:
        return f"the loss rose above its first value: take a learning rate below {learning_rate:g}"
    return (
        f"the loss stays at about {last:.2f}: try other learning rates (learning_rate_search), then look at the network"
    )
