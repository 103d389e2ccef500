"""Progress of a run: a table that grows in JupyterLab and stays in the saved notebook; lines in a terminal."""

import sys
import time
from datetime import timedelta
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

HEADINGS = {
    "train_loss": "loss",
    "train_accuracy": "accuracy",
    "validation_loss": "val. loss",
    "validation_accuracy": "val. accuracy",
    "seconds": "seconds",
}
PAUSE = 0.25  # seconds between two updates of the running line


class Progress:
    """Shows epochs as they end and the running one; as HTML in a notebook, as text elsewhere.

    A context manager: whatever ends the run, the last state stays, without the running line.
    """

    def __init__(self, *, title: str, epochs: int, rows: list[dict[str, float]], shown: bool) -> None:
        self.title, self.epochs, self.shown = title, epochs, shown
        self.rows = rows  # fit's own list: an epoch that it adds is there at once
        self.running, self.note = "", ""
        self.fraction = 0.0
        self._drawn = self._started = time.perf_counter()
        self._first, self._lines = len(rows), 0
        self._handle: DisplayHandle | None = None

    def __enter__(self) -> "Progress":
        if self.shown and _in_notebook():
            from IPython.display import display

            self._handle = display(self, display_id=True)
        elif self.shown:
            _say(self.title)
            self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None and not self.note:
            self.note = f"stopped in epoch {len(self.rows) + 1}: {kind.__name__}"
        self.running = ""
        self._draw()
        if self.shown and self._handle is None and self.note:
            _say(self.note)

    def step(self, step: int, steps: int, loss: float) -> None:
        """Show where the running epoch is, if the last time was some moments ago."""
        now = time.perf_counter()
        if not self.shown or now - self._drawn < PAUSE:
            return
        self._drawn = now
        self.running = f"epoch {len(self.rows) + 1} of {self.epochs}, loss {loss:.3f}"
        if steps:  # 0 while it is not known how many an epoch has
            self.fraction = min(step / steps, 1.0)
            done = len(self.rows) - self._first + self.fraction
            left = (now - self._started) / done * (self.epochs - self._first - done)
            self.running += f", {timedelta(seconds=round(left))} left"
        self._draw()

    def epoch(self) -> None:
        """Show the epoch whose row was just added."""
        self.running = ""
        self._draw()

    def _draw(self) -> None:
        if self._handle is not None:
            self._handle.update(self)
        elif self.shown:
            if sys.stdout.isatty():
                _say(f"\r\x1b[K{self.running}", end="")
            lines = _text_rows(self.rows)
            for line in lines[self._lines :]:
                _say(line)
            self._lines = len(lines)

    def __repr__(self) -> str:
        return "\n".join(filter(None, [self.title, *_text_rows(self.rows), self.running, self.note]))

    def _repr_html_(self) -> str:
        head, *body = [[f"<td>{cell}</td>" for cell in row] for row in _table(self.rows)] or [[]]
        lines = ["<tr>" + "".join(row) + "</tr>" for row in body]
        heading = "".join(head).replace("td>", "th>")
        table = f"<table><thead><tr>{heading}</tr></thead><tbody>{''.join(lines)}</tbody></table>" if head else ""
        bar = ""
        if self.running:
            bar = f'<progress value="{self.fraction:.3f}" style="width:12em"></progress> {escape(self.running)}'
        return (
            f'<div><div style="color:var(--jp-ui-font-color2, #555)">{escape(self.title)}</div>'
            f'<div style="max-height:40em;overflow:auto">{table}</div><div>{bar or escape(self.note)}</div></div>'
        )


def _say(text: str, end: str = "\n") -> None:
    """Print, with a question mark for what the terminal's encoding lacks, as "·" in ASCII."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), end=end, flush=True)


def _table(rows: list[dict[str, float]]) -> list[list[str]]:
    """The cells of the headings and of each epoch's row; nothing before the first epoch ends."""
    names = [name for name in HEADINGS if any(name in row for row in rows)]
    body = [[str(number), *(_cell(name, row) for name in names)] for number, row in enumerate(rows, start=1)]
    return [["epoch", *(HEADINGS[name] for name in names)], *body] if names else []


def _cell(name: str, row: dict[str, float]) -> str:
    if name not in row:
        return ""
    if name.endswith("accuracy"):
        return f"{row[name]:.1%}".replace("%", " %")
    return f"{row[name]:.1f}" if name == "seconds" else f"{row[name]:.4f}"


def _text_rows(rows: list[dict[str, float]]) -> list[str]:
    return [f"{first:>5}" + "".join(f"{cell:>15}" for cell in others) for first, *others in _table(rows)]


def _in_notebook() -> bool:
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"
