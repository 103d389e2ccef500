"""Learning curves of one run, or of several to compare."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cnnlab.look._axes import DASHES
from cnnlab.look.figure import Figure
from cnnlab.look.theme import BLUE, COLOURS, MARKERS, SMALL, VERMILION, label_axes, number, percent

PANELS = (("loss", "loss (nats)", 1), ("accuracy", "accuracy (%)", 100))  # column, label, factor
MOST_MARKED = 40  # epochs of a curve with markers


def curves(history: pd.DataFrame | Mapping[str, pd.DataFrame], *, title: str = "") -> Figure:
    """Loss and accuracy by epoch, in training and in validation; the epoch with the lowest validation loss is marked.

    ``history`` is the result of `cnnlab.fit`, or a dict of several by name. Of several runs, validation is drawn as a
    thick line, training as a thin dotted line in the same colour.

    Raises:
        ValueError: for a history without an epoch, or a table that is not a history.
        TypeError: for anything other than a history or a dict of histories.

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
        _check_history(name, table)
    alt = _run_in_words(runs[""]) if "" in runs else _runs_in_words(runs)
    figure = Figure((7.2, 2.9), alt=f"{title}. {alt}" if title else alt)
    if title:
        figure.suptitle(title, fontsize=11)
    for axes, (column, label, factor) in zip(figure.subplots(1, 2), PANELS, strict=True):
        label_axes(axes, title=column.capitalize(), x="epoch", y=label, grid=True)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        if max(map(len, runs.values())) == 1:
            axes.set(xlim=(0, 2), xticks=[1])
        if "" in runs:
            _draw_run(axes, runs[""], column, factor)
        else:
            _draw_runs(axes, runs, column, factor)
        if column == "loss":  # the other panel has the same lines
            axes.legend(fontsize=SMALL, framealpha=1, edgecolor="none", ncols=1 + (len(runs) > 6))
    return figure


def _draw_run(axes: Axes, table: pd.DataFrame, column: str, factor: float) -> None:
    size = 4 if len(table) <= MOST_MARKED else 0
    for part, colour, marker, dash in (("train", BLUE, "o", "-"), ("validation", VERMILION, "s", "--")):
        values = _column(table, f"{part}_{column}")
        if values is not None:
            label = "training" if part == "train" else part
            axes.plot(values.index, values * factor, dash, color=colour, marker=marker, ms=size, label=label)
    best, validated = _best(table), _column(table, f"validation_{column}")
    if best is not None and validated is not None:
        epoch = best[0]
        axes.axvline(epoch, color="0.5", lw=0.8, ls=":", zorder=0)
        axes.plot([epoch], [float(validated.loc[epoch]) * factor], "*", c=VERMILION, mec="white", ms=13, zorder=5)
        axes.plot([], [], "*", c=VERMILION, mec="white", ms=9, label=f"lowest val. loss: epoch {epoch}")


def _draw_runs(axes: Axes, runs: Mapping[str, pd.DataFrame], column: str, factor: float) -> None:
    for index, (name, table) in enumerate(runs.items()):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        dash, size = DASHES[index // len(COLOURS) % len(DASHES)], 4 if len(table) <= MOST_MARKED else 0
        train, validation = _column(table, f"train_{column}"), _column(table, f"validation_{column}")
        thick, thin = (train, None) if validation is None else (validation, train)
        if thin is not None:
            axes.plot(thin.index, thin * factor, ":", lw=1, color=colour)
        if thick is not None:
            axes.plot(thick.index, thick * factor, dash, color=colour, marker=marker, ms=size, label=name)
    if any("validation_loss" in table for table in runs.values()):
        axes.plot([], [], ":", lw=1, color="0.3", label="(dotted: training)")


def _check_history(name: str, table: pd.DataFrame) -> None:
    of = f" of {name!r}" if name else ""
    if not isinstance(table, pd.DataFrame) or not {"train_loss", "train_accuracy"}.issubset(table):
        found = list(table) if isinstance(table, pd.DataFrame) else type(table).__name__
        raise ValueError(
            f"the history{of} needs the columns train_loss and train_accuracy, as fit returns; got {found}"
        )
    if not len(table):
        raise ValueError(f"the history{of} has no epoch yet: train for at least one epoch, then draw")


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


def _run_in_words(table: pd.DataFrame) -> str:
    epochs = "1 epoch" if len(table) == 1 else f"{len(table)} epochs"
    facts = [
        f"Training loss {_change(table['train_loss'], number)}",
        f"training accuracy {_change(table['train_accuracy'], percent)}",
    ]
    if (best := _best(table)) is not None:
        facts.append(f"validation loss is lowest, {number(best[1])}, at epoch {best[0]}")
        if (accuracy := _column(table, "validation_accuracy")) is not None:
            facts.append(f"validation accuracy ends at {percent(float(accuracy.iloc[-1]))}")
    return f"Learning curves over {epochs}. {', '.join(facts)}"


def _runs_in_words(runs: Mapping[str, pd.DataFrame]) -> str:
    part = "validation" if all(_best(table) is not None for table in runs.values()) else "training"
    lowest = {name: float(table[f"{part.removesuffix('ing')}_loss"].min()) for name, table in runs.items()}
    ranking = ", ".join(f"{name} {number(lowest[name])}" for name in sorted(lowest, key=lowest.__getitem__))
    return f"Learning curves of {len(runs)} runs compared. Lowest {part} loss, best first: {ranking}"


def _change(values: pd.Series, written: Callable[[float], str]) -> str:
    first, last = float(values.iloc[0]), float(values.iloc[-1])
    if len(values) == 1 or not np.isfinite([first, last]).all():
        return f"is {written(last)}"
    if written(first) == written(last):
        return f"stays at {written(last)}"
    return f"{'falls' if last < first else 'rises'} from {written(first)} to {written(last)}"
