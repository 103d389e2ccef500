"""Style transfer: a photograph in the style of a picture, by optimising its pixels or in one pass of a network."""

from cnnlab.style.fast import FastStyle
from cnnlab.style.features import Features, Layers, default_layers
from cnnlab.style.gram import gram, gram_by_loops
from cnnlab.style.losses import content_loss, style_loss, total_variation
from cnnlab.style.objective import Loss, Objective, Weights
from cnnlab.style.optimised import Step, Transferred, scales, transfer
from cnnlab.style.stylising import Stylised, fast_style, shipped, stylise, stylise_files
from cnnlab.style.training import Progress, Recipe, photographs, recipe, train

__all__ = [
    "FastStyle",
    "Features",
    "Layers",
    "Loss",
    "Objective",
    "Progress",
    "Recipe",
    "Step",
    "Stylised",
    "Transferred",
    "Weights",
    "content_loss",
    "default_layers",
    "fast_style",
    "gram",
    "gram_by_loops",
    "photographs",
    "recipe",
    "scales",
    "shipped",
    "style_loss",
    "stylise",
    "stylise_files",
    "total_variation",
    "train",
    "transfer",
]
