"""The confusion matrix with the pictures behind every cell."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from cnnlab import data, look
from cnnlab.data import Split
from cnnlab.demos._demo import WIDE, Demo
from cnnlab.demos._kernels import lenets
from cnnlab.evaluation import Report, confused_pairs
from cnnlab.inference import evaluate

PAIRS = 20  # that can be chosen from a list


class Matrix(anywidget.AnyWidget):
    """The matrix to click on; `cell` is the row and the column that were clicked."""

    _esm = Path(__file__).with_name("matrix.js")
    counts = traitlets.List([[0]]).tag(sync=True)
    names = traitlets.List([""]).tag(sync=True)
    cell = traitlets.List([0, 0]).tag(sync=True)


@dataclass(frozen=True)
class Settings:
    """The cell: the true class and the predicted one."""

    true: str
    predicted: str


def figure(settings: Settings, report: Report, split: Split) -> look.Figure:
    """The pictures in a cell of the confusion matrix, the most confident first.

    Raises:
        ValueError: for an unknown class, or a report that is not about the split.
    """
    return look.cell(report, split, true=settings.true, predicted=settings.predicted)


class ConfusionDemo(Demo):
    """The widgets over `figure`."""

    name = "confusion"

    def __init__(self, report: Report, split: Split) -> None:
        self.report, self.split = report, split
        names = list(report.classes)
        worst = confused_pairs(report, PAIRS)
        rows = zip(worst.true.tolist(), worst.predicted.tolist(), worst.pictures.tolist(), strict=True)
        pairs = [(f"{true} → {predicted} ({count})", (true, predicted)) for true, predicted, count in rows]
        first = pairs[0][1] if pairs else (names[0], names[0])
        self.matrix = Matrix(counts=report.confusion.tolist(), names=names, cell=[names.index(name) for name in first])
        self.true = widgets.Dropdown(options=names, value=first[0], description="true class", **WIDE)
        self.predicted = widgets.Dropdown(options=names, value=first[1], description="predicted class", **WIDE)
        self.pairs = widgets.Dropdown(options=[("", None), *pairs], description="most confused", **WIDE)
        super().__init__([self.matrix, self.true, self.predicted, self.pairs])
        self.matrix.observe(self._clicked, "cell")
        self.pairs.observe(self._pair_chosen, "value")
        for control in (self.true, self.predicted):
            control.observe(self._class_chosen, "value")
        self.redraw()

    @property
    def settings(self) -> Settings:
        """The present values of the controls."""
        return Settings(self.true.value, self.predicted.value)

    def draw(self) -> look.Figure:
        """The figure for the present values of the controls."""
        return figure(self.settings, self.report, self.split)

    def message(self) -> str:
        """How many of the class there are, and how many were given the other."""
        names, (row, column) = self.report.classes, self.matrix.cell
        confusion = self.report.confusion
        return (
            f"pictures of {names[row]}: {int(confusion[row].sum())}, {int(confusion[row, row])} of them recognised; "
            f"pictures taken for {names[column]}: {int(confusion[:, column].sum())}"
        )

    def _clicked(self, change: Any) -> None:
        row, column = change["new"]
        with self.one_redraw():
            self.true.value, self.predicted.value = self.report.classes[row], self.report.classes[column]

    def _class_chosen(self, _change: object) -> None:
        if not self._updating:
            self.matrix.cell = [self.report.classes.index(name) for name in (self.true.value, self.predicted.value)]

    def _pair_chosen(self, change: Any) -> None:
        if change["new"]:
            self.matrix.cell = [self.report.classes.index(name) for name in change["new"]]


def confusion(report: Report | None = None, split: Split | None = None) -> ConfusionDemo:
    """A demo of a confusion matrix: click a cell to see the pictures in it.

    ``report`` is what `cnnlab.evaluate` returned for ``split``. Without them, a LeNet-5 is trained on digits for some
    seconds, and its test pictures are shown.

    Raises:
        ValueError: for one without the other, or a report that is not about the split.
    """
    if (report is None) != (split is None):
        raise ValueError("confusion needs both, the report and the split that was evaluated, or neither")
    if report is None or split is None:
        split = data.digits().test
        report = evaluate(lenets().after, split)
    if report.labels.tolist() != split.labels.tolist():
        raise ValueError(
            f"the report is about {len(report.labels):,} pictures and the split has {len(split):,}, or their labels "
            "differ; pass the split that was evaluated"
        )
    return ConfusionDemo(report, split)
