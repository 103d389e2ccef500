"""What students fill in, generated from the solutions: ``python -m cnnlab.course.exercises.making`` (development only).

A solution's region from ``### BEGIN SOLUTION`` to ``### END SOLUTION`` becomes a ``raise NotImplementedError``. Check
cells are collapsed in JupyterLab and keep their saved outputs, which are what nbval compares with; all other outputs
are removed, since they may contain an answer. Solutions get nbgrader's marks here, so that they are assignments.
"""

import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnnlab.course.exercises._differences import UNANSWERED
from cnnlab.course.exercises._nbgrader import mark
from cnnlab.course.exercises.checking import CHECKED, is_check, questions
from cnnlab.course.exercises.tasks import tasks
from cnnlab.course.notebooks import CourseError, listed, read, source, write
from cnnlab.course.publish.tidy import tidy

STUB = f'raise NotImplementedError("{UNANSWERED}")'
WRITTEN_STUB = "*Your answer goes here.*"


def generated(solution: NotebookNode, *, name: str = "the solution") -> NotebookNode:
    """The student's notebook of a solution, which is left alone.

    Raises:
        CourseError: if there is no region to clear, or one without an end; for a check cell without its tag, its id or
            its saved outputs.
    """
    from nbgrader.preprocessors import ClearSolutions  # for development only

    for cell in solution.cells:
        if cell.id.startswith("answer-") and "### BEGIN SOLUTION" not in cell.source:
            raise CourseError(f"{name}, cell {cell.id!r} has no region from ### BEGIN SOLUTION to ### END SOLUTION")
    before = nbformat.from_dict(solution)
    exercise = marked(solution)
    clear = ClearSolutions(enforce_metadata=False, code_stub={"python": STUB}, text_stub=WRITTEN_STUB)
    try:
        exercise, _ = clear.preprocess(exercise, {})
    except RuntimeError as error:
        raise CourseError(f"{name}: {error}") from error
    summaries = {f"task-{question}": task.summary for question, task in tasks(exercise).items()}
    for cell, original in zip(exercise.cells, before.cells, strict=True):
        _prove(cell, original, name)
        if cell.id in summaries:
            heading, _, text = cell.source.partition("\n")
            cell.source = f"{heading}\n\n{summaries[cell.id]}\n{text}"
        if is_check(cell):
            cell.metadata["jupyter"] = {"source_hidden": True}
        elif cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if not questions(exercise):
        raise CourseError(f"{name} has no check cell: a code cell with an id check-… and the tag {CHECKED}")
    return tidy(exercise, folder=source())


def marked(solution: NotebookNode) -> NotebookNode:
    """A copy of a solution with nbgrader's marks."""
    copy = nbformat.reads(nbformat.writes(solution), as_version=4)
    mark(copy)
    return copy


def stale() -> list[str]:
    """Exercises that are missing, without a solution, or not what their solution generates.

    Empty when all belong together, which a test demands.
    """
    solutions, exercises = listed("solution"), listed("exercise")
    wrong = [f"{exercise.name} has no solution" for key, exercise in exercises.items() if key not in solutions]
    for key, solution in solutions.items():
        if key not in exercises:
            wrong.append(f"{solution.name} has no exercise")
        elif exercises[key].name != solution.name:
            wrong.append(f"{exercises[key].name} should be called {solution.name}")
        elif read(solution) != marked(read(solution)):
            wrong.append(f"solution {solution.name} lacks nbgrader's marks")
        elif read(exercises[key]) != generated(read(solution), name=solution.name):
            wrong.append(f"{exercises[key].name} is not what its solution generates")
    return wrong


def regenerate() -> list[Path]:
    """Write every exercise anew, and nbgrader's marks into every solution; the files that changed."""
    changed = []
    for solution in listed("solution").values():
        exercise = source() / "exercises" / solution.name
        fresh = {exercise: generated(read(solution), name=solution.name), solution: marked(read(solution))}
        for path, notebook in fresh.items():
            if not path.exists() or read(path) != notebook:
                path.parent.mkdir(exist_ok=True)
                write(path, notebook)
                changed.append(path)
    return changed


def _prove(cell: NotebookNode, original: NotebookNode, name: str) -> None:
    tagged = CHECKED in cell.metadata.get("tags", [])
    if tagged != cell.id.startswith("check-"):
        raise CourseError(f"{name}, cell {cell.id!r}: a check cell has both an id check-… and the tag {CHECKED}")
    if tagged and (not cell.outputs or cell.execution_count is None):
        raise CourseError(f"{name}, cell {cell.id!r} has no saved output; first: cnnlab run --save on the solution")
    if tagged and cell.source != original.source:
        raise CourseError(f"{name}, cell {cell.id!r}: a check cell holds no part of a solution")


def main() -> int:
    """Regenerate all, and say which changed."""
    try:
        changed = regenerate()
    except CourseError as error:
        print(error, file=sys.stderr)
        return error.code
    for path in changed:
        print(f"written: {path.parent.name}/{path.name}")
    print(f"{len(changed)} files changed, of {len(listed('solution'))} exercises with their solutions")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
