"""What a split holds: some of its pictures, its classes, and the pictures that a network got wrong."""

from typing import cast

import torch
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from cnnlab.data import Split
from cnnlab.evaluation import Report
from cnnlab.look.figure import INCH, Figure, canvas
from cnnlab.look.grid import as_arrays, picture_grid
from cnnlab.look.theme import BLUE, SMALL, TEXT, join_first, label_axes, percent, shortened

MOST_NAMED = 40  # classes whose names fit under their bars


def samples(split: Split, *, count: int = 20) -> Figure:
    """Some pictures of every class: the first of each, then the second, until there are ``count``.

    Raises:
        ValueError: if ``count`` is not positive.
        TypeError: for something else than a split.

    >>> from cnnlab import data
    >>> samples(data.digits().train, count=10)
    <Figure: 10 of 3,500 pictures of 28×28 pixels, of the classes 0, 1, 2, 3, 4, 5, 6, 7, 8, 9>
    """
    if not hasattr(split, "labels"):
        raise TypeError(
            f"samples shows a split, such as data.digits().train, got a {type(split).__name__}; pictures alone are "
            "shown by look.pictures"
        )
    if count < 1:
        raise ValueError(f"count must be 1 or more, got {count}")
    chosen = _in_turn(split.labels)[:count]
    names = [split.classes[label] for label in split.labels[chosen].tolist()]
    size = "×".join(map(str, split.images.shape[2:]))
    classes = join_first(list(dict.fromkeys(names)))
    alt = f"{len(chosen)} of {len(split):,} pictures of {size} pixels, of the classes {classes}"
    present = len(set(split.labels.tolist()))
    columns = present if present <= 10 and len(chosen) > present > 3 else None
    title = f"{len(chosen)} of {len(split):,} pictures"
    return picture_grid(as_arrays(_pictures(split, chosen)), titles=names, title=title, alt=alt, columns=columns)


def class_counts(split: Split) -> Figure:
    """How many pictures each class has, as bars.

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
    """The pictures that a network got wrong, the most confident mistakes first: true → predicted, and how sure it was.

    Raises:
        ValueError: if ``report`` is not about ``split``, or ``count`` is not positive.
    """
    if count < 1:
        raise ValueError(f"count must be 1 or more, got {count}")
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
    return picture_grid(as_arrays(_pictures(split, chosen)), titles=titles, title=title, alt=alt, columns=columns)


def scores(logits: Tensor, classes: tuple[str, ...], *, count: int = 10, title: str = "") -> Figure:
    """The most probable classes of one picture, as bars: softmax of its logits, the best first.

    Shape: ``logits`` (classes,) or (1, classes).

    Raises:
        ValueError: for logits of several pictures, or another number of classes.

    >>> scores(torch.tensor([0.0, 2.0, 1.0]), ("cat", "dog", "fox"))
    <Figure: Bar chart of class probabilities: dog 66.5 %, fox 24.5 %, cat 9.0 %>
    """
    flat = logits.detach().cpu().float().reshape(-1)
    if logits.ndim not in (1, 2) or len(flat) != len(classes) or not len(classes) or not flat.isfinite().all():
        raise ValueError(
            f"scores needs the finite logits of one picture, ({len(classes)},) for {len(classes)} classes, got "
            f"{tuple(logits.shape)}; choose a picture, as in logits[0]"
        )
    if count < 1:
        raise ValueError(f"count must be 1 or more, got {count}")
    best = flat.softmax(dim=0).topk(min(count, len(flat)))
    names = [classes[index] for index in best.indices.tolist()]
    values = best.values.tolist()
    alt = "Bar chart of class probabilities: " + join_first(
        [f"{name} {_probability(value)} %" for name, value in zip(names, values, strict=True)], most=5
    )
    figure = Figure((5.2, 0.75 + 0.22 * len(names)), alt=f"{title}. {alt}" if title else alt)
    axes = label_axes(figure.subplots(), title=title, x="probability (%)")
    bars = axes.barh(range(len(names)), [100 * value for value in values], color=BLUE)
    axes.bar_label(bars, [_probability(value) for value in values], fontsize=SMALL, padding=3)
    axes.set_yticks(range(len(names)), [shortened(name, 30) for name in names])
    axes.set(xlim=(0, 112), ylim=(len(names) - 0.4, -0.6), xticks=range(0, 101, 20))
    return figure


def _probability(value: float) -> str:
    """In percent; networks are surer than they should be, and nobody reads 4.66e−08."""
    return "under 0.1" if value < 0.001 else f"{100 * value:.{1 if value < 0.9995 else 0}f}"


def _in_turn(labels: Tensor) -> Tensor:
    """Indices of the pictures: the first of every class, the second of every class, and so on."""
    labels = labels.cpu()
    turn = torch.zeros_like(labels)
    for label in labels.unique():
        mask = labels == label
        turn[mask] = torch.arange(int(mask.sum()))
    return (turn * (int(labels.max()) + 1) + labels).argsort()


def _pictures(split: Split, chosen: Tensor) -> list[Tensor]:
    """The chosen pictures, decoded now if they are on demand."""
    images = split.images
    if isinstance(images, Tensor):
        return list(images[chosen.to(images.device)])
    return [cast(Tensor, images[index]) for index in chosen.tolist()]
