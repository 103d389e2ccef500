"""A question says what it asks for, and gives its hints one by one."""

import nbformat
import pytest

from cnnlab.course.exercises.checking import questions
from cnnlab.course.exercises.tasks import Exercise, Task, tasks
from cnnlab.course.notebooks import CourseError

from ..conftest import check_cell, exercise

FACTS = {"kind": "diagnosis", "minutes": 10, "difficulty": 2, "hints": ["Look at the curve.", "Look at its end."]}


def with_task(**facts):
    notebook = exercise()
    task = nbformat.v4.new_markdown_cell("## 1 Size", id="task-q1", metadata={"cnnlab": {**FACTS, **facts}})
    notebook.cells.insert(2, task)
    notebook.cells.append(check_cell("check-q1", 'Check("Question 1: size")', "✓ it\n"))
    return notebook


def test_a_task_is_read_from_the_metadata():
    assert tasks(with_task()) == {"q1": Task("q1", "diagnosis", 10, 2, ("Look at the curve.", "Look at its end."))}


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"kind": "essay"}, "kind must be one of function, prediction, diagnosis, open, got 'essay'"),
        ({"minutes": 0}, "minutes must be 1 or more"),
        ({"difficulty": 4}, "difficulty 1 to 3, got 10 and 4"),
        ({"points": 3}, "its metadata must hold kind, minutes, difficulty and hints"),
    ],
)
def test_an_authors_mistake_is_named(facts, message):
    with pytest.raises(CourseError, match=message):
        tasks(with_task(**facts))


@pytest.fixture
def hint(course):
    nbformat.write(with_task(), course / "exercises" / "01_pictures.ipynb")
    return Exercise("01").hint


def test_hints_come_in_steps_and_then_the_solution_is_named(hint, capsys):
    hint(1)
    hint(1, 2)
    hint(1, 3)
    first, second, third = capsys.readouterr().out.splitlines()
    assert (first, second) == ("Look at the curve.", "Look at its end.")
    assert third == "There are 2 hints; the answer is in solutions/01_pictures.ipynb, question 1."


def test_a_question_without_hints_names_those_with(hint):
    with pytest.raises(CourseError, match="question 7 of 01_pictures has no hints; there are for: 1"):
        hint(7)


def test_check_shows_the_first_hint_of_the_task():
    assert {question.id: question.hint for question in questions(with_task())}["check-q1"] == "Look at the curve."
