"""`advise`: the distance by hand, and the four scenarios on data that come with the installation."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlab import data, models
from cnnlab.training import advise

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "china", "flower")


def of_one_class(images: torch.Tensor, *, times: int = 1) -> data.Split:
    images = images.repeat(times, 1, 1, 1)
    return data.Split(images, torch.zeros(len(images), dtype=torch.int64), ("thing",))


def test_the_distance_is_that_of_means_and_deviations_in_those_of_the_source():
    norm = nn.BatchNorm2d(1)
    net = nn.Sequential(norm, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2))
    norm.running_mean.fill_(0.1)
    norm.running_var.fill_(0.25)
    half = torch.tensor([0.0, 1.0]).repeat(8).reshape(1, 1, 4, 4)  # mean 0.5, standard deviation 0.5
    split = data.Split(half, torch.tensor([0]), ("a",))
    assert advise(net, split).distance == pytest.approx(0.4 / 0.5, rel=1e-3)
    norm.running_mean.fill_(0.5)
    norm.running_var.fill_(0.04)
    assert advise(net, split).distance == pytest.approx((0.5 - 0.2) / 0.2, rel=1e-3)


@pytest.fixture(scope="module")
def photographs() -> torch.Tensor:
    return torch.stack([data.photo(name, size=(112, 112)) for name in PHOTOS])


def test_photographs_are_like_imagenet_and_digits_are_not(photographs):
    digits = data.digits().test[:12].images
    large = F.interpolate(digits.float(), size=(112, 112), mode="bilinear").to(torch.uint8).repeat(1, 3, 1, 1)
    network = models.pretrained()
    near, far = advise(network, of_one_class(photographs)), advise(network, of_one_class(large))
    assert (near.scenario, far.scenario) == (1, 2)
    assert near.pictures == 6
    assert "small: 6 pictures in the smallest class" in str(near)
    assert "unlike the source" in str(far)


def test_many_pictures_are_fine_tuned_or_trained_from_scratch_by_their_likeness(digits):
    net = models.build("lenet5")
    train = digits.train[:2000]
    counts = torch.bincount(train.labels)
    near, far = advise(net, train, source=digits.test), advise(net, _inverted(train), source=digits.test)
    assert (near.scenario, far.scenario) == (4, 3)
    assert near.pictures == counts.min()


def _inverted(split: data.Split) -> data.Split:
    return data.Split(255 - split.images, split.labels, split.classes)


def test_a_network_without_batch_normalisation_needs_pictures_of_its_source(digits):
    with pytest.raises(ValueError, match="this LeNet5 has no batch normalisation, .*pass pictures of it as source"):
        advise(models.build("lenet5"), digits)
