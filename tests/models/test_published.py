"""Our networks give the logits of torchvision's and timm's from the same weights: their own code is the oracle."""

from collections.abc import Callable

import pytest
import timm
import torch
import torchvision
from torch import nn

from cnnlab.models import build, load_timm, load_torchvision
from cnnlab.models.weights.loading import PUBLISHED, TIMM

HEADS = {"aux_logits": True, "init_weights": False}  # of torchvision's networks with auxiliary classifiers
LOGITS = [  # one of each kind: name, pixels a side, options of ours, options of theirs
    ("alexnet", 224, {}, {}),
    ("googlenet", 96, {"variant": "torchvision", "auxiliary": True}, HEADS),
    ("inception_v3", 299, {"auxiliary": True}, HEADS),
    ("resnet18", 64, {}, {}),
    ("resnet50", 64, {"stride_in": "3x3"}, {}),
    ("resnext50_32x4d", 64, {}, {}),
]
TOLERANCE = 1e-5  # relative to the largest logit


def on_meta(construct: Callable[..., nn.Module], name: str, **options: object) -> nn.Module:
    with torch.device("meta"):
        return construct(name, **options)


def random(network: nn.Module) -> nn.Module:
    """Theirs, from the meta device, with random weights and batch statistics far from 0 and 1."""
    network.to_empty(device="cpu")
    torch.manual_seed(7)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.3, 0.3)
            nn.init.uniform_(layer.running_mean, -0.3, 0.3)
            nn.init.uniform_(layer.running_var, 0.5, 2)
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -0.1, 0.1)
    return network


def ours(name: str, **options: object) -> nn.Module:
    """Ours with no number in it: whatever a checkpoint left out would show."""
    network = on_meta(build, name, **options).to_empty(device="cpu")
    for tensor in network.state_dict().values():
        tensor.fill_(float("nan") if tensor.is_floating_point() else 0)
    return network


def assert_equal_outputs(ours: nn.Module, theirs: nn.Module, side: int) -> None:
    """In eval mode; with auxiliary classifiers, which theirs returns from the output inwards, in train mode too."""
    modes = (False, True) if hasattr(ours, "heads") else (False,)
    x = torch.randn(len(modes), 3, side, side, generator=torch.Generator().manual_seed(3))
    for layer in (*ours.modules(), *theirs.modules()):
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    for mode in modes:
        with torch.no_grad():
            mine, other = ours.train(mode)(x), theirs.train(mode)(x)
        mine = (mine[0], *reversed([head for head in mine[1:] if head is not None])) if mode else (mine,)
        for logits, expected in zip(mine, other if mode else (other,), strict=True):
            assert expected.std() > 0.01 * expected.abs().max()  # an oracle that says something
            assert (logits - expected).abs().max() <= TOLERANCE * expected.abs().max()


@pytest.mark.parametrize(("name", "side", "options", "theirs_options"), LOGITS)
def test_torchvisions_weights_give_torchvisions_logits(name, side, options, theirs_options):
    theirs = random(on_meta(torchvision.models.get_model, name, **theirs_options))
    assert_equal_outputs(load_torchvision(ours(name, **options), theirs.state_dict()), theirs, side)


def test_torchvisions_vgg_too():
    theirs = random(on_meta(torchvision.models.get_model, "vgg11_bn"))
    assert_equal_outputs(load_torchvision(ours("vgg11", batch_norm=True), theirs.state_dict()), theirs, 224)


@pytest.mark.parametrize("name", TIMM)
def test_timms_weights_give_timms_logits(name):
    theirs = random(on_meta(timm.create_model, TIMM[name]))
    assert_equal_outputs(load_timm(ours(name), theirs.state_dict()), theirs, 107)


def test_lite0_pads_like_tensorflow_at_every_size():
    theirs = random(on_meta(timm.create_model, "tf_efficientnet_lite0", num_classes=7))
    net = load_timm(ours("efficientnet_lite0", num_classes=7), theirs.state_dict())
    for side in (63, 64, 65, 98):
        assert_equal_outputs(net, theirs, side)


@pytest.mark.filterwarnings("ignore:.*which is a no-op")
@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_checkpoint_fits_tensor_by_tensor(name):
    heads = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    theirs = on_meta(torchvision.models.get_model, name, **heads)
    load_torchvision(on_meta(build, name, **PUBLISHED[name]), theirs.state_dict())  # compares names and shapes
