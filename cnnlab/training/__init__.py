"""Training: `fit` and what it is made of.

Prediction, timing and saving have rooms of their own, `cnnlab.inference` and `cnnlab.models`; their names are here too,
because lectures and students' notebooks of version 0.1 take them from here.
"""

from cnnlab.inference import classify, evaluate, layer_timings, predict, predict_crops, timing
from cnnlab.models import load, save
from cnnlab.training.callbacks import Step, StopTraining
from cnnlab.training.fitting import fit
from cnnlab.training.history import History
from cnnlab.training.recipe import Mirrored, Recipe

__all__ = [
    "History",
    "Mirrored",
    "Recipe",
    "Step",
    "StopTraining",
    "classify",
    "evaluate",
    "fit",
    "layer_timings",
    "load",
    "predict",
    "predict_crops",
    "save",
    "timing",
]
