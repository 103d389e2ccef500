"""What the demos share: controls beside a figure, a line for messages, a picture where nobody can operate widgets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets as widgets

from cnnlab.look import Figure

SHARP = 1.5  # dots a CSS pixel: drawn in half the time of two
WIDTH = "330px"  # of the controls
STYLE = {"description_width": "110px"}
FALLBACK = "This is a picture of the demo {name}; run this cell in JupyterLab to operate it."


class Demo(widgets.VBox):
    """Controls at the left, the figure at the right (below on a narrow page), a line for messages underneath.

    What comes ``below`` both has the whole width.

    A demo is a widget. Where no widget can be shown (an exported page, a terminal, a saved notebook), its HTML is the
    picture with its alternative text. Subclasses give `draw`, and call `redraw` when a control changes.
    """

    name = ""
    busy = ""  # what the line says during a drawing; of use where one may take longer than 300 ms

    def __init__(self, controls: Sequence[widgets.Widget], below: Sequence[widgets.Widget] = ()) -> None:
        self.picture = widgets.HTML()
        self.status = widgets.HTML(layout=widgets.Layout(min_height="2.6em"))
        self.alt = ""
        self._quiet = False
        left = widgets.VBox(list(controls), layout=widgets.Layout(width="350px", flex="0 0 auto"))
        right = widgets.VBox(
            [self.picture, self.status], layout=widgets.Layout(flex="1 1 420px", min_width="280px", overflow="hidden")
        )
        row = widgets.Layout(display="flex", flex_flow="row wrap", align_items="flex-start", width="100%")
        super().__init__([widgets.Box([left, right], layout=row), *below])

    def draw(self) -> Figure:
        """The figure for what the controls say now."""
        raise NotImplementedError

    def words(self) -> str:
        """What the line under the figure says when all is well."""
        return ""

    def redraw(self, _change: object = None) -> None:
        """Draw anew; an error goes to the line under the figure, and the last good figure stays."""
        if self._quiet:
            return
        if self.busy:
            self.say(self.busy)
        try:
            self.show(self.draw())
        except ValueError as error:
            self.say(str(error), error=True)
        else:
            self.say(self.words())

    def show(self, figure: Figure) -> None:
        """Put ``figure`` into the demo."""
        self.alt = figure.alt
        self.picture.value = figure.html(scale=SHARP)

    def say(self, text: str, *, error: bool = False) -> None:
        """Put ``text`` into the line under the figure."""
        colour = "var(--jp-error-color1, #b00020)" if error else "inherit"
        lead = "<b>This does not work:</b> " if error else ""
        lines = escape(text).replace("\n", "<br>")
        self.status.value = f'<div role="status" style="color:{colour};line-height:1.4">{lead}{lines}</div>'

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Change several controls, then draw once."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False
        self.redraw()

    def __repr__(self) -> str:
        return f"<Demo {self.name}: {self.alt}>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**options) or {}
        note = FALLBACK.format(name=f"<code>cnnlab.demos.{self.name}()</code>")
        return bundle | {
            "text/html": f"<div>{self.picture.value}<p><small>{note}</small></p></div>",
            "text/plain": repr(self),
        }
