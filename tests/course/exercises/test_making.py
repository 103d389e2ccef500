import os
import sys
from pathlib import Path

import nbformat
import pytest

from cnnlab.course.exercises.making import generated, main, marked, regenerate, stale
from cnnlab.course.notebooks import CourseError

from ..conftest import exercise, solution


def test_the_exercise_is_the_solution_without_answers_but_with_reference_outputs() -> None:
    original = solution()
    made, by_hand = generated(original), exercise()
    assert original == solution()
    assert [cell.source for cell in made.cells] == [cell.source for cell in by_hand.cells]
    assert [cell.get("outputs") for cell in made.cells] == [cell.get("outputs") for cell in by_hand.cells]
    assert [cell.id for cell in made.cells] == [cell.id for cell in by_hand.cells]
    hidden = [cell.id for cell in made.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert hidden == ["check-size", "check-count"]


def test_regenerating_writes_what_belongs_together_and_then_nothing(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = course / "exercises" / "01_pictures.ipynb"
    target.write_text(target.read_text().replace("28 pixels", "29 pixels"))
    assert stale() == ["01_pictures.ipynb is not what its solution generates"]
    assert regenerate() == [target]
    unmarked = course / "solutions" / "01_pictures.ipynb"
    nbformat.write(solution(), unmarked)
    assert stale() == ["solution 01_pictures.ipynb lacks nbgrader's marks"]
    assert regenerate() == [unmarked]
    assert stale() == regenerate() == []
    assert main() == 0
    assert capsys.readouterr().out == "0 files changed, of 1 exercises with their solutions\n"


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


def test_the_courses_own_exercises_belong_to_their_solutions() -> None:
    assert stale() == []


def test_a_task_says_what_it_asks_for_under_its_heading() -> None:
    notebook = solution()
    facts = {"kind": "prediction", "minutes": 4, "difficulty": 1, "hints": ["Count.", "Count again."]}
    notebook.cells.insert(2, nbformat.v4.new_markdown_cell("## 1 Size\n\nHow many?", id="task-q1"))
    notebook.cells[2].metadata["cnnlab"] = nbformat.from_dict(facts)
    summary = "●○○ · prediction · 4 minutes · stuck? `hint(1)` after 2 minutes, then `hint(1, 2)`"
    assert generated(notebook).cells[2].source == f"## 1 Size\n\n{summary}\n\nHow many?"


@pytest.mark.slow
def test_nbgrader_hands_out_a_solution_as_it_is_and_grades_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.Exchange.root = str(tmp_path / "exchange")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # nbgrader starts alembic
    source = tmp_path / "source" / "ex01" / "01.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(marked(solution()), source)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("ex01")["success"]
    released = nbformat.read(tmp_path / "release" / "ex01" / "01.ipynb", 4)
    assert "return n - k + 1" not in "".join(cell.source for cell in released.cells)
    for student, answer in {"right": "return n - k + 1", "wrong": "return n - k"}.items():
        handed_in = nbformat.from_dict(released)
        for cell in handed_in.cells:
            if cell.id == "answer-size":
                cell.source = f"def output_size(n, k):\n    {answer}"
            elif cell.id == "answer-count":
                cell.source = "parameters = 26"
        folder = tmp_path / "submitted" / student / "ex01"
        folder.mkdir(parents=True)
        nbformat.write(handed_in, folder / "01.ipynb")
        assert api.autograde("ex01", student)["success"]
    scores = {each["student"]: each["score"] for each in api.get_submissions("ex01")}
    assert scores == {"right": 2, "wrong": 1}
