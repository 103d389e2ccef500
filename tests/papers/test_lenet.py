"""LeNet-5 as Fleuret's EE-559 lecture 7.2 prints it, line by line."""

import torch
from torch import nn

from cnnlab import models

PRINTED = """\
Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
ReLU
MaxPool2d 2 2
Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1))
ReLU
MaxPool2d 2 2
Linear 256 120
ReLU
Linear 120 84
ReLU
Linear 84 10
""".splitlines()


def line(layer):
    match layer:
        case nn.MaxPool2d():
            return f"MaxPool2d {layer.kernel_size} {layer.stride}"
        case nn.Linear():
            return f"Linear {layer.in_features} {layer.out_features}"
        case nn.ReLU():
            assert not layer.inplace  # the lecture's are; hooks could not see what theirs overwrite
            return "ReLU"
    return str(layer)


def test_layers_are_as_printed():
    net = models.build("lenet5")
    assert [line(layer) for layer in [*net.features, *net.classifier]] == PRINTED


def test_parameters_by_hand():
    convolutions = (5 * 5 * 1 + 1) * 6, (5 * 5 * 6 + 1) * 16
    linears = (256 + 1) * 120, (120 + 1) * 84, (84 + 1) * 10
    assert convolutions + linears == (156, 2416, 30840, 10164, 850)
    net = models.build("lenet5")
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert tuple(sum(p.numel() for p in layer.parameters()) for layer in layers) == convolutions + linears
    assert sum(p.numel() for p in net.parameters()) == sum(convolutions + linears) == 44_426


def test_maps_shrink_as_the_lecture_says():
    net = models.build("lenet5")
    with models.Probe(net) as probe:
        net(torch.zeros(1, 1, 28, 28))
    shapes = [tuple(probe[f"features.{name}"].shape[1:]) for name in ("conv1", "pool1", "conv2", "pool2")]
    assert shapes == [(6, 24, 24), (6, 12, 12), (16, 8, 8), (16, 4, 4)]
