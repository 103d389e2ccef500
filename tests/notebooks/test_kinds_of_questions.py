"""An exercise whose tasks say what they ask for mixes the kinds of questions as the course promises."""

import ast

import nbformat
import pytest

from cnnlab.course.exercises.tasks import tasks
from cnnlab.course.notebooks import find
from tests.notebooks.conftest import SOLUTIONS

NUMBERS = [path.name[:2] for path in SOLUTIONS]
DESCRIBED = [number for number in NUMBERS if tasks(nbformat.read(find(number, kind="exercise"), 4))]


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


def names(sources: list[str], context: type[ast.expr_context]) -> set[str]:
    """Names that code reads (``ast.Load``) or defines (``ast.Store``), functions and imports among the latter."""
    found = set()
    for node in ast.walk(ast.parse("\n".join(sources))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, context):
            found.add(node.id)
        elif context is ast.Store and isinstance(node, ast.FunctionDef | ast.ClassDef | ast.arg):
            found.add(node.arg if isinstance(node, ast.arg) else node.name)
    return found


@pytest.mark.parametrize("number", DESCRIBED)
def test_no_question_uses_what_another_one_asks_for(number):
    notebook = nbformat.read(find(number, kind="solution"), 4)
    cells = {
        question: [
            cell.source for cell in notebook.cells if cell.id.endswith(f"-{question}") and cell.cell_type == "code"
        ]
        for question in tasks(notebook)
    }
    answers = {
        question: names([cell.source for cell in notebook.cells if cell.id == f"answer-{question}"], ast.Store)
        for question in cells
    }
    for question, sources in cells.items():
        elsewhere = set().union(*(found for other, found in answers.items() if other != question))
        assert names(sources, ast.Load) & elsewhere <= names(sources, ast.Store), question
