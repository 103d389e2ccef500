"""The zoo as a table, and networks without weights for pictures of any size."""

import pytest
import torch

from cnnlab.models import MODELS, blueprint, build, catalogue, summary
from cnnlab.models.catalogue import LARGEST, PAPERS, native_size, size_from


@pytest.fixture(scope="module")
def table():
    return catalogue()


def test_every_network_has_its_paper(table):
    assert list(table.index) == list(MODELS)
    assert set(PAPERS) == set(MODELS)
    assert table.notna().all().all()


@pytest.mark.parametrize(
    ("name", "parameters"), [("lenet5", 44_426), ("alexnet", 61_100_840), ("landmark_cnn", 13_348_180)]
)
def test_the_lectures_counts_are_exact(table, name, parameters):
    assert table.parameters[name] == parameters


def test_the_multiply_adds_are_those_by_hand(table):
    convs = 24 * 24 * 6 * 25 + 8 * 8 * 16 * 6 * 25
    assert table.multiply_adds["lenet5"] == convs + 256 * 120 + 120 * 84 + 84 * 10


def test_activation_memory_is_that_of_every_output_by_hand(table):
    maps = 6 * 24 * 24 * 2 + 6 * 12 * 12 + 16 * 8 * 8 * 2 + 16 * 4 * 4  # with a ReLU after each convolution
    units = 120 * 2 + 84 * 2 + 10
    assert table.activation_memory["lenet5"] == 4 * (maps + units)


@pytest.mark.parametrize("name", MODELS)
def test_a_blueprint_has_the_layers_of_the_network_and_no_memory(name):
    plan = blueprint(name)
    assert all(parameter.is_meta for parameter in plan.parameters())
    with torch.device("meta"):
        net = build(name)
    assert {key: value.shape for key, value in plan.state_dict().items()} == {
        key: value.shape for key, value in net.state_dict().items()
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_blueprint_takes_other_pictures_and_classes(name):
    size = (2, 96, 107)
    layers = summary(blueprint(name, size, num_classes=5), size)
    assert layers.output_shape.iloc[-1] == (5,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vgg17",), "no network is called 'vgg17'; did you mean vgg1"),
        (("vgg16", (224, 224)), r"must be \(channels, height, width\), each from 1 to 16,384, got \(224, 224\)"),
        (("vgg16", (3, 224, LARGEST + 1)), "each from 1 to 16,384"),
        (("vgg16", (3, 0, 224)), "each from 1 to 16,384"),
        (("vgg16", (3, 31, 224)), "at least 32×32 pixels"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_way_out(arguments, message):
    with pytest.raises(ValueError, match=message):
        blueprint(*arguments)


def test_the_largest_pictures_are_counted_without_overflow():
    size = (3, LARGEST, LARGEST)
    layers = summary(blueprint("vgg16", size), size)
    assert layers.multiply_adds.iloc[0] == 27 * 64 * LARGEST**2
    assert (layers.multiply_adds >= 0).all()


def test_native_sizes_are_known_by_name_only():
    assert native_size("inception_v4") == (3, 299, 299)
    with pytest.raises(ValueError, match="no network is called 'resnet19'"):
        native_size("resnet19")


@pytest.mark.parametrize("text", ["", "224", "224x224", "3,224,224", "3x224x224x1", "-3x2x2", "3x22.5x8", "axbxc"])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="channels x height x width, as in 3x224x224, got"):
        size_from(text)
