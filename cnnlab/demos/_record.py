"""What a training run has told so far, and its picture."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from cnnlab.look import Figure
from cnnlab.look.theme import BLUE, SMALL, VERMILION, label_axes, number, percent
from cnnlab.training import Step

FIRST_EPOCHS = 5  # for which the axis has room at the beginning
MOST_POINTS = 300  # of the line of batch losses; more cannot be told apart


@dataclass
class Record:
    """The losses of all steps, and the epochs that are over; a callback of `cnnlab.fit`."""

    losses: list[float] = field(default_factory=list)
    steps: int = 1  # an epoch
    epochs: int = 0
    history: pd.DataFrame = field(default_factory=pd.DataFrame)

    def add(self, step: Step) -> None:
        """Note a step."""
        self.losses.append(step.loss)
        self.steps, self.epochs, self.history = step.steps, step.epochs, step.history

    @property
    def done(self) -> float:
        """Epochs so far, with the fraction of the running one."""
        return len(self.losses) / self.steps


def chart(record: Record) -> Figure:
    """Loss by step and validation loss by epoch at the left, accuracies by epoch at the right."""
    figure = Figure((7.0, 2.9), alt=_words(record), constrained=False)
    figure.subplots_adjust(left=0.075, right=0.985, bottom=0.17, top=0.9, wspace=0.2)
    loss, accuracy = figure.subplots(1, 2)
    label_axes(loss, title="Loss", x="epochs", y="loss (nats)", grid=True)
    label_axes(accuracy, title="Accuracy", x="epochs", y="accuracy (%)", grid=True)
    end = FIRST_EPOCHS
    while end < record.done:  # grows in few steps, so that the curves do not creep
        end *= 2
    for axes in (loss, accuracy):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.set_xlim(0, 1.02 * min(end, max(record.epochs, 1)))
    if not record.losses:
        loss.text(0.5, 0.5, "nothing trained yet", transform=loss.transAxes, ha="center", fontsize=SMALL)
        return figure
    where, values = _thinned(np.asarray(record.losses), record.steps)
    loss.plot(where, values, color=BLUE, lw=1, label="training, by batch")
    for part, colour, style in (("train", BLUE, "o-"), ("validation", VERMILION, "s--")):
        name = "training" if part == "train" else part
        if len(record.history) and f"{part}_accuracy" in record.history:
            accuracies = 100 * record.history[f"{part}_accuracy"]
            accuracy.plot(accuracies.index, accuracies, style, color=colour, ms=4, label=name)
        if part == "validation" and len(record.history) and "validation_loss" in record.history:
            losses = record.history["validation_loss"]
            loss.plot(losses.index, losses, style, color=colour, ms=4, label=name)
    loss.set_ylim(0, min(loss.get_ylim()[1], 4 * max(values[0], 0.1)))  # one wild batch must not flatten the rest
    for axes, place in ((loss, "upper right"), (accuracy, "lower right")):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=SMALL, frameon=False, loc=place)
    return figure


def _thinned(losses: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and losses of at most `MOST_POINTS` points, each the mean of as many steps."""
    each = -(-len(losses) // MOST_POINTS)
    ends = np.append(np.arange(each, len(losses), each), len(losses))
    means = np.array([part.mean() for part in np.split(losses, ends[:-1])])
    return ends / steps, means


def _words(record: Record) -> str:
    if not record.losses:
        return "Empty curves: nothing trained yet"
    first, last = (float(np.mean(part)) for part in (record.losses[:20], record.losses[-20:]))
    told = f"Training curves after {number(record.done)} of {record.epochs} epochs: "
    told += f"the loss of a batch goes from {number(first)} to {number(last)}"
    if "validation_accuracy" in record.history and len(record.history):
        told += f", validation accuracy is {percent(float(record.history['validation_accuracy'].iloc[-1]))}"
    return told
