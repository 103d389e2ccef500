"""Training: `fit` and what it is made of.

Prediction, timing and saving have rooms of their own, `cnnlab.inference` and `cnnlab.models`; their names are here too,
because lectures and students' notebooks of version 0.1 take them from here.
"""

from cnnlab.inference import classify, evaluate, layer_timings, predict, predict_crops, timing
from cnnlab.models import load, save
from cnnlab.training.callbacks import Step, StopTraining
from cnnlab.training.cross_validation import CrossValidated, cross_validate
from cnnlab.training.experiments.learning_rates import LearningRateSearch, learning_rate_search
from cnnlab.training.experiments.one_batch import OneBatch, overfit_one_batch
from cnnlab.training.experiments.sweeping import sweep
from cnnlab.training.fitting import fit
from cnnlab.training.history import History
from cnnlab.training.recipe import Mirrored, Recipe
from cnnlab.training.transfer_learning.advisor import Advice, advise
from cnnlab.training.transfer_learning.cached import features
from cnnlab.training.transfer_learning.conservative import L2SP
from cnnlab.training.transfer_learning.layers import layers
from cnnlab.training.transfer_learning.pictures import prepared
from cnnlab.training.transfer_learning.surgery import train_only, with_head
from cnnlab.training.transfer_learning.transferring import Transferred, transfer
from cnnlab.training.unbalanced.adjustment import LogitAdjustment
from cnnlab.training.unbalanced.sampling import BalancedBatches
from cnnlab.training.unbalanced.weights import class_weights

__all__ = [
    "L2SP",
    "Advice",
    "BalancedBatches",
    "CrossValidated",
    "History",
    "LearningRateSearch",
    "LogitAdjustment",
    "Mirrored",
    "OneBatch",
    "Recipe",
    "Step",
    "StopTraining",
    "Transferred",
    "advise",
    "class_weights",
    "classify",
    "cross_validate",
    "evaluate",
    "features",
    "fit",
    "layer_timings",
    "layers",
    "learning_rate_search",
    "load",
    "overfit_one_batch",
    "predict",
    "predict_crops",
    "prepared",
    "save",
    "sweep",
    "timing",
    "train_only",
    "transfer",
    "with_head",
]
