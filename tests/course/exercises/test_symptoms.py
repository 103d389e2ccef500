"""A wrong answer is told where it differs first and what led to it, and never what the answer is."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlab.course.exercises._networks import network_symptom
from cnnlab.course.exercises._symptoms import symptom

PICTURE = torch.arange(48.0).reshape(1, 1, 6, 8).square() - 700
KERNEL = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 10]])[None, None]
RIGHT = F.conv2d(PICTURE, KERNEL, padding=1)


def said(value, expected, **slips):
    return symptom(value, expected, 1e-5, slips)


@pytest.mark.parametrize(
    "value",
    [
        3,
        2.5,
        np.int64(3),
        torch.tensor(2.5),
        "a",
        (1, 2.5),
        {"a": [1, 2]},
        RIGHT,
        RIGHT.numpy(),
        pd.DataFrame({"a": [1, 2]}),
        True,
        None,
        torch.tensor([1.0, torch.nan]),
    ],
)
def test_what_is_equal_has_no_symptom(value):
    assert said(value, value) == ""


@pytest.mark.parametrize(
    ("wrong", "slip"),
    [
        (-RIGHT, "the sign is wrong"),
        (RIGHT.relu(), "negative values are cut to zero"),
        (RIGHT + 3, "every value is off by the same number"),
        (RIGHT * 9, "every value is multiplied by the same number"),
        (RIGHT.flip(3), "flipped left to right"),
        (RIGHT.flip(2), "flipped upside down"),
        (RIGHT.flip(2, 3), "rotated by half a turn"),
        (F.conv2d(F.pad(PICTURE, (1, 1, 1, 1), mode="replicate"), KERNEL), "only the border is wrong"),
        (torch.where(RIGHT > 0, RIGHT, torch.nan), "NaN among its values"),
        (RIGHT[..., :-1], r"gives the shape (1, 1, 6, 7)"),
        (RIGHT.mT, "the right sides in another order"),
        (RIGHT.flatten(1).sort().values.view_as(RIGHT), "differs in"),
    ],
)
def test_a_tensor_is_told_its_slip(wrong, slip):
    assert slip in said(wrong, RIGHT)


def test_a_missing_relu_is_named():
    assert "a ReLU is missing" in said(RIGHT, RIGHT.relu())


def test_a_square_that_is_transposed_is_told_so():
    square = torch.arange(9.0).reshape(3, 3)
    assert said(square.T, square) == "differs in 6 of 9 values, first at [0, 1]; rows and columns are exchanged?"


def test_the_first_place_that_differs_is_named():
    wrong = RIGHT.clone()
    wrong[0, 0, 2, 3] += 1
    wrong[0, 0, 4, 1] -= 5
    assert said(wrong, RIGHT) == "differs in 2 of 48 values, first at [0, 0, 2, 3]"


@pytest.mark.parametrize(
    ("value", "expected", "text"),
    [
        (12.0, 3.0, "gives 12, which is too large"),
        (-2.0, 2.0, "gives -2, which is too small"),
        (float("nan"), 2.0, "gives NaN"),
        ((1, 2), (1, 3), "gives (1, 2), whose entry 2 gives 2, which is too small"),
        ([1], [1, 3], "gives [1], which has 1 entries: too few"),
        ({"a": 1}, {"a": 1, "b": 2}, "has no entry 'b'"),
        ({"a": 1, "b": 3}, {"a": 1, "b": 2}, "entry 'b' gives 3, which is too large"),
        ({"a": 1, "b": 3}, {"a": 1}, "has an entry too many, 'b'"),
        (None, 2, "gives None: nothing was returned or set"),
        (3, RIGHT, "gives 3, which has no shape"),
    ],
)
def test_numbers_and_containers(value, expected, text):
    assert said(value, expected) == text


def test_a_usual_mistake_is_named_when_it_is_met():
    assert (
        said(160, 156, **{"a bias too many": 160, "no bias": 150}) == "gives 160, which is too large: a bias too many?"
    )
    assert said(161, 156, **{"a bias too many": 160}) == "gives 161, which is too large"


TABLE = pd.DataFrame({"layer": ["conv1", "conv2", "fc"], "parameters": [156, 2416, 850]})


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (TABLE[["layer"]], "has no column 'parameters'"),
        (TABLE[:2], "has 2 rows: too few"),
        (TABLE.assign(parameters=[156, 850, 2416]), "rows 2 and 3 of column 'parameters' are exchanged"),
        (TABLE.assign(parameters=[156, 2400, 850]), "row 2 of column 'parameters' gives 2400, which is too small"),
        (3, "gives 3, which is no table"),
    ],
)
def test_tables_are_compared_row_by_row(wrong, text):
    assert said(wrong, TABLE) == text


@pytest.mark.parametrize(
    "wrong", [12, np.float64(7.5), RIGHT * 2, TABLE.assign(parameters=[156, 2400, 850]), (1, 5), {"a": 9}]
)
def test_no_symptom_gives_the_answer_away(wrong):
    right = {int: 41, np.float64: 41.0, tuple: (1, 41), dict: {"a": 41}}
    expected = right.get(type(wrong), RIGHT if isinstance(wrong, torch.Tensor) else TABLE)
    text = said(wrong, expected)
    assert "41" not in text
    assert "2416" not in text
    assert text


def small(*, padding=0, channels=6, bias=True, pool=nn.MaxPool2d, kernel=2):
    return nn.Sequential(nn.Conv2d(1, channels, 5, padding=padding, bias=bias), nn.ReLU(), pool(kernel), nn.Flatten())


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (small(padding=2), "layer 1, 0 (Conv2d): its padding differs; it gives 6×28×28, and 6×24×24 is wanted"),
        (small(channels=8), "layer 1, 0 (Conv2d): its weights have the shapes (8, 1, 5, 5), (8,)"),
        (small(bias=False), "layer 1, 0 (Conv2d): it has no bias"),
        (small(pool=nn.AvgPool2d), "layer 3, 2 (AvgPool2d): a layer of another kind is wanted here"),
        (small(kernel=3), "layer 3, 2 (MaxPool2d): its kernel_size differs"),
        (small()[:2], "ends after layer 2: 1 more should follow"),
        (nn.Sequential(*small(), nn.Linear(864, 2)), "should end before layer 4, 4 (Linear)"),
        (
            nn.Sequential(nn.Conv2d(1, 6, 5), nn.Conv2d(6, 6, 1)),
            "a layer of another kind is wanted here, without weights",
        ),
        (3, "is no network (nn.Module), its type is int"),
    ],
)
def test_the_first_layer_that_differs_is_named(wrong, text):
    assert text in network_symptom(wrong, small(), (1, 28, 28))


def test_names_containers_and_dropout_are_free():
    other = nn.Module()
    other.stem, other.head = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), nn.MaxPool2d((2, 2))
    other.drop = nn.Dropout()
    other.forward = lambda x: other.drop(other.head(other.stem(x)))
    assert network_symptom(other, small(), (1, 28, 28)) == ""
