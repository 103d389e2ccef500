"""Training: one function, to be read from top to bottom."""

import copy
import math
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from operator import length_hint, mul
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from cnnlab.data import Augment, Batches, Loader, Split
from cnnlab.inference.outputs import logits_in
from cnnlab.inference.prediction import outputs_of
from cnnlab.inference.runtime import Format, choose
from cnnlab.training._arguments import make_optimizer, make_schedule, not_finite, require_arguments
from cnnlab.training._checkpoint import read_checkpoint, write_checkpoint
from cnnlab.training._progress import Progress
from cnnlab.training._settings import described, fingerprint, shapes
from cnnlab.training.callbacks import Step, StopTraining
from cnnlab.training.history import History
from cnnlab.training.loss import Loss, cross_entropy_of
from cnnlab.training.processes import this_process


def fit(
    model: nn.Module,
    train: Split | Loader,
    *,
    validation: Split | Loader | None = None,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    optimizer: Callable[[list[tuple[str, nn.Parameter]]], Optimizer] | None = None,
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

    ``train`` and ``validation`` are a `Split` or a loader: any iterable of batches (pictures, labels) that gives them
    again in every epoch, as PyTorch's DataLoader. A loader has batches and an order of its own, so ``batch_size`` does
    not count for it. Its first batch is looked at before the run.

    The network is trained in place and left in eval mode. A layer that you put into eval mode while the network itself
    is in train mode (``net.train(); net.features.eval()``) stays so: its batch normalisation keeps its statistics.
    Device, precision and memory format are chosen by the runtime, which says so in the first line;
    ``precision="float32"`` asks for exact numbers. (NVIDIA GPUs since Ampere still round the inputs of convolutions to
    TF32 then, unless ``torch.backends.cudnn.allow_tf32`` is False.)

    Args:
        optimizer: makes the optimiser from the trainable parameters; Adam with ``learning_rate`` unless given. They
            come as a list of pairs (name, parameter), which PyTorch's optimisers take, so that groups can be made by
            layer: ``SGD([{"params": [(n, p) for n, p in named if n.startswith("features")], "lr": 0.01}, …])``.
        loss: of what the network puts out, logits (N, classes) as a rule, and labels (N,): the mean over the batch;
            cross-entropy unless given. Of several outputs, the logits come first.
        schedule: makes a learning-rate schedule from the optimiser and the number of steps of the whole run; it
            advances after every step, not every epoch.
        class_weights: (classes,) weights of the classes in the cross-entropy; the history's losses are weighted too.
        patience: end the run after so many epochs without a lower validation loss, and go back to the best weights.
        augment: changes every batch of training pictures; if it has a method ``set_epoch(epoch)``, that is called
            before every epoch.
        callbacks: called after every step; may change ``step.model`` and ``step.optimizer``, or raise `StopTraining`.
            If it has ``state_dict`` and ``load_state_dict``, its tensors and numbers are kept in the checkpoint.
        resume: a checkpoint file, written after every epoch. If it is there already, training goes on from it; on a
            processor the weights become bit for bit those of a run that was never interrupted. Of a loader, that holds
            if its order depends on PyTorch's random numbers alone, which ``seed`` and the epoch set, or on the epoch
            that its method ``set_epoch(epoch)`` is called with; another loader of the same kind is not noticed.

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
    # What is trained, where, by which rule, and on what.
    batch = require_arguments(model, train, validation, epochs, batch_size, loss, class_weights, patience)
    runtime = choose(model, batch, precision=precision, device=device, training=True)
    runtime.place(model)
    frozen = {name: module for name, module in model.named_modules() if model.training and not module.training}
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    optim = make_optimizer(optimizer or partial(torch.optim.Adam, lr=learning_rate, fused=True), named)
    optimizer_options = described(optim)  # before a schedule changes them
    weights = None if class_weights is None else class_weights.to(runtime.device, torch.float32)
    criterion = loss or cross_entropy_of(len(train.classes) if isinstance(train, Split) else None, weights)
    rank, count = this_process()
    feed = Batches(
        train, batch_size, shuffle=True, seed=seed, augment=augment, device=runtime.device, rank=rank, processes=count
    )
    held_out = None if validation is None else Batches(validation, max(batch_size, 256), device=runtime.device)
    steps = length_hint(feed)  # of an epoch; 0 if it is not known
    plan = make_schedule(schedule, optim, epochs * steps) if schedule else None
    rows: list[dict[str, float]] = []
    best: dict[str, Any] = {"loss": math.inf, "epoch": 0, "weights": {}}  # kept with patience alone

    # A run that was interrupted goes on, if it is the same run.
    parts: dict[str, Any] = {"model": model, "optimizer": optim} | ({"schedule": plan} if plan else {})
    parts |= {f"callback {n}": callback for n, callback in enumerate(callbacks, 1) if hasattr(callback, "state_dict")}
    settings = {
        "network": shapes(model),
        "layers in eval mode": list(frozen),
        "training pictures": fingerprint(train) if resume else "",
        "validation pictures": fingerprint(validation) if resume else "",
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": optimizer_options,
        "loss": described(loss),
        "schedule": described(plan) | ({"epochs": str(epochs)} if plan else {}),
        "class_weights": [] if class_weights is None else class_weights.tolist(),
        "augment": described(augment),
        "patience": patience,
        "seed": seed,
        "precision": precision,
    }
    settings |= {name: type(part).__qualname__ for name, part in parts.items() if name.startswith("callback")}
    if resume and (state := read_checkpoint(resume, settings, epochs)):
        rows, best = state["rows"], state["best"]
        # Another precision would change bits; "way" is its name in files since version 0.1.
        runtime = replace(runtime, format=Format(*state["way"]), reason="as the checkpoint")
        runtime.place(model)
        for name, part in parts.items():
            part.load_state_dict(state[name])

    title = f"{type(model).__name__}: {sum(p.numel() for _, p in named):,} parameters · {runtime}"
    cuda = [runtime.device] if runtime.device.type == "cuda" else []
    # Reading the loss makes a GPU wait for its queue to empty: there, look only now and then.
    every = 16 if cuda and steps and not callbacks else 1
    with (
        ExitStack() as at_the_end,
        torch.random.fork_rng(devices=cuda),
        Progress(title=title, epochs=epochs, rows=rows, shown=progress and rank == 0) as shown,
    ):
        at_the_end.callback(model.eval)
        while len(rows) < epochs and (patience is None or len(rows) - best["epoch"] < patience):
            epoch, step, value, started = len(rows) + 1, 0, math.nan, time.perf_counter()
            history = History.of(rows, runtime=str(runtime)) if callbacks else History()
            losses, sizes, hits = [], [], []
            # Random numbers depend on the seed and the epoch alone, so that a resumed run repeats an unbroken one.
            torch.manual_seed(seed * 1_000_003 + epoch + rank * 1_000_000_007)
            feed.set_epoch(epoch)
            model.train()
            for module in frozen.values():
                module.training = False
            try:
                for step, (images, labels) in enumerate(feed, start=1):
                    with runtime.autocast():
                        output = model(runtime.arrange(images))
                        logits = logits_in(output)
                        mean_loss = criterion(output, labels)
                    if step % every == 1 % every or step == steps:
                        value = mean_loss.item()
                        if not math.isfinite(value):
                            raise FloatingPointError(
                                f"the loss became {value} by step {step} of epoch {epoch}; likely cause: "
                                f"{not_finite(model, images, labels, optim, weights)}"
                            )
                    optim.zero_grad()
                    mean_loss.backward()
                    optim.step()
                    if plan:
                        plan.step()
                    losses.append(mean_loss.detach())
                    sizes.append(len(labels) if weights is None else weights[labels].sum().item())
                    hits.append(logits.detach().argmax(dim=1) == labels)
                    shown.step(step, steps, value)
                    for callback in callbacks:
                        callback(Step(epoch, epochs, step, steps, value, model, optim, history))
            except StopTraining:
                shown.note = f"stopped in epoch {epoch}, as asked"
                break
            if not step:
                raise ValueError("there was nothing to train on: no picture could be decoded, or the loader was empty")
            steps = steps or step
            row = {
                "train_loss": sum(map(mul, torch.stack(losses).tolist(), sizes)) / sum(sizes),
                "train_accuracy": torch.cat(hits).sum().item() / sum(map(len, hits)),
                "learning_rate": optim.param_groups[0]["lr"],
                "seconds": time.perf_counter() - started,
            }
            if held_out is not None:
                output, labels = outputs_of(model, held_out, runtime)
                row["validation_loss"] = criterion(output, labels).item()
                row["validation_accuracy"] = (logits_in(output).argmax(dim=1) == labels).sum().item() / len(labels)
            rows.append(row)
            if patience is not None and row["validation_loss"] < best["loss"]:
                best = {"loss": row["validation_loss"], "epoch": epoch, "weights": copy.deepcopy(model.state_dict())}
            if resume and rank == 0:
                state = {"settings": settings, "rows": rows, "best": best, "way": tuple(runtime.format)}
                write_checkpoint(resume, state | {name: part.state_dict() for name, part in parts.items()})
            shown.epoch()
        if patience is not None and len(rows) - best["epoch"] >= patience:
            shown.note = f"no lower validation loss for {patience} epochs: back to the weights of epoch {best['epoch']}"
        if best["weights"]:
            model.load_state_dict(best["weights"])
    return History.of(rows, runtime=str(runtime))
