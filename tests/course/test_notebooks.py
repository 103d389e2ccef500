from pathlib import Path

import pytest

from cnnlab.course import notebooks
from cnnlab.course.notebooks import CourseError, find, listed, read, source


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


def test_lectures_are_listed_from_the_first_on(tmp_path: Path) -> None:
    for name in ("10_j.ipynb", "02_b.ipynb", "01_a.ipynb"):
        (tmp_path / name).touch()
    assert list(listed("lecture", tmp_path)) == ["01", "02", "10"]
