"""An exercise whose tasks say what they ask for mixes the kinds of questions as the course promises."""

import nbformat
import pytest

from cnnlab.course.exercises.tasks import tasks
from cnnlab.course.notebooks import find
from tests.notebooks.conftest import SOLUTIONS

NUMBERS = [path.name[:2] for path in SOLUTIONS]
DESCRIBED = [number for number in NUMBERS if tasks(nbformat.read(find(number, kind="exercise"), 4))]


def test_exercise_06_describes_its_questions():
    assert "06" in DESCRIBED


@pytest.mark.parametrize("number", DESCRIBED)
def test_the_questions_are_of_all_kinds_and_not_mostly_functions(number):
    kinds = [task.kind for task in tasks(nbformat.read(find(number, kind="exercise"), 4)).values()]
    assert 6 <= len(kinds) <= 8
    assert kinds.count("function") <= 3
    assert kinds.count("diagnosis") >= 2
    assert kinds.count("prediction") == kinds.count("open") == 1


@pytest.mark.parametrize("number", DESCRIBED)
def test_every_question_has_its_minutes_and_a_checked_one_two_hints(number):
    notebook = nbformat.read(find(number, kind="exercise"), 4)
    found, ids = tasks(notebook), {cell.id for cell in notebook.cells}
    assert {name for name in ids if name.startswith("task-")} == {f"task-{question}" for question in found}
    for question, task in found.items():
        assert f"answer-{question}" in ids
        checked = f"check-{question}" in ids
        assert checked == (task.kind != "open"), question
        assert len(set(task.hints)) == (2 if checked else 0), question
        assert 5 <= task.minutes <= 30, question
