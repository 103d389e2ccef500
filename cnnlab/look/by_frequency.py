"""A score of every class, from the most frequent class to the rarest."""

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from cnnlab.evaluation import Report, class_scores
from cnnlab.look.figure import Figure
from cnnlab.look.theme import COLOURS, MARKERS, SMALL, label_axes, percent


def by_frequency(reports: Report | Mapping[str, Report], counts: ArrayLike, *, score: str = "recall") -> Figure:
    """A score of every class as a bar, sorted by the classes' numbers of training pictures, the most frequent first.

    ``counts`` are these numbers, (classes,), as `torch.bincount` gives them of the training labels. A line over each
    quarter of the classes is its mean. Of several networks, by name, the bars are left out, and their means are
    compared. ``score`` is a column of `cnnlab.evaluation.class_scores`. Classes without a picture have no bar.

    Raises:
        ValueError: for another score, more than 7 networks, or if the number of counts is not that of the classes.

    >>> import torch
    >>> report = Report(torch.eye(4)[[0, 0, 2, 0]], torch.arange(4), tuple("abcd"))
    >>> by_frequency(report, [10, 20, 40, 30]).alt.partition("; ")[2]
    'means from the most frequent quarter to the rarest: 100 %, 0 %, 0 %, 100 %'
    """
    named = reports if isinstance(reports, Mapping) else {"": reports}
    if not 1 <= len(named) <= len(COLOURS):
        raise ValueError(f"by_frequency draws 1 to {len(COLOURS)} networks, got {len(named)}")
    order = np.argsort(-np.asarray(counts), kind="stable")
    tables = {name: class_scores(report) for name, report in named.items()}
    for table in tables.values():
        if len(table) != len(order):
            raise ValueError(f"each class needs its number of training pictures, got {len(order)} for {len(table)}")
        if score not in table or table[score].dtype.kind != "f":
            raise ValueError(f"score must be a column of class_scores such as recall or precision, got {score!r}")
    figure = Figure((7.0, 3.0))
    axes = label_axes(
        figure.subplots(), title=f"{score} by frequency", x="class, the most frequent first", y=f"{score} (%)"
    )
    said = []
    for place, (name, table) in enumerate(tables.items()):
        values = 100 * table[score].to_numpy()[order]
        if len(named) == 1:
            axes.bar(np.arange(len(order)), np.nan_to_num(values), width=1.0, color="0.8")
        quarters = np.array_split(np.arange(len(order)), min(4, len(order)))
        means = [
            float(np.nanmean(values[quarter])) if np.isfinite(values[quarter]).any() else np.nan for quarter in quarters
        ]
        for number, (quarter, mean) in enumerate(zip(quarters, means, strict=True)):
            label = (name or "mean of a quarter") if number == 0 else None
            ends = [quarter[0] - 0.45, quarter[-1] + 0.45]
            axes.plot(ends, [mean, mean], color=COLOURS[place], linewidth=2.5, marker=MARKERS[place], label=label)
        said.append(f"{name} {', '.join(percent(mean / 100) for mean in means)}".strip())
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.set(xlim=(-0.7, len(order) - 0.3), ylim=(0, 104))
    axes.legend(fontsize=SMALL, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    lead = f"{score} by the frequency of the class; means from the most frequent quarter to the rarest"
    figure.alt = f"{lead}: {'; '.join(said)}"
    return figure
