"""Our networks give the logits of torchvision's and timm's from the same weights: their own code is the oracle."""

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.models import build, load_timm, load_torchvision

TORCHVISION = {  # name: input size, the options that make ours torchvision's, and what theirs needs
    "alexnet": (224, {}, {}),
    "vgg11": (224, {}, {}),
    "vgg13": (224, {}, {}),
    "vgg16": (224, {}, {}),
    "vgg19": (224, {}, {}),
    "googlenet": (224, {"variant": "torchvision", "auxiliary": True}, {"aux_logits": True, "init_weights": False}),
    "inception_v3": (299, {"auxiliary": True}, {"aux_logits": True, "init_weights": False}),
    "resnet18": (96, {}, {}),
    "resnet34": (96, {}, {}),
    "resnet50": (96, {"stride_in": "3x3"}, {}),
    "resnet101": (96, {"stride_in": "3x3"}, {}),
    "resnet152": (96, {"stride_in": "3x3"}, {}),
    "resnext50_32x4d": (96, {}, {}),
    "resnext101_32x8d": (96, {}, {}),
    "wide_resnet50_2": (96, {}, {}),
}
TIMM = {"inception_v4": "inception_v4", "inception_resnet_v2": "inception_resnet_v2"} | {
    "efficientnet_lite0": "tf_efficientnet_lite0"
}
TOLERANCE = 1e-5  # relative to the largest logit


def drawn(construct: Callable[[], nn.Module]) -> nn.Module:
    """Theirs with random weights and batch statistics far from 0 and 1; built on meta, which spares its own drawing."""
    with torch.device("meta"):
        network = construct()
    network.to_empty(device="cpu")
    torch.manual_seed(7)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.3, 0.3)
            nn.init.uniform_(layer.running_mean, -0.3, 0.3)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            layer.num_batches_tracked.fill_(3)
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -0.1, 0.1)
    return network


def ours_for(name: str, **options: object) -> nn.Module:
    """Ours without drawn weights: whatever a checkpoint left out would show."""
    with torch.device("meta"):
        network = build(name, **options)
    network.to_empty(device="cpu")
    for tensor in network.state_dict().values():
        tensor.fill_(float("nan") if tensor.is_floating_point() else 0)
    return network


def deviation(ours: nn.Module, theirs: nn.Module, size: int) -> float:
    """The largest difference of any output, in eval and in train, relative to the largest logit."""
    for layer in (*ours.modules(), *theirs.modules()):
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    batch = 2 if any(isinstance(layer, nn.BatchNorm2d) for layer in theirs.modules()) else 1
    x = torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(3))
    worst = 0.0
    for mode in (False, True):
        ours.train(mode)
        theirs.train(mode)
        with torch.no_grad():
            a, b = ours(x), theirs(x)
        if isinstance(a, tuple):  # theirs: logits, then the auxiliary classifiers from the output inwards
            pairs = list(zip((a[0], *reversed([part for part in a[1:] if part is not None])), b, strict=True))
        else:
            pairs = [(a, b)]
        for mine, other in pairs:
            assert other.std() > 0.01 * other.abs().max()  # an oracle that says something
            worst = max(worst, float((mine - other).abs().max() / other.abs().max()))
    return worst


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_weights_give_torchvisions_logits(name):
    size, options, theirs_options = TORCHVISION[name]
    theirs = drawn(lambda: torchvision.models.get_model(name, **theirs_options))
    ours = load_torchvision(ours_for(name, **options), theirs.state_dict())
    assert deviation(ours, theirs, size) <= TOLERANCE


def test_torchvisions_vgg_with_batch_normalisation_too():
    theirs = drawn(lambda: torchvision.models.get_model("vgg11_bn"))
    ours = load_torchvision(ours_for("vgg11", batch_norm=True), theirs.state_dict())
    assert deviation(ours, theirs, 224) <= TOLERANCE


@pytest.mark.parametrize("name", TIMM)
def test_timms_weights_give_timms_logits(name):
    timm = pytest.importorskip("timm")
    theirs = drawn(lambda: timm.create_model(TIMM[name]))
    ours = load_timm(ours_for(name), theirs.state_dict())
    assert deviation(ours, theirs, 150) <= TOLERANCE


def test_lite0_pads_like_tensorflow_at_every_size():
    timm = pytest.importorskip("timm")
    theirs = drawn(lambda: timm.create_model("tf_efficientnet_lite0", num_classes=7))
    ours = load_timm(ours_for("efficientnet_lite0", num_classes=7), theirs.state_dict())
    for size in (63, 64, 65, 98):
        assert deviation(ours, theirs, size) <= TOLERANCE
