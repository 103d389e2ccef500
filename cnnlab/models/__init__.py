"""Networks by name, one family a file, and what looks inside them."""

from cnnlab.models.building import blueprint, build, small
from cnnlab.models.catalogue import catalogue
from cnnlab.models.dense.convolutional import Convolutionized, convolutionize
from cnnlab.models.dense.overfeat import AtScale, OverFeat, at_scales, voted
from cnnlab.models.families.airbench import AirBench94
from cnnlab.models.families.alexnet import AlexNet
from cnnlab.models.families.auxiliary import Outputs, auxiliary_loss
from cnnlab.models.families.efficientnet_lite0 import EfficientNetLite0
from cnnlab.models.families.faces import FaceBaseline, TronNet
from cnnlab.models.families.googlenet import GoogLeNet
from cnnlab.models.families.highway import Highway, HighwayLayer
from cnnlab.models.families.inception_v2 import InceptionV2
from cnnlab.models.families.inception_v3 import InceptionV3
from cnnlab.models.families.inception_v4 import InceptionResNetV2, InceptionV4
from cnnlab.models.families.init import initialise
from cnnlab.models.families.landmark_cnn import LandmarkCNN
from cnnlab.models.families.lenet import LeNet5
from cnnlab.models.families.nin import NiN
from cnnlab.models.families.resnet import ResNet
from cnnlab.models.families.vgg import VGG
from cnnlab.models.inspect.attribution import grad_cam, occlusion
from cnnlab.models.inspect.modes import evaluating
from cnnlab.models.inspect.parts import parts
from cnnlab.models.inspect.probe import Probe
from cnnlab.models.inspect.summaries import summary
from cnnlab.models.inspect.two_parts import Parts, features_and_classifier
from cnnlab.models.landmark_report import landmark_augmented_runs, landmark_runs
from cnnlab.models.published import ilsvrc, published
from cnnlab.models.registry import MODELS
from cnnlab.models.weights.loading import load_in_order, load_timm, load_torchvision
from cnnlab.models.weights.pretrained import Preprocess, Pretrained, pretrained
from cnnlab.models.weights.saving import load, load_pretrained, save
from cnnlab.models.weights.trained import trained

__all__ = [
    "MODELS",
    "VGG",
    "AirBench94",
    "AlexNet",
    "AtScale",
    "Convolutionized",
    "EfficientNetLite0",
    "FaceBaseline",
    "GoogLeNet",
    "Highway",
    "HighwayLayer",
    "InceptionResNetV2",
    "InceptionV2",
    "InceptionV3",
    "InceptionV4",
    "LandmarkCNN",
    "LeNet5",
    "NiN",
    "Outputs",
    "OverFeat",
    "Parts",
    "Preprocess",
    "Pretrained",
    "Probe",
    "ResNet",
    "TronNet",
    "at_scales",
    "auxiliary_loss",
    "blueprint",
    "build",
    "catalogue",
    "convolutionize",
    "evaluating",
    "features_and_classifier",
    "grad_cam",
    "ilsvrc",
    "initialise",
    "landmark_augmented_runs",
    "landmark_runs",
    "load",
    "load_in_order",
    "load_pretrained",
    "load_timm",
    "load_torchvision",
    "occlusion",
    "parts",
    "pretrained",
    "published",
    "save",
    "small",
    "summary",
    "trained",
    "voted",
]
