"""Accuracy against operations: the circles are the numbers, published and own ones apart."""

import numpy as np
import pandas as pd
import pytest

from cnnlab import look
from cnnlab.models import published
from tests.look.reading import check_texts, texts

OWN = pd.DataFrame(
    {"parameters": [44_426, 966_986], "multiply_adds": [281_640, 222e6], "top1": [97.5, 98.5]}, index=["lenet5", "nin"]
)


def circles(axes) -> tuple[np.ndarray, np.ndarray]:
    """Places and areas."""
    return np.asarray(axes.collections[0].get_offsets()), axes.collections[0].get_sizes()


def test_places_are_the_numbers_and_areas_are_in_proportion_to_the_parameters():
    figure = look.efficiency(published().loc[["alexnet", "vgg19", "resnet18"]])
    places, areas = circles(figure.axes[0])
    expected = {72.376: (19.632, 143_667_240), 56.522: (0.714, 61_100_840), 69.758: (1.814, 11_689_512)}
    assert {y: round(x / 1e9, 3) for x, y in places.tolist()} == {y: x for y, (x, _) in expected.items()}
    parameters = np.array([expected[y][1] for _, y in places.tolist()])
    assert areas / areas.max() == pytest.approx(parameters / parameters.max())
    assert "10 billion" in [label.get_text() for label in figure.axes[0].get_xticklabels()]


def test_published_and_own_measurements_have_panels_and_scales_of_their_own():
    figure = look.efficiency(published(), OWN)
    above, below = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["Published accuracy on ImageNet", "Own measurements"]
    assert below.get_ylim()[0] > above.get_ylim()[1]
    assert "Own measurements against multiply-adds, area = parameters. Best first: nin 98.5 %" in figure.alt


def test_rows_with_a_gap_are_left_out_and_a_network_has_one_circle():
    names = texts(look.efficiency(published()))
    assert len(names) == len(set(names)) == 16  # torchvision's 15 and EfficientNet-Lite0
    assert "inception_v4" not in names
    filled = published().fillna({"parameters": 40e6, "multiply_adds": 12e9})
    assert {"inception_v4", "vgg16_c"} <= set(texts(look.efficiency(filled)))


def test_names_do_not_overlap_and_stay_in_the_panel():
    figure = look.efficiency(published())
    figure.draw_without_rendering()
    check_texts(figure, smallest=7, inside=figure.axes[0].get_window_extent())


def test_the_alternative_text_tells_the_best_first():
    alt = look.efficiency(published().loc[["alexnet", "resnet50", "vgg16"]]).alt
    assert alt.index("resnet50 76.1 %") < alt.index("vgg16 71.6 %") < alt.index("alexnet 56.5 % with 714 million")


def test_a_single_network_is_shown():
    look.efficiency(published().loc[["vgg16"]]).png(scale=1)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (OWN.drop(columns="top1"), "needs the columns parameters, multiply_adds, top1; it lacks top1"),
        (OWN.assign(top1=[0.975, 0.985]), "in percent, 0 to 100, got 0.975 to 0.985; multiply fractions by 100"),
        (OWN.assign(top1=[97.5, 120]), "in percent"),
        (OWN.assign(parameters=[0, 5]), "must be positive"),
        (OWN.assign(multiply_adds=np.nan), "no row has all of"),
    ],
)
def test_tables_that_cannot_be_drawn_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        look.efficiency(table)
