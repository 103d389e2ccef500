"""Training: one function, to be read from top to bottom."""

import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from cnnlab.data import Augment, Batches, Split, batches
from cnnlab.inference.memory import memory_kept
from cnnlab.inference.outputs import logits_in
from cnnlab.inference.prediction import outputs_of
from cnnlab.inference.runtime import Runtime, Way, choose
from cnnlab.training._checkpoint import read_checkpoint, write_checkpoint
from cnnlab.training._checks import check, check_optimizer, not_finite
from cnnlab.training._progress import Progress
from cnnlab.training._settings import described, fingerprint, shapes
from cnnlab.training.history import History
from cnnlab.training.pieces import Best, Loss, Step, StopTraining, cross_entropy_of, eval_at_the_end, in_eval_mode


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

    The network is trained in place and left in eval mode. A layer that you put into eval mode while the network itself
    is in train mode (``net.train(); net.features.eval()``) stays so: its batch normalisation keeps its statistics.
    Device, precision and memory format are chosen by the runtime, which says so in the first line;
    ``precision="float32"`` asks for exact numbers. (NVIDIA GPUs since Ampere still round the inputs of convolutions to
    TF32 then, unless ``torch.backends.cudnn.allow_tf32`` is False.)

    Args:
        optimizer: makes the optimiser from the trainable parameters; Adam with ``learning_rate`` unless given.
        loss: of what the network puts out, logits (N, classes) as a rule, and labels (N,): the mean over the batch;
            cross-entropy unless given. Of several outputs, the logits come first.
        schedule: makes a learning-rate schedule from the optimiser and the number of steps of the whole run; it
            advances after every step, not every epoch.
        class_weights: (classes,) weights of the classes in the cross-entropy; the history's losses are weighted too.
        patience: end the run after so many epochs without a lower validation loss, and go back to the best weights.
        callbacks: called after every step; may change ``step.optimizer`` or raise `StopTraining`.
        resume: a checkpoint file, written after every epoch. If it is there already, training goes on from it; on a
            processor the weights become bit for bit those of a run that was never interrupted.

    Raises:
        TypeError: for an argument of another kind, or a network whose outputs do not begin with logits.
        ValueError: for arguments that do not fit together, a device that is not there, or a checkpoint of another run.
        FloatingPointError: if the loss becomes NaN or infinite, naming the step and the likely causes.
        OSError: if the checkpoint cannot be written.

    >>> from cnnlab import data, models
    >>> digits = data.digits()
    >>> history = fit(models.build("lenet5"), digits.train[:640], epochs=2, progress=False)
    >>> list(history.index), bool(history.train_loss[2] < history.train_loss[1])
    ([1, 2], True)
    """
    check(model, train, validation, epochs, batch_size, optimizer, loss, class_weights, patience)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    batch = (min(batch_size, len(train)), *train.images.shape[1:])
    runtime = choose(model, batch, precision=precision, device=device, training=True)
    runtime.place(model)
    optimizer_ = optimizer(trainable) if optimizer else torch.optim.Adam(trainable, learning_rate, fused=True)
    optimizer_options = described(optimizer_)  # before a schedule changes them
    feed = batches(train, batch_size, shuffle=True, seed=seed, augment=augment, device=runtime.device)
    checked = batches(validation, max(batch_size, 256), device=runtime.device) if validation else None
    scheduler = schedule(optimizer_, epochs * len(feed)) if schedule else None
    check_optimizer(optimizer_, scheduler)
    settings = {
        "network": shapes(model),
        "layers in eval mode": list(in_eval_mode(model)),
        "training pictures": fingerprint(train) if resume else "",
        "validation pictures": fingerprint(validation) if resume and validation else "",
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": optimizer_options,
        "loss": described(loss),
        "schedule": described(scheduler) | ({"epochs": str(epochs)} if scheduler else {}),
        "class_weights": [] if class_weights is None else class_weights.tolist(),
        "augment": described(augment),
        "patience": patience,
        "seed": seed,
        "precision": precision,
    }
    state = read_checkpoint(resume, settings, epochs) if resume else None
    if state:  # the checkpoint's own way, since another would change bits
        runtime = replace(runtime, way=Way(*state["way"]), reason="as the checkpoint")
        runtime.place(model)
    weights = None if class_weights is None else class_weights.to(runtime.device, torch.float32)
    criterion = loss or cross_entropy_of(len(train.classes), weights)
    run = _Run(model, optimizer_, scheduler, criterion, weights, runtime, epochs, callbacks)
    if state:
        run.restore(state)

    title = f"{type(model).__name__}: {sum(p.numel() for p in trainable):,} parameters · {runtime}"
    # Chance depends on the seed and the epoch alone, so that a resumed run repeats an unbroken one.
    with (
        eval_at_the_end(model),
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


class _Run:
    """A run between two epochs: what goes on from epoch to epoch, and into the checkpoint."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        scheduler: LRScheduler | None,
        criterion: Loss,
        weights: Tensor | None,
        runtime: Runtime,
        epochs: int,
        callbacks: Sequence[Callable[[Step], None]],
    ) -> None:
        self.model, self.optimizer, self.scheduler, self.criterion = model, optimizer, scheduler, criterion
        self.weights, self.runtime, self.epochs, self.callbacks = weights, runtime, epochs, callbacks
        self.still = in_eval_mode(model).values()
        self.rows: list[dict[str, float]] = []
        self.best = Best()
        self.finished = False

    def train_epoch(self, feed: Batches, shown: Progress) -> dict[str, float]:
        """One pass over the training pictures."""
        started, epoch = time.perf_counter(), len(self.rows) + 1
        history = History.of(self.rows, runtime=str(self.runtime)) if self.callbacks else None
        total = torch.zeros((), device=self.runtime.device)
        correct = torch.zeros((), device=self.runtime.device, dtype=torch.int64)
        seen, value = 0, math.nan
        divisor: float | Tensor = 0  # of the sum of losses: of weighted means, the sum of the weights
        # Reading the loss makes a GPU wait for its queue to empty: there, look only now and then.
        every = 1 if self.callbacks or self.runtime.device.type == "cpu" else 16
        self.model.train()
        for module in self.still:
            module.training = False
        for step, (images, labels) in enumerate(feed, start=1):
            with self.runtime.autocast():
                output = self.model(self.runtime.arrange(images))
                logits = logits_in(output)
                loss = self.criterion(output, labels)
            if step % every == 1 % every or step == len(feed):
                value = loss.item()
                if not math.isfinite(value):
                    rate = self.optimizer.param_groups[0]["lr"]
                    cause = not_finite(self.model, images, labels, rate=rate, weights=self.weights)
                    raise FloatingPointError(
                        f"the loss became {value} by step {step} of epoch {epoch}; likely cause: {cause}"
                    )
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.scheduler:
                self.scheduler.step()
            share = len(labels) if self.weights is None else self.weights[labels].sum()
            total += loss.detach() * share
            divisor += share
            correct += (logits.detach().argmax(dim=1) == labels).sum()
            seen += len(labels)
            shown.step(step, len(feed), value)
            for callback in self.callbacks:
                assert history is not None
                callback(Step(epoch, self.epochs, step, len(feed), value, self.model, self.optimizer, history))
        if not seen:
            raise ValueError("not one picture of the training part could be decoded; the warnings name them")
        return {
            "train_loss": total.item() / float(divisor),
            "train_accuracy": correct.item() / seen,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": time.perf_counter() - started,
        }

    def validate(self, feed: Batches) -> dict[str, float]:
        """Loss and accuracy on pictures that are not trained on, in eval mode."""
        output, labels = outputs_of(self.model, feed, self.runtime)
        return {
            "validation_loss": self.criterion(output, labels).item(),
            "validation_accuracy": (logits_in(output).argmax(dim=1) == labels).sum().item() / len(labels),
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
        self.best = Best(**state["best"])
        self.finished = state["finished"]
