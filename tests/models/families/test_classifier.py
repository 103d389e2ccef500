"""The contract of every network: two parts, one forward, one check of sizes."""

import pytest
import torch
from torch import nn

from cnnlab import models
from cnnlab.models.families.classifier import Classifier, Flattened


def test_the_smallest_size_is_found_by_trying_and_the_number_of_features_is_that_by_hand():
    with pytest.raises(ValueError, match=r"LeNet5 needs pictures of at least 16×16 pixels, got input_size=\(15, 40\)"):
        models.build("lenet5", input_size=(15, 40))
    net = models.build("lenet5", in_channels=3, input_size=(128, 16))
    assert net.classifier.fc1.in_features == 16 * 29 * 1  # (128 − 4) / 2 = 62, (62 − 4) / 2 = 29
    assert net(torch.zeros(2, 3, 128, 16)).shape == (2, 10)


def test_building_draws_no_random_number_for_the_sizes():
    torch.manual_seed(0)
    expected = nn.Conv2d(1, 6, 5).weight
    torch.manual_seed(0)
    assert torch.equal(models.build("lenet5").features.conv1.weight, expected)


class Broken(Classifier):
    def __init__(self):
        super().__init__(in_channels=3, input_size=(8, 8))
        self.features = nn.Conv2d(4, 8, 3)  # takes other channels than the network
        self.classifier = Flattened(nn.Linear(self.flat_features(), 10))


def test_an_error_that_has_nothing_to_do_with_sizes_is_told_as_it_is():
    with pytest.raises(RuntimeError, match="channel"):
        Broken()
