"""Learning curves of one run, or of several to compare."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLUE, COLOURS, MARKERS, SMALL, VERMILION, label_axes, number, percent

PANELS = (("loss", "loss (nats)", 1), ("accuracy", "accuracy (%)", 100))  # column, label, factor
DASHES = ("-", "--", ":", "-.")


def curves(history: pd.DataFrame | Mapping[str, pd.DataFrame], *, title: str = "") -> Figure:
    """Loss and accuracy by epoch, side by side: in training and in validation, with the best epoch marked.

    ``history`` is what `cnnlab.fit` returns; a dict of several, by name, overlays them: validation as solid lines,
    training as thin dotted ones in the same colour.

    Raises:
        ValueError: for a history without a row, or a table that is no history.
        TypeError: for something else than a history or a dict of histories.

    >>> table = pd.DataFrame({"train_loss": [2.1, 0.12], "train_accuracy": [0.3, 0.97]}, index=[1, 2])
    >>> curves(table)
    <Figure: Learning curves over 2 epochs. Training loss falls from 2.1 to 0.12, training accuracy rises from 30 % to
    97 %>
    """
    if not isinstance(history, pd.DataFrame | Mapping):
        raise TypeError(
            f"curves draws the history that cnnlab.fit returns, or a dict of several, got a {type(history).__name__}"
        )
    runs = {"": history} if isinstance(history, pd.DataFrame) else dict(history)
    if not runs:
        raise ValueError("there is no history to draw: the dict is empty")
    for name, table in runs.items():
        _check(name, table)
    lead = f"{title}. " if title else ""
    alt = lead + (_story(runs[""]) if "" in runs else _comparison(runs))
    figure = Figure((7.2, 2.9), alt=alt)
    if title:
        figure.suptitle(title, fontsize=11)
    for axes, (column, label, factor) in zip(figure.subplots(1, 2), PANELS, strict=True):
        label_axes(axes, title=column.capitalize(), x="epoch", y=label, grid=True)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        if max(map(len, runs.values())) == 1:
            axes.set(xlim=(0, 2), xticks=[1])
        if "" in runs:
            _one(axes, runs[""], column, factor)
        else:
            _many(axes, runs, column, factor)
    return figure


def _one(axes: Axes, table: pd.DataFrame, column: str, factor: float) -> None:
    size = 4 if len(table) <= 40 else 0
    lines = (("train", BLUE, "o", "-"), ("validation", VERMILION, "s", "--"))
    for part, colour, marker, dash in lines:
        values = _column(table, f"{part}_{column}")
        if values is not None:
            label = "training" if part == "train" else part
            axes.plot(values.index, values * factor, dash, color=colour, marker=marker, ms=size, label=label)
    best = _best(table)
    validated = _column(table, f"validation_{column}")
    if best is not None and validated is not None:
        epoch = best[0]
        axes.axvline(epoch, color="0.5", lw=0.8, ls=":", zorder=0)
        star: dict[str, Any] = {"marker": "*", "color": VERMILION, "markeredgecolor": "white", "linestyle": ""}
        axes.plot([epoch], [float(validated.loc[epoch]) * factor], markersize=13, zorder=5, **star)
        axes.plot([], [], markersize=9, label=f"lowest val. loss: epoch {epoch}", **star)
    if column == "loss":  # the same lines beside it need no second legend
        axes.legend(fontsize=SMALL, framealpha=1, edgecolor="none")


def _many(axes: Axes, runs: Mapping[str, pd.DataFrame], column: str, factor: float) -> None:
    for index, (name, table) in enumerate(runs.items()):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        size = 4 if len(table) <= 40 else 0
        train, validation = _column(table, f"train_{column}"), _column(table, f"validation_{column}")
        bold, thin = (train, None) if validation is None else (validation, train)
        if thin is not None:
            axes.plot(thin.index, thin * factor, ":", lw=1, color=colour)
        if bold is not None:
            dash = DASHES[index // len(COLOURS) % len(DASHES)]
            axes.plot(bold.index, bold * factor, dash, color=colour, marker=marker, ms=size, label=name)
    if any("validation_loss" in table for table in runs.values()):
        axes.plot([], [], ":", lw=1, color="0.3", label="(dotted: training)")
    if column == "loss":
        axes.legend(fontsize=SMALL, framealpha=1, edgecolor="none", ncols=1 + (len(runs) > 6))


def _check(name: str, table: pd.DataFrame) -> None:
    of = f" of {name!r}" if name else ""
    if not isinstance(table, pd.DataFrame) or "train_loss" not in table or "train_accuracy" not in table:
        found = list(table) if isinstance(table, pd.DataFrame) else type(table).__name__
        raise ValueError(
            f"the history{of} needs the columns train_loss and train_accuracy, as fit returns; got {found}"
        )
    if not len(table):
        raise ValueError(f"the history{of} has no epoch yet: train for one epoch at least, then draw")


def _column(table: pd.DataFrame, name: str) -> pd.Series | None:
    values = table[name].dropna() if name in table else None
    return None if values is None or values.empty else values


def _best(table: pd.DataFrame) -> tuple[int, float] | None:
    """The epoch with the lowest validation loss, and that loss."""
    losses = _column(table, "validation_loss")
    if losses is None:
        return None
    lowest = int(losses.to_numpy().argmin())
    return int(losses.index[lowest]), float(losses.iloc[lowest])


def _story(table: pd.DataFrame) -> str:
    """One run in words."""
    epochs = "1 epoch" if len(table) == 1 else f"{len(table)} epochs"
    told = [
        f"Training loss {_change(table['train_loss'], number)}",
        f"training accuracy {_change(table['train_accuracy'], percent)}",
    ]
    best = _best(table)
    if best is not None:
        told.append(f"validation loss is lowest, {number(best[1])}, at epoch {best[0]}")
        accuracy = _column(table, "validation_accuracy")
        if accuracy is not None:
            told.append(f"validation accuracy ends at {percent(float(accuracy.iloc[-1]))}")
    return f"Learning curves over {epochs}. {', '.join(told)}"


def _comparison(runs: Mapping[str, pd.DataFrame]) -> str:
    """Several runs in words, by what they reach."""
    part = "validation" if all(_best(table) is not None for table in runs.values()) else "train"
    reached = {name: float(table[f"{part}_loss"].min()) for name, table in runs.items()}
    words = "validation" if part == "validation" else "training"
    told = ", ".join(f"{name} {number(loss)}" for name, loss in sorted(reached.items(), key=lambda item: item[1]))
    return f"Learning curves of {len(runs)} runs compared. Lowest {words} loss, best first: {told}"


def _change(values: pd.Series, say: Callable[[float], str]) -> str:
    first, last = float(values.iloc[0]), float(values.iloc[-1])
    if len(values) == 1 or not np.isfinite([first, last]).all():
        return f"is {say(last)}"
    if say(first) == say(last):
        return f"stays at {say(last)}"
    return f"{'falls' if last < first else 'rises'} from {say(first)} to {say(last)}"
