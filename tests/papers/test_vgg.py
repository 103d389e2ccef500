"""VGG's Table 1 and Table 2 (Simonyan and Zisserman 2015), and VGG-19 as the lecture prints it."""

import pytest
import torch
from torch import nn

from cnnlab.models import build, summary

TABLE_1 = """
A      conv3-64          | conv3-128           | conv3-256 conv3-256                     | conv3-512 conv3-512                     | conv3-512 conv3-512
A-LRN  conv3-64 LRN      | conv3-128           | conv3-256 conv3-256                     | conv3-512 conv3-512                     | conv3-512 conv3-512
B      conv3-64 conv3-64 | conv3-128 conv3-128 | conv3-256 conv3-256                     | conv3-512 conv3-512                     | conv3-512 conv3-512
C      conv3-64 conv3-64 | conv3-128 conv3-128 | conv3-256 conv3-256 conv1-256           | conv3-512 conv3-512 conv1-512           | conv3-512 conv3-512 conv1-512
D      conv3-64 conv3-64 | conv3-128 conv3-128 | conv3-256 conv3-256 conv3-256           | conv3-512 conv3-512 conv3-512           | conv3-512 conv3-512 conv3-512
E      conv3-64 conv3-64 | conv3-128 conv3-128 | conv3-256 conv3-256 conv3-256 conv3-256 | conv3-512 conv3-512 conv3-512 conv3-512 | conv3-512 conv3-512 conv3-512 conv3-512
"""  # noqa: E501
NAMES = {"A": "vgg11", "A-LRN": "vgg11_lrn", "B": "vgg13", "C": "vgg16_c", "D": "vgg16", "E": "vgg19"}
WEIGHT_LAYERS = {"A": 11, "A-LRN": 11, "B": 13, "C": 16, "D": 16, "E": 19}
TABLE_2 = {"A": 133, "A-LRN": 133, "B": 133, "C": 134, "D": 138, "E": 144}  # millions
COLUMNS = {line.split()[0]: line.split(maxsplit=1)[1] for line in TABLE_1.strip().splitlines()}


def on_meta(column: str) -> nn.Module:
    with torch.device("meta"):
        return build(NAMES[column])


def drawn(net: nn.Module) -> str:
    """The features in the words of Table 1."""
    words = []
    for layer in net.features.children():
        if isinstance(layer, nn.Conv2d):
            assert layer.stride == (1, 1)
            assert layer.padding[0] == layer.kernel_size[0] // 2  # the grid keeps its size
            words.append(f"conv{layer.kernel_size[0]}-{layer.out_channels}")
        elif isinstance(layer, nn.LocalResponseNorm):
            words.append("LRN")
        elif isinstance(layer, nn.MaxPool2d):
            words.append("|")
    return " ".join(words[:-1])  # each stage ends in a pooling, the last one too


@pytest.mark.parametrize("column", COLUMNS)
def test_the_layers_are_those_of_table_1(column):
    net = on_meta(column)
    assert drawn(net) == " ".join(COLUMNS[column].split())
    linear = [layer.out_features for layer in net.classifier.children() if isinstance(layer, nn.Linear)]
    assert linear == [4096, 4096, 1000]
    weights = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(weights) == WEIGHT_LAYERS[column]


@pytest.mark.parametrize("column", COLUMNS)
def test_the_parameters_are_the_millions_of_table_2(column):
    assert round(sum(p.numel() for p in on_meta(column).parameters()) / 1e6) == TABLE_2[column]


def test_vgg19_is_the_printed_list_of_the_lecture():
    kinds = [type(layer).__name__ for layer in on_meta("E").features.children()]
    two, four = ["Conv2d", "ReLU"] * 2 + ["MaxPool2d"], ["Conv2d", "ReLU"] * 4 + ["MaxPool2d"]
    assert kinds == two * 2 + four * 3
    classifier = [type(layer).__name__ for layer in on_meta("E").classifier.children()]
    assert classifier == ["Linear", "ReLU", "Dropout"] * 2 + ["Linear"]
    assert on_meta("E").classifier.fc6.in_features == 25_088


def test_three_3x3_see_a_7x7_with_27_squares_of_weights_for_49():
    channels = 64
    three = nn.Sequential(*(nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(3)))
    one = nn.Conv2d(channels, channels, 7, padding=3, bias=False)
    assert summary(three, (channels, 32, 32)).receptive_field.iloc[-1] == (7, 7)
    assert sum(p.numel() for p in three.parameters()) == 27 * channels**2
    assert one.weight.numel() == 49 * channels**2


def test_lrn_is_alexnets_formula():
    lrn = on_meta("A-LRN").features.lrn
    x = torch.randn(1, 64, 2, 2, generator=torch.Generator().manual_seed(0))
    b = torch.empty_like(x)
    for i in range(64):  # Krizhevsky et al. 2012, section 3.3: n = 5, k = 2, α = 10⁻⁴, β = 0.75
        window = x[:, max(0, i - 2) : min(63, i + 2) + 1]
        b[:, i] = x[:, i] / (2 + 1e-4 * (window**2).sum(dim=1)) ** 0.75
    torch.testing.assert_close(lrn(x), b)
