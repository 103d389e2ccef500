"""Charts show the numbers they were given, and say their finding in the alternative text."""

import numpy as np
import pandas as pd
import pytest
import torch

from cnnlab import look
from cnnlab.data import Split
from cnnlab.evaluation import Report
from tests.look.reading import labelled


def table(**columns: list[float]) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    full = {"train_loss": [1.0] * length, "train_accuracy": [0.5] * length} | columns
    return pd.DataFrame(full, index=pd.RangeIndex(1, length + 1, name="epoch"))


def split(labels: list[int], classes: tuple[str, ...]) -> Split:
    return Split(torch.zeros(len(labels), 1, 8, 8, dtype=torch.uint8), torch.tensor(labels), classes)


def test_curves_show_every_epoch_and_mark_the_lowest_validation_loss():
    run = table(train_loss=[2.1, 0.5, 0.12], validation_loss=[1.0, 0.14, 0.2], validation_accuracy=[0.5, 0.9, 0.95])
    figure = look.curves(run)
    loss, accuracy = figure.axes
    assert labelled(loss, "training").get_ydata().tolist() == [2.1, 0.5, 0.12]
    assert labelled(accuracy, "validation").get_ydata() == pytest.approx([50, 90, 95])
    assert [line.get_xdata()[0] for line in loss.lines if line.get_marker() == "*" and len(line.get_xdata())] == [2]
    assert "loss falls from 2.1 to 0.12" in figure.alt
    assert "validation loss is lowest, 0.14, at epoch 2" in figure.alt
    assert "validation accuracy ends at 95 %" in figure.alt
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "loss (nats)")


def test_curves_work_for_one_epoch_without_validation_and_with_gaps():
    assert "loss is 1" in look.curves(table(train_loss=[1.0])).alt
    gaps = table(train_loss=[3.0, 2.0], validation_loss=[np.nan, 0.5], validation_accuracy=[np.nan, 0.5])
    assert "0.5, at epoch 2" in look.curves(gaps).alt
    look.curves(gaps).png(scale=1)


def test_runs_are_compared_by_what_they_reach():
    runs = {
        "slow": table(validation_loss=[0.9, 0.8], validation_accuracy=[0.1, 0.2]),
        "fast": table(validation_loss=[0.5, 0.3, 0.4], validation_accuracy=[0.1, 0.2, 0.3]),
    }
    figure = look.curves(runs)
    assert "best first: fast 0.3, slow 0.8" in figure.alt
    colours = {labelled(figure.axes[0], name).get_color() for name in runs}
    markers = {labelled(figure.axes[0], name).get_marker() for name in runs}
    assert len(colours) == len(markers) == 2


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (table(train_loss=[1.0])[:0], "has no epoch yet"),
        ({}, "the dict is empty"),
        ({"b": pd.DataFrame({"x": [1]})}, "of 'b' needs the columns train_loss"),
    ],
)
def test_what_is_no_history_is_refused(history, message):
    with pytest.raises(ValueError, match=message):
        look.curves(history)


def test_what_is_no_table_is_refused_by_its_kind():
    with pytest.raises(TypeError, match=r"the history that cnnlab\.fit returns, or a dict of several, got a NoneType"):
        look.curves(None)


def test_class_counts_are_the_heights_of_the_bars():
    figure = look.class_counts(split([0, 2, 2, 2, 1], ("ant", "bee", "cat", "none")))
    assert [bar.get_height() for bar in figure.axes[0].patches] == [1, 1, 3, 0]
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["ant", "bee", "cat", "none"]
    assert "from 0 (none) to 3 (cat)" in figure.alt


def test_many_classes_go_without_names():
    figure = look.class_counts(split(list(range(200)), tuple(f"class {i}" for i in range(200))))
    assert len(figure.axes[0].patches) == 200
    assert "0 to 199" in figure.axes[0].get_xlabel()


def test_scores_are_softmax_best_first():
    logits = torch.tensor([[0.0, 3.0, 1.0, 2.0]])
    figure = look.scores(logits, ("a", "b", "c", "d"), count=3)
    expected = np.exp([3, 2, 1]) / np.exp([0, 1, 2, 3]).sum() * 100
    assert [bar.get_width() for bar in figure.axes[0].patches] == pytest.approx(expected.tolist(), rel=1e-4)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["b", "d", "c"]
    assert figure.alt.startswith("Bar chart of class probabilities: b 64.4 %")


@pytest.mark.parametrize("logits", [torch.zeros(2, 3), torch.zeros(4), torch.tensor([0.0, float("nan"), 1.0])])
def test_scores_need_one_picture_with_a_logit_a_class(logits):
    with pytest.raises(ValueError, match="logits of one picture, \\(3,\\) for 3 classes"):
        look.scores(logits, ("a", "b", "c"))


@pytest.fixture
def report() -> Report:
    """Twice cat, once dog right; a dog taken for a cat."""
    logits = torch.tensor([[2.0, 0, 0], [2, 0, 0], [0, 2, 0], [3, 0, 0]])
    return Report(logits, torch.tensor([0, 0, 1, 1]), ("cat", "dog", "fox"))


def test_confusion_writes_the_counts_and_colours_the_share_of_the_true_class(report):
    figure = look.confusion(report)
    written = {text.get_position(): text.get_text() for text in figure.axes[0].texts if text.get_text()}
    assert written == {(0.5, 0.5): "2", (1.5, 1.5): "1", (0.5, 1.5): "1"}
    mistakes, right = figure.axes[0].collections
    assert mistakes.get_array()[1, 0] == 50
    assert mistakes.get_array().mask.diagonal().all()
    assert not right.get_array().mask.diagonal().any()
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("predicted class", "true class")
    assert "75 % right. Most frequent mistakes: dog taken for cat (1)" in figure.alt


def test_confusion_of_very_many_classes_stays_a_picture_and_no_mistake_is_told():
    figure = look.confusion(Report(torch.eye(60), torch.arange(60), tuple(map(str, range(60)))))
    assert not figure.axes[0].texts
    assert len(figure.png()) < 100_000
    assert figure.alt.endswith("100 % right, no mistakes")


def test_correlations_share_one_scale_and_say_their_mean():
    matrix = torch.tensor([[1.0, -0.5, 0.1], [-0.5, 1.0, 0.3], [0.1, 0.3, 1.0]])
    figure = look.correlations({"trained": matrix, "random": torch.eye(3)}, title="Kernels")
    images = [axes.images[0] for axes in figure.axes[:2]]
    assert {image.get_clim() for image in images} == {(-1, 1)}
    assert "trained: off the diagonal |r| is 0.3 on average, at most 0.5" in figure.alt
    assert "random: off the diagonal |r| is 0 on average" in figure.alt


@pytest.mark.parametrize(
    ("matrix", "message"),
    [(torch.zeros(2, 3), "is \\(n, n\\)"), (torch.full((2, 2), 3.0), "between −1 and 1, got up to 3"), ({}, "empty")],
)
def test_what_is_no_correlation_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        look.correlations(matrix)
