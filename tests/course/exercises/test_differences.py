"""What a student reads of a check cell that did not pass, for each way not to."""

from typing import Any

import pytest

from cnnlab.course.exercises._differences import differed

SEEN = {"id": "check-a", "stdout": "✓ a\n", "stderr": "", "error": "", "timed_out": False, "died": False, "alive": True}


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (None, "not reached: a cell before it was stopped or ended the kernel"),
        ({"timed_out": True}, "stopped after 60 s: does it loop for ever?"),
        ({"stdout": "✗ a: gives 3\n", "stderr": "a warning"}, "a: gives 3"),
        ({"stdout": "", "error": "NameError: name 'x' is not defined\nmore"}, "NameError: name 'x' is not defined"),
        ({"died": True, "alive": False}, "ended the kernel: out of memory, or a crash in compiled code"),
        ({"alive": False}, "not reached: a cell before it was stopped or ended the kernel"),
        ({"stderr": "UserWarning: slow\n  more"}, "everything holds, but a warning was shown: UserWarning: slow"),
        ({"stdout": "✓ a\n7\n"}, "something else was printed: 7"),
        ({}, "something else was shown than the check shows"),
    ],
)
def test_each_way_not_to_pass_has_its_words(seen: dict[str, Any] | None, told: str) -> None:
    assert differed(None if seen is None else SEEN | seen, "✓ a\n", [], 60) == (told,)
