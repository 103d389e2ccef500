"""Pictures: samples, grids, mistakes, activations, responses."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cnnlab import Probe, data, look, models
from cnnlab.evaluation import Report
from cnnlab.look.grid import as_arrays
from tests.look.reading import texts


def drawn(figure: look.Figure) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for image in figure.axes[0].images]


def test_uint8_and_scaled_float_pictures_look_alike(digits):
    images = digits.test.images[:5]
    for ours, scaled in zip(drawn(look.pictures(images)), drawn(look.pictures(data.to_float(images))), strict=True):
        np.testing.assert_allclose(ours, scaled, atol=1e-6)


def test_float_pictures_without_negative_values_run_from_zero_to_one():
    (array,) = as_arrays([torch.tensor([[[0.0, 0.25], [0.5, 1.0]]])])
    np.testing.assert_allclose(array[..., 0], [[0, 0.25], [0.5, 1]])


def test_limits_say_what_is_black_and_white():
    (array,) = as_arrays([torch.tensor([[-600.0, 0.0, 600.0, 900.0]])], (-600, 600))
    np.testing.assert_allclose(array[0, :, 0], [0, 0.5, 1, 1])


def test_pictures_of_different_sizes_and_channels_share_a_sheet():
    images = [torch.zeros(3, 20, 60, dtype=torch.uint8), torch.zeros(1, 30, 10, dtype=torch.uint8)]
    figure = look.pictures(images, titles=["wide", "tall"], title="Two")
    assert [array.shape for array in drawn(figure)] == [(20, 60, 3), (30, 10, 3)]
    assert texts(figure) == ["Two", "wide", "tall"]
    for image in figure.axes[0].images:  # proportions are kept
        left, right, bottom, top = image.get_extent()
        height, width = image.get_array().shape[:2]
        assert (right - left) / (bottom - top) == pytest.approx(width / height)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (torch.zeros(2, 2, 8, 8), {}, "must be \\(1, H, W\\) or \\(3, H, W\\), got \\(2, 8, 8\\)"),
        (torch.zeros(8), {}, "must come as \\(N, C, H, W\\)"),
        ([], {}, "1 to 400 pictures, got 0"),
        (torch.full((1, 1, 2, 2), 7.0), {}, "got values from 7 to 7; give the values of black"),
        (torch.full((1, 1, 2, 2), float("nan")), {}, "got values from nan"),
        (torch.zeros(2, 1, 2, 2), {"titles": ["a"]}, "got 1 titles for 2 pictures"),
        (torch.zeros(2, 1, 2, 2), {"columns": 0}, "columns must be 1 or more, got 0"),
        (torch.zeros(2, 1, 2, 2), {"limits": (1, 1)}, "black below white"),
    ],
)
def test_what_is_no_picture_is_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        look.pictures(images, **options)


@pytest.mark.parametrize("images", ["cat.jpg", [Path("cat.jpg")]])
def test_who_names_files_is_told_what_reads_them(images):
    with pytest.raises(TypeError, match=r"pictures must be tensors, got .*cat\.jpg.*; data\.decode reads a file"):
        look.pictures(images)


def test_who_has_pictures_and_no_split_is_told_what_shows_them():
    with pytest.raises(TypeError, match="got a Tensor; pictures alone are shown by look.pictures"):
        look.samples(torch.zeros(2, 1, 4, 4))


def test_samples_take_the_classes_in_turn(digits):
    figure = look.samples(digits.train, count=20)
    assert texts(figure)[1:] == [*"0123456789"] * 2
    threes = digits.train.images[digits.train.labels == 3]
    np.testing.assert_allclose(drawn(figure)[13][..., 0], threes[1, 0] / 255, atol=1e-6)


def test_samples_of_a_folder_are_decoded_on_demand(tmp_path):
    from PIL import Image

    for name, grey in (("dark", 0), ("light", 255)):
        (tmp_path / name).mkdir()
        for number in range(5):
            Image.new("RGB", (16, 16), (grey,) * 3).save(tmp_path / name / f"{number}.png")
    split = data.folder(tmp_path, size=(8, 8), validation=0.2, test=0.2).train
    figure = look.samples(split, count=2)
    assert texts(figure)[1:] == ["dark", "light"]
    assert [array.mean() for array in drawn(figure)] == [0, 1]
    report = Report(torch.eye(2)[1 - split.labels], split.labels, split.classes)
    assert len(drawn(look.mistakes(report, split))) == len(split)


def test_mistakes_come_with_the_most_confident_first():
    logits = torch.tensor([[2.0, 0], [0, 1], [5, 0], [0, 9]])
    split = data.Split(
        torch.arange(4, dtype=torch.uint8).reshape(4, 1, 1, 1) * 50, torch.tensor([0, 0, 1, 0]), ("a", "b")
    )
    figure = look.mistakes(Report(logits, split.labels, split.classes), split, count=2)
    sure = torch.softmax(logits, dim=1)
    assert texts(figure)[1:] == ["a → b\n100 % sure", f"b → a\n{100 * sure[2, 0]:.3g} % sure"]
    assert [round(255 * float(array.mean())) for array in drawn(figure)] == [150, 100]
    assert "2 of 3 mistakes among 4 pictures" in figure.alt


def test_a_network_without_mistakes_gets_a_figure_that_says_so():
    split = data.Split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.arange(2), ("a", "b"))
    assert "No mistakes" in look.mistakes(Report(torch.eye(2), split.labels, split.classes), split).alt


def test_a_report_of_another_split_is_refused(digits):
    report = Report(torch.zeros(3, 10), torch.tensor([1, 2, 3]), digits.test.classes)
    with pytest.raises(ValueError, match="about 3 pictures and the split has 1,000"):
        look.mistakes(report, digits.test)


def test_activations_of_a_probe_are_a_row_a_layer():
    net = models.build("lenet5")
    with Probe(net) as probe:
        net(torch.randn(2, 1, 28, 28))
    figure = look.activations(probe, index=1, limit=4)
    # three layers of six maps and three of sixteen, four of each shown; five linear layers and ReLUs as strips
    assert len(drawn(figure)) == 6 * 4 + 5
    assert set(probe) <= set(texts(figure))
    assert "features.conv1 6 maps of 24×24" in figure.alt


def test_one_layers_maps_are_a_grid_on_one_scale():
    maps = torch.zeros(1, 3, 2, 2)
    maps[0, 1], maps[0, 2] = 1.0, 2.0
    figure = look.activations(maps)
    from matplotlib import colormaps

    for array, value in zip(drawn(figure), (0.0, 0.5, 1.0), strict=True):
        np.testing.assert_allclose(array[0, 0], colormaps["viridis"](value)[:3])
    assert "strongest on average: map 2" in figure.alt


@pytest.mark.parametrize(
    ("outputs", "options", "message"),
    [
        ({}, {}, "no activation was recorded"),
        (torch.zeros(2, 3, 4, 4), {"index": 2}, "between 0 and 1, the pictures of the batch, got 2"),
        ({"fc": torch.zeros(2, 3, 4)}, {}, "of fc must be \\(N, C, H, W\\)"),
        (torch.zeros(2, 3), {"limit": 0}, "limit must be 1 or more"),
    ],
)
def test_what_is_no_activation_is_refused(outputs, options, message):
    with pytest.raises(ValueError, match=message):
        look.activations(outputs, **options)


def test_a_response_is_centred_at_zero_if_it_has_both_signs():
    picture, kernel = torch.rand(6, 8), torch.tensor([[1.0, -1.0]])
    output = nn.functional.conv2d(picture[None, None], kernel[None, None])
    figure = look.response(picture[None, None], kernel, output)
    image = figure.axes[2].images[0]
    np.testing.assert_allclose(image.get_array(), picture[:, :-1] - picture[:, 1:], rtol=1e-5, atol=1e-6)
    low, high = image.get_clim()
    assert low == -high
    assert [text.get_text() for text in figure.axes[1].texts] == ["1", "−1"]
    assert "6×8 pixels, a kernel of 1×2 and the response of 6×7 pixels" in figure.alt


def test_a_response_without_negative_values_is_grey_from_zero():
    figure = look.response(torch.ones(4, 4), torch.ones(1, 1), torch.ones(4, 4))
    image = figure.axes[2].images[0]
    assert (image.get_cmap().name, image.get_clim()) == ("gray", (0, 1))


def test_a_response_of_one_white_cell_is_seen_and_has_whole_ticks():
    axes = look.response(torch.ones(3, 3), torch.ones(3, 3), torch.ones(1, 1)).axes[2]
    assert all(tick == round(tick) for tick in axes.get_xticks())
    assert all(spine.get_visible() for spine in axes.spines.values())


def test_several_pictures_at_once_are_refused():
    with pytest.raises(ValueError, match="kernel must be .* pass one, as in kernel\\[0, 0\\]"):
        look.response(torch.zeros(4, 4), torch.zeros(2, 1, 3, 3), torch.zeros(2, 2))
