"""``cnnlab check``: a student's exercise run by nbval against the course's own check cells and reference outputs.

nbval compares with what is saved, so a wrong answer that was run and saved would pass. The notebook that is checked is
therefore put together anew, in a temporary folder: the student's cells, without tags and outputs, and the check cells
as the course has them. The student's file is only read. This is to help, not to guard: a cell that replaces ``Check``
by another class deceives its author alone.
"""

import ast
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from cnnlab.course.desk.copies import student_folder
from cnnlab.course.exercises._differences import differed, first_line, raised
from cnnlab.course.exercises._nbval_report import REPORT, CellResult, read_report
from cnnlab.course.exercises.tasks import tasks
from cnnlab.course.notebooks import CourseError, listed, original, read

CHECKED = "nbval-check-output"  # nbval's tag for cells whose outputs it compares
TIMEOUT = 60  # seconds that a cell may take
SETUP = "course-folder"  # id of the cell that is put in front


class Question(NamedTuple):
    """A check cell of an exercise: its id, and the title and hint that it gives to ``Check``."""

    id: str
    title: str
    hint: str


class Result(NamedTuple):
    """The outcome of a question; ``differed`` says what was not as it should be, line by line."""

    id: str
    title: str
    passed: bool
    differed: tuple[str, ...]
    hint: str


class Checked(NamedTuple):
    """An exercise's results in order, the student's cells that raised, and the ids of cells that the file lacks."""

    notebook: Path
    results: tuple[Result, ...]
    raised: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every question passed."""
        return all(result.passed for result in self.results)

    def to_json(self) -> str:
        """For programs; the keys are the fields' names."""
        results = [result._asdict() for result in self.results]
        fields = {**self._asdict(), "notebook": str(self.notebook), "passed": self.passed, "results": results}
        return json.dumps(fields, ensure_ascii=False, indent=2)


def check(name: str, file: Path | None = None, *, timeout: float = TIMEOUT) -> Checked:
    """Check an exercise in a student's file, by default the one in the student's folder.

    ``name`` is the exercise's number, or the student's file if its name begins with that. Every question is tried,
    whatever the cells before it did. A cell is stopped after ``timeout`` seconds.

    Raises:
        CourseError: for an unknown number, a file that is missing or no notebook, or a kernel that does not start.
    """
    exercise = original(name, kind="exercise")
    path = file or (own(exercise) if name.isdigit() else Path(name))
    if not path.is_file():
        number = exercise.name[:2]
        raise CourseError(f"there is no file {path}; `cnnlab check {number} FILE` checks the one that you name")
    pristine, student = read(exercise), read(path)
    if not questions(pristine):
        raise CourseError(f"{exercise.name} has no check cells; it is not an exercise of the course")
    notebook = assembled(pristine, student, folder=path.resolve().parent)
    cells = run_nbval(notebook, timeout=timeout)
    references = {cell.id: _printed(cell) for cell in pristine.cells if is_check(cell)}
    errors = _errors_before(notebook, cells, set(references))
    results = []
    for question in questions(pristine):
        cell = cells.get(question.id)
        passed = cell is not None and cell.passed
        why = () if passed else differed(cell, references[question.id], errors[question.id], timeout)
        results.append(Result(question.id, question.title, passed, why, "" if passed else question.hint))
    own_cells = [cell for cell in student.cells if cell.id in cells and cell.id not in references]
    lines = tuple(filter(None, (raised(cell, cells[cell.id]) for cell in own_cells)))
    return Checked(path, tuple(results), lines, _missing(pristine, student))


def own(exercise: Path) -> Path:
    """The student's file of an exercise: in ``exercises``, by its name; or the only file there with its number."""
    folder = student_folder() / "exercises"
    if (folder / exercise.name).is_file():
        return folder / exercise.name
    if found := listed("exercise", folder.parent).get(exercise.name[:2]):
        return found
    raise CourseError(
        f"no exercise {exercise.name[:2]} in {folder}; if you renamed it: `cnnlab check {exercise.name[:2]} FILE`, "
        f"for a new one: `cnnlab reset {exercise.name[:2]}`"
    )


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell of the course's own exercise checks an answer."""
    return cell.cell_type == "code" and cell.id.startswith("check-") and CHECKED in cell.metadata.get("tags", [])


def questions(pristine: NotebookNode) -> list[Question]:
    """The questions of an exercise, read from the source of its check cells without running them."""
    hints = {f"check-{name}": task.hints[0] for name, task in tasks(pristine).items() if task.hints}
    found = [Question(cell.id, *_title_and_hint(cell)) for cell in pristine.cells if is_check(cell)]
    return [question._replace(hint=hints.get(question.id, question.hint)) for question in found]


def assembled(pristine: NotebookNode, student: NotebookNode, *, folder: Path) -> NotebookNode:
    """The notebook to check: the student's cells in their order, the course's check cells instead of theirs.

    A check cell is where the student has it, but after the answer that it checks, wherever that was moved to. Check
    cells that the student no longer has are at the end, where all answers are known. What the student wrote into a
    check cell, as merging cells does, runs before it.
    """
    checks = {cell.id: cell for cell in pristine.cells if is_check(cell)}
    numbers = {cell.id: number for number, cell in enumerate(student.cells)}
    following: dict[int, list[NotebookNode]] = {}
    for name, check_cell in checks.items():
        last = max(numbers.get(name, len(numbers)), numbers.get(name.replace("check-", "answer-", 1), 0))
        following.setdefault(last, []).append(check_cell)
    cells = [nbformat.v4.new_code_cell(f"import os\nos.chdir({str(folder)!r})\ndel os", id=SETUP)]
    for number, cell in enumerate(student.cells):
        written = cell.source if cell.id not in checks else _merged(cell.source, checks[cell.id].source)
        if cell.cell_type == "code" and written:
            name = cell.id if cell.id not in checks else cell.id.replace("check-", "merged-", 1)
            cells.append(nbformat.v4.new_code_cell(written, id=name))
        cells += following.pop(number, [])
    return nbformat.v4.new_notebook(cells=[*cells, *(cell for left in following.values() for cell in left)])


def run_nbval(notebook: NotebookNode, *, timeout: float) -> dict[str, CellResult]:
    """Run nbval over a notebook; how each code cell ended, by its id.

    Raises:
        CourseError: if pytest or the kernel does not start.
    """
    from cnnlab.course.desk.kernel import environment

    with tempfile.TemporaryDirectory(prefix="cnnlab-check-") as folder:
        file, report, settings = (Path(folder, name) for name in ("exercise.ipynb", "cells.jsonl", "pytest.ini"))
        nbformat.write(notebook, file)
        settings.write_text("[pytest]\n")  # the settings of whatever project the student is in do not count here
        options = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={timeout}", "--color=no"]
        plugins = ["-p", "nbval.plugin", "-p", "cnnlab.course.exercises._nbval_report", "-p", "no:cacheprovider"]
        variables = {name: value for name, value in environment().items() if not name.startswith("PYTEST_")}
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, *options, "-c", settings, "--rootdir", folder, file],
            cwd=folder,
            env={**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", REPORT: str(report)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        cells = read_report(report)
    if not cells:
        said = (ended.stdout + ended.stderr).strip().splitlines()[-5:]
        raise CourseError("\n".join(["the check could not start; `cnnlab doctor` looks for the cause", *said]), code=1)
    return cells


def _errors_before(notebook: NotebookNode, cells: dict[str, CellResult], checks: set[str]) -> dict[str, list[str]]:
    """For each check cell the errors of the student's cells between the check before it and itself."""
    errors: dict[str, list[str]] = {}
    lately: list[str] = []
    for cell in notebook.cells:
        if cell.id in checks:
            errors[cell.id], lately = lately, []
        elif cell.id in cells and cells[cell.id].error:
            lately.append(first_line(cells[cell.id].error))
    return errors


def _missing(pristine: NotebookNode, student: NotebookNode) -> tuple[str, ...]:
    """The exercise's code cells that the student's file lacks; none if its editor wrote new ids for all."""
    ids = {cell.id for cell in student.cells}
    if ids.isdisjoint(cell.id for cell in pristine.cells):
        return ()
    return tuple(cell.id for cell in pristine.cells if cell.cell_type == "code" and cell.id not in ids)


def _title_and_hint(cell: NotebookNode) -> tuple[str, str]:
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
            texts = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
            return str(ast.literal_eval(node.args[0])), str(texts.get("hint", ""))
    return cell.id.removeprefix("check-").replace("-", " "), ""


def _merged(written: str, check_source: str) -> str:
    """What a student's check cell holds beside the course's check."""
    return written.replace(check_source, "").strip() if check_source in written else ""


def _printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")
