"""A photograph with its most probable classes, and the region that the network responded to."""

from collections.abc import Sequence

from torch import Tensor

from cnnlab.look.figure import Figure
from cnnlab.look.grid import check_photo
from cnnlab.look.theme import BLUE, SEQUENTIAL, SMALL, TEXT, label_axes, percent, shortened

LONGEST = 26  # characters of a class's name
OPACITY = 0.5  # of the map at its maximum: the photograph under it must stay recognisable


def verdict(
    photo: Tensor, probabilities: Tensor, classes: Sequence[str], *, heat: Tensor | None = None, top: int = 5
) -> Figure:
    """A photograph beside the bars of its ``top`` most probable classes; ``heat``, a Grad-CAM map, is drawn over it.

    Shape: photo (3, H, W) uint8, or float from 0 to 1; probabilities (num_classes,); heat (H, W) from 0 to 1.

    Raises:
        ValueError: for a photo of another shape, or if the numbers of classes and probabilities differ.

    >>> import torch
    >>> verdict(torch.zeros(3, 60, 60, dtype=torch.uint8), torch.tensor([0.2, 0.7, 0.1]), ("cat", "cup", "dog"), top=2)
    <Figure: A photograph and its most probable classes: cup 70 %, cat 20 %>
    """
    check_photo(photo)
    if probabilities.shape != (len(classes),):
        raise ValueError(f"{len(classes)} classes need as many probabilities, got shape {tuple(probabilities.shape)}")
    best = probabilities.topk(min(top, len(classes)))
    values, names = best.values.tolist(), [shortened(classes[i], LONGEST) for i in best.indices.tolist()]
    ranking = ", ".join(f"{name} {percent(value)}" for name, value in zip(names, values, strict=True))
    over = "" if heat is None else ", over it what spoke for the first of them,"
    figure = Figure((7.2, 3.3), alt=f"A photograph{over} and its most probable classes: {ranking}")
    shown, bars = figure.subplots(1, 2)
    label_axes(shown, title="picture" if heat is None else f"what speaks for {names[0]} (Grad-CAM)")
    shown.imshow(photo.permute(1, 2, 0).numpy())
    shown.set_axis_off()
    if heat is not None:
        shown.imshow(heat.numpy(), cmap=SEQUENTIAL, vmin=0, vmax=1, alpha=OPACITY * heat.numpy() ** 0.5)
    label_axes(bars, title="most probable classes", x="probability")
    drawn = bars.barh(range(len(names)), values, color=BLUE)
    bars.bar_label(drawn, [percent(value) for value in values], padding=3, fontsize=SMALL)
    bars.set_yticks(range(len(names)), names, fontsize=TEXT)
    bars.invert_yaxis()
    bars.set_xlim(0, 1.15)
    bars.set_xticks(ticks := [0, 0.25, 0.5, 0.75, 1], [percent(tick) for tick in ticks])
    return figure
