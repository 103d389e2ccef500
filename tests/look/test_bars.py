"""Bars stand for the numbers they were given."""

import numpy as np
import pandas as pd
import pytest

from cnnlab import look


def test_every_number_is_a_bar_of_its_height_and_is_said():
    table = pd.DataFrame({"printed": [34.0, 360], "ours": [118.0, 359.7]}, index=pd.Index(["a", "b"], name="row"))
    figure = look.bars(table, unit="million", title="Cost")
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == [34, 360, 118, 359.7]
    centres = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    assert centres[0] < centres[2] < 0.5 < centres[1] < centres[3]  # a group a row, the columns in their order
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("row", "million", "Cost")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["printed", "ours"]
    assert figure.alt == "Cost. Bar chart, million: printed: a 34, b 360; ours: a 118, b 360"


def test_bars_differ_by_more_than_colour():
    bars = look.bars(pd.DataFrame(np.ones((1, 3)), columns=list("abc"))).axes[0].patches
    assert len({bar.get_facecolor() for bar in bars}) == len({bar.get_hatch() for bar in bars}) == 3


def test_numbers_stand_above_few_bars_and_not_above_many():
    few, many = (look.bars(pd.DataFrame({"a": np.arange(1.0, n)})).axes[0] for n in (4, 30))
    assert [text.get_text() for text in few.texts] == ["1", "2", "3"]
    assert len(many.texts) == 0


def test_long_names_stand_upright_only_where_they_do_not_fit():
    few, many = (look.bars(pd.DataFrame({"a": np.ones(n)}, index=["a long name"] * n)).axes[0] for n in (3, 12))
    assert {label.get_rotation() for label in few.get_xticklabels()} == {0}
    assert {label.get_rotation() for label in many.get_xticklabels()} == {90}


def test_a_missing_number_leaves_its_place_empty():
    figure = look.bars(pd.DataFrame({"a": [1.0, np.nan], "b": [2.0, 3.0]}, index=["x", "y"]), logarithmic=True)
    assert figure.axes[0].get_yscale() == "log"
    assert "a: x 1; b: x 2, y 3" in figure.alt
    figure.png(scale=1)


def test_a_table_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="needs values above 0, but 'a' of y is 0; leave it out"):
        look.bars(pd.DataFrame({"a": [1.0, 0.0]}, index=["x", "y"]), logarithmic=True)
    with pytest.raises(ValueError, match="no number to draw: it has 0 rows, 1 columns"):
        look.bars(pd.DataFrame({"a": []}))
    with pytest.raises(ValueError, match="7 columns at most, got 8"):
        look.bars(pd.DataFrame(np.ones((1, 8))))
