"""A network, a block or a procedure as boxes and arrows, from a description or from the module itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from torch import nn

from cnnlab.look.drawing import HEADING, LINE, MARGIN, put_title, span
from cnnlab.look.figure import Figure, canvas
from cnnlab.look.schematics._graph import CIRCLES, Box, Graph
from cnnlab.look.schematics._layers import layered
from cnnlab.look.schematics._layout import Layout, Place, lines_of
from cnnlab.look.schematics._modules import followed
from cnnlab.look.schematics._notation import described
from cnnlab.look.schematics._rows import rows
from cnnlab.look.schematics._words import in_words
from cnnlab.look.theme import TEXT, TITLE

WIDEST = 800  # CSS pixels: schematics side by side
BETWEEN = 46  # CSS pixels
FILL = {  # light, so that black text is read on it
    "input": "#ECECEC",
    "output": "#ECECEC",
    "convolution": "#CFE6F6",
    "pooling": "#FBE3B5",
    "linear": "#F1D9E7",
    "module": "#D3E9E1",
    "concat": "#ECECEC",
}
FROZEN = "#D9DCE0"
INK = "#222222"


def schematic(
    drawn: nn.Module | str | Sequence[Any] | Mapping[str, Any],
    input_shape: Sequence[int] | None = None,
    *,
    title: str = "",
) -> Figure:
    """Boxes and arrows, with the shapes on the arrows: a module, or what a short description says.

    A module is followed through its ``forward``, and the boxes carry the names of the code; layers whose parameters are
    frozen say so. ``input_shape`` is that of one input, without the batch. A description is written as in Szegedy's
    figures, and its shapes follow from the input's:

    =============================  ====================================================================
    ``3×3/2 96 V``                 convolution, stride 2, 96 channels, without padding; ``3×3 96 in 32 groups``
    ``max 3×3/2``, ``avg 3×3``     pooling; also ``global average``
    ``linear 120``, ``flatten``    and ``relu``, ``bn``, ``sigmoid``, ``softmax``, ``dropout``
    ``conv1: 3×3 64, bn, relu``    a name, and several lines in one box; ``frozen`` shades it
    ``a → b``                      one after the other; a bare word at either end is the data
    ``(a | b) → +``                branches, joined by ``+``, ``×`` or ``concat``, which may be left out
    ``identity``, ``… 32 paths``   an arrow around the other branches; branches that are not drawn
    ``conv1 to conv5 [256×6×6]``   free text, with the shape of what it puts out
    =============================  ====================================================================

    A further line of text begins at a box that has a name, and may end at one. In Python a tuple holds branches and a
    list holds steps, so that the tables of `cnnlab.models.families` can be drawn; a dictionary holds several schematics
    under their titles.

    Raises:
        ValueError: for a description that is none, shapes that do not fit, or a module that needs over 30 boxes.

    >>> schematic("x → (3×3 64, relu → 3×3 64 | identity) → + → relu → y", (64, 56, 56))
    <Figure: Schematic: x 64×56×56; branch 1: 3×3 convolution, 64 channels, ReLU, then 3×3 convolution, 64 channels;
    branch 2: identity; sum of branches 1 and 2; ReLU; y 64×56×56>
    """
    several = drawn if isinstance(drawn, Mapping) else {"": drawn}
    graphs = {heading: _graph(each, input_shape) for heading, each in several.items()}
    if not graphs:
        raise ValueError("a dictionary of schematics holds at least one, as in {'naïve': ('1×1 64', '3×3 128')}")
    words = [(f"{heading}: " if heading else "") + in_words(graph) for heading, graph in graphs.items()]
    return _picture(graphs, title, f"{title or 'Schematic'}: {'. '.join(words)}")


def _graph(drawn: Any, input_shape: Sequence[int] | None) -> Graph:
    if not isinstance(drawn, nn.Module):
        return described(drawn, input_shape)
    if input_shape is None:
        raise ValueError("a module needs input_shape, the shape of one input without the batch, such as (64, 56, 56)")
    return followed(drawn, input_shape)


def _picture(graphs: dict[str, Graph], title: str, alt: str) -> Figure:
    """The schematics side by side, as many as fit into a row; all run downward if one has branches."""
    downward = not all(graph.is_chain for graph in graphs.values())
    layouts = {heading: layered(graph) if downward else rows(graph) for heading, graph in graphs.items()}
    corners: dict[str, tuple[float, float]] = {}
    left, top, tall, wide = float(MARGIN), float(MARGIN + HEADING * bool(title)), 0.0, 0.0
    for heading, layout in layouts.items():
        across = max(layout.width, span(heading, points=TITLE))
        if left > MARGIN and left + across > WIDEST:
            left, top, tall = float(MARGIN), top + tall + BETWEEN, 0.0
        corners[heading] = (left + downward * (across - layout.width) / 2, top + (HEADING if heading else 0))
        left += across + BETWEEN
        wide = max(wide, left - BETWEEN)
        tall = max(tall, layout.height + (HEADING if heading else 0))
    width = max(wide, MARGIN + span(title, points=TITLE, bold=True)) + MARGIN
    figure, axes = canvas(width, top + tall + MARGIN, alt=alt)
    put_title(axes, title)
    for heading, layout in layouts.items():
        x, y = corners[heading]
        if heading:
            middle, side = (x + layout.width / 2, "center") if downward else (x, "left")
            axes.text(middle, y - HEADING + 8, heading, fontsize=TITLE, ha=side, va="center")
        _draw(axes, graphs[heading], layout, x, y)
    return figure


def _draw(axes: Axes, graph: Graph, layout: Layout, left: float, top: float) -> None:
    for (_, end), line in layout.arrows.items():
        path = Path([(x + left, y + top) for x, y in line])
        head = "-" if graph.boxes[end].kind == "identity" else "-|>"  # its word stands on a line that goes on
        axes.add_patch(FancyArrowPatch(path=path, arrowstyle=head, mutation_scale=10, color=INK, linewidth=1.1))
    for label in layout.labels:
        side = "center" if label.centred else "left"
        axes.text(label.x + left, label.y + top, label.text, fontsize=TEXT, ha=side, va="center", color=INK)
    for number, box in enumerate(graph.boxes):
        place = layout.places[number]
        _box(axes, box, place._replace(x=place.x + left, y=place.y + top))


def _box(axes: Axes, box: Box, place: Place) -> None:
    x, y, wide, high = place
    look: dict[str, Any] = {"facecolor": FILL.get(box.kind, "white"), "edgecolor": INK, "linewidth": 1.0, "zorder": 2}
    if box.frozen:
        look |= {"facecolor": FROZEN, "linestyle": (0, (4, 2))}
    if box.kind in CIRCLES:
        axes.add_patch(Circle((x, y), wide / 2, **look))
        axes.text(x, y, box.text[0], fontsize=13, ha="center", va="center_baseline")
        return
    if box.kind not in ("identity", "ellipsis"):
        round_ = min(high / 2 - 0.5, 12) if box.kind in ("input", "output") else 3
        style = f"round,pad=0,rounding_size={round_}"
        axes.add_patch(FancyBboxPatch((x - wide / 2, y - high / 2), wide, high, boxstyle=style, **look))
    lines = lines_of(box)
    for row, (text, code) in enumerate(lines):
        middle = y + (row - (len(lines) - 1) / 2) * LINE
        family = "monospace" if code else "sans-serif"
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5} if box.kind == "identity" else None
        size = 13 if text == "⋯" else TEXT
        axes.text(x, middle, text, fontsize=size, family=family, ha="center", va="center", bbox=paper, zorder=3)
