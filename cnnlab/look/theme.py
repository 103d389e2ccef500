"""Colours, sizes and number formats that all figures share.

They are set on each axes and not in matplotlib's global settings: a demo draws in a thread while the student draws
figures of their own.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar

# The palette of Okabe and Ito, made for colour-blind readers, without its yellow, which is too light on white.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # series differ in marker as well as in colour
DIVERGING = "RdBu_r"  # for signed values: blue below zero, white at zero, red above
SEQUENTIAL = "viridis"  # for values without a sign
TITLE, TEXT, SMALL = 10, 9, 8  # font sizes in points


def label_axes(axes: Axes, *, title: str = "", x: str = "", y: str = "", grid: bool = False) -> Axes:
    """Set the title and the axis labels in the course's font sizes, and remove the upper and the right spine."""
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
    """A narrow colour bar beside ``axes``; beside a single axes it has the height of the image."""
    if isinstance(axes, Axes):
        bar = axes.figure.colorbar(mappable, cax=axes.inset_axes((1.03, 0, 0.05, 1)))
    else:
        bar = axes[0].figure.colorbar(mappable, ax=axes, fraction=0.05, pad=0.03, aspect=24)
    bar.set_label(label, fontsize=TEXT)
    bar.ax.tick_params(labelsize=SMALL)
    bar.outline.set_visible(False)
    return bar


def number(value: float) -> str:
    """A number with three significant digits.

    >>> number(0.12345), number(-2.1), number(1234.5), number(0)
    ('0.123', '−2.1', '1,234', '0')
    """
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def in_words(count: float) -> str:
    """A large number with three significant digits and the name of its order of magnitude.

    >>> in_words(281_640), in_words(714_188_480), in_words(15.47e9), in_words(84)
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


def join_first(items: Sequence[str], most: int = 12) -> str:
    """The first ``most`` items, separated by commas, and how many were left out.

    >>> join_first(list("abcd"), most=2)
    'a, b and 2 more'
    """
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def symmetric_limit(values: np.ndarray) -> float:
    """The largest finite |value|, or 1 where all are zero: the end of a colour scale that is centred at zero."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) or 1.0 if finite.size else 1.0
