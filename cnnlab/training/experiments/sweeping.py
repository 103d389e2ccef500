"""A sweep: one training for each row of a table of settings and each seed, and a table of what came out."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from cnnlab.evaluation import gap
from cnnlab.files import atomic
from cnnlab.inference import evaluate
from cnnlab.training.fitting import fit

# From the settings of a run to the network, the parts (train, validation, test) and the options of fit.
Make = Callable[[dict[str, Any]], tuple[nn.Module, Sequence[Any], dict[str, Any]]]
RESULTS = (
    "parameters",
    "epochs_run",
    "epoch",
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "test_loss",
    "test_accuracy",
    "test_gap",
    "seconds",
    "failure",
)
NAME = re.compile(r'[^./\\:*?"<>|\s][^/\\:*?"<>|\t\r\n]*')  # a file can be called so on every system


def sweep(
    table: pd.DataFrame | Sequence[Mapping[str, Any]],
    make: Make,
    path: str | os.PathLike[str],
    *,
    seeds: Sequence[int] = (0,),
    progress: bool = True,
) -> pd.DataFrame:
    """Train once for each row of ``table`` and each of ``seeds``, and return the results, a row a run.

    A row of ``table`` has a ``name``, as a column or as the index of the DataFrame, and any settings. ``make`` is
    called with the settings of a run, its ``name`` and its ``seed`` among them. It returns the network, the parts
    (train, validation, test) such as `Splits`, of which the first may be a loader, and the options of `fit`. Initial
    weights that it draws are those of the seed, and `fit` gets the seed too.

    The results are written to ``path`` as CSV after every run. They are the settings as text and then: ``parameters``
    of the network; ``epochs_run``; ``epoch``, whose weights were evaluated: with patience the best one, else the last;
    loss (nats) and accuracy of all three parts with these weights, in eval mode and without augmentation; GAP of the
    test part (`cnnlab.evaluation.gap`); ``seconds`` of training. A loss that becomes NaN or infinite ends the run, not
    the sweep: ``failure`` tells the cause, and the results are missing. The folder beside the CSV, of the same name
    without ".csv", keeps the history of each run, as NAME, seed 0.csv.

    A second call with the same ``path`` trains what is missing alone, and a run that was interrupted goes on from its
    last whole epoch (`fit`'s ``resume``). A finished run is known by its name, settings and seed: after a change of
    anything else in ``make``, name another ``path``.

    Raises:
        ValueError: for a name that is missing, comes twice or cannot be a file's; for a setting that is called as a
            result; or if ``path`` has a run of the same name and seed with other settings.
        OSError: if the results cannot be written.

    >>> import tempfile
    >>> from cnnlab import data, models
    >>> digits = data.Splits(*(part[:200] for part in data.digits()[:3]))
    >>> def make(settings):
    ...     return models.build("lenet5"), digits, {"epochs": 1, "learning_rate": settings["rate"]}
    >>> rates = [{"name": "slow", "rate": 1e-4}, {"name": "fast", "rate": 1e-2}]
    >>> found = sweep(rates, make, Path(tempfile.mkdtemp()) / "rates.csv", progress=False)
    >>> found[["name", "seed", "rate", "parameters", "epoch"]]
       name  seed    rate  parameters  epoch
    0  slow     0  0.0001       44426      1
    1  fast     0  0.0100       44426      1
    """
    path = Path(path)
    runs = [settings | {"seed": int(seed)} for settings in _rows(table) for seed in seeds]
    rows = _done(path, runs)
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for number, settings in enumerate(runs, 1):
        key = _key(settings)
        name = f"{settings['name']}, seed {settings['seed']}"
        checkpoint = folder / f"{name}.pt"
        if key not in rows:
            result = _run(settings, make, checkpoint, folder / f"{name}.csv")
            rows[key] = _texts(settings) | {column: _text(result.get(column)) for column in RESULTS}
            _write(path, rows, runs)
            if progress:
                print(f"{number} of {len(runs)}: {name}: {_told(result)}", flush=True)
        checkpoint.unlink(missing_ok=True)  # after the row is on the disk
    return read(path)


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """The results of a sweep as `sweep` returns them: numbers as numbers, tuples as text.

    Raises:
        FileNotFoundError: if there is no such file.
    """
    return pd.read_csv(path, dtype={"name": str}, keep_default_na=False, na_values=[""])


def _rows(table: pd.DataFrame | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The settings of each row, the name first."""
    if isinstance(table, pd.DataFrame):
        whole = table.reset_index() if table.index.name == "name" else table
        table = [{str(column): value for column, value in row.items()} for row in whole.to_dict("records")]
    names = [row.get("name") for row in table]
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ValueError(
                f"each row of a sweep needs a name that can be a file's, got {name!r}; use letters, digits and spaces"
            )
        if names.count(name) > 1:
            raise ValueError(f"each row of a sweep needs a name of its own, and {name!r} comes twice")
    if not names:
        raise ValueError("a sweep needs a row of settings at least, got none")
    taken = sorted({column for row in table for column in row} & {"seed", *RESULTS})
    if taken:
        raise ValueError(f"{taken[0]!r} is the name of a column of the results; call the setting otherwise")
    return [{"name": row["name"], **row} for row in table]


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["name"]), str(row["seed"])


def _done(path: Path, runs: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, str]]:
    """The rows that ``path`` has already, as text."""
    if not path.exists():
        return {}
    found = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = {"name", "seed", *RESULTS} - set(found.columns)
    if missing:
        raise ValueError(f"{path} is not the CSV of a sweep: it has no column {sorted(missing)[0]}; name another file")
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for record in found.to_dict("records"):
        row = {str(column): str(value) for column, value in record.items()}
        rows[_key(row)] = row
    for settings in runs:
        before, now = rows.get(_key(settings), {}), _texts(settings)
        for column in {**before, **now} if before else ():
            if column not in RESULTS and before.get(column, "") != now.get(column, ""):
                raise ValueError(
                    f"{path} has the run {settings['name']!r} with {column} {before.get(column, '')!r}, now "
                    f"{now.get(column, '')!r}; give the changed run another name, or name another file"
                )
    return rows


def _run(settings: dict[str, Any], make: Make, checkpoint: Path, history_file: Path) -> dict[str, Any]:
    """Train one network, or go on with it, and evaluate it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings["seed"])
        model, parts, options = make(dict(settings))
    train, validation, test = parts[:3]
    result: dict[str, Any] = {"parameters": sum(parameter.numel() for parameter in model.parameters())}
    try:
        history = fit(
            model, train, validation=validation, **options, seed=settings["seed"], resume=checkpoint, progress=False
        )
    except FloatingPointError as error:
        return result | {"failure": str(error)}
    history.save(history_file)
    best = options.get("patience") is not None
    result |= {
        "epochs_run": len(history),
        "epoch": 1 + int(history.validation_loss.argmin()) if best else len(history),
        "seconds": float(history.seconds.sum()),
    }
    computed = {option: options[option] for option in ("precision", "device") if option in options}
    for name, part in (("train", train), ("validation", validation), ("test", test)):
        report = evaluate(model, part, classes=test.classes, **computed)
        result |= {f"{name}_loss": report.loss, f"{name}_accuracy": report.accuracy}
    return result | {"test_gap": gap(report.confidences, report.predictions == report.labels)}


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {column: _text(value) for column, value in settings.items()}


def _text(value: Any) -> str:
    """A value as it stands in the CSV; nothing for None and NaN."""
    return "" if value is None or value != value else str(value)


def _write(path: Path, rows: Mapping[tuple[str, str], dict[str, str]], runs: list[dict[str, Any]]) -> None:
    """All rows as CSV: those of ``runs`` in their order, then those of earlier calls with other tables."""
    order = [key for key in dict.fromkeys([*map(_key, runs), *rows]) if key in rows]
    settings = [column for key in order for column in rows[key] if column not in RESULTS]
    columns = dict.fromkeys(["name", "seed", *settings, *RESULTS])
    with atomic(path) as draft:
        pd.DataFrame([rows[key] for key in order], columns=list(columns)).fillna("").to_csv(draft, index=False)


def _told(result: Mapping[str, Any]) -> str:
    if result.get("failure"):
        return str(result["failure"])
    return f"test accuracy {100 * result['test_accuracy']:.1f} %, {result['seconds']:.0f} s"
