"""Training, prediction, evaluation, saving; device and precision are the runtime's affair."""

from cnnlab.training.fitting import Step, StopTraining, fit
from cnnlab.training.history import History
from cnnlab.training.prediction import evaluate, predict
from cnnlab.training.runtime import Runtime, best_device, choose, native_bfloat16
from cnnlab.training.saving import load, save

__all__ = [
    "History",
    "Runtime",
    "Step",
    "StopTraining",
    "best_device",
    "choose",
    "evaluate",
    "fit",
    "load",
    "native_bfloat16",
    "predict",
    "save",
]
