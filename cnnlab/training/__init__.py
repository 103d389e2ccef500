"""Training: `fit` and what it is made of.

Prediction, timing and saving have rooms of their own, `cnnlab.inference` and `cnnlab.models`; their names are here too,
because lectures and students' notebooks of version 0.1 take them from here.
"""

from cnnlab.inference import (
    Classified,
    Guess,
    Runtime,
    Timing,
    best_device,
    choose,
    classify,
    evaluate,
    layer_timings,
    native_bfloat16,
    predict,
    predict_crops,
    timing,
)
from cnnlab.models import load, save
from cnnlab.training.fitting import fit
from cnnlab.training.history import History
from cnnlab.training.pieces import Step, StopTraining

__all__ = [
    "Classified",
    "Guess",
    "History",
    "Runtime",
    "Step",
    "StopTraining",
    "Timing",
    "best_device",
    "choose",
    "classify",
    "evaluate",
    "fit",
    "layer_timings",
    "load",
    "native_bfloat16",
    "predict",
    "predict_crops",
    "save",
    "timing",
]
