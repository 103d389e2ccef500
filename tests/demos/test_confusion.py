"""The demo of the confusion matrix: a click shows the pictures of the cell."""

import pytest
import torch

from cnnlab import demos
from cnnlab.data import Split
from cnnlab.demos import _confusion as confusion
from cnnlab.demos import _kernels as kernels
from cnnlab.evaluation import Report
from tests.demos.reading import alt, status

LABELS, PREDICTIONS = [0, 0, 0, 1, 1, 2, 2, 2, 2], [0, 0, 1, 1, 1, 0, 0, 0, 2]


@pytest.fixture
def split() -> Split:
    images = torch.arange(9, dtype=torch.uint8)[:, None, None, None].expand(9, 1, 8, 8) * 20
    return Split(images, torch.tensor(LABELS), ("cat", "dog", "fox"))


@pytest.fixture
def report(split) -> Report:
    return Report(torch.eye(3)[PREDICTIONS], split.labels, split.classes)


@pytest.fixture
def demo(report, split):
    shown = demos.confusion(report, split)
    yield shown
    shown.close()


def test_it_begins_with_the_pair_that_is_confused_most(demo):
    assert "3 pictures of fox, taken for cat" in alt(demo)
    assert demo.matrix.counts == [[2, 1, 0], [0, 2, 0], [3, 0, 1]]
    assert status(demo) == "pictures of fox: 4, 1 of them recognised; pictures taken for cat: 5"


def test_a_click_shows_the_pictures_of_the_cell(demo):
    demo.matrix.cell = [0, 1]
    assert (demo.true.value, demo.predicted.value) == ("cat", "dog")
    assert "1 picture of cat, taken for dog" in alt(demo)
    demo.matrix.cell = [1, 1]
    assert "2 pictures of dog, recognised" in alt(demo)
    demo.matrix.cell = [1, 2]
    assert alt(demo) == "0 pictures of dog, taken for fox"
    assert "pictures of dog: 2, 2 of them recognised; pictures taken for fox: 1" in status(demo)


def test_lists_of_classes_and_pairs_move_the_cell(demo):
    demo.predicted.value = "fox"
    assert demo.matrix.cell == [2, 2]
    assert "1 picture of fox, recognised" in alt(demo)
    assert [label for label, _ in demo.pairs.options] == ["", "fox → cat (3)", "cat → dog (1)"]
    demo.pairs.value = ("cat", "dog")
    assert demo.matrix.cell == [0, 1]
    assert "taken for dog" in alt(demo)


def test_the_picture_is_drawn_once_a_click(demo, monkeypatch):
    drawn = []
    monkeypatch.setattr(demo, "show", drawn.append)
    demo.matrix.cell = [0, 0]
    assert len(drawn) == 1


def test_without_mistakes_it_begins_on_the_diagonal(split):
    right = Report(torch.eye(3)[LABELS], split.labels, split.classes)
    assert "3 pictures of cat, recognised" in alt(demos.confusion(right, split))


def test_without_arguments_it_shows_the_digits_of_lenet(digits, monkeypatch):
    monkeypatch.setattr(
        confusion, "lenets", lambda: kernels.Networks(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10)))
    )
    demo = demos.confusion()
    assert sum(map(sum, demo.matrix.counts)) == len(digits.test)
    demo.close()


def test_a_report_of_other_pictures_is_refused(report, split):
    with pytest.raises(ValueError, match="about 9 pictures and the split has 3"):
        demos.confusion(report, split[:3])
    with pytest.raises(ValueError, match="needs both"):
        demos.confusion(report)
