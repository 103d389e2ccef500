"""Networks at work: prediction, evaluation, classification, timing; device and precision are the runtime's affair."""

from cnnlab.inference.classifying import Classified, Guess, classify
from cnnlab.inference.prediction import evaluate, predict, predict_crops
from cnnlab.inference.runtime import Runtime, best_device, choose, native_bfloat16
from cnnlab.inference.timing import Timing, layer_timings, timing

__all__ = [
    "Classified",
    "Guess",
    "Runtime",
    "Timing",
    "best_device",
    "choose",
    "classify",
    "evaluate",
    "layer_timings",
    "native_bfloat16",
    "predict",
    "predict_crops",
    "timing",
]
