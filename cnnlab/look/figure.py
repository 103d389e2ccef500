"""The figure that every function in this room returns: a matplotlib figure with alternative text."""

import base64
import io
import os
from html import escape
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

INCH = 100  # CSS pixels in an inch: a figure of 7 inches is 700 pixels wide in a notebook
SCALE = 2.0  # image pixels in a CSS pixel, for high-resolution screens
LARGEST = 62_000  # bytes: a PNG that is larger is drawn again at a lower scale
CHART_COLOURS = 4096  # a chart has fewer colours, a photograph has more


class Figure(MatplotlibFigure):
    """A matplotlib figure with alternative text, shown in a notebook as an HTML image.

    JupyterLab and nbconvert show an ``image/png`` output without alternative text, so a figure offers only HTML and
    text. It is made without pyplot: there is no current figure, nothing has to be closed, and nothing is shown twice.
    ``size`` is (width, height) in inches of 100 CSS pixels. ``constrained`` turns on matplotlib's constrained layout,
    which keeps labels from overlapping.

    >>> figure = Figure((4, 3), alt="An empty figure")
    >>> figure
    <Figure: An empty figure>
    >>> figure.html().startswith('<img alt="An empty figure" width="400"')
    True
    """

    def __init__(self, size: tuple[float, float], *, alt: str = "", constrained: bool = True) -> None:
        super().__init__(figsize=size, dpi=INCH * SCALE)
        self.set_layout_engine("constrained" if constrained else "none")
        FigureCanvasAgg(self)
        self.alt = alt

    def __repr__(self) -> str:
        return f"<Figure: {self.alt}>"

    def png(self, *, scale: float | None = None) -> bytes:
        """The figure as a PNG file of 256 colours, with ``scale`` image pixels in a CSS pixel.

        The default scale is 2, or less (but at least 1) where the file would be larger than 62 kB, so that a notebook
        of ten figures stays under a megabyte.
        """
        packed = _packed(self._pixels(scale or SCALE))
        if scale is None and len(packed) > LARGEST:  # the size of the file grows with the area
            lower = max(1.0, SCALE * (LARGEST / len(packed)) ** 0.5)
            packed = min(packed, _packed(self._pixels(lower)), key=len)
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
        """Write the figure to a file in the format that its name says, as ``savefig`` does."""
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
        _disable_other_formats()
        return {"text/html": self.html(), "text/plain": repr(self)}


def canvas(width: float, height: float, *, alt: str) -> tuple[Figure, Axes]:
    """A figure of ``width`` × ``height`` CSS pixels, covered by one axes in these pixels, with y downward."""
    figure = Figure((width / INCH, height / INCH), alt=alt, constrained=False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))
    return figure, axes


def _packed(pixels: Image.Image) -> bytes:
    """A PNG with a palette of 256 colours, a third of the size of one in full colour."""
    if pixels.getcolors(CHART_COLOURS):
        reduced = pixels.quantize(256, Image.Quantize.MAXCOVERAGE)
    else:  # a photograph: dithered, so that gradients show no bands; the palette of a ninth of the pixels is as good
        few = pixels.resize((pixels.width // 3, pixels.height // 3), Image.Resampling.NEAREST)
        reduced = pixels.quantize(palette=few.quantize(256, Image.Quantize.MAXCOVERAGE))
    file = io.BytesIO()
    reduced.save(file, "png")
    return file.getvalue()


def _disable_other_formats() -> None:
    """Keep pyplot's notebook integration, if it is active, from adding a PNG without alternative text."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    for kind, formatter in shell.display_formatter.formatters.items():
        if kind not in ("text/html", "text/plain") and Figure not in formatter.type_printers:
            formatter.for_type(Figure, lambda figure: None)
