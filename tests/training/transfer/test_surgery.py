"""Layers counted as the papers count them, heads that fit, and only what was asked for is trained."""

import pytest
import timm
import torch
import torchvision
from torch import nn

from cnnlab import models
from cnnlab.training import layers, train_only, with_head
from cnnlab.training.transfer_learning.layers import chosen
from cnnlab.training.transfer_learning.surgery import reinitialise

PICTURE = (3, 224, 224)
CLASSES = 5
# Parameters of convolutions (k·k·C_in·C_out + C_out) and batch normalisations (2·C), by hand.
VGG_FIRST_TWO = (9 * 3 * 64 + 64) + (9 * 64 * 64 + 64)
VGG_FIRST_FIVE = VGG_FIRST_TWO + (9 * 64 * 128 + 128) + (9 * 128 * 128 + 128) + (9 * 128 * 256 + 256)
BOTTLENECK = (2048 * 512 + 2 * 512) + (9 * 512 * 512 + 2 * 512) + (512 * 2048 + 2 * 2048)
RESNET_LAST_FIVE = BOTTLENECK + (512 * 2048 + 2 * 2048) + (2048 * CLASSES + CLASSES)


def trainable(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


NETWORKS = {
    "our vgg16": (lambda: models.build("vgg16"), 16),
    "torchvision's vgg16": (lambda: torchvision.models.vgg16(), 16),
    "timm's vgg16": (lambda: timm.create_model("vgg16"), 16),
    "our resnet50": (lambda: models.build("resnet50"), 50 + 4),
    "torchvision's resnet50": (lambda: torchvision.models.resnet50(), 50 + 4),
    "timm's resnet50": (lambda: timm.create_model("resnet50"), 50 + 4),
    "our efficientnet_lite0": (lambda: models.build("efficientnet_lite0"), 50),
    "timm's efficientnet_lite0": (lambda: timm.create_model("tf_efficientnet_lite0"), 50),
}


@pytest.fixture(scope="module")
def blueprints():
    """Each network with a head of five classes, without memory for its weights."""
    with torch.device("meta"):
        return {name: with_head(build(), CLASSES, PICTURE)[0] for name, (build, _) in NETWORKS.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_as_many_layers_as_its_name_says_and_all_parameters_belong_to_one(blueprints, name):
    found = layers(blueprints[name], PICTURE)
    assert len(found) == NETWORKS[name][1]
    owned = [parameter for layer in found for parameter in layer.parameters()]
    assert len(owned) == len({id(parameter) for parameter in owned}) == len(list(blueprints[name].parameters()))


@pytest.mark.parametrize("whose", ["our", "torchvision's", "timm's"])
@pytest.mark.parametrize(("first", "frozen"), [(2, VGG_FIRST_TWO), (5, VGG_FIRST_FIVE)])
def test_vgg16_with_its_first_two_or_five_layers_frozen(blueprints, whose, first, frozen):
    net = blueprints[f"{whose} vgg16"]
    found = layers(net, PICTURE)
    train_only(net, found[first:])
    assert trainable(net) == sum(parameter.numel() for parameter in net.parameters()) - frozen


@pytest.mark.parametrize("whose", ["our", "torchvision's", "timm's"])
def test_resnet50_with_its_last_five_layers_trained(blueprints, whose):
    net = blueprints[f"{whose} resnet50"]
    train_only(net, chosen(layers(net, PICTURE), last=5))
    assert trainable(net) == RESNET_LAST_FIVE


def test_layers_of_efficientnet_lite0_are_timms_one_by_one(blueprints):
    ours, theirs = (layers(blueprints[f"{whose} efficientnet_lite0"], PICTURE) for whose in ("our", "timm's"))
    for our, their in zip(ours, theirs, strict=True):
        assert [tuple(p.shape) for p in our.parameters()] == [tuple(p.shape) for p in their.parameters()], our.name
    for whose in ("our", "timm's"):
        net = blueprints[f"{whose} efficientnet_lite0"]
        train_only(net, layers(net, PICTURE)[-1:])
        assert trainable(net) == 1280 * CLASSES + CLASSES


def test_frozen_batch_norms_are_in_eval_mode_and_the_others_are_not():
    net = models.build("resnet20")
    found = layers(net, (3, 32, 32))
    train_only(net, found[10:])
    norms = [module for layer in found[:10] for module in layer.modules if isinstance(module, nn.BatchNorm2d)]
    others = [module for layer in found[10:] for module in layer.modules if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 10
    assert not any(norm.training for norm in norms)
    assert len(others) == 9
    assert all(norm.training for norm in others)
    assert net.training


def test_global_average_pooling_lets_vgg16_take_pictures_of_128_pixels():
    with torch.device("meta"):
        net = models.build("vgg16")
        with pytest.raises(ValueError, match=r"this VGG takes no pictures of 3×128×128 \(.*head='average'"):
            with_head(net, CLASSES, (3, 128, 128))
        for source in (net, torchvision.models.vgg16()):
            averaged, name = with_head(source, CLASSES, (3, 128, 128), "average")
            head = averaged.get_submodule(name)
            assert (head.in_features, head.out_features) == (512, CLASSES)
            assert len(layers(averaged, (3, 128, 128))) == 13 + 1


def test_the_source_is_left_alone_and_a_head_of_the_students_own_must_have_the_classes():
    net = models.build("lenet5")
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    grafted, name = with_head(net, 3, (1, 28, 28), nn.Sequential(nn.Linear(84, 8), nn.ReLU(), nn.Linear(8, 3)))
    assert name == "classifier.fc3"
    assert [layer.name for layer in layers(grafted, (1, 28, 28))][-2:] == ["classifier.fc3.0", "classifier.fc3.2"]
    assert all(torch.equal(tensor, before[key]) for key, tensor in net.state_dict().items())
    with pytest.raises(ValueError, match="the head has 4 outputs and the data 3 classes; give it 3 outputs"):
        with_head(net, 3, (1, 28, 28), nn.Linear(84, 4))
    with pytest.raises(ValueError, match="this LeNet5 takes no pictures of 3×28×28"):
        with_head(net, 3, (3, 28, 28))
    with pytest.raises(ValueError, match="head must be one of linear, mlp, average, svm, .*got 'softmax'"):
        with_head(net, 3, (1, 28, 28), "softmax")


def test_layers_by_count_and_by_name():
    found = layers(models.build("resnet20"), (3, 32, 32))
    assert [layer.name for layer in chosen(found, last=2)] == ["features.conv4_3.conv2", "classifier.fc"]
    assert len(chosen(found, first=("features.conv1", "features.conv2_1"))) == 3
    assert chosen(found, first=0) == []
    with pytest.raises(ValueError, match="a number of layers must be from 0 to 20, which this network has, got 21"):
        chosen(found, first=21)
    with pytest.raises(ValueError, match=r"no layer is called 'features.conv2_9' .*try features\.conv2_"):
        chosen(found, last="features.conv2_9")


def test_layers_that_start_again_forget_weights_and_statistics():
    net = models.build("resnet20")
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.fill_(3)
    found = layers(net, (3, 32, 32))
    reinitialise(found[1:])
    assert (net.features.conv1.weight == 3).all()
    assert (net.features.bn1.running_mean == 3).all()
    assert (net.features.conv4_3.bn2.running_mean == 0).all()
    assert (net.features.conv4_3.bn2.weight == 1).all()
    assert net.features.conv4_3.conv2.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.05)  # He et al.
