"""Networks by name, one family a file, and what looks inside them."""

from cnnlab.models.alexnet import AlexNet
from cnnlab.models.attribution import grad_cam, occlusion
from cnnlab.models.blocks import Outputs, auxiliary_loss
from cnnlab.models.catalogue import blueprint, catalogue
from cnnlab.models.convolutional import Convolutionized, convolutionize
from cnnlab.models.efficientnet_lite0 import EfficientNetLite0
from cnnlab.models.faces import FaceBaseline, TronNet
from cnnlab.models.googlenet import GoogLeNet
from cnnlab.models.highway import Highway, HighwayLayer
from cnnlab.models.inception_v2 import InceptionV2
from cnnlab.models.inception_v3 import InceptionV3
from cnnlab.models.inception_v4 import InceptionResNetV2, InceptionV4
from cnnlab.models.init import initialise
from cnnlab.models.landmark_cnn import LandmarkCNN
from cnnlab.models.lenet import LeNet5
from cnnlab.models.modes import evaluating
from cnnlab.models.nin import NiN
from cnnlab.models.overfeat import AtScale, OverFeat, at_scales, voted
from cnnlab.models.parts import parts
from cnnlab.models.probe import Probe
from cnnlab.models.published import ilsvrc, published
from cnnlab.models.resnet import ResNet
from cnnlab.models.summaries import summary
from cnnlab.models.trained import Preprocess, Pretrained, pretrained
from cnnlab.models.vgg import VGG
from cnnlab.models.weights import load_in_order, load_timm, load_torchvision
from cnnlab.models.zoo import MODELS, build, small

__all__ = [
    "MODELS",
    "VGG",
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
    "grad_cam",
    "ilsvrc",
    "initialise",
    "load_in_order",
    "load_timm",
    "load_torchvision",
    "occlusion",
    "parts",
    "pretrained",
    "published",
    "small",
    "summary",
    "voted",
]
