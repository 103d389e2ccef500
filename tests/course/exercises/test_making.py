from pathlib import Path

import nbformat
import pytest

from cnnlab.course.exercises.making import generated, main, regenerate, stale
from cnnlab.course.notebooks import CourseError

from ..conftest import exercise, solution


def test_the_exercise_is_the_solution_without_answers_but_with_reference_outputs() -> None:
    made, by_hand = generated(solution()), exercise()
    assert [cell.source for cell in made.cells] == [cell.source for cell in by_hand.cells]
    assert [cell.get("outputs") for cell in made.cells] == [cell.get("outputs") for cell in by_hand.cells]
    assert [cell.id for cell in made.cells] == [cell.id for cell in by_hand.cells]
    hidden = [cell.id for cell in made.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert hidden == ["check-size", "check-count"]


def test_the_solution_is_left_alone() -> None:
    original = solution()
    generated(original)
    assert original == solution()


def test_regenerating_writes_what_belongs_together_and_then_nothing(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = course / "exercises" / "01_pictures.ipynb"
    target.write_text(target.read_text().replace("28 pixels", "29 pixels"))
    assert stale() == ["01_pictures.ipynb is not what its solution generates"]
    assert regenerate() == [target]
    assert stale() == regenerate() == []
    assert main() == 0
    assert capsys.readouterr().out == "0 of 1 exercises changed\n"


def test_missing_renamed_and_orphaned_exercises_are_stale(course: Path) -> None:
    target = course / "exercises" / "01_pictures.ipynb"
    target.rename(target.with_name("02_lost.ipynb"))
    assert stale() == ["02_lost.ipynb has no solution", "01_pictures.ipynb has no exercise"]
    target.with_name("02_lost.ipynb").rename(target.with_name("01_other.ipynb"))
    assert stale() == ["01_other.ipynb should be called 01_pictures.ipynb"]


@pytest.mark.parametrize(
    ("cell", "change", "message"),
    [
        (2, {"source": "def output_size(n, k):\n    ### BEGIN SOLUTION\n    return 1"}, "no end solution statement"),
        (3, {"metadata": {}}, r"cell 'check-size': a check cell has both an id check-… and the tag"),
        (3, {"id": "size"}, r"cell 'size': a check cell has both an id"),
        (3, {"outputs": [], "execution_count": None}, r"has no saved output; first: cnnlab run --save"),
        (3, {"source": "### BEGIN SOLUTION\n1\n### END SOLUTION"}, "a check cell holds no part of a solution"),
    ],
)
def test_an_authors_mistake_is_named_with_its_cell(cell: int, change: dict[str, object], message: str) -> None:
    notebook = solution()
    notebook.cells[cell].update(nbformat.from_dict(change))
    with pytest.raises(CourseError, match=message):
        generated(notebook)


def test_a_notebook_without_regions_or_checks_is_no_solution() -> None:
    with pytest.raises(CourseError, match="has no region from ### BEGIN SOLUTION"):
        generated(exercise())
    without_checks = solution()
    without_checks.cells = [cell for cell in without_checks.cells if not cell.id.startswith("check-")]
    with pytest.raises(CourseError, match="the solution has no check cell"):
        generated(without_checks)


def test_generating_without_nbgrader_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "nbgrader.preprocessors", None)
    with pytest.raises(CourseError, match="first: pip install nbgrader"):
        generated(solution())


def test_the_courses_own_exercises_belong_to_their_solutions() -> None:
    assert stale() == []
