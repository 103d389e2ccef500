import json
from pathlib import Path

import nbformat
import pytest

from cnnlab.course import notebooks
from cnnlab.course.notebooks import CourseError, find, original, read, source

from .conftest import v4


def test_a_lecture_is_found_by_number_with_or_without_zero_and_by_path(course: Path) -> None:
    lecture = course / "01_pictures.ipynb"
    assert find("1") == find("01") == lecture
    assert find(lecture) == lecture
    assert find("01", kind="solution") == course / "solutions" / "01_pictures.ipynb"


def test_an_unknown_number_or_file_lists_what_there_is(course: Path) -> None:
    with pytest.raises(CourseError, match=r"^there is no lecture 07; there are: 01$"):
        find("7")
    with pytest.raises(CourseError, match=r"^'lenet' is neither a lecture's number \(01\) nor a notebook file$"):
        find("lenet")


def test_notebooks_in_the_package_come_before_those_of_a_clone(course: Path) -> None:
    assert not notebooks.packaged()
    inside = notebooks.PACKAGE / "notebooks"
    inside.mkdir(parents=True)
    assert source() == inside
    assert notebooks.packaged()


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', ""]
)
def test_a_damaged_notebook_is_named_with_the_way_to_a_fresh_one(tmp_path: Path, content: str) -> None:
    path = tmp_path / "01_pictures.ipynb"
    path.write_text(content)
    with pytest.raises(
        CourseError, match=r"01_pictures.ipynb is not a notebook, or .*`cnnlab reset 01` brings a fresh"
    ):
        read(path)


def test_a_number_or_a_file_that_begins_with_one_stands_for_the_courses_own(course: Path) -> None:
    own = course / "solutions" / "01_pictures.ipynb"
    for name in ("1", "01", "01_pictures", "elsewhere/01_mine.ipynb", course / "01_pictures.ipynb"):
        assert original(name, kind="solution") == own
    (course / "mine.ipynb").touch()
    for name in ("mine", course / "mine.ipynb", "101_x.ipynb", ""):
        with pytest.raises(
            CourseError, match=r"is neither a lecture's number \(01\) nor a file whose name begins with"
        ):
            original(name)


def test_what_editors_do_to_a_file_is_repaired(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    notebook = v4.new_notebook(cells=[v4.new_code_cell(f"{number}") for number in range(4)])
    for cell, cell_id in zip(notebook.cells, ("same", "same", "with spaces!", ""), strict=True):
        cell["id"] = cell_id
    del notebook.cells[3]["id"]
    (tmp_path / "01_a.ipynb").write_text("\ufeff" + json.dumps(notebook), encoding="utf-8")
    cells = read(tmp_path / "01_a.ipynb").cells
    assert [cell.source for cell in cells] == ["0", "1", "2", "3"]
    assert cells[0].id == "same"
    assert len({cell.id for cell in cells}) == 4
    nbformat.validate(v4.new_notebook(cells=cells))
    assert not list(recwarn)


def test_an_older_format_gets_cell_ids(tmp_path: Path) -> None:
    for minor in range(5):
        cells = [v4.new_code_cell("1"), v4.new_markdown_cell("#")]
        notebook = v4.new_notebook(cells=cells)
        notebook["nbformat_minor"] = minor
        for cell in notebook["cells"]:
            del cell["id"]
        (tmp_path / "01_a.ipynb").write_text(json.dumps(notebook))
        upgraded = read(tmp_path / "01_a.ipynb")
        nbformat.validate(upgraded)
        assert upgraded.nbformat_minor == 5
        assert len({cell.id for cell in upgraded.cells}) == 2


def test_half_of_a_surrogate_pair_is_damage(tmp_path: Path) -> None:
    text = nbformat.writes(v4.new_notebook(cells=[v4.new_code_cell("x = 'HERE'")])).replace("HERE", r"\ud83d")
    (tmp_path / "01_a.ipynb").write_text(text)
    with pytest.raises(CourseError, match="is not a notebook, or a damaged one; `cnnlab reset 01`"):
        read(tmp_path / "01_a.ipynb")
