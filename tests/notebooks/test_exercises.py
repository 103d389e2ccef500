"""Every solution passes (nbval runs notebooks/solutions by itself), and nothing else does."""

import importlib
from pathlib import Path

import nbformat
import pytest

from cnnlab.course.exercises import making as exercises
from cnnlab.course.exercises.checking import TIMEOUT, assembled, check, questions, run_nbval
from cnnlab.course.notebooks import find
from tests.notebooks.conftest import SOLUTIONS

NUMBERS = [path.name[:2] for path in SOLUTIONS]
pytestmark = [pytest.mark.slow, pytest.mark.notebook]


def wrong_answers(number: str) -> dict[str, list[str]]:
    """The usual mistakes: by question, sources that a student might write."""
    return importlib.import_module(f"tests.notebooks.wrong_answers_{number}").WRONG


def notebook(number: str, kind: str, answers: dict[str, str] | None = None) -> nbformat.NotebookNode:
    """The exercise or the solution, with ``answers`` to some of its questions."""
    found = nbformat.read(find(number, kind=kind), 4)
    for cell in found.cells:
        question = cell.id.replace("answer-", "check-")
        if cell.id.startswith("answer-") and question in (answers or {}):
            cell.source = answers[question]
    return found


def outcomes(number: str, students: list[nbformat.NotebookNode], folder: Path) -> list[dict[str, bool]]:
    """Which questions pass in each of the students' notebooks.

    They run as `check` runs one, but all in one kernel, since starting it takes longer than the cells do. All names
    are deleted in between.
    """
    exercise = notebook(number, "exercise")
    cells = []
    for student, written in enumerate(students):
        cells.append(nbformat.v4.new_code_cell("%reset -f"))
        run = assembled(exercise, written, folder=folder).cells
        cells += [nbformat.from_dict({**cell, "id": f"{cell.id}--{student}"}) for cell in run]
    results = run_nbval(nbformat.v4.new_notebook(cells=cells), timeout=TIMEOUT)
    ids = [question.id for question in questions(exercise)]
    return [{name: results[f"{name}--{student}"].passed for name in ids} for student in range(len(students))]


def test_exercises_are_what_their_solutions_give():
    assert exercises.stale() == []


@pytest.mark.parametrize("number", NUMBERS)
def test_an_untouched_exercise_fails_everywhere_and_a_usual_mistake_at_its_question_and_nowhere_else(number, tmp_path):
    untouched, wrong = notebook(number, "exercise"), wrong_answers(number)
    ids = [question.id for question in questions(untouched)]
    assert len(ids) >= 5
    assert set(wrong) == set(ids)
    assert all(len(answers) >= 2 for answers in wrong.values())
    rounds = [
        {question: wrong[question][turn % len(wrong[question])] for question in half}
        for half in (ids[0::2], ids[1::2])
        for turn in range(max(len(wrong[question]) for question in half))
    ]
    mistaken = [notebook(number, "solution", answers) for answers in rounds]
    first, *others = outcomes(number, [untouched, *mistaken], tmp_path)
    assert not any(first.values())
    for answers, outcome in zip(rounds, others, strict=True):
        assert outcome == {question: question not in answers for question in ids}, answers


@pytest.mark.parametrize("number", NUMBERS)
def test_every_question_has_a_hint(number):
    assert all(question.hint for question in questions(notebook(number, "exercise")))


def test_a_wrong_answer_that_was_run_and_saved_still_fails(tmp_path):
    """nbval by itself compares with what is saved, so this would pass it."""
    question, mistakes = next(iter(wrong_answers(NUMBERS[0]).items()))
    student = notebook(NUMBERS[0], "solution", {question: mistakes[0]})
    for cell in student.cells:
        if cell.id == question:
            cell.source, cell.outputs = "print('all is well')", [nbformat.v4.new_output("stream", text="all is well\n")]
    path = tmp_path / f"{NUMBERS[0]}.ipynb"
    nbformat.write(student, path)
    passed = {result.id: result.passed for result in check(NUMBERS[0], path).results}
    assert passed == {name: name != question for name in passed}
