"""Training: one function, to be read from top to bottom."""

import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from cnnlab.data import Augment, Batches, Split, batches
from cnnlab.training.checkpoint import fingerprint, read_checkpoint, write_checkpoint
from cnnlab.training.history import History
from cnnlab.training.memory import memory_kept
from cnnlab.training.prediction import logits_of
from cnnlab.training.progress import Progress
from cnnlab.training.runtime import Runtime, Way, choose

Loss = Callable[[Tensor, Tensor], Tensor]


class StopTraining(Exception):  # noqa: N818 - a wish, not an error
    """Raised in a callback to end a run: the weights stay as they are, the running epoch gets no row in the history."""


@dataclass(frozen=True)
class Step:
    """What a callback is told after every optimiser step; ``epoch`` and ``step`` count from 1."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    model: nn.Module
    optimizer: Optimizer
    history: History


def fit(
    model: nn.Module,
    train: Split,
    *,
    validation: Split | None = None,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] | None = None,
    loss: Loss | None = None,
    schedule: Callable[[Optimizer, int], LRScheduler] | None = None,
    class_weights: Tensor | None = None,
    augment: Augment | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callable[[Step], None]] = (),
    seed: int = 0,
    resume: str | os.PathLike[str] | None = None,
    progress: bool = True,
    precision: str = "auto",
    device: torch.device | str | None = None,
) -> History:
    """Train ``model`` on ``train`` for ``epochs`` passes and return the history, an epoch a row.

    The network is trained in place and left in eval mode. Device, precision and memory format are chosen by the
    runtime, which says so in the first line; ``precision="float32"`` asks for exact numbers. (NVIDIA GPUs since Ampere
    still round the inputs of convolutions to TF32 then, unless ``torch.backends.cudnn.allow_tf32`` is False.)

    Args:
        optimizer: makes the optimiser from the trainable parameters; Adam with ``learning_rate`` unless given.
        loss: of logits (N, classes) and labels (N,); cross-entropy unless given.
        schedule: makes a learning-rate schedule from the optimiser and the number of steps of the whole run; it
            advances after every step, not every epoch.
        class_weights: (classes,) weights of the classes in the cross-entropy.
        patience: end the run after so many epochs without a lower validation loss, and go back to the best weights.
        callbacks: called after every step; may change ``step.optimizer`` or raise `StopTraining`.
        resume: a checkpoint file, written after every epoch. If it is there already, training goes on from it; on a
            processor the weights become bit for bit those of a run that was never interrupted.

    Raises:
        ValueError: for arguments that do not fit together, a device that is not there, or a checkpoint of another run.
        FloatingPointError: if the loss becomes NaN or infinite, naming the step and the likely causes.
        OSError: if the checkpoint cannot be written.

    >>> from cnnlab import data, models
    >>> digits = data.digits()
    >>> history = fit(models.build("lenet5"), digits.train[:640], epochs=2, progress=False)
    >>> list(history.index), bool(history.train_loss[2] < history.train_loss[1])
    ([1, 2], True)
    """
    _check(train, validation, epochs, batch_size, patience, loss, class_weights)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trainable:
        raise ValueError("no parameter of this network has requires_grad=True: there is nothing to train")
    batch = (min(batch_size, len(train)), *train.images.shape[1:])
    runtime = choose(model, batch, precision=precision, device=device, training=True)
    runtime.place(model)
    optimizer_ = optimizer(trainable) if optimizer else torch.optim.Adam(trainable, learning_rate, fused=True)
    feed = batches(train, batch_size, shuffle=True, seed=seed, augment=augment, device=runtime.device)
    checked = batches(validation, max(batch_size, 256), device=runtime.device) if validation else None
    scheduler = schedule(optimizer_, epochs * len(feed)) if schedule else None
    settings = {
        "network": {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()},
        "training pictures": fingerprint(train) if resume else "",
        "validation pictures": fingerprint(validation) if resume and validation else "",
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": type(optimizer_).__name__,
        "schedule": f"{type(scheduler).__name__} over {epochs} epochs" if scheduler else "",
        "class_weights": [] if class_weights is None else class_weights.tolist(),
        "augment": repr(augment) if is_dataclass(augment) else type(augment).__name__,
        "patience": patience,
        "seed": seed,
        "precision": precision,
    }
    state = read_checkpoint(resume, settings) if resume else None
    if state and len(state["rows"]) > epochs:
        raise ValueError(f"{resume} has {len(state['rows'])} epochs already, more than epochs={epochs}; ask for more")
    if state:  # the checkpoint's own way, since another would change bits
        runtime = replace(runtime, way=Way(*state["way"]), reason="as the checkpoint")
        runtime.place(model)
    criterion = loss or _cross_entropy(len(train.classes), class_weights, runtime.device)
    run = _Run(model, optimizer_, scheduler, criterion, runtime, epochs, callbacks)
    if state:
        run.restore(state)

    title = f"{type(model).__name__}: {sum(p.numel() for p in trainable):,} parameters · {runtime}"
    # Chance depends on the seed and the epoch alone, so that a resumed run repeats an unbroken one.
    with (
        _eval_at_the_end(model),
        memory_kept(),
        torch.random.fork_rng(devices=[runtime.device] if runtime.device.type == "cuda" else []),
        Progress(title=title, epochs=epochs, rows=run.rows, shown=progress) as shown,
    ):
        while len(run.rows) < epochs and not run.finished:
            epoch = len(run.rows) + 1
            torch.manual_seed(seed * 1_000_003 + epoch)
            feed.set_epoch(epoch)
            try:
                row = run.train_epoch(feed, shown)
            except StopTraining:
                shown.note = f"stopped in epoch {epoch}, as asked"
                break
            if checked:
                row |= run.validate(checked)
            run.rows.append(row)
            if patience is not None:
                run.finished = run.best.update(model, row["validation_loss"], epoch) >= patience
            if resume:
                write_checkpoint(resume, {"settings": settings, **run.state()})
            shown.epoch()
        if run.finished:
            shown.note = (
                f"no lower validation loss for {patience} epochs: back to the weights of epoch {run.best.epoch}"
            )
        if patience is not None:
            run.best.restore(model)
    return History.of(run.rows, runtime=str(runtime))


@dataclass
class _Best:
    """The weights of the epoch with the lowest validation loss."""

    loss: float = math.inf
    epoch: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    def update(self, model: nn.Module, loss: float, epoch: int) -> int:
        """Keep the weights if ``loss`` is the lowest so far; return for how many epochs there was none lower."""
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch
            self.weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
        return epoch - self.epoch

    def restore(self, model: nn.Module) -> None:
        if self.weights:
            model.load_state_dict(self.weights)


class _Run:
    """A run between two epochs: what goes on from epoch to epoch, and into the checkpoint."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        criterion: Loss,
        runtime: Runtime,
        epochs: int,
        callbacks: Sequence[Callable[[Step], None]],
    ) -> None:
        self.model, self.optimizer, self.scheduler, self.criterion = model, optimizer, scheduler, criterion
        self.runtime, self.epochs, self.callbacks = runtime, epochs, callbacks
        self.rows: list[dict[str, float]] = []
        self.best = _Best()
        self.finished = False

    def train_epoch(self, feed: Batches, shown: Progress) -> dict[str, float]:
        """One pass over the training pictures."""
        started, epoch = time.perf_counter(), len(self.rows) + 1
        history = History.of(self.rows, runtime=str(self.runtime)) if self.callbacks else None
        total = torch.zeros((), device=self.runtime.device)
        correct = torch.zeros((), device=self.runtime.device, dtype=torch.int64)
        seen, value = 0, math.nan
        # Reading the loss makes a GPU wait for its queue to empty: there, look only now and then.
        every = 1 if self.callbacks or self.runtime.device.type == "cpu" else 16
        self.model.train()
        for step, (images, labels) in enumerate(feed, start=1):
            with self.runtime.autocast():
                logits = self.model(self.runtime.arrange(images))
                loss = self.criterion(logits, labels)
            if step % every == 1 % every or step == len(feed):
                value = loss.item()
                if not math.isfinite(value):
                    raise FloatingPointError(_not_finite(value, step, epoch, images, self))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.scheduler:
                self.scheduler.step()
            total += loss.detach() * len(labels)
            final = logits if isinstance(logits, Tensor) else logits[0]  # auxiliary heads come behind it
            correct += (final.detach().argmax(dim=1) == labels).sum()
            seen += len(labels)
            shown.step(step, len(feed), value)
            for callback in self.callbacks:
                assert history is not None
                callback(Step(epoch, self.epochs, step, len(feed), value, self.model, self.optimizer, history))
        if not seen:
            raise ValueError("not one picture of the training part could be decoded; the warnings name them")
        return {
            "train_loss": total.item() / seen,
            "train_accuracy": correct.item() / seen,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": time.perf_counter() - started,
        }

    def validate(self, feed: Batches) -> dict[str, float]:
        """Loss and accuracy on pictures that are not trained on, in eval mode."""
        logits, labels = logits_of(self.model, feed, self.runtime)
        return {
            "validation_loss": self.criterion(logits, labels).item(),
            "validation_accuracy": (logits.argmax(dim=1) == labels).sum().item() / len(labels),
        }

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "rows": self.rows,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.scheduler.state_dict() if self.scheduler else None,
            "best": vars(self.best),
            "way": tuple(self.runtime.way),
            "finished": self.finished,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to what a checkpoint kept."""
        self.rows += state["rows"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler and state["schedule"]:
            self.scheduler.load_state_dict(state["schedule"])
        self.best = _Best(**state["best"])
        self.finished = state["finished"]


def _cross_entropy(classes: int, weights: Tensor | None, device: torch.device) -> Loss:
    if weights is not None:
        weights = weights.to(device, torch.float32)

    def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
        if not isinstance(logits, Tensor):
            raise TypeError(
                f"the network puts out a {type(logits).__name__}, not logits alone; with auxiliary heads pass "
                "loss=cnnlab.models.auxiliary_loss"
            )
        if logits.ndim != 2 or logits.shape[1] != classes:
            raise ValueError(
                f"the network puts out {tuple(logits.shape)} and the data has {classes} classes; "
                "build it with num_classes to match"
            )
        return F.cross_entropy(logits, labels, weight=weights)

    return cross_entropy


@contextmanager
def _eval_at_the_end(model: nn.Module) -> Iterator[None]:
    """Leave the network in eval mode, however the run ends."""
    try:
        yield
    finally:
        model.eval()


def _check(
    train: Split,
    validation: Split | None,
    epochs: int,
    batch_size: int,
    patience: int | None,
    loss: Loss | None,
    class_weights: Tensor | None,
) -> None:
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be 1 or more, got {epochs} and {batch_size}")
    if validation is not None and validation.classes != train.classes:
        raise ValueError(
            f"training and validation must have the same classes in the same order, got {train.classes[:5]} and "
            f"{validation.classes[:5]} (the first five); make both parts from one folder or data set"
        )
    if patience is not None and (patience < 1 or validation is None):
        raise ValueError(
            f"patience must be 1 or more and needs a validation split, got patience={patience} and "
            f"{'no validation split' if validation is None else validation}"
        )
    if class_weights is not None and loss is not None:
        raise ValueError("class_weights belong to the cross-entropy: give them, or a loss of your own, not both")
    if class_weights is not None and class_weights.shape != (len(train.classes),):
        raise ValueError(
            f"class_weights must have shape ({len(train.classes)},), a weight a class, got {tuple(class_weights.shape)}"
        )


def _not_finite(value: float, step: int, epoch: int, images: Tensor, run: _Run) -> str:
    rate = run.optimizer.param_groups[0]["lr"]
    broken = [name for name, parameter in run.model.named_parameters() if not parameter.isfinite().all()]
    if not images.isfinite().all():
        cause = "the pictures of this batch hold NaN or infinite values: look at the data and the augmentation"
    elif broken:
        cause = f"the learning rate {rate:g} is too high, {broken[0]} is no longer finite; try {rate / 10:g}"
    else:
        cause = (
            f"the learning rate {rate:g} is too high (try {rate / 10:g}), or a loss of your own divides by zero or "
            "takes the logarithm of zero"
        )
    return f"the loss became {value} by step {step} of epoch {epoch}; likely cause: {cause}"
