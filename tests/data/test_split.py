import numpy as np
import pytest
import torch
from sklearn.model_selection import StratifiedShuffleSplit

from cnnlab import data


def split(labels):
    labels = torch.as_tensor(labels)
    return data.Split(
        torch.zeros(len(labels), 1, 4, 4, dtype=torch.uint8), labels, tuple("abcdefgh"[: labels.max() + 1])
    )


def test_rare_classes_keep_their_share_in_every_part():
    labels = np.repeat([0, 1, 2], [700, 200, 100])
    parts = data.stratify(split(labels), validation=0.1, test=0.1, seed=3)
    for part in parts[:3]:
        shares = torch.bincount(part.labels) / len(part)
        assert torch.allclose(shares, torch.tensor([0.7, 0.2, 0.1]), atol=0.01)
    sizes = [len(next(StratifiedShuffleSplit(1, test_size=0.1).split(labels, labels))[1]), 100, 800]
    assert [len(parts.test), len(parts.validation), len(parts.train)] == sizes


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ([0] * 9 + [1], {}, r"at least 3 pictures, one each .* too few: b \(1\)"),
        (
            [0, 1] * 20,
            {"validation": 0.6, "test": 0.5},
            "fractions above 0 that leave something to train on, got 0.6 and",
        ),
        ([0, 1, 2, 3] * 3, {"validation": 0.1, "test": 0.1}, "12 pictures of 4 classes cannot be split"),
    ],
)
def test_what_cannot_be_divided_is_said(labels, options, message):
    with pytest.raises(ValueError, match=message):
        data.stratify(split(labels), **{"validation": 0.2, "test": 0.2, "seed": 0, **options})


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (0, [], "at least one picture"),
        (2, [0], "one label a picture, got 2 pictures and 1 labels"),
        (2, [0, 2], "labels of 2 classes lie between 0 and 1, got 0 to 2"),
        (2, [0, -1], "got -1 to 0"),
    ],
)
def test_a_split_that_does_not_fit_together_is_refused(images, labels, message):
    with pytest.raises(ValueError, match=message):
        data.Split(torch.zeros(images, 1, 2, 2, dtype=torch.uint8), torch.tensor(labels, dtype=torch.int64), ("a", "b"))


PICTURES = torch.zeros(2, 1, 2, 2, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("labels", "got"),
    [
        (torch.tensor([0.0, 1.0]), r"torch.float32 of shape \(2,\)"),
        (torch.tensor([[0], [1]]), r"torch.int64 of shape \(2, 1\)"),
        ([0, 1], "list"),
    ],
)
def test_labels_that_are_no_indices_are_refused(labels, got):
    with pytest.raises(
        ValueError, match=rf"labels must be an int64 tensor \(N,\) .* got {got}.*; torch.tensor converts a list"
    ):
        data.Split(PICTURES, labels, ("a", "b"))


@pytest.mark.parametrize("index", [1, torch.tensor(1), [[0], [1]]])
def test_an_index_that_is_no_list_is_refused_with_the_way_out(index):
    with pytest.raises(
        ValueError, match=r"a slice or by indices \(N,\), got .*1.*; split\[1:2\] is a split of one picture"
    ):
        data.Split(PICTURES, torch.arange(2), ("a", "b"))[index]


@pytest.mark.parametrize("index", [[], slice(0, 0), torch.tensor([False, False])])
def test_a_part_without_pictures_is_refused(index):
    with pytest.raises(ValueError, match="a split needs at least one picture, got none"):
        data.Split(PICTURES, torch.arange(2), ("a", "b"))[index]


def test_slices_and_indices_pick_pictures_with_their_labels():
    whole = data.Split(torch.arange(6, dtype=torch.uint8).reshape(6, 1, 1, 1), torch.arange(6) % 2, ("a", "b"))
    for part in (whole[2:4], whole[torch.tensor([2, 3])], whole[[2, 3]], whole[torch.arange(6) // 2 == 1]):
        assert part.images.flatten().tolist() == [2, 3]
        assert part.labels.tolist() == [0, 1]
