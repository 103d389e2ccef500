"""Matrices as colours: the confusion matrix, and correlations."""

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from cnnlab.evaluation import Report
from cnnlab.look.figure import Figure
from cnnlab.look.theme import DIVERGING, SMALL, TITLE, colour_bar, label_axes, number, percent, shortened

MOST_NAMED, MOST_COUNTED = 40, 20  # classes with names at the axes, and with counts in the cells


def confusion(report: Report) -> Figure:
    """The confusion matrix: a row for each true class, a column for each predicted class, with counts.

    The diagonal, the correct predictions, is grey. The colour of another cell is its share of the true class, so that
    mistakes are visible however accurate the network is.

    >>> logits = torch.eye(3)[[0, 1, 2, 2]]
    >>> confusion(Report(logits, torch.tensor([0, 1, 2, 1]), ("cat", "dog", "fox")))
    <Figure: Confusion matrix of 4 pictures in 3 classes: 75 % right. Most frequent mistakes: dog taken for fox (1)>
    """
    import seaborn  # takes a second, and only this figure needs it

    counts = report.confusion.cpu().numpy()
    classes = len(counts)
    share = 100 * counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    right = np.eye(classes, dtype=bool)
    side = min(6.4, max(3.0, 1.4 + 0.36 * classes))
    figure = Figure((side + 0.6, side), alt=_confusion_in_words(counts, report.classes))
    axes = figure.subplots()
    written = np.where(counts > 0, counts, "").astype(object) if classes <= MOST_COUNTED else False
    same = {"ax": axes, "square": True, "cbar": False, "fmt": "", "annot": written, "annot_kws": {"fontsize": SMALL}}
    lines = {"linewidths": 0.5 if classes <= MOST_NAMED else 0, "linecolor": "0.9"}
    top = max(share[~right].max(initial=0), 5)  # percent: the colour of a single mistake must not be the darkest
    seaborn.heatmap(share, mask=right, cmap="Oranges", vmin=0, vmax=top, **same, **lines)
    seaborn.heatmap(np.full_like(share, 0.15), mask=~right, cmap="Greys", vmin=0, vmax=1, **same, **lines)
    title = f"{percent(report.accuracy)} of {len(report.labels):,} right"
    label_axes(axes, title=title, x="predicted class", y="true class")
    names = [shortened(name, 18) for name in report.classes] if classes <= MOST_NAMED else []
    where = np.arange(len(names)) + 0.5
    axes.set_xticks(where, names, rotation=90 if max(map(len, names), default=0) > 3 else 0)
    axes.set_yticks(where, names, rotation=0)
    axes.tick_params(length=0)
    colour_bar(axes.collections[0], axes, "share of the true class (%)")
    return figure


def correlations(matrix: Tensor | Mapping[str, Tensor], *, title: str = "Correlation") -> Figure:
    """Correlation matrices as colours from −1 to 1; several, by name, are side by side.

    Shape: (n, n) each, the result of `torch.corrcoef`.

    Raises:
        ValueError: for a matrix that is not square, or that has values outside −1 to 1.

    >>> correlations(torch.corrcoef(torch.tensor([[1.0, 2, 3], [3, 2, 1]])))
    <Figure: Correlation, 2×2: off the diagonal |r| is 1 on average, at most 1>
    """
    matrices = matrix if isinstance(matrix, Mapping) else {"": matrix}
    if not matrices:
        raise ValueError("there is no correlation matrix to draw: the dict is empty")
    arrays = {name: np.asarray(values.detach().cpu(), dtype=float) for name, values in matrices.items()}
    in_words = [_correlation_in_words(name, values) for name, values in arrays.items()]
    size = "×".join(map(str, next(iter(arrays.values())).shape))
    count = len(arrays)
    figure = Figure((min(7.2, 3.2 * count + 0.6), 3.2 if count < 3 else 2.8))
    figure.alt = f"{title}, {size}: {'; '.join(in_words)}"
    panels = list(figure.subplots(1, count, squeeze=False)[0])
    if count > 1:
        figure.suptitle(title, fontsize=TITLE)
    for axes, (name, values) in zip(panels, arrays.items(), strict=True):
        image = axes.imshow(values, cmap=DIVERGING, vmin=-1, vmax=1, interpolation="nearest")
        label_axes(axes, title=name or title)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        axes.spines[:].set_visible(False)
    colour_bar(image, panels, "correlation r").set_ticks([-1, -0.5, 0, 0.5, 1])
    return figure


def _correlation_in_words(name: str, values: np.ndarray) -> str:
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 2:
        raise ValueError(f"a correlation matrix is (n, n) with n > 1, got {values.shape} for {name or 'matrix'}")
    highest = np.nanmax(np.abs(values), initial=0)
    if highest > 1.001:
        raise ValueError(
            f"correlations lie between −1 and 1, got up to {highest:.3g} for {name or 'matrix'}; see torch.corrcoef"
        )
    off = np.abs(values[~np.eye(len(values), dtype=bool)])
    lead = f"{name}: " if name else ""
    return f"{lead}off the diagonal |r| is {number(np.nanmean(off))} on average, at most {number(np.nanmax(off))}"


def _confusion_in_words(counts: np.ndarray, classes: tuple[str, ...]) -> str:
    total, wrong = counts.sum(), counts.copy()
    np.fill_diagonal(wrong, 0)
    most = np.argsort(-wrong, axis=None, kind="stable")[:3]
    pairs = [divmod(int(cell), len(classes)) for cell in most if wrong.flat[cell]]
    worst = ", ".join(f"{classes[i]} taken for {classes[j]} ({wrong[i, j]:,})" for i, j in pairs)
    text = (
        f"Confusion matrix of {total:,} pictures in {len(classes)} classes: {percent(np.trace(counts) / total)} right"
    )
    return f"{text}. Most frequent mistakes: {worst}" if worst else f"{text}, no mistakes"
