"""Networks by name, one family a file, and what looks inside them."""

from cnnlab.models.lenet import LeNet5
from cnnlab.models.probe import Probe
from cnnlab.models.zoo import MODELS, build

__all__ = ["MODELS", "LeNet5", "Probe", "build"]
