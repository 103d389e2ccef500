"""What the check cells of an exercise are made of.

A check says what it tested, line by line, and for what does not hold it says what the answer did instead, never
what the answer should be. When everything holds the printed lines are the same every time, so that nbval can
compare them.
"""

import io
import linecache
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cnnlab.course.exercises._symptoms import NOTHING, shortened, symptom

if TYPE_CHECKING:
    from torch import nn


class AnswerError(AssertionError):
    """A question with properties that do not hold. In a notebook it shows as its one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:  # IPython asks the exception for its own rendering
        return [str(self)]


class Check:
    """Test the properties of an answer, print a line for each, and fail at the end if any does not hold.

    Every property is tried, whatever happened to those before. What an answer prints or warns of is swallowed, so
    that a ``print`` left in it does not count as a wrong output.

    Raises:
        AnswerError: an ``AssertionError``, on leaving the block, if a property does not hold.
        ValueError: on leaving the block, if it tested nothing.

    >>> def output_size(n, k):
    ...     return n - k
    >>> try:
    ...     with Check("Question 1: output size", hint="Count the positions on paper.") as check:
    ...         check("a 5×5 filter on 28 pixels", lambda: output_size(28, 5) == 24)
    ...         check("it is a whole number", lambda: isinstance(output_size(28, 5), int))
    ...         check.equal("a filter as large as the picture", lambda: output_size(5, 5), 1)
    ... except AssertionError as error:
    ...     print(error)
    ✗ a 5×5 filter on 28 pixels: does not hold
    ✓ it is a whole number
    ✗ a filter as large as the picture: gives 0, which is too small
    Hint: Count the positions on paper.
    Question 1: output size: 2 of 3 do not hold yet
    """

    def __init__(self, question: str, *, hint: str = "") -> None:
        self.question, self.hint = question, hint
        self.tested = self.failed = 0

    def __enter__(self) -> Self:
        return self

    def __call__(self, what: str, holds: Callable[[], object]) -> None:
        """Test that ``holds()`` is true; ``what`` names the property."""
        self._test(what, lambda: _untrue(holds()))

    def equal(
        self,
        what: str,
        answer: Callable[[], object],
        expected: object,
        *,
        tolerance: float = 1e-5,
        slips: Mapping[str, object] | None = None,
    ) -> None:
        """Test that ``answer()`` is ``expected``; floats, tensors, arrays and tables within a ``tolerance``.

        For a wrong answer it says where it differs first, and in what: the sign, the padding, two rows exchanged.
        ``slips`` are the answers that usual mistakes lead to, by the mistake, which is then named.
        """
        self._test(what, lambda: symptom(answer(), expected, tolerance, slips or {}))

    def network(
        self, what: str, answer: Callable[[], object], expected: "nn.Module", *, input_shape: tuple[int, int, int]
    ) -> None:
        """Test that ``answer()`` has ``expected``'s layers for a picture (C, H, W); the first that differs is named.

        Weights and names are free, and so is where dropout and flattening are.
        """
        from cnnlab.course.exercises._networks import network_symptom  # only these checks need PyTorch

        self._test(what, lambda: network_symptom(answer(), expected, input_shape))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:  # the block itself broke: its own error says more than the count
            return
        if not self.tested:
            raise ValueError(f"the check of {self.question!r} tests nothing; call it once or more in its block")
        if self.failed:
            if self.hint:
                print(f"Hint: {self.hint}")
            hold = "does not hold yet" if self.failed == 1 else "do not hold yet"
            raise AnswerError(f"{self.question}: {self.failed} of {self.tested} {hold}")

    def _test(self, what: str, fault: Callable[[], str]) -> None:
        self.tested += 1
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                happened = fault()
        except Exception as error:  # noqa: BLE001 - whatever the student's code raises is the finding
            happened = shortened(f"{type(error).__name__}: {error}") + _where(error)
        self.failed += bool(happened)
        print(f"✗ {what}: {happened}" if happened else f"✓ {what}")


def _untrue(value: object) -> str:
    if value is None:
        return f"is None: {NOTHING}"
    return "" if value else "does not hold"


def _where(error: BaseException) -> str:
    """The line of the student's own function that raised, if it was in a notebook."""
    step, where = error.__traceback__, ""
    while step is not None:
        code = step.tb_frame.f_code
        if "ipykernel" in code.co_filename and "site-packages" not in code.co_filename and code.co_name != "<lambda>":
            line = linecache.getline(code.co_filename, step.tb_lineno).strip()
            where = f" (in line {step.tb_lineno} of its cell: `{line}`)"
        step = step.tb_next
    return "" if isinstance(error, NotImplementedError) else where
