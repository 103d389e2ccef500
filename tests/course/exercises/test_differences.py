"""What a student reads of a check cell that did not pass, for each way not to."""

from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest

from cnnlab.course.exercises._differences import differed
from cnnlab.course.exercises._nbval_report import CellResult

from ..conftest import COUNT

CELL = CellResult("check-a", passed=False, ended="by itself", error="", stdout="✓ a\n", stderr="")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ended": "not reached"}, "not reached: a cell before it was stopped or ended the kernel"),
        ({"ended": "stopped"}, "stopped after 60 s: does it loop for ever?"),
        ({"stdout": "✗ a: gives 3\n", "stderr": "a warning"}, "a: gives 3"),
        ({"stdout": "", "error": "NameError: name 'x' is not defined\nmore"}, "NameError: name 'x' is not defined"),
        ({"ended": "died"}, "ended the kernel: out of memory, or a crash in compiled code"),
        ({"stderr": "UserWarning: slow\n  more"}, "everything holds, but a warning was shown: UserWarning: slow"),
        ({"stdout": "✓ a\n7\n"}, "something else was printed: 7"),
        ({}, "something else was shown than the check shows"),
    ],
)
def test_each_way_not_to_pass_has_its_words(change: dict[str, Any], told: str) -> None:
    assert differed(CELL._replace(**change), "✓ a\n", [], 60) == (told,)


def run(source: str, names: dict[str, Any]) -> CellResult:
    """A cell as a kernel runs it."""
    with redirect_stdout(StringIO()) as stdout:
        try:
            exec(source, names)
            error = ""
        except (SyntaxError, NameError, NotImplementedError, AssertionError) as raised:
            error = f"{type(raised).__name__}: {raised}"
    return CELL._replace(stdout=stdout.getvalue(), error=error)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('raise NotImplementedError("your answer goes here")', "not answered yet"),
        ("parameters = (26", "a cell of the answer raised SyntaxError: "),
        ("parameters = 5 * sides + 1", "a cell of the answer raised NameError: name 'sides' is not defined"),
        ("parameters = 5 * 5\nsides", "of a 5×5 filter: gives 25"),
        ("parameters = None", "of a 5×5 filter: gives None: nothing was returned or set"),
    ],
)
def test_an_answer_that_is_no_function_tells_why_it_is_not_there(answer: str, told: str) -> None:
    names: dict[str, Any] = {}
    errors = [error for error in (run(answer, names).error,) if error]
    (line,) = differed(run(COUNT, names), "✓ of a 5×5 filter\n", errors, 60)
    assert line.startswith(told)
