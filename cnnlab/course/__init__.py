"""The course itself: its notebooks run, checked, reset and exported; JupyterLab started; the machine examined.

Notebooks need ``Check`` alone, and get it without the rest.
"""

from cnnlab.course.exercises.questions import AnswerError, Check

__all__ = ["AnswerError", "Check"]
