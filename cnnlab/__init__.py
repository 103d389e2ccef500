"""cnnlab: a course on convolutional networks that runs.

The names of the public interface load on first use, so that ``import cnnlab`` and the command line
start at once and PyTorch is imported only where it is needed.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    raise ImportError(
        f"cnnlab needs Python 3.11, 3.12 or 3.13, got {sys.version.split()[0]}; install it with one of them"
    )

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cnnlab import course, data, demos, evaluation, inference, look, models, style, training
    from cnnlab.inference import evaluate, predict
    from cnnlab.models import Probe, convolutionize, load, save
    from cnnlab.training import fit

_ROOMS = ("data", "models", "evaluation", "inference", "training", "style", "look", "demos", "course")
_NAMES = {
    "Probe": "cnnlab.models",
    "convolutionize": "cnnlab.models",
    "evaluate": "cnnlab.inference",
    "fit": "cnnlab.training",
    "load": "cnnlab.models",
    "predict": "cnnlab.inference",
    "save": "cnnlab.models",
}

__all__ = [
    "Probe",
    "convolutionize",
    "course",
    "data",
    "demos",
    "evaluate",
    "evaluation",
    "fit",
    "inference",
    "load",
    "look",
    "models",
    "predict",
    "save",
    "style",
    "training",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"cnnlab.{name}")
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"cnnlab has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
