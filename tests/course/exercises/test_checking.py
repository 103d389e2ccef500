"""The promise: what passes is right, what fails is named with its question, and nothing that a student saved counts."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cnnlab.course import Check
from cnnlab.course.desk.copies import install
from cnnlab.course.exercises import checking
from cnnlab.course.exercises.checking import Checked, assembled, check
from cnnlab.course.notebooks import CourseError

from ..conftest import answered, check_cell, exercise, v4


def checked(notebook: nbformat.NotebookNode, **options: Any) -> Checked:
    path = Path("exercises", "01_pictures.ipynb")
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    before = path.read_bytes()
    result = check("1", **options)
    assert path.read_bytes() == before, "the student's file was changed"
    return result


def outcome(result: Checked) -> dict[str, tuple[bool, tuple[str, ...]]]:
    return {question.title: (question.passed, question.differed) for question in result.results}


def test_right_answers_pass_although_nothing_was_run_or_saved_and_files_beside_them_are_found(course: Path) -> None:
    notebook = answered()
    notebook.cells[1].source = "assert open('note.txt').read() == 'here'"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    Path("exercises").mkdir()
    Path("exercises", "note.txt").write_text("here")
    result = checked(notebook)
    assert result.passed
    assert not result.raised
    assert not result.missing


def test_an_untouched_exercise_fails_at_every_question_with_its_hint(course: Path) -> None:
    install(".")
    result = check("01")
    assert outcome(result) == {
        "Question 1: output size": (False, ("not answered yet",)),
        "Question 2: parameters": (False, ("not answered yet",)),
    }
    assert [question.hint for question in result.results] == ["Count the positions.", "Biases count too."]
    assert not result.raised  # the table says it


def test_wrong_answers_fail_whatever_was_saved_deleted_edited_tagged_or_raised(course: Path) -> None:
    notebook = answered(size="n - k", count="26")
    # the wrong answer was run, and the outputs were edited to what they should be
    notebook.cells[3] = check_cell("check-size", "print('✓ all is well')", "✓ all is well\n")
    notebook.cells[3].metadata["tags"] = ["nbval-skip"]
    # cells before the questions raise
    notebook.cells.insert(1, v4.new_code_cell("1 / 0", id="mine"))
    notebook.cells.insert(2, v4.new_code_cell("not even Python", id="mine-too", metadata={"tags": ["nbval-skip"]}))
    notebook.cells.pop()  # the second question is gone
    notebook.cells.append(v4.new_code_cell("print('extra')", id="extra", metadata={"tags": ["nbval-check-output"]}))
    notebook.cells.append(v4.new_code_cell("print('✓ all is well')", id="check-size"))  # a copy
    notebook.cells.append(v4.new_code_cell("[][1]", id="try", metadata={"tags": ["raises-exception"]}))
    path = install("work").folder / "exercises" / "01_mine.ipynb"
    path.write_text(json.dumps(notebook))  # nbformat would give the copy another id
    result = check(str(path))
    assert result.notebook == path
    assert outcome(result) == {
        "Question 1: output size": (
            False,
            ("a 5×5 filter on 28 pixels; a 1×1 filter changes nothing: does not hold",),
        ),
        "Question 2: parameters": (True, ()),
    }
    assert result.raised[0] == "'1 / 0': ZeroDivisionError: division by zero"
    assert result.raised[1].startswith("'not even Python': SyntaxError")
    assert len(result.raised) == 2, "what may raise is not reported"
    assert result.missing == ("check-count",)
    told = json.loads(result.to_json())
    assert (told["notebook"], told["passed"], told["missing"]) == (str(path), False, ["check-count"])
    assert [question["passed"] for question in told["results"]] == [False, True]


@pytest.mark.slow
def test_an_endless_loop_is_stopped_and_the_other_questions_are_still_checked(course: Path) -> None:
    notebook = answered(size="[None for _ in iter(int, 1)]")
    notebook.cells.append(v4.new_code_cell("while True:\n    pass", id="mine"))
    result = checked(notebook, timeout=10)
    assert outcome(result) == {
        "Question 1: output size": (False, ("stopped after 10 s: does it loop for ever?",)),
        "Question 2: parameters": (True, ()),
    }
    assert result.raised == ("'while True:': did not end in time",)


@pytest.mark.notebook
def test_a_kernel_that_ends_leaves_the_questions_after_it_unreached(course: Path) -> None:
    notebook = answered()
    notebook.cells[4].source = "import os\nos._exit(1)"  # as a kernel ends that the system kills for its memory
    result = checked(notebook)
    unreached = ("not reached: a cell before it was stopped or ended the kernel",)
    assert outcome(result)["Question 1: output size"] == (True, ())
    assert outcome(result)["Question 2: parameters"] == (False, unreached)
    assert result.raised == ("'import os': ended the kernel: out of memory, or a crash in compiled code",)


def test_a_name_without_a_number_is_refused_even_if_there_is_such_a_file(course: Path) -> None:
    nbformat.write(answered(), "mine.ipynb")
    rule = r"'mine.ipynb' is neither an exercise's number \(01\) nor a file whose name begins with one, as in 01_mine"
    with pytest.raises(CourseError, match=rule):
        check("mine.ipynb")
    with pytest.raises(CourseError, match="there is no file 01_mine.ipynb"):
        check("01_mine.ipynb")
    with pytest.raises(CourseError, match="there is no exercise 02; there are: 01"):
        check("02_mine.ipynb")


@pytest.mark.notebook
def test_a_notebook_of_the_format_without_cell_ids_is_checked(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads(nbformat.writes(answered(size="n - k")))
    notebook["nbformat_minor"] = 4  # as Colab saves it
    for cell in notebook["cells"]:
        del cell["id"]
    Path("01_colab.ipynb").write_text(json.dumps(notebook))
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")  # of the student's own project, say
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    result = check("01_colab.ipynb")
    assert [question.passed for question in result.results] == [False, True]
    assert result.missing == ()  # which cell is which cannot be said


def test_a_renamed_file_and_a_missing_one_tell_what_to_type(course: Path) -> None:
    work = install("work").folder
    (work / "exercises" / "01_pictures.ipynb").rename(work / "exercises" / "mine.ipynb")
    with pytest.raises(CourseError, match=r"no exercise 01 in .*exercises; if you renamed it: `cnnlab check 01 FILE`"):
        check("01")
    with pytest.raises(CourseError, match=r"there is no file nothing.ipynb; `cnnlab check 01 FILE` checks"):
        check("01", Path("nothing.ipynb"))
    with pytest.raises(CourseError, match=r"there is no exercise 02; there are: 01"):
        check("2")


def test_a_file_renamed_but_for_its_number_is_found(course: Path) -> None:
    work = install("work").folder
    (work / "exercises" / "01_pictures.ipynb").rename(work / "exercises" / "01_mine.ipynb")
    assert checking.own(course / "exercises" / "01_pictures.ipynb").name == "01_mine.ipynb"


def test_a_damaged_file_tells_how_to_get_a_fresh_one(course: Path) -> None:
    work = install("work").folder
    (work / "exercises" / "01_pictures.ipynb").write_text("{")
    with pytest.raises(CourseError, match=r"`cnnlab reset 01` brings a fresh one and keeps this file"):
        check("01")


def test_a_lecture_is_no_exercise(course: Path) -> None:
    (course / "exercises" / "01_pictures.ipynb").write_bytes((course / "01_pictures.ipynb").read_bytes())
    install("work")
    with pytest.raises(CourseError, match="has no check cells"):
        check("01")


def test_pytest_that_does_not_start_is_reported_with_its_words(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking.sys, "executable", "/bin/false")
    with pytest.raises(CourseError, match="the check could not start; `cnnlab doctor` looks for the cause"):
        checked(answered())


def rearranged(change: str) -> nbformat.NotebookNode:
    """A right answer in a notebook whose cells were moved about in JupyterLab."""
    notebook = answered()
    cells = {cell.id: cell for cell in notebook.cells}
    match change:
        case "a check above its answer":
            notebook.cells[2], notebook.cells[3] = notebook.cells[3], notebook.cells[2]
        case "all checks at the top":
            notebook.cells.sort(key=lambda cell: not cell.id.startswith("check-"))
        case "an answer merged into its check":
            check_source = cells["check-size"].source
            cells["check-size"].source = f"{cells['answer-size'].source}\n\n{check_source}"
            notebook.cells.remove(cells["answer-size"])
        case "an answer split in two":
            first, rest = cells["answer-size"].source.split("\n", 1)
            cells["answer-size"].source = "import math"
            notebook.cells.insert(3, v4.new_code_cell(f"{first}\n{rest}", id="rest"))
        case "a check deleted":
            notebook.cells.remove(cells["check-size"])
        case "a check copied":
            notebook.cells.insert(0, v4.new_code_cell(cells["check-size"].source, id="copy"))
    return notebook


@pytest.mark.parametrize(
    "change",
    [
        "a check above its answer",
        "all checks at the top",
        "an answer merged into its check",
        "an answer split in two",
        "a check deleted",
        "a check copied",
    ],
)
def test_cells_may_be_moved_merged_split_deleted_and_copied(change: str) -> None:
    together = assembled(exercise(), rearranged(change), folder=Path())
    names: dict[str, Any] = {}
    checks = []
    for cell in together.cells[1:]:
        source = cell.source.replace("from cnnlab.course import Check", "")
        if cell.id.startswith("check-"):
            checks.append(cell.id)
            exec(source, {**names, "Check": Check})  # raises where a property does not hold
        elif cell.id != "copy":
            exec(source, names)
    assert sorted(checks) == ["check-count", "check-size"]
