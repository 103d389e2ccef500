"""``cnnlab check``: a student's exercise run by nbval against the course's own check cells and reference outputs.

nbval compares with what is saved, so a wrong answer that was run and saved would pass. The notebook that is checked is
therefore put together anew, in a temporary folder: the student's cells, without tags and outputs, and the check cells
as the course has them. The student's file is only read. This is to help, not to guard: whoever puts another class in
the place of ``Check`` in a cell deceives nobody but themselves.
"""

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat import NotebookNode

from cnnlab.course.desk.copies import student_folder
from cnnlab.course.exercises._differences import differed, line_of, raised
from cnnlab.course.exercises._nbval_report import KERNEL_DIED
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
    """What became of a question; ``differed`` says what was not as it should be, line by line."""

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
    seen = run_nbval(notebook, timeout=timeout)
    references = {cell.id: _printed(cell) for cell in pristine.cells if is_check(cell)}
    errors = _errors_before(notebook, seen, set(references))
    results = [
        _result(question, seen.get(question.id), references[question.id], errors[question.id], timeout)
        for question in questions(pristine)
    ]
    own_ids = {cell.id for cell in student.cells}
    missing = [cell.id for cell in pristine.cells if cell.cell_type == "code" and cell.id not in own_ids]
    if len(own_ids & {cell.id for cell in pristine.cells}) == 0:
        missing = []  # an editor that writes new ids: nothing can be said
    own_cells = [cell for cell in student.cells if cell.id in seen and cell.id not in references]
    lines = tuple(filter(None, (raised(cell, seen[cell.id]) for cell in own_cells)))
    return Checked(path, tuple(results), lines, tuple(missing))


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
    return [Question(cell.id, *_title_and_hint(cell)) for cell in pristine.cells if is_check(cell)]


def assembled(pristine: NotebookNode, student: NotebookNode, *, folder: Path) -> NotebookNode:
    """The notebook to check: the student's cells in their order, the course's check cells in the place of theirs.

    Check cells that the student no longer has are at the end, where all answers are known.
    """
    checks = {cell.id: cell for cell in pristine.cells if is_check(cell)}
    first = nbformat.v4.new_code_cell(f"import os\nos.chdir({str(folder)!r})\ndel os", id=SETUP)
    cells, left = [first], dict(checks)
    for cell in student.cells:
        if cell.id in left:
            cells.append(left.pop(cell.id))
        elif cell.cell_type == "code":
            cells.append(nbformat.v4.new_code_cell(_without_markers(cell.source), id=cell.id))
    return nbformat.v4.new_notebook(cells=[*cells, *left.values()])


def run_nbval(notebook: NotebookNode, *, timeout: float) -> dict[str, dict[str, Any]]:
    """Run nbval over a notebook; what it saw by cell id: see ``nbval_report``, and ``passed`` and ``timed_out``."""
    with tempfile.TemporaryDirectory(prefix="cnnlab-check-") as folder:
        file, report, settings = (Path(folder, name) for name in ("exercise.ipynb", "report.xml", "pytest.ini"))
        nbformat.write(notebook, file)
        settings.write_text("[pytest]\n")  # the settings of whatever project the student is in do not count here
        options = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={timeout}", "--color=no"]
        plugins = ["-p", "nbval.plugin", "-p", "cnnlab.course.exercises._nbval_report", "-p", "no:cacheprovider"]
        where = ["-c", str(settings), "--rootdir", folder, f"--junitxml={report}", str(file)]
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, *options, *where],
            cwd=folder,
            env={**surroundings, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        seen = _read_report(report) if report.exists() else {}
    if not seen:
        said = (ended.stdout + ended.stderr).strip().splitlines()[-5:]
        raise CourseError("\n".join(["the check could not start; `cnnlab doctor` looks for the cause", *said]), code=1)
    return seen


def _read_report(report: Path) -> dict[str, dict[str, Any]]:
    seen = {}
    for case in ET.parse(report).iter("testcase"):
        noted = case.find("properties/property[@name='cell']")
        if noted is None:
            continue  # a fault before the first cell, such as a kernel that does not start
        cell = json.loads(noted.get("value", ""))
        faults = [child for child in case if child.tag in ("failure", "error", "skipped")]
        told = " ".join((fault.get("message") or "") + (fault.text or "") for fault in faults)
        # After a first cell was stopped nbval no longer says so of others, but the interrupt shows.
        timed_out = "Timeout of" in told or cell["error"].startswith("KeyboardInterrupt")
        seen[cell["id"]] = {**cell, "passed": not faults, "timed_out": timed_out, "died": KERNEL_DIED in told}
    return seen


def _errors_before(notebook: NotebookNode, seen: dict[str, dict[str, Any]], checks: set[str]) -> dict[str, list[str]]:
    """For each check cell the errors of the student's cells between the check before it and itself."""
    errors: dict[str, list[str]] = {}
    lately: list[str] = []
    for cell in notebook.cells:
        if cell.id in checks:
            errors[cell.id], lately = lately, []
        elif error := seen.get(cell.id, {}).get("error"):
            lately.append(line_of(error))
    return errors


def _result(
    question: Question, cell: dict[str, Any] | None, reference: str, errors: list[str], timeout: float
) -> Result:
    if cell and cell["passed"]:
        return Result(question.id, question.title, True, (), "")
    return Result(question.id, question.title, False, differed(cell, reference, errors, timeout), question.hint)


def _title_and_hint(cell: NotebookNode) -> tuple[str, str]:
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
            texts = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
            return str(ast.literal_eval(node.args[0])), str(texts.get("hint", ""))
    return cell.id.removeprefix("check-").replace("-", " "), ""


def _without_markers(source: str) -> str:
    """A source in which no comment steers nbval."""
    return re.sub(r"(?m)^(\s*#+\s*(?:NBVAL|PYTEST_VALIDATE)_\w+)[ \t]*$", r"\1 (has no effect here)", source)


def _printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")
