"""The map of a class over a photograph."""

import numpy as np
import pytest
import torch

from cnnlab import look

WINDOWS = {"window": (32, 48), "stride": (16, 8)}


def test_the_best_window_is_outlined_where_the_network_saw_it():
    scores = torch.zeros(3, 4)
    scores[2, 1] = 0.75
    figure = look.heatmap(torch.rand(3, 64, 72), scores, **WINDOWS, label="tabby")
    for axes in figure.axes[:2]:
        boxes = [patch.get_bbox().bounds for patch in axes.patches]
        assert boxes == [(8, 32, 48, 32)] * 2  # left, top, width, height: column 1, row 2
    assert figure.axes[0].get_title() == "best window: tabby, 75 %"
    assert figure.alt == (
        "tabby in a picture of 72×64 pixels, a map of 4×3 windows of 48×32 pixels: from 0 % to 75 %; the best window "
        "begins 8 pixels from the left and 32 from the top, in column 2 of 4 and row 3 of 3"
    )


def test_a_cell_is_drawn_at_the_centre_of_its_window():
    scores = torch.rand(3, 4)
    image = look.heatmap(torch.rand(3, 64, 72), scores, **WINDOWS).axes[1].images[1]
    np.testing.assert_allclose(image.get_array(), scores)
    left, right, bottom, top = image.get_extent()
    assert (left + 4, top + 8) == (24, 16)  # the first window's centre is half a window from the corner
    assert (right - 4, bottom - 8) == (24 + 3 * 8, 16 + 2 * 16)


def test_probabilities_begin_at_zero_and_other_scores_are_centred_there():
    photo = torch.zeros(1, 64, 72, dtype=torch.uint8)
    probability = look.heatmap(photo, torch.full((3, 4), 0.5), **WINDOWS)
    assert probability.axes[1].images[1].get_clim() == (0, 0.5)
    assert probability.axes[1].child_axes[0].get_ylabel() == "probability"
    score = look.heatmap(photo, torch.tensor([[-3.0, 1.0]]), **WINDOWS)
    assert score.axes[1].images[1].get_clim() == (-3, 3)
    assert score.axes[1].child_axes[0].get_ylabel() == "score"
    assert "from −3 to 1" in score.alt


def test_a_last_window_that_padding_lets_stick_out_is_cut_at_the_edge():
    scores = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.9]])
    figure = look.heatmap(torch.rand(3, 32, 79), scores, **WINDOWS)
    assert figure.axes[0].patches[0].get_bbox().bounds == (32, 0, 47, 32)


def test_the_figure_fits_a_page():
    for height, width in ((300, 100), (100, 300), (500, 500)):
        scores = torch.rand((height - 32) // 16 + 1, (width - 48) // 8 + 1)
        figure = look.heatmap(
            torch.rand(3, height, width), scores, **WINDOWS, label="a very long name of a class indeed"
        )
        assert figure.get_figwidth() <= 7.5
        assert figure.get_figheight() <= 5.5


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (torch.rand(2, 3, 4), "the map \\(H', W'\\) of one class, as in logits\\[0, label\\], got \\(2, 3, 4\\)"),
        (torch.rand(0, 4), "the map \\(H', W'\\) of one class"),
        (torch.full((3, 4), torch.nan), "must be finite, got NaN"),
        (torch.rand(4, 4), "4×4 windows of 32×48 pixels, 16 and 8 pixels apart, do not fit into a picture of 64×72"),
    ],
)
def test_what_is_no_map_of_the_picture_is_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        look.heatmap(torch.rand(3, 64, 72), scores, **WINDOWS)
