"""The picture of the moment, in a notebook, while it is made."""

import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

PAUSE = 0.5  # seconds between two pictures
WIDEST = 512  # pixels: larger pictures are reduced for the preview


class Live:
    """Shows each `Step` of `transfer` in a notebook's output, twice a second; elsewhere it does nothing."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None
        self._drawn = 0.0
        self._shown = _in_notebook()

    def __call__(self, step: Any) -> None:
        """Show a step, unless the last one was shown a moment ago."""
        last = step.number == step.total
        if not self._shown or (not last and time.monotonic() - self._drawn < PAUSE):
            return
        from IPython.display import Image as Shown
        from IPython.display import display

        buffer = BytesIO()
        picture = Image.fromarray(step.picture().permute(1, 2, 0).contiguous().numpy())
        picture.thumbnail((WIDEST, WIDEST))
        picture.save(buffer, format="JPEG", quality=85)
        alt = f"step {step.number} of {step.total}, loss {step.loss:.3g}"
        shown: object = Shown(data=buffer.getvalue(), format="jpeg", alt=alt)
        if last and self._handle is not None:
            shown = _Nothing()  # the result shows itself
        if self._handle is None:
            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)
        self._drawn = time.monotonic()


class _Nothing:
    def _repr_html_(self) -> str:
        return ""

    def __repr__(self) -> str:
        return ""


def _in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel, which shows pictures."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None
