"""The course itself: its notebooks run, checked, reset and exported; JupyterLab started; the machine examined.

Exercises need ``Check`` alone and lectures ``Prediction``: each is loaded on first use, without the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnlab.course.exercises.questions import AnswerError, Check
    from cnnlab.course.exercises.tasks import Exercise
    from cnnlab.course.predictions import Prediction

__all__ = ["AnswerError", "Check", "Exercise", "Prediction"]
_HOMES = {
    "AnswerError": "exercises.questions",
    "Check": "exercises.questions",
    "Exercise": "exercises.tasks",
    "Prediction": "predictions",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"cnnlab.course.{_HOMES[name]}"), name)
    raise AttributeError(f"cnnlab.course has no {name!r}; it has {', '.join(__all__)}")
