"""What ``cnnlab check`` says of a cell that was not as it should be, from what nbval saw of it (``nbval_report``)."""

from typing import Any

from nbformat import NotebookNode

from cnnlab.course.exercises.questions import NOTHING

UNANSWERED = "your answer goes here"  # what an exercise raises where an answer is missing
UNREACHED = "not reached: a cell before it was stopped or ended the kernel"
ENDED = "ended the kernel: out of memory, or a crash in compiled code"


def differed(cell: dict[str, Any] | None, reference: str, errors: list[str], timeout: float) -> tuple[str, ...]:
    """Why a check cell did not pass; ``cell`` is what nbval saw of it, ``reference`` what it should have printed."""
    if cell is None:
        return (UNREACHED,)
    if cell["timed_out"]:
        return (f"stopped after {timeout:g} s: does it loop for ever?",)
    if faults := [line.removeprefix("✗ ") for line in cell["stdout"].splitlines() if line.startswith("✗ ")]:
        return _told(faults, errors)
    if cell["error"]:
        return (line_of(cell["error"]),)
    if cell["died"]:
        return (ENDED,)
    if not cell["alive"]:
        return (UNREACHED,)
    if cell["stderr"]:
        return (f"everything holds, but a warning was shown: {line_of(cell['stderr'])}",)
    if unexpected := [line for line in cell["stdout"].splitlines() if line not in reference.splitlines()]:
        return (f"something else was printed: {line_of(unexpected[0])}",)
    return ("something else was shown than the check shows",)


def _told(faults: list[str], errors: list[str]) -> tuple[str, ...]:
    """What did not hold, in few lines; ``errors`` are what the cells of the answer raised."""
    if all(fault.endswith(UNANSWERED) for fault in faults):
        return ("not answered yet",)
    if errors and all(": NameError: " in fault or fault.endswith(NOTHING) for fault in faults):
        # What the cells should have defined is not there; why not says more than that it is missing.
        unanswered = any(error.endswith(UNANSWERED) for error in errors)
        return (
            ("not answered yet",) if unanswered else tuple(f"a cell of the answer raised {error}" for error in errors)
        )
    reasons: dict[str, list[str]] = {}
    for fault in faults:
        what, _, reason = fault.partition(": ")
        reasons.setdefault(reason, []).append(what)
    return tuple(f"{'; '.join(properties)}: {reason}" for reason, properties in reasons.items())


def raised(cell: NotebookNode, ended: dict[str, Any]) -> str:
    """How a cell of the student's ended that did not pass; "" if that is as it should be, or an answer is missing."""
    if ended["passed"] or (ended["error"] and "raises-exception" in cell.metadata.get("tags", ())):
        return ""
    if ended["error"].endswith(UNANSWERED):  # which the table says
        return ""
    start = next((line for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    how = (
        "did not end in time"
        if ended["timed_out"]
        else line_of(ended["error"]) or (ENDED if ended["died"] else "not reached")
    )
    return f"{start.strip()!r}: {how}"


def line_of(text: str) -> str:
    """The first line of a text, shortened."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    return line if len(line) <= 200 else line[:199] + "…"
