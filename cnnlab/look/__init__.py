"""Figures, and nothing but figures: each function returns a `Figure` with alternative text, and nobody needs pyplot."""

from cnnlab.look.activations import activations
from cnnlab.look.confusion import confusion, correlations
from cnnlab.look.curves import curves
from cnnlab.look.figure import Figure
from cnnlab.look.kernels import kernels
from cnnlab.look.response import response
from cnnlab.look.sheet import pictures
from cnnlab.look.splits import class_counts, mistakes, samples, scores

__all__ = [
    "Figure",
    "activations",
    "class_counts",
    "confusion",
    "correlations",
    "curves",
    "kernels",
    "mistakes",
    "pictures",
    "response",
    "samples",
    "scores",
]
