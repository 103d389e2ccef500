"""What a student reads of a check cell that did not pass, for each way not to."""

from typing import Any

import pytest

from cnnlab.course.exercises._differences import differed
from cnnlab.course.exercises._nbval_report import CellResult

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
