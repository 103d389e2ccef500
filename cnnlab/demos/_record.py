"""The losses and epochs of a running training, and their curves."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from cnnlab.look import Figure
from cnnlab.look.theme import BLUE, SMALL, VERMILION, label_axes, number, percent
from cnnlab.training import Step

FIRST_EPOCHS = 5  # on the x axis at the beginning
MOST_POINTS = 300  # of the line of batch losses


@dataclass
class Record:
    """The losses of all steps, and the completed epochs; `add` is a callback of `cnnlab.fit`."""

    losses: list[float] = field(default_factory=list)
    steps: int = 1  # in an epoch
    epochs: int = 0
    history: pd.DataFrame = field(default_factory=pd.DataFrame)

    def add(self, step: Step) -> None:
        """Record a step."""
        self.losses.append(step.loss)
        self.steps, self.epochs, self.history = step.steps, step.epochs, step.history

    @property
    def done(self) -> float:
        """Epochs so far, with the fraction of the running one."""
        return len(self.losses) / self.steps


def chart(record: Record) -> Figure:
    """The loss of each step and the validation loss of each epoch at the left, the accuracies at the right."""
    figure = Figure((7.0, 2.9), alt=_in_words(record), constrained=False)
    figure.subplots_adjust(left=0.075, right=0.985, bottom=0.17, top=0.9, wspace=0.2)
    loss, accuracy = figure.subplots(1, 2)
    label_axes(loss, title="Loss", x="epochs", y="loss (nats)", grid=True)
    label_axes(accuracy, title="Accuracy", x="epochs", y="accuracy (%)", grid=True)
    end = FIRST_EPOCHS
    while end < record.done:  # the axis doubles, so that the curves do not move at every drawing
        end *= 2
    for axes in (loss, accuracy):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.set_xlim(0, 1.02 * min(end, max(record.epochs, 1)))
    if not record.losses:
        loss.text(0.5, 0.5, "nothing trained yet", transform=loss.transAxes, ha="center", fontsize=SMALL)
        return figure
    each = -(-len(record.losses) // MOST_POINTS)  # steps whose mean is a point
    means = pd.Series(record.losses).groupby(lambda step: step // each).mean()
    ends = np.minimum((means.index + 1) * each, len(record.losses)) / record.steps
    loss.plot(ends, means, color=BLUE, lw=1, label="training, by batch")
    history = record.history
    curves = (
        (loss, "validation_loss", 1, VERMILION, "s--"),
        (accuracy, "train_accuracy", 100, BLUE, "o-"),
        (accuracy, "validation_accuracy", 100, VERMILION, "s--"),
    )
    for axes, column, factor, colour, style in curves:
        if len(history) and column in history:
            label = "training" if column.startswith("train") else "validation"
            axes.plot(history.index, factor * history[column], style, color=colour, ms=4, label=label)
    loss.set_ylim(0, min(loss.get_ylim()[1], 4 * max(means[0], 0.1)))  # an outlier must not flatten the curve
    for axes, corner in ((loss, "upper right"), (accuracy, "lower right")):
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=SMALL, frameon=False, loc=corner)
    return figure


def _in_words(record: Record) -> str:
    if not record.losses:
        return "Empty curves: nothing trained yet"
    first, last = (float(np.mean(part)) for part in (record.losses[:20], record.losses[-20:]))
    text = f"Training curves after {number(record.done)} of {record.epochs} epochs: "
    text += f"the loss of a batch goes from {number(first)} to {number(last)}"
    if "validation_accuracy" in record.history and len(record.history):
        text += f", validation accuracy is {percent(float(record.history['validation_accuracy'].iloc[-1]))}"
    return text
