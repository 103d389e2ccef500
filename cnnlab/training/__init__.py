"""Training, prediction, evaluation, saving; device and precision are the runtime's affair."""

from cnnlab.training.classifying import Classified, Guess, classify
from cnnlab.training.fitting import fit
from cnnlab.training.history import History
from cnnlab.training.pieces import Step, StopTraining
from cnnlab.training.prediction import evaluate, predict, predict_crops
from cnnlab.training.runtime import Runtime, best_device, choose, native_bfloat16
from cnnlab.training.saving import load, save
from cnnlab.training.timing import Timing, layer_timings, timing

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
