"""Every solution passes (nbval runs notebooks/solutions by itself); nothing else does."""

import importlib
from pathlib import Path

import nbformat
import pytest

from cnnlab.course.exercises import making as exercises
from cnnlab.course.exercises.checking import assembled, check, questions
from cnnlab.course.notebooks import find
from tests.notebooks.conftest import SOLUTIONS

NUMBERS = [path.name[:2] for path in SOLUTIONS]
EVERY = pytest.mark.parametrize("number", NUMBERS)
pytestmark = [pytest.mark.slow, pytest.mark.notebook]


def wrong_answers(number: str) -> dict[str, list[str]]:
    """The usual mistakes: by question, sources that a student might write."""
    return importlib.import_module(f"tests.notebooks.wrong_answers_{number}").WRONG


def answered(number: str, answers: dict[str, str], folder: Path) -> Path:
    """The solution of an exercise, with ``answers`` in the place of some."""
    solution = nbformat.read(find(number, kind="solution"), 4)
    for cell in solution.cells:
        question = cell.id.replace("answer-", "check-")
        if cell.id.startswith("answer-") and question in answers:
            cell.source = answers[question]
    path = folder / f"{number}.ipynb"
    nbformat.write(solution, path)
    return path


def outcome(number: str, path: Path) -> dict[str, bool]:
    return {result.id: result.passed for result in check(number, path).results}


def test_exercises_are_what_their_solutions_give():
    assert exercises.stale() == []


@EVERY
def test_an_untouched_exercise_fails_at_every_question(number):
    results = check(number, find(number, kind="exercise")).results
    assert len(results) >= 5
    assert not any(result.passed for result in results)
    assert all(result.hint for result in results)


@EVERY
@pytest.mark.parametrize("half", [0, 1], ids=["odd questions", "even questions"])
def test_a_usual_mistake_fails_at_its_question_and_nowhere_else(number, half, tmp_path):
    wrong = wrong_answers(number)
    ids = [question.id for question in questions(nbformat.read(find(number, kind="exercise"), 4))]
    assert set(wrong) == set(ids)
    assert all(len(answers) >= 2 for answers in wrong.values())
    chosen = ids[half::2]
    for turn in range(max(len(wrong[question]) for question in chosen)):
        planted = {question: wrong[question][turn % len(wrong[question])] for question in chosen}
        result = outcome(number, answered(number, planted, tmp_path))
        assert result == {question: question not in chosen for question in ids}, turn


def test_a_wrong_answer_that_was_run_and_saved_still_fails(tmp_path):
    """nbval by itself compares with what is saved, so this would pass it."""
    question, mistakes = next(iter(wrong_answers(NUMBERS[0]).items()))
    path = answered(NUMBERS[0], {question: mistakes[0]}, tmp_path)
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.id == question:
            cell.source, cell.outputs = "print('all is well')", [nbformat.v4.new_output("stream", text="all is well\n")]
    nbformat.write(notebook, path)
    assert outcome(NUMBERS[0], path)[question] is False
    pristine = nbformat.read(find(NUMBERS[0], kind="exercise"), 4)
    restored = next(cell for cell in assembled(pristine, notebook, folder=tmp_path).cells if cell.id == question)
    assert "Check(" in restored.source
