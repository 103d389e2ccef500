"""The figure that every function here returns: it brings its own alternative text and size."""

import base64
import io
import os
from html import escape
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

INCH = 100  # CSS pixels: a figure of 7 inches is 700 pixels wide on a page
CRISP = 2.0  # dots a CSS pixel, for screens that have so many
COARSEST = 1.0
LARGEST = 62_000  # bytes: a larger picture gets fewer dots
DISTINCT = 4096  # a chart has no more colours; a photograph has
KEPT = 96  # colours of a chart, the most frequent ones, that its palette keeps exactly


class Figure(MatplotlibFigure):
    """A matplotlib figure with alternative text, shown in a notebook as an HTML image.

    JupyterLab and nbconvert show ``image/png`` outputs without alternative text, so a figure offers HTML and text
    only. It is made without pyplot: there is no current figure, nothing to close, and nothing is shown twice.
    ``size`` is (width, height) in inches of 100 CSS pixels; unless ``constrained`` is False, matplotlib's constrained
    layout keeps labels from overlapping.

    >>> figure = Figure((4, 3), alt="An empty page")
    >>> figure
    <Figure: An empty page>
    >>> figure.html().startswith('<img alt="An empty page" width="400"')
    True
    """

    def __init__(self, size: tuple[float, float], *, alt: str = "", constrained: bool = True) -> None:
        super().__init__(figsize=size, dpi=INCH * CRISP)
        self.set_layout_engine("constrained" if constrained else "none")
        FigureCanvasAgg(self)
        self.alt = alt

    def __repr__(self) -> str:
        return f"<Figure: {self.alt}>"

    def png(self, *, scale: float | None = None) -> bytes:
        """The figure as a PNG file with a palette, ``scale`` dots a CSS pixel.

        Without ``scale`` it has two, or fewer if it would grow large, so that a notebook of ten figures stays under a
        megabyte.
        """
        packed = _packed(self._pixels(scale or CRISP))
        if scale is None and len(packed) > LARGEST:  # the size grows with the area
            coarse = max(COARSEST, CRISP * (LARGEST / len(packed)) ** 0.5)
            packed = min(packed, _packed(self._pixels(coarse)), key=len)
        return packed

    def html(self, *, scale: float | None = None) -> str:
        """The figure as an HTML image with its alternative text."""
        width = round(self.get_figwidth() * INCH)
        source = base64.b64encode(self.png(scale=scale)).decode()
        return (
            f'<img alt="{escape(self.alt)}" width="{width}" style="max-width:100%;height:auto" '
            f'src="data:image/png;base64,{source}">'
        )

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write the figure to a file whose name says the format, as ``savefig`` does."""
        self.savefig(path, **options)

    def _pixels(self, scale: float) -> Image.Image:
        before = self.dpi
        self.set_dpi(INCH * scale)
        try:
            canvas = self.canvas if isinstance(self.canvas, FigureCanvasAgg) else FigureCanvasAgg(self)
            canvas.draw()
            return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        finally:
            self.set_dpi(before)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        _offer_no_other_format()
        return {"text/html": self.html(), "text/plain": repr(self)}


def _packed(pixels: Image.Image) -> bytes:
    """PNG of 256 colours, a third of the size; a chart keeps its frequent colours exactly."""
    counted = pixels.getcolors(DISTINCT)
    if counted is None:
        # Colours far apart, and what lies between them as a fine mixture: a map over a photograph shows no false steps.
        few = pixels.resize((pixels.width // 3, pixels.height // 3), Image.Resampling.NEAREST)  # ten times faster
        palette = few.quantize(256, Image.Quantize.MAXCOVERAGE)
        reduced = pixels.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    else:
        colours = np.array([colour for _, colour in sorted(counted, reverse=True)], np.uint8)
        kept, index = colours[:256], np.arange(len(colours))
        if len(colours) > 256:
            rest = Image.fromarray(colours[None, KEPT:]).quantize(256 - KEPT, Image.Quantize.MEDIANCUT)
            kept = np.concatenate([colours[:KEPT], np.array(rest.getpalette(), np.uint8).reshape(-1, 3)])
            distance = (colours[:, None].astype(np.int32) - kept.astype(np.int32)) ** 2
            index = distance.sum(axis=-1).argmin(axis=1)
        table = np.zeros(1 << 24, np.uint8)
        table[_codes(colours)] = index
        reduced = Image.fromarray(table[_codes(np.asarray(pixels))])
        reduced.putpalette(kept.tobytes())
    file = io.BytesIO()
    reduced.save(file, "png")
    return file.getvalue()


def _codes(colours: np.ndarray) -> np.ndarray:
    """(..., 3) uint8 -> a number for each colour."""
    red, green, blue = (colours[..., channel].astype(np.uint32) for channel in range(3))
    return red << 16 | green << 8 | blue


def _offer_no_other_format() -> None:
    """Keep pyplot's integration with notebooks, once it is on, from adding a PNG without alternative text."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    for kind, formatter in shell.display_formatter.formatters.items():
        if kind not in ("text/html", "text/plain") and Figure not in formatter.type_printers:
            formatter.for_type(Figure, _nothing)


def _nothing(_figure: Figure) -> None:
    """What a format is given that a figure does not offer."""
