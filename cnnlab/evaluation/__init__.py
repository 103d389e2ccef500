"""Pure functions of logits, labels and predictions."""

from cnnlab.evaluation.calibration import calibration_curve, calibration_error
from cnnlab.evaluation.chance import Simulated, chance_level, simulate_chance
from cnnlab.evaluation.comparison import FoldsComparison, PicturesComparison, compare_on_pictures, compare_over_folds
from cnnlab.evaluation.intervals import Interval, bootstrap
from cnnlab.evaluation.labels import suspicious_labels
from cnnlab.evaluation.ranking import gap
from cnnlab.evaluation.report import Report, confusion_matrix
from cnnlab.evaluation.scores import averages, best_and_worst, class_scores, confused_pairs

__all__ = [
    "FoldsComparison",
    "Interval",
    "PicturesComparison",
    "Report",
    "Simulated",
    "averages",
    "best_and_worst",
    "bootstrap",
    "calibration_curve",
    "calibration_error",
    "chance_level",
    "class_scores",
    "compare_on_pictures",
    "compare_over_folds",
    "confused_pairs",
    "confusion_matrix",
    "gap",
    "simulate_chance",
    "suspicious_labels",
]
