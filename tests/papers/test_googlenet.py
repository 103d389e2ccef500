"""GoogLeNet's Table 1 (Szegedy et al. 2015), row by row: what it prints beside what its own widths give."""

from functools import cache

import pytest
import torch
from torch import nn

from cnnlab.models import build, summary
from cnnlab.models.families.googlenet import TABLE, Inception, Widths

WIDTHS = {  # #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj, output maps
    "3a": (64, 96, 128, 16, 32, 32, 256),
    "3b": (128, 128, 192, 32, 96, 64, 480),
    "4a": (192, 96, 208, 16, 48, 64, 512),
    "4b": (160, 112, 224, 24, 64, 64, 512),
    "4c": (128, 128, 256, 24, 64, 64, 512),
    "4d": (112, 144, 288, 32, 64, 64, 528),
    "4e": (256, 160, 320, 32, 128, 128, 832),
    "5a": (256, 160, 320, 32, 128, 128, 832),
    "5b": (384, 192, 384, 48, 128, 128, 1024),
}
SIZES = {  # the column "output size"
    "conv1": (64, 112, 112),
    "pool1": (64, 56, 56),
    "conv2": (192, 56, 56),
    "pool2": (192, 28, 28),
    "inception3a": (256, 28, 28),
    "inception3b": (480, 28, 28),
    "pool3": (480, 14, 14),
    "inception4a": (512, 14, 14),
    "inception4b": (512, 14, 14),
    "inception4c": (512, 14, 14),
    "inception4d": (528, 14, 14),
    "inception4e": (832, 14, 14),
    "pool4": (832, 7, 7),
    "inception5a": (832, 7, 7),
    "inception5b": (1024, 7, 7),
}
COSTS = {  # row: parameters in K printed and ours (K = 1024, biases left out), operations in M printed and ours
    "conv1": (2.7, 9.2, 34, 118.0),  # neither follows from a full 7×7
    "conv2": (112, 112.0, 360, 359.7),  # with its reduction
    "inception3a": (159, 159.5, 128, 128.0),
    "inception3b": (380, 379.0, 304, 304.3),
    "inception4a": (364, 366.8, 73, 73.6),
    "inception4b": (437, 438.0, 88, 87.9),
    "inception4c": (463, 497.5, 100, 99.9),
    "inception4d": (580, 590.5, 119, 118.5),
    "inception4e": (840, 847.0, 170, 170.0),
    "inception5a": (1072, 1018.0, 54, 51.1),
    "inception5b": (1388, 1409.0, 71, 70.7),
    "fc": (1000, 1000.0, 1, 1.0),
}
AGREE = {  # within 1K and within a million
    "parameters": {"conv2", "inception3a", "inception3b", "inception4b", "fc"},
    "operations": set(COSTS) - {"conv1", "inception5a"},
}


def on_meta(**options: object) -> nn.Module:
    with torch.device("meta"):
        return build("googlenet", **options)


@cache
def costs() -> dict[str, tuple[float, float]]:
    """Row of Table 1 -> thousands of weights and millions of multiply-adds."""
    table = summary(on_meta(), (3, 224, 224))
    table = table[table.kind.isin(["Conv2d", "Linear"])]
    rows: dict[str, tuple[float, float]] = {}
    for layer in table.itertuples():
        row = layer.name.split(".")[1].removesuffix("_reduce")
        weights, operations = rows.get(row, (0, 0))
        biases = layer.output_shape[0]
        rows[row] = (weights + (layer.parameters - biases) / 1024, operations + layer.multiply_adds / 1e6)
    return rows


@pytest.mark.parametrize("row", WIDTHS)
def test_the_widths_and_their_sum_are_those_of_the_table(row):
    assert TABLE[f"inception{row}"][:6] == WIDTHS[row][:6]
    ones, _, threes, _, fives, proj, output = WIDTHS[row]
    assert ones + threes + fives + proj == output


def test_the_maps_have_the_output_sizes_of_the_table():
    net, shapes = on_meta().eval(), {}
    x = torch.empty(1, 3, 224, 224, device="meta")
    for name, layer in net.features.named_children():
        x = layer(x)
        shapes[name] = tuple(x.shape[1:])
    assert {name: shapes[name] for name in SIZES} == SIZES


@pytest.mark.parametrize("row", COSTS)
def test_parameters_and_operations_stand_beside_the_printed_ones(row):
    printed_k, ours_k, printed_m, ours_m = COSTS[row]
    kilo, mega = costs()[row]
    assert (round(kilo, 1), round(mega, 1)) == pytest.approx((ours_k, ours_m), abs=0.051)
    assert (abs(kilo - printed_k) <= 1.0001) == (row in AGREE["parameters"])
    assert (abs(mega - printed_m) <= 1) == (row in AGREE["operations"])
    expected = TABLE.get(row)
    if expected:
        assert (expected.params, expected.ops) == (printed_k, printed_m)


def test_the_row_5a_has_its_printed_operations_with_48_in_the_5x5_reduction():
    module = Inception(832, TABLE["inception5a"]._replace(five_reduce=48))
    assert round(summary(module, (832, 7, 7)).multiply_adds.sum() / 1e6) == 54


def test_it_has_nearly_9_times_fewer_parameters_than_alexnet_where_the_lecture_says_12():
    with torch.device("meta"):
        alexnet = sum(p.numel() for p in build("alexnet").parameters())
    ours = sum(p.numel() for p in on_meta().parameters())
    assert ours == 6_998_552
    assert round(alexnet / ours, 1) == 8.7


@pytest.mark.parametrize(("name", "before", "after"), [("norm1", "pool1", "conv2_reduce"), ("norm2", "conv2", "pool2")])
def test_it_normalises_across_channels_twice_by_alexnets_formula(name, before, after):
    features = on_meta().features
    names = list(dict(features.named_children()))
    assert names[names.index(name) - 1 : names.index(name) + 2] == [before, name, after]  # figure 3
    x = 10 * torch.randn(1, 64, 2, 2, generator=torch.Generator().manual_seed(0))
    b = torch.empty_like(x)
    for i in range(64):  # Krizhevsky et al. 2012, section 3.3: n = 5, k = 2, α = 10⁻⁴, β = 0.75
        window = x[:, max(0, i - 2) : min(63, i + 2) + 1]
        b[:, i] = x[:, i] / (2 + 1e-4 * (window**2).sum(dim=1)) ** 0.75
    torch.testing.assert_close(getattr(features, name)(x), b)


def test_the_5x5_branch_is_5x5_and_torchvisions_is_3x3():
    assert on_meta().features.inception3a.conv5x5.conv.kernel_size == (5, 5)
    assert on_meta(variant="torchvision").features.inception3a.conv5x5.conv.kernel_size == (3, 3)


def test_it_has_22_layers_with_weights():
    net = on_meta()
    modules = [name for name, _ in net.features.named_children() if name.startswith("inception")]
    assert 3 + 2 * len(modules) + 1 == 22  # conv1, the reduction, conv2; two deep in each module; the linear layer


def test_the_naive_module_needs_more_operations_than_the_reduced_one():
    reduced = summary(Inception(192, TABLE["inception3a"]), (192, 28, 28)).multiply_adds.sum()
    naive = summary(Inception(192, Widths(64, 0, 128, 0, 32, 0)), (192, 28, 28)).multiply_adds.sum()
    by_hand = 28 * 28 * 192 * (64 * 1 + 128 * 9 + 32 * 25)
    assert naive == by_hand == 303_464_448
    assert reduced == 128_049_152


def test_the_auxiliary_classifiers_are_those_of_section_5():
    net = on_meta(auxiliary=True)
    for name, channels in (("inception4a", 512), ("inception4d", 528)):
        head = net.auxiliary[name]
        assert (head.pool.kernel_size, head.pool.stride) == (5, 3)
        assert (head.conv.conv.in_channels, head.conv.conv.out_channels) == (channels, 128)
        assert head.pool(torch.zeros(1, channels, 14, 14)).shape[1:] == (channels, 4, 4)  # "4×4×512", "4×4×528"
        assert (head.fc1.out_features, head.dropout.p, head.fc2.out_features) == (1024, 0.7, 1000)
    assert net.classifier.dropout.p == 0.4
    outputs = net.train()(torch.empty(2, 3, 224, 224, device="meta"))
    assert [part.shape for part in outputs] == [(2, 1000)] * 3
