"""A network's parts hold all of its layers, and end where the papers' tables say."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from cnnlab.models import blueprint, parts, small, summary
from cnnlab.models.catalogue import native_size


@pytest.mark.parametrize("name", ["lenet5", "nin", "googlenet", "resnet50", "landmark_cnn"])
def test_the_sums_over_the_parts_are_those_over_the_layers(name):
    net, size = blueprint(name), native_size(name)
    found, layers = parts(net, size), summary(net, size)
    for column in ("parameters", "multiply_adds", "activation_memory"):
        assert found[column].sum() == layers[column].sum()
    weighted = sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in net.modules())
    assert found.layers.sum() == weighted
    assert found.name.is_unique


ENDS = {  # what the papers' tables give as the output of a row, channels first
    ("googlenet", "inception3a"): (256, 28, 28),
    ("googlenet", "inception4e"): (832, 14, 14),
    ("googlenet", "inception5b"): (1024, 7, 7),
    ("inception_v2", "figure5c"): (288, 35, 35),
    ("inception_v2", "figure6e"): (768, 17, 17),
    ("inception_v2", "figure7b"): (2048, 8, 8),
    ("resnet152", "conv4_36"): (1024, 14, 14),
    ("vgg16", "conv5_3"): (512, 14, 14),
    ("landmark_cnn", "pool5"): (256, 6, 8),
}


@pytest.mark.parametrize(("name", "part"), ENDS)
def test_a_module_ends_with_all_its_branches(name, part):
    table = parts(blueprint(name), native_size(name)).set_index("name")
    assert table.output_shape[part] == ENDS[name, part]


def test_kinds_are_told_apart():
    table = parts(blueprint("googlenet"), (3, 224, 224)).set_index("name")
    assert table.kind.loc[["conv1", "pool1", "inception3a", "fc"]].tolist() == [
        "convolution",
        "pooling",
        "module",
        "linear",
    ]
    assert table.layers["inception3a"] == 6  # figure 2b
    assert table.layers["conv1"] == 1


def test_normalisations_and_activations_belong_to_the_part_before_and_padding_to_the_one_after():
    bare = nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Upsample(scale_factor=2))
    (row,) = parts(bare, (3, 8, 8)).itertuples()
    assert (row.kind, row.output_shape, row.parameters) == ("convolution", (4, 16, 16), 112 + 8)
    first = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3))
    (row,) = parts(first, (3, 8, 8)).itertuples()
    assert row.parameters == 6 + 112


def test_fields_and_strides_are_those_at_the_end_of_a_part():
    net = small("resnet18")
    layers = summary(net, (3, 32, 32)).set_index("name")
    table = parts(net, (3, 32, 32)).set_index("name")
    assert table.receptive_field["conv1"] == layers.receptive_field["features.conv1"] == (3, 3)
    assert table.receptive_field["conv3_1"] == layers.receptive_field["features.conv3_1.relu"]
    assert table.stride["conv5_2"] == (8, 8)


def test_networks_of_others_have_parts_too():
    table = parts(torchvision.models.resnet18(), (3, 224, 224))
    assert table.name.tolist()[:3] == ["conv1", "maxpool", "layer1.0"]
    assert table.parameters.sum() == 11_689_512
    (row,) = parts(nn.Conv2d(3, 3, 3), (3, 8, 8)).itertuples()
    assert (row.name, row.output_shape) == ("Conv2d", (3, 6, 6))


def test_a_part_that_runs_twice_is_there_twice_and_counted_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU())
            self.pool = nn.MaxPool2d(2)

        def forward(self, x):
            return self.block(self.pool(self.block(x)))

    table = parts(Twice(), (3, 20, 20))
    assert table.name.tolist() == ["block.0", "pool", "block.0"]
    assert table.parameters.tolist() == [84, 0, 0]
    assert table.multiply_adds.tolist() == [81 * 18 * 18, 0, 81 * 7 * 7]


class Dictionary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleDict(
            {"first": nn.Conv2d(3, 4, 3), "second": nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU())}
        )
        self.fc = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.stages["second"](self.stages["first"](x)).mean((2, 3)))


class Lists(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        convs = [nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)]
        self.stages = nn.ModuleList(nn.ModuleList([conv, nn.BatchNorm2d(4)]) for conv in convs)
        self.scale = nn.Parameter(torch.ones(3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * self.scale
        for stage in self.stages:
            for layer in stage:
                x = layer(x)
        return x


CONV, SECOND, NORM = 3 * 4 * 9 + 4, 4 * 4 * 9 + 4, 2 * 4


@pytest.mark.parametrize(
    ("net", "names", "parameters"),
    [
        (Dictionary(), ["first", "second", "fc"], [CONV, SECOND, 10]),
        (Lists(), ["0.0", "1.0"], [CONV + NORM, SECOND + NORM + 3]),
        (nn.Sequential(weight_norm(nn.Conv2d(3, 4, 3)), nn.ReLU()), ["0"], [CONV + 4]),
        (nn.Sequential(nn.BatchNorm2d(3), nn.ReLU()), ["Sequential"], [6]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_what_runs_in_a_container_that_does_not_is_a_part(net, names, parameters):
    table = parts(net, (3, 8, 8))
    assert table.name.tolist() == names
    assert table.parameters.tolist() == parameters
    assert table.multiply_adds.sum() == summary(net, (3, 8, 8)).multiply_adds.sum()


def test_a_vision_transformers_parts_hold_all_of_it():
    table = parts(torchvision.models.vit_b_16(), (3, 224, 224))
    assert table.name.tolist() == ["conv_proj", "encoder", "head"]
    assert table.parameters.sum() == torchvision.models.ViT_B_16_Weights.IMAGENET1K_V1.meta["num_params"]


def test_a_layer_that_is_also_called_past_its_part_is_not_lost():
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x).relu()

    class Past(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = Block()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.block(self.block(x)) + self.block.conv(x)

    assert parts(Past(), (3, 8, 8)).multiply_adds.sum() == 3 * 81 * 64


def test_the_model_is_left_as_it_was_even_if_it_refuses_the_picture():
    net = small("vgg11")
    net.train()
    with pytest.raises(ValueError, match="takes pictures of shape"):
        parts(net, (3, 40, 40))
    parts(net, (3, 32, 32))
    assert net.training
    assert not any(layer._forward_hooks for layer in net.modules())
    assert not any(parameter.is_meta for parameter in net.parameters())
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 1000)
