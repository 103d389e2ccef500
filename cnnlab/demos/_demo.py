"""The base class of the demos: controls beside a figure, a status line, a static image where widgets cannot run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets as widgets

from cnnlab.look import Figure

SCALE = 1.5  # image pixels in a CSS pixel: drawn in half the time of two
WIDE: dict[str, Any] = {"style": {"description_width": "110px"}, "layout": {"width": "330px"}}  # a control
BUTTONS: dict[str, Any] = {**WIDE, "style": {**WIDE["style"], "button_width": "auto"}}  # a row of toggle buttons
FALLBACK = "This is a picture of the demo {name}; run this cell in JupyterLab to operate it."


class Demo(widgets.VBox):
    """Controls at the left, the figure and a status line at the right, or below the controls on a narrow screen.

    Widgets ``below`` both have the whole width. Where no widget can be shown (an exported page, a terminal, a saved
    notebook), the HTML of a demo is its figure. Subclasses define `draw` and call `redraw_on` with their controls.
    """

    name = ""
    busy = ""  # the status line while drawing; for demos that may take longer than 300 ms

    def __init__(self, controls: Sequence[widgets.Widget], below: Sequence[widgets.Widget] = ()) -> None:
        self.picture = widgets.HTML()
        self.status = widgets.HTML(layout={"min_height": "2.6em"})
        self.alt = ""
        self._updating = False
        left = widgets.VBox(list(controls), layout={"width": "350px", "flex": "0 0 auto"})
        room = {"flex": "1 1 420px", "min_width": "280px", "overflow": "hidden"}
        right = widgets.VBox([self.picture, self.status], layout=room)
        row = {"display": "flex", "flex_flow": "row wrap", "align_items": "flex-start", "width": "100%"}
        super().__init__([widgets.Box([left, right], layout=row), *below])

    def draw(self) -> Figure:
        """The figure for the present values of the controls."""
        raise NotImplementedError

    def message(self) -> str:
        """The status line after a drawing without an error."""
        return ""

    def redraw_on(self, *controls: widgets.Widget) -> None:
        """Redraw when the value of one of these controls changes."""
        for control in controls:
            control.observe(self.redraw, "value")

    def redraw(self, _change: object = None) -> None:
        """Draw again; an error is shown in the status line, and the last figure stays."""
        if self._updating:
            return
        if self.busy:
            self.say(self.busy)
        try:
            self.show(self.draw())
        except (ValueError, OSError) as error:
            self.say(str(error), error=True)
        else:
            self.say(self.message())

    def show(self, figure: Figure) -> None:
        """Show ``figure``."""
        self.alt = figure.alt
        self.picture.value = figure.html(scale=SCALE)

    def say(self, text: str, *, error: bool = False) -> None:
        """Write ``text`` into the status line."""
        colour = "var(--jp-error-color1, #b00020)" if error else "inherit"
        lead = "<b>This does not work:</b> " if error else ""
        lines = escape(text).replace("\n", "<br>")
        self.status.value = f'<div role="status" style="color:{colour};line-height:1.4">{lead}{lines}</div>'

    @contextmanager
    def one_redraw(self) -> Iterator[None]:
        """Change several controls inside the block, and redraw once at its end."""
        outermost = not self._updating
        self._updating = True
        try:
            yield
        finally:
            self._updating = not outermost
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
