"""Numbers in prose that a run has measured, bound to the run.

A comment after the number, which no reader of the rendered text sees, gives an expression and its limits:

    The main loss falls to a sixth<!-- measured: 0.12 < history.train_loss.iloc[-1] / history.train_loss[1] < 0.2 -->.

When a notebook is run, the expression is evaluated where the comment stands, after the cells above it. The values are
kept in the cell's metadata, so that a reader of the file can compare them with the limits without running it.
"""

import re
from typing import NamedTuple

from nbformat import NotebookNode

from cnnlab.course.notebooks import CourseError

NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
COMMENT = re.compile(r"<!--\s*measured:(.*?)-->", re.DOTALL)
CLAIM = re.compile(rf"\s*({NUMBER}) < (\S.*?) < ({NUMBER})\s*")
DIGITS = 6  # that are kept of a value


class Claim(NamedTuple):
    """What the prose says of ``expression``: its value lies between ``low`` and ``high``."""

    low: float
    expression: str
    high: float


def claims(cell: NotebookNode) -> list[Claim]:
    """The claims of a markdown cell, in their order; none of a code cell.

    Raises:
        CourseError: for a comment that is not of the form ``measured: LOW < EXPRESSION < HIGH``.

    >>> import nbformat
    >>> cell = nbformat.v4.new_markdown_cell("It takes a third<!-- measured: 0.3 < after / before < 0.37 -->.")
    >>> claims(cell)
    [Claim(low=0.3, expression='after / before', high=0.37)]
    """
    if cell.cell_type != "markdown":
        return []
    found = []
    for comment in COMMENT.findall(cell.source):
        if (parts := CLAIM.fullmatch(comment)) is None:
            rule = "a measured number is written LOW < EXPRESSION < HIGH"
            raise CourseError(f"cell {cell.id!r}: {rule}, got {comment.strip()!r}")
        found.append(Claim(float(parts[1]), parts[2], float(parts[3])))
    return found


def keep(cell: NotebookNode, values: list[float]) -> None:
    """Write the values of a cell's claims into its metadata."""
    cell.metadata.setdefault("cnnlab", {})["measured"] = [float(f"{value:.{DIGITS}g}") for value in values]


def contradictions(notebook: NotebookNode) -> list[str]:
    """A line for each number in the prose that the last run did not give, or that was never measured."""
    found = []
    for cell in notebook.cells:
        here = claims(cell)
        values = cell.metadata.get("cnnlab", {}).get("measured", []) if here else []
        for place, (low, expression, high) in enumerate(here):
            if len(values) != len(here):
                found.append(f"cell {cell.id!r}: {expression} was not measured; run the notebook and save it")
            elif not low < values[place] < high:
                said = f"{low:g} < {expression} < {high:g}"
                found.append(f"cell {cell.id!r}: the text says {said}, the run gives {values[place]:g}")
    return found
