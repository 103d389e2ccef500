"""The pictures of a split, the sizes of its classes, and the pictures that a network misclassified."""

from typing import cast

import numpy as np
import torch
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from cnnlab.data import Split
from cnnlab.evaluation import Report
from cnnlab.look.figure import INCH, Figure, canvas
from cnnlab.look.grid import as_arrays, check_count, picture_grid
from cnnlab.look.theme import BLUE, SMALL, TEXT, join_first, label_axes, percent, shortened

MOST_NAMED = 40  # classes with their names under their bars


def samples(split: Split, *, count: int = 20) -> Figure:
    """``count`` pictures of a split: the first picture of every class, then the second, and so on.

    Raises:
        ValueError: if ``count`` is not positive.
        TypeError: for anything other than a split.

    >>> from cnnlab import data
    >>> samples(data.digits().train, count=10)
    <Figure: 10 of 3,500 pictures of 28×28 pixels, of the classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9>
    """
    if not hasattr(split, "labels"):
        raise TypeError(
            f"samples shows a split, such as data.digits().train, got a {type(split).__name__}; pictures alone are "
            "shown by look.pictures"
        )
    check_count(count)
    chosen = _class_by_class(split.labels)[:count]
    names = [split.classes[label] for label in split.labels[chosen].tolist()]
    title = f"{len(chosen)} of {len(split):,} pictures"
    size, classes = "×".join(map(str, split.images.shape[2:])), join_first(list(dict.fromkeys(names)))
    alt = f"{title} of {size} pixels, of the classes {classes}"
    present = len(split.labels.unique())
    columns = present if present <= 10 and len(chosen) > present > 3 else None
    return picture_grid(_arrays(split, chosen), titles=names, title=title, alt=alt, columns=columns)


def class_counts(split: Split) -> Figure:
    """The number of pictures of each class, as bars.

    >>> from cnnlab import data
    >>> class_counts(data.digits().test)
    <Figure: Bar chart: 1,000 pictures of 10 classes, 100 in each>
    """
    counts = torch.bincount(split.labels, minlength=len(split.classes))
    low, high = int(counts.argmin()), int(counts.argmax())
    fewest, most = int(counts[low]), int(counts[high])
    classes = len(split.classes)
    alt = f"Bar chart: {len(split):,} pictures of {classes} class{'es' if classes > 1 else ''}, "
    if fewest == most:
        alt += f"{most:,} in each"
    else:
        alt += f"from {fewest:,} ({split.classes[low]}) to {most:,} ({split.classes[high]})"
    named = classes <= MOST_NAMED
    figure = Figure((min(7.0, max(3.2, 1.2 + 0.5 * classes)), 2.6), alt=alt)
    axes = label_axes(figure.subplots(), title=f"{len(split):,} pictures", x="class", y="pictures")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    bars = axes.bar(range(classes), counts.tolist(), width=0.8 if named else 1.0, color=BLUE)
    if named:
        names = [shortened(name, 18) for name in split.classes]
        long = max(map(len, names)) * classes > 70
        axes.set_xticks(range(classes), names, rotation=90 if long else 0)
        if classes <= 20:
            axes.bar_label(bars, fmt="{:,.0f}", fontsize=SMALL, padding=1)
    else:
        axes.set_xlabel(f"class, by its number (0 to {classes - 1})", fontsize=TEXT)
    axes.margins(y=0.12)
    axes.set_xlim(-0.7, classes - 0.3)
    return figure


def mistakes(report: Report, split: Split, *, count: int = 12) -> Figure:
    """The misclassified pictures, the most confident first: true class → predicted class, and its probability.

    Raises:
        ValueError: if ``report`` is not about ``split``, or ``count`` is not positive.
    """
    check_count(count)
    if not torch.equal(report.labels.cpu(), split.labels.cpu()):
        raise ValueError(
            f"the report is about {len(report.labels):,} pictures and the split has {len(split):,}, or their labels "
            "differ; pass the split that was evaluated"
        )
    chosen = report.mistakes[:count].cpu()
    if not len(chosen):
        figure, axes = canvas(3.2 * INCH, 0.6 * INCH, alt=f"No mistakes: all {len(split):,} pictures were recognised")
        axes.text(10, 30, f"no mistakes among {len(split):,} pictures", fontsize=TEXT, va="center")
        return figure
    titles = [
        f"{report.classes[report.labels[i]]} → {report.classes[report.predictions[i]]}\n"
        f"{percent(report.confidences[i].item())} sure"
        for i in chosen.tolist()
    ]
    title = f"{len(chosen)} of {len(report.mistakes):,} mistakes among {len(split):,} pictures: true → predicted"
    alt = f"{title}. The most confident: {join_first([text.replace(chr(10), ', ') for text in titles], most=4)}"
    columns = min(len(chosen), 6)
    return picture_grid(_arrays(split, chosen), titles=titles, title=title, alt=alt, columns=columns)


def _class_by_class(labels: Tensor) -> Tensor:
    """Indices of the pictures: the first of every class, the second of every class, and so on."""
    labels = labels.cpu()
    number_in_class = torch.zeros_like(labels)
    for label in labels.unique():
        mask = labels == label
        number_in_class[mask] = torch.arange(int(mask.sum()))
    return (number_in_class * (int(labels.max()) + 1) + labels).argsort()


def _arrays(split: Split, chosen: Tensor) -> list[np.ndarray]:
    """The chosen pictures, decoded now if they are in files."""
    images = split.images
    if isinstance(images, Tensor):
        return as_arrays(images[chosen.to(images.device)])
    return as_arrays([cast(Tensor, images[index]) for index in chosen.tolist()])
