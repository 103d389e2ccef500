"""What ``cnnlab check`` says of a cell that was not as it should be, from how nbval saw it end."""

from nbformat import NotebookNode

from cnnlab.course.exercises._nbval_report import CellResult
from cnnlab.course.exercises.questions import NOTHING

UNANSWERED = "your answer goes here"  # what an exercise raises where an answer is missing
UNREACHED = "not reached: a cell before it was stopped or ended the kernel"
DIED = "ended the kernel: out of memory, or a crash in compiled code"


def differed(cell: CellResult | None, reference: str, errors: list[str], timeout: float) -> tuple[str, ...]:
    """Why a check cell did not pass; ``reference`` is what it should have printed.

    ``errors`` are what the cells of the answer raised, and ``timeout`` is the seconds that a cell may take.
    """
    if cell is None or cell.ended == "not reached":
        return (UNREACHED,)
    if cell.ended == "stopped":
        return (f"stopped after {timeout:g} s: does it loop for ever?",)
    lines = cell.stdout.splitlines()
    if faults := [line.removeprefix("✗ ") for line in lines if line.startswith("✗ ")]:
        return _reasons(faults, errors)
    if cell.error:
        return (first_line(cell.error),)
    if cell.ended == "died":
        return (DIED,)
    if cell.stderr:
        return (f"everything holds, but a warning was shown: {first_line(cell.stderr)}",)
    unexpected = [line for line in lines if line not in reference.splitlines()]
    if unexpected:
        return (f"something else was printed: {first_line(unexpected[0])}",)
    return ("something else was shown than the check shows",)


def _reasons(faults: list[str], errors: list[str]) -> tuple[str, ...]:
    """What did not hold, a line for each reason."""
    undefined = all(": NameError: " in fault or fault.endswith(NOTHING) for fault in faults)
    if all(fault.endswith(UNANSWERED) for fault in faults):
        return ("not answered yet",)
    if undefined and any(error.endswith(UNANSWERED) for error in errors):
        return ("not answered yet",)
    if undefined and errors:  # what the cells should have defined is missing: their errors say why
        return tuple(f"a cell of the answer raised {error}" for error in errors)
    reasons: dict[str, list[str]] = {}
    for fault in faults:
        what, _, reason = fault.partition(": ")
        reasons.setdefault(reason, []).append(what)
    return tuple(f"{'; '.join(properties)}: {reason}" for reason, properties in reasons.items())


def raised(cell: NotebookNode, result: CellResult) -> str:
    """How a cell of the student's ended that did not pass; "" if that is as it should be, or an answer is missing."""
    may_raise = result.error and "raises-exception" in cell.metadata.get("tags", ())
    if result.passed or may_raise or result.error.endswith(UNANSWERED):
        return ""
    code = [line.strip() for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if result.ended == "stopped":
        how = "did not end in time"
    else:
        how = first_line(result.error) or (DIED if result.ended == "died" else "not reached")
    return f"{code[0] if code else ''!r}: {how}"


def first_line(text: str) -> str:
    """The first line of a text, shortened."""
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 200 else line[:199] + "…"
