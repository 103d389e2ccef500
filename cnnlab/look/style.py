"""Colours, sizes and words that the figures share.

They are set on each axes, so that no global setting of matplotlib is touched: a demo draws in a thread beside the
student's own figures.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar

# Okabe and Ito's palette, made for all kinds of colour vision; yellow left out, since it fades on white.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # colour is never the only difference
SIGNED = "RdBu_r"  # blue below zero, white at zero, red above
AMOUNT = "viridis"
TITLE, TEXT, SMALL = 10, 9, 8  # points


def dress(axes: Axes, *, title: str = "", x: str = "", y: str = "", grid: bool = False) -> Axes:
    """Give axes their title, labels with units, and the course's look."""
    axes.set_title(title, fontsize=TITLE)
    axes.set_xlabel(x, fontsize=TEXT)
    axes.set_ylabel(y, fontsize=TEXT)
    axes.tick_params(labelsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)
    if grid:
        axes.grid(alpha=0.3)
    else:
        axes.grid(False)
    axes.set_axisbelow(True)
    return axes


def colour_bar(mappable: ScalarMappable, axes: Axes | Sequence[Axes], label: str) -> Colorbar:
    """A slim colour bar beside ``axes``; beside a single one, exactly as tall as what it shows."""
    if isinstance(axes, Axes):
        bar = axes.figure.colorbar(mappable, cax=axes.inset_axes((1.03, 0, 0.05, 1)))
    else:
        bar = axes[0].figure.colorbar(mappable, ax=axes, fraction=0.05, pad=0.03, aspect=24)
    bar.set_label(label, fontsize=TEXT)
    bar.ax.tick_params(labelsize=SMALL)
    bar.outline.set_visible(False)
    return bar


def number(value: float) -> str:
    """A number with three significant digits, as one reads it aloud.

    >>> number(0.12345), number(-2.1), number(1234.5), number(0)
    ('0.123', '−2.1', '1,234', '0')
    """
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def amount(count: float) -> str:
    """A large number in words.

    >>> amount(281_640), amount(714_188_480), amount(15.47e9), amount(84)
    ('282 thousand', '714 million', '15.5 billion', '84')
    """
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if count >= size:
            return f"{number(count / size)} {word}"
    return number(count)


def percent(fraction: float) -> str:
    """A fraction in percent.

    >>> percent(0.9625), percent(1)
    ('96.2 %', '100 %')
    """
    return f"{100 * fraction:.3g} %"


def shortened(text: str, length: int) -> str:
    """``text``, cut to ``length`` characters.

    >>> shortened("Trafalgar Square", 10)
    'Trafalgar…'
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def symmetric_limit(values: np.ndarray) -> float:
    """The largest finite |value|, or 1 where all are zero: the end of a scale that is centred at zero."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) or 1.0 if finite.size else 1.0
