"""What the questions of an exercise ask for: their kind, minutes and difficulty, and hints in steps.

They are in the metadata of the task cell, the markdown cell ``task-q3`` before the answer ``answer-q3``:

    {"cnnlab": {"kind": "diagnosis", "minutes": 10, "difficulty": 2, "hints": ["Look at …", "The loss of …"]}}
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from cnnlab.course.notebooks import CourseError, original, read

if TYPE_CHECKING:
    from nbformat import NotebookNode

KINDS = ("function", "prediction", "diagnosis", "open")
HARDEST = 3  # dots


class Task(NamedTuple):
    """A question: ``minutes`` that it takes, ``difficulty`` from 1 to 3, ``hints`` from vague to plain."""

    question: str  # "q3", as in the ids of its cells
    kind: str
    minutes: int
    difficulty: int
    hints: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The line under the question's heading.

        >>> Task("q3", "diagnosis", 10, 2, ("Look at the curve.", "Look at its end.")).summary
        '●●○ · diagnosis · 10 minutes · stuck? `hint(3)` after 5 minutes, then `hint(3, 2)`'
        """
        dots = "●" * self.difficulty + "○" * (HARDEST - self.difficulty)
        number = self.question.removeprefix("q")
        parts = [dots, self.kind, f"{self.minutes} minutes"]
        if self.hints:
            then = f", then `hint({number}, 2)`" if len(self.hints) > 1 else ""
            parts.append(f"stuck? `hint({number})` after {max(1, self.minutes // 2)} minutes{then}")
        return " · ".join(parts)


def tasks(notebook: "NotebookNode") -> dict[str, Task]:
    """The questions of an exercise or a solution that say what they are, by name ("q3"), in their order.

    Raises:
        CourseError: for metadata that are not as this file says.
    """
    found = {}
    for cell in notebook.cells:
        if cell.id.startswith("task-") and "cnnlab" in cell.metadata:
            name = cell.id.removeprefix("task-")
            found[name] = _task(name, cell.metadata["cnnlab"])
    return found


class Exercise:
    """An exercise of the course, as its own notebook uses it.

    >>> hint = Exercise("06").hint
    """

    def __init__(self, number: str) -> None:
        self.file = original(number, kind="exercise")

    def hint(self, question: int, step: int = 1) -> None:
        """Print a hint for a question: the first one leaves most to think about, the second says where to look.

        Raises:
            CourseError: for a question that the exercise does not have, or one without hints.
        """
        known = tasks(read(self.file))
        task = known.get(f"q{question}")
        if task is None or not task.hints:
            numbers = ", ".join(name.removeprefix("q") for name, other in known.items() if other.hints) or "none"
            raise CourseError(f"question {question} of {self.file.stem} has no hints; there are for: {numbers}")
        if 1 <= step <= len(task.hints):
            print(task.hints[step - 1])
        else:
            where = f"solutions/{self.file.name}, question {question}"
            print(f"There are {len(task.hints)} hints; the answer is in {where}.")


def _task(name: str, fields: dict[str, object]) -> Task:
    wrong = set(Task._fields) - {"question"} ^ set(fields)
    if wrong or not re.fullmatch(r"q\d+", name):
        raise CourseError(f"task-{name}: its metadata must hold kind, minutes, difficulty and hints, got {fields}")
    task = Task(question=name, **fields)  # type: ignore[arg-type]
    if task.kind not in KINDS:
        raise CourseError(f"task-{name}: kind must be one of {', '.join(KINDS)}, got {task.kind!r}")
    if not (isinstance(task.minutes, int) and task.minutes >= 1 and task.difficulty in range(1, HARDEST + 1)):
        raise CourseError(
            f"task-{name}: minutes must be 1 or more and difficulty 1 to {HARDEST}, got {task.minutes} and "
            f"{task.difficulty}"
        )
    return task._replace(hints=tuple(task.hints))
