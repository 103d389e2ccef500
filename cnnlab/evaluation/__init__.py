"""Pure functions of logits, labels and predictions."""

from cnnlab.evaluation.report import Report, confusion_matrix

__all__ = ["Report", "confusion_matrix"]
