"""A student's folder, over the life of a course that changes."""

from pathlib import Path

import nbformat
import pytest

from cnnlab.course.desk import copies
from cnnlab.course.desk.copies import handed_out, install, reset, student_folder
from cnnlab.course.notebooks import CourseError, listed, read, write


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


ALL = {"01_pictures.ipynb", "exercises/01_pictures.ipynb", "solutions/01_pictures.ipynb", "pictures/seven.png"}


def opened(path: Path) -> None:
    """What JupyterLab writes when a notebook was only looked at: another layout and metadata of its own."""
    notebook = read(path)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.13.0"}
    write(path, notebook)


def ran(path: Path) -> None:
    notebook = read(path)
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="2")]
    write(path, notebook)


def renewed(path: Path) -> None:
    """The course gets another version of a notebook."""
    notebook = read(path)
    notebook.cells[0].source += ", second edition"
    write(path, notebook)


@pytest.mark.parametrize("name", ["01_pictures.ipynb", "exercises/01_pictures.ipynb"])
def test_lectures_and_exercises_come_without_outputs_to_be_predicted_first(course: Path, name: str) -> None:
    ran(course / name)
    copy, original = read(install("work").folder / name), read(course / name)
    assert [cell.source for cell in copy.cells] == [cell.source for cell in original.cells]
    assert [cell.id for cell in copy.cells] == [cell.id for cell in original.cells]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in copy.cells)
    assert original.cells[-1].outputs


def test_an_update_renews_what_was_never_touched_and_lists_what_was(course: Path) -> None:
    work = install("work").folder
    lecture, exercise = work / "01_pictures.ipynb", work / "exercises" / "01_pictures.ipynb"
    opened(lecture)
    ran(exercise)
    mine = exercise.read_bytes()
    assert install(work)[1:] == ((), (), ())  # changed, but of the present version
    for name in ("01_pictures.ipynb", "exercises/01_pictures.ipynb"):
        renewed(course / name)
    assert install(work)[1:] == ((), (lecture,), (exercise,))
    assert "second edition" in lecture.read_text()
    assert exercise.read_bytes() == mine
    reset("01", work)
    assert install(work)[1:] == ((), (), ())


def test_a_notebook_that_is_not_from_us_is_left_alone(course: Path) -> None:
    work = install("work").folder
    renewed(course / "01_pictures.ipynb")
    own = (course / "01_pictures.ipynb").read_bytes()
    (work / "01_pictures.ipynb").write_bytes(own)
    renewed(course / "01_pictures.ipynb")
    assert install(work)[1:] == ((), (), ())
    assert (work / "01_pictures.ipynb").read_bytes() == own


def test_a_cell_that_became_text_is_brought_back_and_counts_as_a_change(course: Path) -> None:
    work = install("work").folder
    lecture, exercise = work / "01_pictures.ipynb", work / "exercises" / "01_pictures.ipynb"
    for path, index in ((lecture, 1), (exercise, 2)):
        notebook = read(path)
        cell = notebook.cells[index]
        notebook.cells[index] = nbformat.v4.new_markdown_cell(cell.source, id=cell.id)
        write(path, notebook)
    assert install(work)[1:] == ((), (), ())
    renewed(course / "01_pictures.ipynb")
    assert install(work)[1:] == ((), (), (lecture,))
    assert all(restored.old_copy for restored in reset("01"))
    assert [cell.cell_type for cell in read(exercise).cells] == ["markdown", *["code"] * 5]


@pytest.mark.parametrize("name", ["01_pictures.ipynb", "exercises/01_pictures.ipynb"])
def test_a_folder_in_the_place_of_a_notebook_is_named_with_the_way_out(course: Path, name: str) -> None:
    work = install("work").folder
    (work / name).unlink()
    (work / name).mkdir()
    for command in (lambda: install(work), lambda: reset("01")):
        with pytest.raises(CourseError, match=rf"cannot read .*{name}: Is a directory; rename it, then try again"):
            command()


def test_a_link_stays_a_link_and_what_it_leads_to_is_brought_back(course: Path) -> None:
    work = install("work").folder
    path, real = work / "01_pictures.ipynb", work / "elsewhere" / "mine.ipynb"
    real.parent.mkdir()
    real.write_text("mine")
    path.unlink()
    path.symlink_to(real)
    lecture, _ = reset("01")
    assert lecture.old_copy is not None
    assert lecture.old_copy.read_text() == "mine"
    assert path.readlink() == real
    assert real.read_bytes() == handed_out(course / "01_pictures.ipynb")


@pytest.mark.parametrize(
    "damage",
    [
        "[]",
        '{"cells": [{}]}',
        '{"cells": [{"source": "", "outputs": null}]}',
    ],
)
def test_damage_is_left_alone_by_an_update_and_kept_by_a_reset(course: Path, damage: str) -> None:
    work = install("work").folder
    (work / "01_pictures.ipynb").write_text(damage)
    assert install(work)[1:] == ((), (), ())
    assert (work / "01_pictures.ipynb").read_text() == damage
    lecture, _ = reset("01")
    assert lecture.old_copy is not None
    assert lecture.old_copy.read_text() == damage


def test_a_notebook_that_was_only_opened_is_as_it_came_and_one_that_ran_is_reset(course: Path) -> None:
    work = install("work").folder
    opened(work / "01_pictures.ipynb")
    ran(work / "exercises" / "01_pictures.ipynb")
    lecture, exercise = reset("01")
    assert (lecture.old_copy, lecture.change) == (None, "is as it came; nothing to do")
    assert exercise.old_copy is not None


def test_install_copies_everything_once_never_overwrites_and_brings_back_what_is_missing(course: Path) -> None:
    (course / "pictures" / ".DS_Store").touch()
    work, added, *_ = install("work")
    assert files(work) == ALL
    assert len(added) == len(ALL)
    assert install(work)[1:] == ((), (), ())
    (work / "exercises" / "01_pictures.ipynb").write_text("my answers")
    (work / "01_pictures.ipynb").unlink()
    assert [path.name for path in install(work).added] == ["01_pictures.ipynb"]
    assert (work / "exercises" / "01_pictures.ipynb").read_text() == "my answers"


def test_a_file_in_the_place_of_the_folder_is_reported(course: Path, tmp_path: Path) -> None:
    (tmp_path / "work").write_text("not a folder")
    with pytest.raises(CourseError, match=r"cannot write .*: (File exists|Not a directory); name another folder"):
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
    fresh = (work / "exercises" / "01_pictures.ipynb").read_bytes()
    assert fresh == handed_out(course / "exercises" / "01_pictures.ipynb")
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
    for folder in (work, work / "exercises"):
        monkeypatch.chdir(folder)
        assert student_folder() == work


def test_lab_works_in_work_but_not_in_a_work_within_work(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert copies.folder_for_lab() == Path.cwd() / "work"
    monkeypatch.chdir(install("work").folder)
    assert copies.folder_for_lab() == Path.cwd()
    monkeypatch.chdir(course)  # the course's own stay as they are
    assert copies.folder_for_lab() == course / "work"
