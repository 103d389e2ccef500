from pathlib import Path

import pytest

from cnnlab.course import notebooks
from cnnlab.course.notebooks import CourseError, find, install, listed, read, reset, source, student_folder


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


ALL = {"01_pictures.ipynb", "exercises/01_pictures.ipynb", "solutions/01_pictures.ipynb", "pictures/seven.png"}


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


def test_install_copies_everything_once(course: Path, tmp_path: Path) -> None:
    first = install(tmp_path / "work")
    assert files(tmp_path / "work") == ALL
    assert (len(first.added), first.kept) == (4, 0)
    assert install(tmp_path / "work")[1:] == ((), 4)


def test_install_never_overwrites_and_brings_back_what_is_missing(course: Path, tmp_path: Path) -> None:
    work = install(tmp_path / "work").folder
    (work / "exercises" / "01_pictures.ipynb").write_text("my answers")
    (work / "01_pictures.ipynb").unlink()
    assert [path.name for path in install(work).added] == ["01_pictures.ipynb"]
    assert (work / "exercises" / "01_pictures.ipynb").read_text() == "my answers"


def test_a_copy_that_fails_leaves_no_file_behind(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CourseError, match=r"cannot write .*01_pictures.ipynb: No space left on device; choose another"):
        install(tmp_path / "work")
    assert files(tmp_path / "work") == set()


def test_a_file_in_the_place_of_the_folder_is_reported(course: Path, tmp_path: Path) -> None:
    (tmp_path / "work").write_text("not a folder")
    with pytest.raises(CourseError, match=r"cannot write .*: (File exists|Not a directory); choose another folder"):
        install(tmp_path / "work")


def test_reset_keeps_the_old_copies_under_free_names_and_touches_nothing_else(course: Path) -> None:
    work = install("work").folder
    for version in ("first try", "second try"):
        (work / "exercises" / "01_pictures.ipynb").write_text(version)
        lecture, exercise = reset("1")
        assert lecture.change == "is as it came; nothing to do"
        assert exercise.old_copy is not None
        assert exercise.old_copy.read_text() == version
    assert files(work) == ALL | {f"exercises/01_pictures.before-reset-{number}.ipynb" for number in (1, 2)}
    assert read(work / "exercises" / "01_pictures.ipynb") == read(course / "exercises" / "01_pictures.ipynb")
    assert listed("exercise", work) == {"01": work / "exercises" / "01_pictures.ipynb"}


@pytest.mark.parametrize("name", ["1", "01_pictures", "work/exercises/01_pictures.ipynb"])
def test_reset_brings_missing_files_back_by_number_or_name(course: Path, name: str) -> None:
    work = install("work").folder
    (work / "exercises" / "01_pictures.ipynb").unlink()
    assert [restored.change for restored in reset(name)] == ["is as it came; nothing to do", "was missing, is back"]


def test_the_students_folder_is_this_one_or_the_one_above_or_work(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CourseError, match=r"no notebooks of the course in .*; `cnnlab lab` makes them"):
        student_folder()
    work = install("work").folder
    assert student_folder() == work
    for place in (work, work / "exercises"):
        monkeypatch.chdir(place)
        assert student_folder() == work


def test_lab_works_in_work_but_not_in_a_work_within_work(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert notebooks.folder_for_lab() == Path.cwd() / "work"
    monkeypatch.chdir(install("work").folder)
    assert notebooks.folder_for_lab() == Path.cwd()
    monkeypatch.chdir(course)  # the course's own stay as they are
    assert notebooks.folder_for_lab() == course / "work"


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
