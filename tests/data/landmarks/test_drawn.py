"""The drawn landmarks as a data set: like the others, and hard for pixels, not for features."""

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from cnnlab import data, models
from cnnlab.data.landmarks.drawn import pictures_per_class


@pytest.fixture(scope="module")
def small():
    return data.landmarks(count=400, size=(48, 64))


def test_parts_are_stratified_with_every_class_in_each(small):
    true = data.landmarks(count=400, size=(48, 64), wrong_labels=0)
    counted = torch.stack([torch.bincount(part.labels, minlength=100) for part in true[:3]])
    assert (counted >= 1).all()
    assert counted.sum(dim=0).tolist() == pictures_per_class(400).tolist()
    assert true.train.images.shape[1:] == (3, 48, 64)
    assert len(set(true.train.classes)) == 100


def test_wrong_labels_are_planted_and_the_pictures_are_the_same(small):
    true = data.landmarks(count=400, size=(48, 64), wrong_labels=0)
    assert all(torch.equal(a.images, b.images) for a, b in zip(small[:3], true[:3], strict=True))
    assert sum(int((a.labels != b.labels).sum()) for a, b in zip(small[:3], true[:3], strict=True)) == 12  # 3 % of 400


def test_pictures_on_demand_are_those_in_memory(small):
    lazy = data.landmarks(count=400, size=(48, 64), in_memory=False)
    assert isinstance(lazy.test.images, data.Pictures)
    images, labels = next(iter(data.batches(lazy.test, 32)))
    assert torch.equal(images, data.to_float(small.test.images[:32]))
    assert torch.equal(labels, small.test.labels[:32])


def test_the_reports_numbers():
    """8,158 pictures of 100 landmarks, the first far more often than the last; parts 0.8 : 0.1 : 0.1."""
    counts = pictures_per_class(8158)
    assert (counts.sum(), len(counts)) == (8158, 100)
    assert (np.diff(counts) <= 0).all()
    assert counts[0] > 20 * counts[-1]


@pytest.mark.slow
def test_neighbours_in_pixels_fail_where_those_in_pretrained_features_succeed():
    """The nearest of 119 other pictures of 12 landmarks, 10 each; by chance every twelfth is right."""
    from cnnlab.data.landmarks.world.drawing import draw_landmark

    labels = torch.arange(12).repeat_interleave(10)
    drawn = [draw_landmark(8 * landmark, number) for landmark in range(12) for number in range(10)]
    images = torch.stack([torch.from_numpy(np.array(picture.resize((192, 144)))) for picture in drawn])
    images = images.permute(0, 3, 1, 2)  # channels-last in memory, which this network is fastest with
    with torch.inference_mode():
        maps = torch.cat([models.pretrained().model.features(data.to_float(part)) for part in images.split(40)])
    features, pixels = maps.mean(dim=(2, 3)), images.flatten(1).float()

    def accuracy(values):
        distances = torch.cdist(values, values).fill_diagonal_(torch.inf)
        return (labels[distances.argmin(dim=1)] == labels).float().mean().item()

    assert accuracy(normalize(features)) > 0.75
    assert accuracy(pixels) < 0.4


@pytest.mark.parametrize(
    ("options", "message"),
    [({"count": 299}, "at least 300"), ({"wrong_labels": 1}, "wrong_labels must be"), ({"size": 64}, "two whole")],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        data.landmarks(**options)
