"""The table of Inception v2 (Szegedy et al. 2016), and what v3, v4 and Inception-ResNet v2 print."""

import pytest
import torch
from torch import nn

from cnnlab.models import build, summary
from cnnlab.models.families.blocks import Branches
from cnnlab.models.families.googlenet import TABLE, Inception
from cnnlab.models.families.inception_v4 import RESNET_REDUCTION_A, RESNET_REDUCTION_B

ROWS = [  # the layer, its kernel and stride, and the input size that the table prints (H×W×C)
    ("conv1", (3, 2), (299, 299, 3)),
    ("conv2", (3, 1), (149, 149, 32)),
    ("conv3", (3, 1), (147, 147, 32)),
    ("pool3", (3, 2), (147, 147, 64)),
    ("conv4", (3, 1), (73, 73, 64)),
    ("conv5", (3, 2), (71, 71, 80)),
    ("conv6", (3, 1), (35, 35, 192)),
    ("figure5a", None, (35, 35, 288)),
    ("figure6a", None, (17, 17, 768)),
    ("figure7a", None, (8, 8, 1280)),
]


def on_meta(name: str, **options: object) -> nn.Module:
    with torch.device("meta"):
        return build(name, **options)


def inputs(net: nn.Module, size: int) -> dict[str, tuple[int, int, int]]:
    """(H, W, C) that enters each layer of the features, and what leaves the last."""
    x, shapes = torch.empty(1, 3, size, size, device="meta"), {}
    for name, layer in net.eval().features.named_children():
        shapes[name] = (*x.shape[2:], x.shape[1])
        x = layer(x)
    return shapes | {"end": (*x.shape[2:], x.shape[1])}


def test_each_row_of_the_v2_table_has_its_printed_input_size():
    net = on_meta("inception_v2")
    shapes = inputs(net, 299)
    for name, window, printed in ROWS:
        assert shapes[name] == printed, name
        if window:
            layer = getattr(net.features, name)
            layer = getattr(layer, "conv", layer)
            assert (layer.kernel_size[0], layer.stride if name == "pool3" else layer.stride[0]) == window
    assert shapes["end"] == (8, 8, 2048)  # "pool 8×8"
    assert net.classifier.fc.weight.shape == (1000, 2048)  # "linear 1×1×2048"


def test_there_are_3_modules_of_figure_5_then_5_of_figure_6_then_2_of_figure_7():
    names = [name for name, layer in on_meta("inception_v2").features.named_children() if isinstance(layer, Branches)]
    kinds = [name[:-1] if name.startswith("figure") else name for name in names]
    assert kinds == ["figure5"] * 3 + ["to17"] + ["figure6"] * 5 + ["to8"] + ["figure7"] * 2


def test_the_last_convolution_of_the_v2_stem_must_be_padded_although_the_table_does_not_say_so():
    layer = on_meta("inception_v2").features.conv6.conv
    assert layer.padding == (1, 1)  # 35 -> 35, as the next row's input says
    unpadded = nn.Conv2d(192, 288, 3, device="meta")(torch.empty(1, 192, 35, 35, device="meta"))
    assert unpadded.shape[2:] == (33, 33)  # what "3×3/1" without "padded" gives


def test_two_3x3_for_a_5x5_save_28_percent_and_1x7_with_7x1_for_7x7_save_71():
    five, threes = Branches(64, ("5×5 64",)), Branches(64, ("3×3 64 → 3×3 64",))
    operations = [summary(module, (64, 16, 16)).multiply_adds.sum() for module in (five, threes)]
    assert round(100 * (1 - operations[1] / operations[0])) == 28  # section 3.1
    assert summary(threes, (64, 16, 16)).receptive_field.iloc[-1] == (5, 5)
    sevens = Branches(64, ("1×7 64 → 7×1 64",))
    assert summary(sevens, (64, 16, 16)).receptive_field.iloc[-1] == (7, 7)
    seven = Branches(64, ("7×7 64",))
    operations = [summary(module, (64, 16, 16)).multiply_adds.sum() for module in (seven, sevens)]
    assert round(100 * (1 - operations[1] / operations[0])) == 71


def test_v3_has_fewer_than_the_abstracts_25_million_parameters_and_our_v2_hardly_more():
    v2, v3 = (summary(on_meta(name), (3, 299, 299)) for name in ("inception_v2", "inception_v3"))
    assert round(v3.parameters.sum() / 1e6, 1) == 23.8  # "less than 25 million parameters"
    assert round(v2.parameters.sum() / 1e6, 1) == 25.0  # the widths inside its modules are not printed
    assert round(v3.multiply_adds.sum() / 1e9, 1) == 5.7  # "5 billion multiply-adds"
    assert round(v2.multiply_adds.sum() / 1e9, 1) == 6.1


def test_v3_has_the_grids_of_the_v2_table_with_other_modules():
    shapes = inputs(on_meta("inception_v3"), 299)
    assert [shapes[name] for name in ("mixed5b", "mixed6a", "mixed6b", "mixed7b", "end")] == [
        (35, 35, 192),
        (35, 35, 288),
        (17, 17, 768),
        (8, 8, 1280),
        (8, 8, 2048),
    ]
    sixes = [name for name in shapes if name.startswith("mixed6")]
    assert len(sixes) == 1 + 4  # a reduction and four modules, where v2's table has five


def test_v4_has_the_grids_of_its_figures():
    shapes = inputs(on_meta("inception_v4"), 299)
    assert [shapes[name] for name in ("mixed3", "mixed4", "mixed5")] == [(147, 147, 64), (73, 73, 160), (71, 71, 192)]
    assert shapes["inception_a1"] == (35, 35, 384)  # figure 3: 35×35×384
    assert shapes["inception_b1"] == (17, 17, 1024)  # figure 9: 17×17×1024
    assert shapes["inception_c1"] == (8, 8, 1536)  # figure 9: 8×8×1536
    kinds = [sum(name.startswith(f"inception_{kind}") for name in shapes) for kind in "abc"]
    assert kinds == [4, 7, 3]


def test_v4s_stem_needs_a_stride_that_figure_3_does_not_print():
    x = torch.empty(1, 192, 71, 71, device="meta")
    stem = on_meta("inception_v4").features.mixed5
    assert stem(x).shape[1:] == (384, 35, 35)  # what the figure says comes out
    as_drawn = nn.Conv2d(192, 192, 3, device="meta")(x)  # "3×3 Conv (192 V)", beside "MaxPool (stride=2 V)"
    assert as_drawn.shape[2:] == (69, 69)


def test_inception_resnet_v2_cannot_be_what_its_figures_print():
    reduction_a = Branches(384, RESNET_REDUCTION_A).out_channels  # after the 384 maps that figure 16 puts out
    assert reduction_a == 1152  # figure 17's 1×1 puts out 1154
    reduction_b = Branches(reduction_a, RESNET_REDUCTION_B).out_channels
    assert reduction_b == 2144  # figure 19's 1×1 puts out 2048
    shapes = inputs(on_meta("inception_resnet_v2"), 299)  # the published code
    grids = {name: shapes[f"inception_resnet_{name}1"] for name in "abc"}
    assert grids == {"a": (35, 35, 320), "b": (17, 17, 1088), "c": (8, 8, 2080)}
    kinds = [sum(name.startswith(f"inception_resnet_{kind}") for name in shapes) for kind in "abc"]
    assert kinds == [10, 20, 10]  # figure 15: 5, 10, 5
    assert shapes["end"] == (8, 8, 1536)


def test_a_1x1_convolution_reduces_256_maps_to_64():
    reduce = Inception(256, TABLE["inception3b"]._replace(five_reduce=64)).conv5x5_reduce
    assert reduce(torch.zeros(1, 256, 56, 56)).shape == (1, 64, 56, 56)  # the lecture's 56×56×256 -> 56×56×64


def test_the_notation_of_the_modules_refuses_what_it_does_not_have():
    with pytest.raises(ValueError, match=r"a step is written like '3×3/2 96 V'.*got '3x3 96' in '1×1 64 → 3x3 96'"):
        Branches(3, ("1×1 64 → 3x3 96",))
