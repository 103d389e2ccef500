"""nbgrader's marks in a solution, so that it is an assignment that nbgrader can hand out and grade."""

from typing import Any

from nbformat import NotebookNode

from cnnlab.course.exercises.tasks import tasks

SCHEMA = 3  # the version of nbgrader's metadata


def mark(notebook: NotebookNode) -> None:
    """Mark answers as solutions and checks as tests, with a point for each dot of difficulty; in place.

    The answer to an open question is graded by hand. Cells that are no part of a question are left alone.
    """
    found = tasks(notebook)
    for cell in notebook.cells:
        part, _, rest = cell.id.partition("-")
        task = found.get(rest.partition("-")[0])
        points = task.difficulty if task else 1
        if part == "check":
            cell.metadata["nbgrader"] = _marks(cell.id, grade=True, solution=False, points=points)
        elif part == "answer":
            by_hand = task is not None and task.kind == "open"
            cell.metadata["nbgrader"] = _marks(
                cell.id, grade=by_hand, solution=True, points=points if by_hand else None
            )


def _marks(name: str, *, grade: bool, solution: bool, points: int | None) -> dict[str, Any]:
    marks = {
        "schema_version": SCHEMA,
        "grade_id": name,
        "grade": grade,
        "solution": solution,
        "locked": not solution,
        "task": False,
    }
    return marks if points is None else {**marks, "points": points}
