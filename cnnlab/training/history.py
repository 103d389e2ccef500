"""The numbers of a training run, an epoch a row."""

import os
from typing import Any

import pandas as pd

from cnnlab.files import atomic

COLUMNS = (
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
)


class History(pd.DataFrame):
    """A DataFrame with a row an epoch, indexed from 1: losses in nats, accuracies as fractions, seconds of the epoch.

    Validation columns are missing in a run without validation. ``runtime`` is the line that says how the run was
    computed.
    """

    _metadata = ["runtime"]  # noqa: RUF012 - pandas' own protocol for attributes that survive copies

    def __init__(self, *data: Any, **options: Any) -> None:
        super().__init__(*data, **options)
        self.runtime: str = ""

    @property
    def _constructor(self) -> type["History"]:
        return History

    @classmethod
    def of(cls, rows: list[dict[str, float]], *, runtime: str = "") -> "History":
        """A history of one row an epoch, the first of which is epoch 1."""
        columns = [name for name in COLUMNS if any(name in row for row in rows)] if rows else list(COLUMNS)
        index = pd.RangeIndex(1, len(rows) + 1, name="epoch")
        history = cls(pd.DataFrame(rows, index=index, columns=columns))
        history.runtime = runtime
        return history

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the rows as CSV, whole or not at all."""
        with atomic(path) as draft:
            self.to_csv(draft)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "History":
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not the CSV of a history.
        """
        try:
            table = pd.read_csv(path)
        except ValueError as error:  # pandas does not name the file
            raise ValueError(f"{path} is not the CSV of a training history: {error}") from error
        if "epoch" not in table or "train_loss" not in table:
            raise ValueError(f"{path} is not the CSV of a training history: it has no columns epoch and train_loss")
        return cls(table.set_index("epoch"))
