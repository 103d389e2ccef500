"""Networks of the zoo for pictures of any size: their drawings, their layers in tables, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from html import escape
from typing import Any, NamedTuple

import ipywidgets as widgets
import pandas as pd

from cnnlab import look
from cnnlab.demos._demo import WIDE, Demo
from cnnlab.look.architecture import Drawn, picture, prepared
from cnnlab.look.theme import in_words
from cnnlab.models import MODELS, blueprint, summary
from cnnlab.models.catalogue import native_size, size_from, with_unit

FLOAT32 = 4  # bytes
NONE = "none"  # a choice for the second network
TABLE_STYLE = (
    "<style>.cnnlab-layers {width:100%; line-height:1.4; font-size:12px} .cnnlab-layers caption {font-weight:bold}"
    ".cnnlab-layers td, .cnnlab-layers th {padding:1px 6px; white-space:nowrap; text-align:right}"
    ".cnnlab-layers :is(td, th):first-child, .cnnlab-layers caption {text-align:left}</style>"
)


class Choice(NamedTuple):
    """The name of a network, and its input size as text."""

    name: str
    size: str


DEFAULT = (Choice("vgg16", "3×224×224"), Choice("resnet34", "3×224×224"))


@dataclass(frozen=True)
class Settings:
    """The settings of the demo; ``second`` may be None."""

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
    """The networks of ``settings``, drawn to the same scale.

    Raises:
        ValueError: for an unknown network, or a size that is not (C×H×W) or too small for it.

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
    """Parameters, multiply-adds and memory of a network, in a line.

    >>> totals(Choice("vgg16", "3×224×224"))
    'vgg16, 3×224×224: 138,357,544 parameters (527.8 MiB in float32), 15.5 billion multiply-adds and 109.3 MiB of
    activations for a picture'
    """
    layers = counted(choice).layers
    parameters, operations = int(layers.parameters.sum()), int(layers.multiply_adds.sum())
    weights, activations = with_unit(FLOAT32 * parameters), with_unit(int(layers.activation_memory.sum()))
    return (
        f"{choice.name}, {choice.size}: {parameters:,} parameters ({weights} in float32), "
        f"{in_words(operations)} multiply-adds and {activations} of activations for a picture"
    )


class ArchitectureDemo(Demo):
    """The widgets over `figure`, and the tables below it."""

    name = "architecture"
    busy = "counting layers …"

    def __init__(self) -> None:
        wide: dict[str, Any] = {**WIDE, "style": {"description_width": "130px"}}
        size: dict[str, Any] = {**wide, "continuous_update": False}
        (first, second), names = DEFAULT, tuple(MODELS)
        self.first = widgets.Dropdown(options=names, value=first.name, description="network", **wide)
        self.first_size = widgets.Text(first.size, description="input (C×H×W)", **size)
        self.second = widgets.Dropdown(options=(NONE, *names), value=second.name, description="network 2", **wide)
        self.second_size = widgets.Text(second.size, description="input 2 (C×H×W)", **size)
        self.tables = widgets.HTML()
        super().__init__([self.first, self.first_size, self.second, self.second_size], below=[self.tables])
        for network, its_size in ((self.first, self.first_size), (self.second, self.second_size)):
            network.observe(partial(self._network_changed, its_size), "value")
        self.redraw_on(self.first_size, self.second_size)
        self.redraw()

    @property
    def settings(self) -> Settings:
        """The present values of the controls."""
        second = None if self.second.value == NONE else Choice(self.second.value, self.second_size.value.strip())
        return Settings(Choice(self.first.value, self.first_size.value.strip()), second)

    def draw(self) -> look.Figure:
        """The figure for the present values of the controls; the tables below it follow."""
        drawn = figure(self.settings)
        tables = "".join(_table(choice) for choice in self.settings.choices)
        self.tables.value = f'{TABLE_STYLE}<div style="display:flex;flex-wrap:wrap;gap:16px">{tables}</div>'
        return drawn

    def message(self) -> str:
        """The costs of the networks."""
        return "\n".join(totals(choice) for choice in self.settings.choices)

    def _network_changed(self, size: widgets.Text, change: Any) -> None:
        """Another network begins with pictures of its paper's size."""
        with self.one_redraw():
            size.disabled = change["new"] == NONE
            size.value = "" if size.disabled else _written(native_size(change["new"]))


def _table(choice: Choice) -> str:
    """The layers of a network, in a region that can be scrolled by keyboard."""
    layers = counted(choice).layers
    shown = pd.DataFrame(
        {
            "layer": layers.name.str.removeprefix("features.").str.removeprefix("classifier."),
            "output": layers.output_shape.map(_written),
            "parameters": layers.parameters.map("{:,}".format),
            "multiply-adds": layers.multiply_adds.map("{:,}".format),
            "field (pixels)": layers.receptive_field.map(_written),
        }
    )
    caption = f"<caption>{escape(choice.name)}, {escape(choice.size)}: {len(layers)} layers</caption>"
    table = shown.to_html(index=False, border=0, classes="cnnlab-layers").replace("<thead>", caption + "<thead>", 1)
    return (
        f'<div tabindex="0" role="region" aria-label="layers of {escape(choice.name)}" style="flex:1 0 auto;'
        f'max-width:100%;max-height:320px;overflow:auto">{table}</div>'
    )


def _written(numbers: Sequence[int] | None) -> str:
    return "–" if numbers is None else "×".join(map(str, numbers))


def architecture() -> ArchitectureDemo:
    """A demo of the zoo: one or two networks for pictures of any size, with drawings, layers and costs."""
    return ArchitectureDemo()
