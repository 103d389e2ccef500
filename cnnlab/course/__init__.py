"""The course itself: its notebooks run, checked, reset and exported; JupyterLab started; the machine examined.

Exercises need ``Check`` alone and lectures ``Prediction``: each is loaded on first use, without the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnlab.course.exercises.questions import AnswerError, Check
    from cnnlab.course.predictions import Prediction

__all__ = ["AnswerError", "Check", "Prediction"]


def __getattr__(name: str) -> Any:
    if name == "Prediction":
        return import_module("cnnlab.course.predictions").Prediction
    if name in __all__:
        return getattr(import_module("cnnlab.course.exercises.questions"), name)
    raise AttributeError(f"cnnlab.course has no {name!r}; it has {', '.join(__all__)}")
