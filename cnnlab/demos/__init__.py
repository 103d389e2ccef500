"""Interactive demos for JupyterLab and Voilà; elsewhere each shows a picture of itself."""

from cnnlab.demos._architecture import ArchitectureDemo, architecture
from cnnlab.demos._augmentation import AugmentationDemo, augmentation
from cnnlab.demos._classify import ClassifyDemo, classify
from cnnlab.demos._confusion import ConfusionDemo, confusion
from cnnlab.demos._convolution import ConvolutionDemo, convolution
from cnnlab.demos._demo import Demo
from cnnlab.demos._draw import DrawDemo, draw
from cnnlab.demos._kernels import KernelsDemo, kernels
from cnnlab.demos._scan import ScanDemo, scan
from cnnlab.demos._training import TrainingDemo, training

__all__ = [
    "ArchitectureDemo",
    "AugmentationDemo",
    "ClassifyDemo",
    "ConfusionDemo",
    "ConvolutionDemo",
    "Demo",
    "DrawDemo",
    "KernelsDemo",
    "ScanDemo",
    "TrainingDemo",
    "architecture",
    "augmentation",
    "classify",
    "confusion",
    "convolution",
    "draw",
    "kernels",
    "scan",
    "training",
]
