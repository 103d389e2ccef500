"""The zoo as a table."""

import pytest

from cnnlab.models import MODELS
from cnnlab.models.catalogue import native_size, size_from


def test_every_network_has_its_paper_and_its_costs(zoo):
    assert list(zoo.index) == list(MODELS)
    assert zoo.notna().all().all()


def test_the_costs_are_those_by_hand(zoo):
    lenet = zoo.loc["lenet5"]
    convolutions = 24 * 24 * 6 * 25 + 8 * 8 * 16 * 6 * 25
    assert lenet.multiply_adds == convolutions + 256 * 120 + 120 * 84 + 84 * 10
    assert lenet.parameters == 6 * 26 + 16 * 151 + 120 * 257 + 84 * 121 + 10 * 85
    maps = 6 * 24 * 24 * 2 + 6 * 12 * 12 + 16 * 8 * 8 * 2 + 16 * 4 * 4  # with a ReLU after each convolution
    units = 120 * 2 + 84 * 2 + 10
    assert lenet.activation_memory == 4 * (maps + units)


def test_native_sizes_are_known_by_name_only():
    assert native_size("inception_v4") == (3, 299, 299)
    with pytest.raises(ValueError, match="no network is called 'resnet19'"):
        native_size("resnet19")


@pytest.mark.parametrize("text", ["", "224", "224x224", "3,224,224", "3x224x224x1", "-3x2x2", "3x22.5x8", "axbxc"])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="channels x height x width, as in 3x224x224, got"):
        size_from(text)
