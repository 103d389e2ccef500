"""Measured tables go into README.md, each between its marks."""

from pathlib import Path

import pandas as pd

README = Path(__file__).with_name("README.md")


def ratio(values: pd.Series, *, places: int = 1) -> str:
    """The median with the lowest and highest beside it."""
    return f"{values.median():.{places}f} ({values.min():.{places}f} to {values.max():.{places}f})"


def write(name: str, table: pd.DataFrame) -> None:
    """Put ``table`` between its marks."""
    head, rest = README.read_text(encoding="utf-8").split(f"<!-- {name} -->\n")
    _, tail = rest.split(f"<!-- end of {name} -->\n")
    rows = [list(table.columns), ["---"] * table.shape[1], *table.astype(str).to_numpy().tolist()]
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    README.write_text(f"{head}<!-- {name} -->\n{text}\n<!-- end of {name} -->\n{tail}", encoding="utf-8")
