"""ResNet's Table 1, the lecture's bottleneck arithmetic, the CIFAR-10 family, ResNeXt and Wide ResNet."""

import pytest
import torch
from torch import nn

from cnnlab.models import ResNet, build, summary
from cnnlab.models.families.resnet import Block

BASIC = {2: [(3, 64), (3, 64)], 3: [(3, 128), (3, 128)], 4: [(3, 256), (3, 256)], 5: [(3, 512), (3, 512)]}
BOTTLENECK = {
    2: [(1, 64), (3, 64), (1, 256)],
    3: [(1, 128), (3, 128), (1, 512)],
    4: [(1, 256), (3, 256), (1, 1024)],
    5: [(1, 512), (3, 512), (1, 2048)],
}
TIMES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
TABLE_1 = {  # depth -> stage -> ((kernel, maps) of a block, how often it stands)
    depth: {
        stage: ((BASIC if depth < 50 else BOTTLENECK)[stage], n) for stage, n in zip((2, 3, 4, 5), times, strict=True)
    }
    for depth, times in TIMES.items()
}
SIZES = {1: 112, 2: 56, 3: 28, 4: 14, 5: 7}
FLOPS = {18: 1.8, 34: 3.6, 50: 3.8, 101: 7.6, 152: 11.3}  # 10⁹, as printed


def on_meta(name: str, **options: object) -> nn.Module:
    with torch.device("meta"):
        return build(name, **options)


@pytest.mark.parametrize("depth", TABLE_1)
def test_the_blocks_are_those_of_table_1(depth):
    net = on_meta(f"resnet{depth}")
    conv1 = net.features.conv1
    assert (conv1.kernel_size, conv1.out_channels, conv1.stride) == ((7, 7), 64, (2, 2))
    assert (net.features.pool1.kernel_size, net.features.pool1.stride) == (3, 2)
    blocks = {name: block for name, block in net.features.named_children() if isinstance(block, Block)}
    expected = {f"conv{stage}_{n}" for stage, (_, times) in TABLE_1[depth].items() for n in range(1, times + 1)}
    assert set(blocks) == expected
    for name, block in blocks.items():
        convs = [conv for key, conv in block.named_children() if key.startswith("conv")]
        assert [(conv.kernel_size[0], conv.out_channels) for conv in convs] == TABLE_1[depth][int(name[4])][0]
        strides = [conv.stride[0] for conv in convs]
        halves = name in ("conv3_1", "conv4_1", "conv5_1")  # the caption of Table 1
        assert strides == ([2] if halves else [1]) + [1] * (len(strides) - 1)
    layers = sum(len(convs) * times for convs, times in TABLE_1[depth].values()) + 2
    assert layers == depth  # conv1 and the linear layer count, projections do not


@pytest.mark.parametrize("depth", TABLE_1)
def test_the_stages_have_the_sizes_of_table_1(depth):
    table = summary(on_meta(f"resnet{depth}"), (3, 224, 224)).set_index("name")
    for stage, size in SIZES.items():
        last = [name for name in table.index if name.startswith(f"features.conv{stage}")][-1]
        assert table.output_shape[last][1:] == (size, size)
    assert table.output_shape["classifier.pool"][1:] == (1, 1)
    assert table.output_shape["classifier.fc"] == (1000,)


@pytest.mark.parametrize("depth", FLOPS)
def test_the_multiply_adds_are_those_of_table_1(depth):
    ours = summary(on_meta(f"resnet{depth}"), (3, 224, 224)).multiply_adds.sum() / 1e9
    assert abs(ours - FLOPS[depth]) < 0.07  # the paper cuts 3.66 and 3.86 to 3.6 and 3.8
    if depth == 34:  # with zero-padded shortcuts, which cost nothing, 3.64 is 3.6
        padded = summary(on_meta("resnet34", shortcut="A"), (3, 224, 224)).multiply_adds.sum() / 1e9
        assert round(padded, 1) == FLOPS[34]


@pytest.mark.parametrize(("depth", "counted"), [(50, 4.09), (101, 7.80), (152, 11.51)])
def test_with_the_stride_in_the_3x3_the_multiply_adds_are_those_that_libraries_count(depth, counted):
    net = on_meta(f"resnet{depth}", stride_in="3x3")
    assert round(summary(net, (3, 224, 224)).multiply_adds.sum() / 1e9, 2) == counted


def weights(block: nn.Module) -> int:
    """Weights of the convolutions on the way, without the shortcut's."""
    return sum(
        layer.weight.numel()
        for name, layer in block.named_modules()
        if isinstance(layer, nn.Conv2d) and not name.startswith("shortcut")
    )


def test_a_basic_block_needs_73k_or_1_2_million_parameters_and_a_bottleneck_70k():
    lecture = {  # as printed: with a bias in every 3×3; ours has batch normalisation in its place
        "basic 64": 2 * (3 * 3 * 64 + 1) * 64,
        "basic 256": 2 * (3 * 3 * 256 + 1) * 256,
        "bottleneck": 256 * 64 + (3 * 3 * 64 + 1) * 64 + 64 * 256,
    }
    assert [round(count, -3) for count in lecture.values()] == [74_000, 1_180_000, 70_000]  # "73k", "1.2m", "70k"
    ours = {
        "basic 64": weights(Block(64, 64)),
        "basic 256": weights(Block(256, 256)),
        "bottleneck": weights(Block(256, 64, bottleneck=True)),
    }
    biases = {"basic 64": 2 * 64, "basic 256": 2 * 256, "bottleneck": 64}
    assert ours == {key: count - biases[key] for key, count in lecture.items()}


def test_the_other_lectures_bottleneck_arithmetic_agrees():
    block = Block(256, 64, bottleneck=True)
    parts = [block.conv1.weight.numel(), block.conv2.weight.numel(), block.conv3.weight.numel()]
    assert parts == [256 * 64 * 1 * 1, 64 * 64 * 3 * 3, 64 * 256 * 1 * 1]
    assert [round(part / 1024) for part in parts] == [16, 36, 16]  # "16K, 36K, 16K, total ~70K"
    assert Block(256, 256).conv1.weight.numel() == 256 * 256 * 3 * 3 == 589_824  # "~600K" for one 3×3 at 256 maps


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_the_cifar_family_has_the_parameters_of_table_6(depth, millions):
    with torch.device("meta"):
        net = ResNet(depth=depth)
    digits = 2 if millions < 1 else 1
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, digits) == millions
    convs = [layer for layer in net.features.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convs) + 1 == depth  # shortcut A has no weights


def test_a_plain_network_has_the_residual_ones_parameters():
    plain, residual = on_meta("plain20"), on_meta("resnet20")
    assert {key: p.shape for key, p in plain.named_parameters()} == {
        key: p.shape for key, p in residual.named_parameters()
    }


@pytest.mark.parametrize(("shortcut", "projections"), [("A", 0), ("B", 3), ("C", 8), ("none", 0)])
def test_each_shortcut_projects_where_section_4_1_says(shortcut, projections):
    net = on_meta("resnet18", shortcut=shortcut)
    assert len([name for name, _ in net.named_parameters() if "shortcut.conv" in name]) == projections


def test_a_residual_block_adds_its_input_and_a_plain_one_does_not():
    x = torch.randn(2, 8, 6, 6)
    for shortcut, expected in (("B", x.relu()), ("none", torch.zeros_like(x))):
        block = Block(8, 8, shortcut=shortcut).eval()
        nn.init.zeros_(block.bn2.weight)  # F(x) = 0
        torch.testing.assert_close(block(x), expected)


def test_resnext_splits_the_bottleneck_into_32_paths_at_equal_parameters():
    lecture = 32 * (256 * 4 + 3 * 3 * 4 * 4 + 4 * 256)  # Xie et al., section 4: C·(256·d + 9·d² + d·256) ≈ 70k
    block = Block(256, 64, bottleneck=True, cardinality=32, inner=128)
    assert weights(block) == lecture == 70_144
    assert abs(lecture / weights(Block(256, 64, bottleneck=True)) - 1) < 0.01


@pytest.mark.parametrize(
    ("name", "millions", "billions"),
    [("resnext50_32x4d", 25.0, 4.2), ("wide_resnet50_2", 68.9, 11.4), ("resnext101_32x8d", 88.8, 16.4)],
)
def test_resnext_and_wide_resnet_have_the_published_parameters_and_operations(name, millions, billions):
    table = summary(on_meta(name), (3, 224, 224))
    assert round(table.parameters.sum() / 1e6, 1) == millions
    assert round(table.multiply_adds.sum() / 1e9, 1) == billions
