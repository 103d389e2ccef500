"""The pictures in a cell of the confusion matrix."""

from typing import cast

import torch
from torch import Tensor

from cnnlab.data import Split
from cnnlab.evaluation import Report
from cnnlab.look.figure import INCH, Figure, canvas
from cnnlab.look.grid import check_count, pictures
from cnnlab.look.theme import TEXT, percent


def cell(report: Report, split: Split, *, true: str, predicted: str, count: int = 24) -> Figure:
    """The pictures of class ``true`` that were taken for class ``predicted``, the most confident first.

    Above each is the probability that the network gave to ``predicted``.

    Raises:
        ValueError: if ``report`` is not about ``split``, for an unknown class, or if ``count`` is not positive.

    >>> split = Split(torch.zeros(2, 1, 28, 28, dtype=torch.uint8), torch.tensor([0, 1]), ("cat", "dog"))
    >>> cell(Report(torch.eye(2)[[1, 1]], split.labels, split.classes), split, true="cat", predicted="dog")
    <Figure: 1 picture of cat, taken for dog: 1 picture of 28×28 pixels: 73.1 %>
    """
    check_count(count)
    if not torch.equal(report.labels.cpu(), split.labels.cpu()):
        raise ValueError(
            f"the report is about {len(report.labels):,} pictures and the split has {len(split):,}, or their labels "
            "differ; pass the split that was evaluated"
        )
    for name in (true, predicted):
        if name not in report.classes:
            raise ValueError(f"the classes are {', '.join(report.classes[:12])} …, got {name!r}")
    row, column = report.classes.index(true), report.classes.index(predicted)
    found = ((report.labels == row) & (report.predictions == column)).nonzero().flatten().cpu()
    found = found[report.confidences.cpu()[found].argsort(descending=True, stable=True)]
    of = f"picture{'' if len(found) == 1 else 's'} of {true}"
    title = f"{len(found)} {of}, {'recognised' if row == column else f'taken for {predicted}'}"
    if not len(found):
        figure, axes = canvas(4.6 * INCH, 0.6 * INCH, alt=title)
        axes.text(10, 30, title, fontsize=TEXT, va="center")
        return figure
    shown = found[:count]
    if len(shown) < len(found):
        title += f"; the {count} most confident"
    titles = [percent(value) for value in report.confidences[shown].tolist()]
    images = split.images
    chosen = images[shown.to(images.device)] if isinstance(images, Tensor) else _decoded(images, shown)
    return pictures(chosen, titles=titles, title=title, columns=min(len(shown), 6))


def _decoded(images: object, shown: Tensor) -> list[Tensor]:
    return [cast(Tensor, images[index]) for index in shown.tolist()]  # type: ignore[index]
