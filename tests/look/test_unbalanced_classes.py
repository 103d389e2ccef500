"""Figures about unbalanced classes show the numbers of `cnnlab.evaluation`."""

import numpy as np
import pytest
import torch

from cnnlab import look
from cnnlab.data import Split
from cnnlab.evaluation import Report


def report(labels: list[int], predictions: list[int], *, sure: float = 4.0, classes: str = "abcd") -> Report:
    return Report(sure * torch.eye(len(classes))[predictions], torch.tensor(labels), tuple(classes))


def test_calibration_shows_accuracy_over_confidence_and_its_band():
    # A logit of ln 9 makes one of two classes 90 % probable; 6 of 10 are right.
    found = report([0] * 10, [0] * 6 + [1] * 4, sure=float(np.log(9)), classes="ab")
    figure = look.calibration(found, bins=5)
    above, below = figure.axes
    line = above.lines[1]
    assert line.get_xdata() == pytest.approx([90], abs=1e-4)
    assert line.get_ydata() == pytest.approx([60])
    band = above.collections[0].get_paths()[0].vertices[:, 1]
    # Wilson 1927: (p + z²/2n ± z √(p q / n + z² / 4n²)) / (1 + z²/n), z = 1.96, n = 10, p = 0.6
    assert (band.min(), band.max()) == pytest.approx((31.27, 83.18), abs=0.01)
    assert below.patches[0].get_data().values.tolist() == [0, 0, 0, 0, 10]
    assert figure.alt.endswith("Expected calibration error 30 %")


def test_networks_are_told_apart_by_colour_and_marker():
    both = {"plain": report([0, 1], [0, 1]), "weighted": report([0, 1], [0, 0])}
    lines = look.calibration(both).axes[0].lines[1:]
    assert len({line.get_color() for line in lines}) == len({line.get_marker() for line in lines}) == 2
    with pytest.raises(ValueError, match="1 to 7 networks, got 0"):
        look.calibration({})


def test_classes_are_sorted_by_their_training_pictures():
    found = report([0, 1, 1, 2, 3, 3], [0, 1, 0, 0, 3, 3])
    figure = look.by_frequency(found, [5, 40, 10, 20])
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [50, 100, 0, 100]  # b, d, c, a
    assert figure.alt.endswith("quarter to the rarest: 50 %, 100 %, 0 %, 100 %")


def test_quarters_of_several_networks_are_compared():
    both = {"plain": report([0, 1, 2, 3], [0, 1, 0, 0]), "weighted": report([0, 1, 2, 3], [0, 0, 2, 3])}
    figure = look.by_frequency(both, [40, 30, 20, 10])
    assert not figure.axes[0].patches
    assert "plain 100 %, 100 %, 0 %, 0 %; weighted 100 %, 0 %, 100 %, 100 %" in figure.alt
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["plain", "weighted"]


def test_a_class_without_pictures_is_left_out_of_the_mean():
    assert "rarest: 100 %, nan %" in look.by_frequency(report([0, 0], [0, 0], classes="ab"), [2, 1]).alt


def test_what_does_not_fit_is_refused():
    found = report([0, 1], [0, 1])
    with pytest.raises(ValueError, match="got 3 for 4"):
        look.by_frequency(found, [1, 2, 3])
    with pytest.raises(ValueError, match="such as recall or precision, got 'note'"):
        look.by_frequency(found, [1, 2, 3, 4], score="note")


def test_a_cell_has_its_pictures_and_their_confidences():
    labels, predictions = [0, 0, 1, 0, 2], [1, 1, 1, 0, 2]
    logits = torch.eye(3)[predictions] * torch.tensor([1.0, 2, 1, 1, 1])[:, None]
    images = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 1, 8, 8) * 50
    split = Split(images, torch.tensor(labels), ("cat", "dog", "fox"))
    found = Report(logits, split.labels, split.classes)
    figure = look.cell(found, split, true="cat", predicted="dog")
    assert "2 pictures of cat, taken for dog" in figure.alt
    confidences = torch.tensor([[0.0, 2, 0], [0, 1, 0]]).softmax(dim=1)[:, 1]  # the surer one first
    assert ": 78.7 %, 57.6 %" in figure.alt
    assert confidences.tolist() == pytest.approx([0.787, 0.576], abs=1e-3)
    shown = [image.get_array()[0, 0, 0] for image in figure.axes[0].get_images()]
    assert shown == pytest.approx([50 / 255, 0])
    assert look.cell(found, split, true="fox", predicted="cat").alt == "0 pictures of fox, taken for cat"
    assert "1 picture of dog, recognised" in look.cell(found, split, true="dog", predicted="dog").alt
    with pytest.raises(ValueError, match="got 'cow'"):
        look.cell(found, split, true="cow", predicted="dog")
    with pytest.raises(ValueError, match="pass the split that was evaluated"):
        look.cell(found, split[:3], true="cat", predicted="dog")
