import pytest
import torch

from cnnlab.look import verdict

PHOTO = torch.zeros(3, 40, 40, dtype=torch.uint8)


def test_bars_are_the_best_classes_in_their_order():
    figure = verdict(PHOTO, torch.tensor([0.1, 0.6, 0.3]), ("cat", "cup", "dog"), heat=torch.eye(40))
    shown, bars = figure.axes
    assert [bar.get_width() for bar in bars.patches] == pytest.approx([60, 30, 10])
    assert [label.get_text() for label in bars.get_yticklabels()] == ["cup", "dog", "cat"]
    assert len(shown.images) == 2
    assert figure.alt == (
        "A picture, over it what spoke for the first of them, and its most probable classes: "
        "cup 60 %, dog 30 %, cat 10 %"
    )


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"a photograph must have shape \(3, H, W\), got \(40, 40\)"):
        verdict(PHOTO[0], torch.tensor([1.0]), ("cat",))
    with pytest.raises(ValueError, match=r"2 classes need as many probabilities, got shape \(1,\)"):
        verdict(PHOTO, torch.tensor([1.0]), ("cat", "cup"))
