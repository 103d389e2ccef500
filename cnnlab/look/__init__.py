"""Figures, and nothing but figures: each function returns a `Figure` with alternative text, and nobody needs pyplot."""

from cnnlab.look.activations import activations
from cnnlab.look.architecture import architecture
from cnnlab.look.arrays.channels import channels
from cnnlab.look.arrays.gram_matrix import gram_matrix
from cnnlab.look.arrays.sliding import sliding
from cnnlab.look.bars import bars
from cnnlab.look.by_frequency import by_frequency
from cnnlab.look.calibration import calibration
from cnnlab.look.cell import cell
from cnnlab.look.confusion import confusion, correlations
from cnnlab.look.curves import curves
from cnnlab.look.efficiency import efficiency
from cnnlab.look.figure import Figure
from cnnlab.look.grid import pictures
from cnnlab.look.heatmap import heatmap
from cnnlab.look.kernels import kernels
from cnnlab.look.labelled import labelled
from cnnlab.look.lines import lines
from cnnlab.look.overlays import overlays
from cnnlab.look.points import points
from cnnlab.look.receptive_field import receptive_field
from cnnlab.look.response import response
from cnnlab.look.schematics.schematic import schematic
from cnnlab.look.splits import class_counts, mistakes, samples
from cnnlab.look.verdict import scores, verdict

__all__ = [
    "Figure",
    "activations",
    "architecture",
    "bars",
    "by_frequency",
    "calibration",
    "cell",
    "channels",
    "class_counts",
    "confusion",
    "correlations",
    "curves",
    "efficiency",
    "gram_matrix",
    "heatmap",
    "kernels",
    "labelled",
    "lines",
    "mistakes",
    "overlays",
    "pictures",
    "points",
    "receptive_field",
    "response",
    "samples",
    "schematic",
    "scores",
    "sliding",
    "verdict",
]
