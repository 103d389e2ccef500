"""The zoo to look at: networks for pictures of any size, drawn one under the other, with their layers in tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

import ipywidgets as widgets
import pandas as pd

from cnnlab import look
from cnnlab.demos._demo import WIDTH, Demo
from cnnlab.look.architecture import Drawn, picture, prepared
from cnnlab.look.theme import in_words
from cnnlab.models import MODELS, blueprint, summary
from cnnlab.models.catalogue import memory, native_size, size_from

FLOAT32 = 4  # bytes
NONE = "none"  # the second network may be left out
FAMILIES = tuple(dict.fromkeys(network.paper.family for network in MODELS.values()))
HEADINGS = {
    "layer": "left",
    "output": "right",
    "parameters": "right",
    "multiply-adds": "right",
    "field (pixels)": "right",
}
CELL = "padding:1px 6px;white-space:nowrap;text-align:"


class Choice(NamedTuple):
    """A network of the zoo, and its input size as one writes it."""

    name: str
    size: str


DEFAULT = (Choice("vgg16", "3×224×224"), Choice("resnet34", "3×224×224"))


@dataclass(frozen=True)
class Settings:
    """What the demo shows; ``second`` may be None."""

    first: Choice = DEFAULT[0]
    second: Choice | None = DEFAULT[1]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The networks that are shown."""
        return (self.first,) if self.second is None else (self.first, self.second)


class Counted(NamedTuple):
    """A network's drawing and its layers."""

    drawn: Drawn
    layers: pd.DataFrame


def figure(settings: Settings) -> look.Figure:
    """The networks of ``settings``, in one scale.

    Raises:
        ValueError: for an unknown network, or a size that is no picture or too small for it.

    >>> figure(Settings(Choice("lenet5", "1×28×28"), None)).alt.partition(". ")[0]
    'lenet5 for pictures of 1×28×28: 44,426 parameters, 282 thousand multiply-adds'
    """
    return picture([counted(choice).drawn for choice in settings.choices])


@lru_cache(maxsize=64)
def counted(choice: Choice) -> Counted:
    """The network of ``choice``, drawn and counted."""
    size = size_from(choice.size)
    network = blueprint(choice.name, size)
    return Counted(prepared(network, size), summary(network, size))


def totals(choice: Choice) -> str:
    """What a network costs, in a line.

    >>> totals(Choice("vgg16", "3×224×224"))
    'vgg16, 3×224×224: 138,357,544 parameters (527.8 MiB in float32), 15.5 billion multiply-adds and 109.3 MiB of
    activations for a picture'
    """
    layers = counted(choice).layers
    parameters, operations = int(layers.parameters.sum()), int(layers.multiply_adds.sum())
    weights, activations = memory(FLOAT32 * parameters), memory(int(layers.activation_memory.sum()))
    return (
        f"{choice.name}, {choice.size}: {parameters:,} parameters ({weights} in float32), "
        f"{in_words(operations)} multiply-adds and {activations} of activations for a picture"
    )


class ArchitectureDemo(Demo):
    """The widgets over `figure`, and the tables below it."""

    name = "architecture"
    busy = "counting layers …"

    def __init__(self) -> None:
        default = Settings()
        self.first, self.second = Chooser("", default.first, self), Chooser(" 2", default.second, self)
        self.tables = widgets.HTML()
        super().__init__([*self.first.controls, *self.second.controls], below=[self.tables])
        self.redraw()

    @property
    def settings(self) -> Settings:
        """What the controls say now."""
        first = self.first.choice
        assert first is not None  # only the second has "none"
        return Settings(first, self.second.choice)

    def draw(self) -> look.Figure:
        """The figure for what the controls say now."""
        drawn = figure(self.settings)
        tables = "".join(_table(choice) for choice in self.settings.choices)
        self.tables.value = f'<div style="display:flex;flex-wrap:wrap;gap:16px">{tables}</div>'
        return drawn

    def words(self) -> str:
        """What the networks cost."""
        return "\n".join(totals(choice) for choice in self.settings.choices)


class Chooser:
    """Family, member and input size of one of the networks."""

    def __init__(self, mark: str, choice: Choice | None, demo: Demo) -> None:
        self.demo = demo
        wide: dict[str, Any] = {"style": {"description_width": "130px"}, "layout": widgets.Layout(width=WIDTH)}
        families = FAMILIES if not mark else (NONE, *FAMILIES)
        family = NONE if choice is None else MODELS[choice.name].paper.family
        self.family = widgets.Dropdown(options=families, value=family, description=f"family{mark}", **wide)
        self.member = widgets.Dropdown(description=f"network{mark}", **wide)
        self.size = widgets.Text(description=f"input{mark} (C×H×W)", continuous_update=False, **wide)
        self._offer(choice)
        self.family.observe(self._another_family, "value")
        self.member.observe(self._another_member, "value")
        self.size.observe(demo.redraw, "value")

    @property
    def controls(self) -> tuple[widgets.Widget, ...]:
        """The widgets, from above."""
        return self.family, self.member, self.size

    @property
    def choice(self) -> Choice | None:
        """What they say now; the size as it is written elsewhere if it can be read."""
        return None if self.family.value == NONE else Choice(self.member.value, self.size.value.strip())

    def _offer(self, choice: Choice | None = None) -> None:
        members = [name for name, network in MODELS.items() if network.paper.family == self.family.value]
        self.member.options = members
        self.member.disabled = self.size.disabled = not members
        if members:
            self.member.value = members[0] if choice is None else choice.name
            self.size.value = _written(native_size(self.member.value)) if choice is None else choice.size
        else:
            self.size.value = ""

    def _another_family(self, _change: Any) -> None:
        with self.demo.quietly():
            self._offer()

    def _another_member(self, _change: Any) -> None:
        if self.member.value is None or self.demo._quiet:
            return
        with self.demo.quietly():
            self.size.value = _written(native_size(self.member.value))


def _table(choice: Choice) -> str:
    """The layers of a network, to scroll through."""
    layers = counted(choice).layers
    head = "".join(f'<th scope="col" style="{CELL}{align}">{name}</th>' for name, align in HEADINGS.items())
    columns = (
        layers.name.str.removeprefix("features.").str.removeprefix("classifier."),
        layers.output_shape.map(_written),
        layers.parameters.map("{:,}".format),
        layers.multiply_adds.map("{:,}".format),
        layers.receptive_field.map(_written),
    )
    rows = "".join(_row(cells) for cells in zip(*columns, strict=True))
    title = f"{escape(choice.name)}, {escape(choice.size)}: {len(layers)} layers"
    return (
        f'<div tabindex="0" role="region" aria-label="layers of {escape(choice.name)}" style="flex:1 0 auto;'
        'max-width:100%;max-height:320px;overflow:auto"><table style="width:100%;line-height:1.4;font-size:12px">'
        f'<caption style="text-align:left"><b>{title}</b></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(cells: Sequence[str]) -> str:
    aligned = zip(cells, HEADINGS.values(), strict=True)
    return "<tr>" + "".join(f'<td style="{CELL}{align}">{escape(cell)}</td>' for cell, align in aligned) + "</tr>"


def _written(numbers: Sequence[int] | None) -> str:
    return "–" if numbers is None else "×".join(map(str, numbers))


def architecture() -> ArchitectureDemo:
    """A demo of the zoo: two networks at once, for pictures of any size: drawing, layers, and what they cost."""
    return ArchitectureDemo()
