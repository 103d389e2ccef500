"""Logarithmic axes of `bars`, `lines`, `points` and `efficiency`."""

import pandas as pd
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullLocator

from cnnlab.look.theme import number

LOGARITHMIC = ("", "x", "y", "xy")  # which axes of a plot are logarithmic
DASHES = ("-", "--", "-.", ":")


def check_logarithmic(logarithmic: str, x: pd.DataFrame, y: pd.DataFrame) -> None:
    """Raise ValueError for another option, or for a value of 0 or less on a logarithmic axis."""
    if logarithmic not in LOGARITHMIC:
        raise ValueError(f"logarithmic must be one of '', 'x', 'y', 'xy', got {logarithmic!r}")
    for axis, table in (("x", x), ("y", y)):
        for name, values in table.items() if axis in logarithmic else ():
            if len(bad := values[values <= 0]):
                raise ValueError(
                    f"a logarithmic axis needs values above 0, but {name!r} of {bad.index[0]} is "
                    f"{number(bad.iloc[0])}; leave it out, as NaN"
                )


def log_ticks(axis: Axis, ratio: float) -> None:
    """Ticks at 1, 2, 5, 10 … on a logarithmic axis, or at powers of ten if ``ratio``, largest / smallest, is large."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if ratio < 1000 else (1,)))
    axis.set_minor_locator(NullLocator())
    if ratio < 10_000:
        axis.set_major_formatter(lambda value, _: number(value))
