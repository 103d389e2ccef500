import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cnnlab
from cnnlab.cli import app
from cnnlab.course import notebooks
from cnnlab.course.desk import copies, doctor
from cnnlab.course.desk.doctor import Finding
from cnnlab.course.exercises import checking
from cnnlab.course.exercises.checking import Checked, Result
from cnnlab.course.notebooks import CourseError
from cnnlab.course.publish import running

COMMANDS = ("lab", "run", "check", "reset", "doctor", "models", "summary", "classify", "demo")


def cnnlab_says(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def lecture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of one lecture; the current folder is a student's, with a copy of it."""
    path = tmp_path / "clone" / "notebooks" / "01_pictures.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    monkeypatch.setattr(notebooks, "PACKAGE", tmp_path / "clone" / "cnnlab")
    monkeypatch.chdir(tmp_path)
    copies.install("work")
    return path


def test_help_lists_every_command() -> None:
    told = cnnlab_says("--help").output
    assert all(command in told for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = cnnlab_says(command, "--help")
    assert result.exit_code == 0
    assert f"Example: cnnlab {command}" in result.output


def test_version() -> None:
    assert cnnlab_says("--version").output == f"cnnlab {cnnlab.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "7"), "cnnlab: there is no lecture 07; there are: 01\n"),
        (("run", "lenet"), "cnnlab: 'lenet' is neither a lecture's number (01) nor a notebook file\n"),
        (("check", "1"), "cnnlab: there is no exercise 01; there are: none\n"),
        (("reset", "12"), "cnnlab: there is no lecture 12; there are: 01\n"),
        (("reset", "1", "nowhere"), "cnnlab: no notebooks of the course in nowhere; `cnnlab lab` makes them"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line_that_says_what_to_do(
    lecture: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = cnnlab_says(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert cnnlab_says("lab", "--port", port).exit_code == 2
    assert CliRunner().invoke(app, ["lab"], env={"PORT": port}).exit_code == 2


def test_run_tells_cells_and_seconds_and_goes_on_after_a_failure(
    lecture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(path: Path, **options: Any) -> running.Ran:
        if path.name.startswith("01"):
            raise CourseError("cell 'first':\n    1 / 0\nZeroDivisionError: division by zero", code=1)
        options["progress"](1, 1)
        return running.Ran(path, 1, 2.34, (Path("out/02_kernels.html"),))

    monkeypatch.setattr(running, "run", run)
    (lecture.parent / "02_kernels.ipynb").write_bytes(lecture.read_bytes())
    result = cnnlab_says("run", "01", "02", "--html", "out")
    assert result.exit_code == 1
    assert result.stdout == f"02_kernels: 1 cell in 2.3 s → {Path('out/02_kernels.html')}\n"
    assert "01_pictures failed in cell 'first':\n    1 / 0\nZeroDivisionError" in result.stderr


def test_run_refuses_two_notebooks_of_one_page_before_the_first_runs(
    lecture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "run", lambda *_, **__: pytest.fail("it ran"))
    result = cnnlab_says("run", "01", "work/01_pictures.ipynb", "--html", "out")
    assert result.exit_code == 2
    assert f"and {Path('work/01_pictures.ipynb')} would both be 01_pictures.html" in result.stderr


RESULTS = (
    Result("check-size", "Question 1: output [size]", True, (), ""),
    Result("check-count", "Question 2: parameters", False, ("of a filter: gives 25",), "Biases count too."),
)


def test_check_shows_a_row_a_question_and_ends_well_when_every_question_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.ipynb").touch()
    os.utime("mine.ipynb", (0, datetime(2026, 1, 2, 14, 5).timestamp()))
    right = Checked(Path("mine.ipynb"), RESULTS[:1], (), ())
    checked = Checked(Path("mine.ipynb"), RESULTS, ("'x = 1 / 0': ZeroDivisionError: …",), ("imports",))
    monkeypatch.setattr(checking, "check", lambda number, file, timeout: checked if number == "1" else right)
    monkeypatch.setenv("COLUMNS", "200")
    result = cnnlab_says("check", "1")
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    for expected in (
        "Question 1: output [size]",
        "✓ passed",
        "✗ not yet",
        "of a filter: gives 25",
        "Biases count too.",
    ):
        assert expected in words
    assert "A cell raised an error, the one that begins 'x = 1 / 0': ZeroDivisionError" in words
    assert "Cells of the exercise that are not in your file: imports" in words
    assert words.endswith("1 of 2 questions passed in mine.ipynb, as saved at 14:05")
    assert cnnlab_says("check", "2").exit_code == 0
    assert json.loads(cnnlab_says("check", "1", "--json").stdout)["results"][1]["differed"] == ["of a filter: gives 25"]


def test_reset_says_what_it_did_and_where_the_old_version_is(lecture: Path) -> None:
    assert cnnlab_says("reset", "1").output == f"{Path('work/01_pictures.ipynb')} is as it came; nothing to do\n"
    Path("work", "01_pictures.ipynb").write_text("mine")
    told = cnnlab_says("reset", "01", "work").output
    first, second = told.splitlines()
    assert first == f"{Path('work/01_pictures.ipynb')} is fresh; your version is 01_pictures.before-reset-1.ipynb"
    assert "File > Reload Notebook from Disk" in second


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("fail", 1)])
def test_doctor_fails_only_on_what_stops_the_course(state: Any, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("PyTorch", state, "two builds [+cpu, +cu132]", "first command\nsecond command")
    monkeypatch.setattr(doctor, "examine", lambda: iter([finding]))
    result = cnnlab_says("doctor")
    assert result.exit_code == code
    lines = result.stdout.splitlines()
    assert lines[0].split(maxsplit=2) == [{"fail": "FAIL"}.get(state, state), "PyTorch", "two builds [+cpu, +cu132]"]
    assert lines[1:3] == ["       fix: first command", "       fix: second command"]
    assert ("Everything that the course needs is here." in result.stdout) == (code == 0)
    assert json.loads(cnnlab_says("doctor", "--json").stdout) == [finding._asdict()]


def test_an_interrupt_ends_a_command_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "examine", interrupted)
    result = cnnlab_says("doctor")
    assert (result.exit_code, result.stderr) == (130, "cnnlab: stopped\n")
