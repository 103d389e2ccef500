"""AlexNet as the lecture prints it (Fleuret, EE-559 7.2), beside the original paper."""

import torch
from torch import nn

from cnnlab.models import build, summary

PRINTED_CONVS = [  # in, out, kernel, stride, padding
    (3, 64, 11, 4, 2),
    (64, 192, 5, 1, 2),
    (192, 384, 3, 1, 1),
    (384, 256, 3, 1, 1),
    (256, 256, 3, 1, 1),
]
PRINTED_LINEAR = [(9216, 4096), (4096, 4096), (4096, 1000)]
PRINTED_ORDER = [
    *("Conv2d", "ReLU", "MaxPool2d"),
    *("Conv2d", "ReLU", "MaxPool2d"),
    *("Conv2d", "ReLU"),
    *("Conv2d", "ReLU"),
    *("Conv2d", "ReLU", "MaxPool2d"),
    *("Dropout", "Linear", "ReLU"),  # here the classifier begins
    *("Dropout", "Linear", "ReLU"),
    "Linear",
]


def on_meta() -> nn.Module:
    with torch.device("meta"):
        return build("alexnet")


def test_the_layers_are_the_printed_ones_in_their_order():
    net = on_meta()
    layers = [*net.features.children(), *net.classifier.children()]
    assert [type(layer).__name__ for layer in layers] == PRINTED_ORDER
    convs = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    shapes = [
        (c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0], c.padding[0])
        for c in convs
        if c.kernel_size[0] == c.kernel_size[1]
    ]
    assert shapes == PRINTED_CONVS
    assert [(f.in_features, f.out_features) for f in layers if isinstance(f, nn.Linear)] == PRINTED_LINEAR
    pools = {(pool.kernel_size, pool.stride) for pool in layers if isinstance(pool, nn.MaxPool2d)}
    assert pools == {(3, 2)}


def test_it_has_61_million_parameters_where_the_paper_says_60():
    table = summary(on_meta(), (3, 224, 224))
    by_hand = sum(out * (inside * k * k + 1) for inside, out, k, _, _ in PRINTED_CONVS)
    by_hand += sum(out * (inside + 1) for inside, out in PRINTED_LINEAR)
    assert by_hand == table.parameters.sum() == 61_100_840
    original = (  # section 3.5, with the second, fourth and fifth convolution divided between two GPUs
        (96 * (3 * 121 + 1)) + 256 * (48 * 25 + 1) + 384 * (256 * 9 + 1) + 384 * (192 * 9 + 1) + 256 * (192 * 9 + 1)
    ) + sum(out * (inside + 1) for inside, out in PRINTED_LINEAR)
    assert original == 60_965_224  # "60 million parameters"


def test_most_parameters_are_in_the_linear_layers_and_most_operations_in_the_convolutions():
    table = summary(on_meta(), (3, 224, 224))
    convs = table[table.kind == "Conv2d"]
    assert convs.parameters.sum() == 2_469_696
    assert convs.multiply_adds.sum() / table.multiply_adds.sum() > 0.9
