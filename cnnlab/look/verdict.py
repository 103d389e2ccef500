"""The most probable classes of a picture, alone or beside it."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from torch import Tensor

from cnnlab.look.figure import Figure
from cnnlab.look.grid import check_count, check_photo
from cnnlab.look.theme import BLUE, SEQUENTIAL, SMALL, join_first, label_axes, percent, shortened

LONGEST = 30  # characters of a class's name
OPACITY = 0.5  # of the map at its maximum: the photograph under it must stay recognisable


def verdict(photo: Tensor, probabilities: Tensor, classes: Sequence[str], *, heat: Tensor | None = None) -> Figure:
    """A picture beside the bars of its five most probable classes; ``heat``, a Grad-CAM map, is drawn over it.

    Shape: photo (3, H, W) uint8, or float from 0 to 1; probabilities (num_classes,); heat (H, W) from 0 to 1.

    Raises:
        ValueError: for a photo of another shape, or if the numbers of classes and probabilities differ.

    >>> import torch
    >>> verdict(torch.zeros(3, 60, 60, dtype=torch.uint8), torch.tensor([0.2, 0.7, 0.1]), ("cat", "cup", "dog"))
    <Figure: A picture and its most probable classes: cup 70 %, cat 20 %, dog 10 %>
    """
    check_photo(photo)
    if probabilities.shape != (len(classes),):
        raise ValueError(f"{len(classes)} classes need as many probabilities, got shape {tuple(probabilities.shape)}")
    names, values = _best(probabilities, classes, 5)
    ranking = ", ".join(f"{name} {percent(value)}" for name, value in zip(names, values, strict=True))
    over = "" if heat is None else ", over it what spoke for the first of them,"
    figure = Figure((7.2, 3.3), alt=f"A picture{over} and its most probable classes: {ranking}")
    shown, bars = figure.subplots(1, 2)
    label_axes(shown, title="picture" if heat is None else f"what speaks for {names[0]} (Grad-CAM)")
    shown.imshow(photo.permute(1, 2, 0).numpy())
    shown.set_axis_off()
    if heat is not None:
        shown.imshow(heat.numpy(), cmap=SEQUENTIAL, vmin=0, vmax=1, alpha=OPACITY * heat.numpy() ** 0.5)
    _draw(bars, names, values, "most probable classes")
    return figure


def scores(logits: Tensor, classes: tuple[str, ...], *, count: int = 10, title: str = "") -> Figure:
    """The ``count`` most probable classes of one picture, as bars of the softmax of its logits.

    Shape: ``logits`` (classes,) or (1, classes).

    Raises:
        ValueError: for the logits of several pictures, or if the numbers of logits and classes differ.

    >>> import torch
    >>> scores(torch.tensor([0.0, 2.0, 1.0]), ("cat", "dog", "fox"))
    <Figure: Bar chart of class probabilities: dog 66.5 %, fox 24.5 %, cat 9.0 %>
    """
    flat = logits.detach().cpu().float().reshape(-1)
    if logits.ndim not in (1, 2) or len(flat) != len(classes) or not len(classes) or not flat.isfinite().all():
        raise ValueError(
            f"scores needs the finite logits of one picture, ({len(classes)},) for {len(classes)} classes, got "
            f"{tuple(logits.shape)}; pass those of one picture, as in logits[0]"
        )
    check_count(count)
    names, values = _best(flat.softmax(dim=0), classes, count)
    ranking = [f"{name} {_in_percent(value)} %" for name, value in zip(names, values, strict=True)]
    alt = "Bar chart of class probabilities: " + join_first(ranking, most=5)
    figure = Figure((5.2, 0.75 + 0.22 * len(names)), alt=f"{title}. {alt}" if title else alt)
    _draw(figure.subplots(), names, values, title)
    return figure


def _best(probabilities: Tensor, classes: Sequence[str], count: int) -> tuple[list[str], list[float]]:
    """The names of the most probable classes, and their probabilities."""
    best = probabilities.topk(min(count, len(classes)))
    return [shortened(classes[index], LONGEST) for index in best.indices.tolist()], best.values.tolist()


def _draw(axes: Axes, names: list[str], values: list[float], title: str) -> None:
    """A bar for each class, with its probability."""
    label_axes(axes, title=title, x="probability (%)")
    bars = axes.barh(range(len(names)), [100 * value for value in values], color=BLUE)
    axes.bar_label(bars, [_in_percent(value) for value in values], fontsize=SMALL, padding=3)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0, 112), ylim=(len(names) - 0.4, -0.6), xticks=range(0, 101, 20))


def _in_percent(value: float) -> str:
    """A probability with one decimal."""
    return "under 0.1" if value < 0.001 else f"{100 * value:.{1 if value < 0.9995 else 0}f}"
