"""Lines over a number: means, single values and their range, as given."""

import numpy as np
import pandas as pd
import pytest

from cnnlab import look
from tests.look.reading import labelled


def seeds() -> pd.DataFrame:
    index = pd.Index([56, 8, 8, 56], name="layers")
    return pd.DataFrame({"plain": [2.0, 0.1, 0.3, 3.0], "residual": [0.2, 0.1, 0.2, 0.4]}, index=index)


def test_a_line_goes_through_the_means_of_repeats_and_shows_every_one_of_them():
    axes = look.lines(seeds(), y="loss").axes[0]
    plain = labelled(axes, "plain")
    assert plain.get_xdata().tolist() == [8, 56]
    assert plain.get_ydata() == pytest.approx([0.2, 2.5])
    dots = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert [sorted(dot.get_ydata()) for dot in dots] == [[0.1, 0.3, 2.0, 3.0], [0.1, 0.2, 0.2, 0.4]]
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[band[:, 0] == 56, 1].min(), band[band[:, 0] == 56, 1].max()) == (2.0, 3.0)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("layers", "loss")
    assert "residual from 0.15 (0.1 to 0.2) at 8 to 0.3 (0.2 to 0.4) at 56" in axes.figure.alt


def test_lines_differ_by_more_than_colour():
    axes = look.lines(seeds(), y="loss").axes[0]
    plain, residual = labelled(axes, "plain"), labelled(axes, "residual")
    assert plain.get_color() != residual.get_color()
    assert plain.get_marker() != residual.get_marker()
    assert plain.get_linestyle() != residual.get_linestyle()


def test_without_repeats_there_are_no_dots_and_a_column_may_end_early():
    table = pd.DataFrame({"short": [1.0, 10.0, np.nan], "long": [1.0, 2.0, 3.0]}, index=[1, 2, 3])
    figure = look.lines(table, y="gradient norm", logarithmic="y")
    assert len(figure.axes[0].lines) == 2
    assert labelled(figure.axes[0], "short").get_xdata().tolist() == [1, 2]
    assert figure.axes[0].get_yscale() == "log"
    assert "short from 1 at 1 to 10 at 2, long from 1 at 1 to 3 at 3" in figure.alt
    figure.png(scale=1)


@pytest.mark.parametrize(
    ("table", "logarithmic", "message"),
    [
        (seeds(), "z", "logarithmic must be one of '', 'x', 'y', 'xy', got 'z'"),
        (seeds() - 1, "y", "logarithmic axis needs values above 0, but 'plain' of 8 is −0.9"),
        (seeds().set_index(pd.Index([-1, 0, 1, 2])), "x", "logarithmic axis needs values above 0, but .* of -1 is −1"),
        (seeds().set_axis(list("abcd")), "", "the index must be numbers, the values on the x axis, got 'a'"),
        (pd.DataFrame({"a": [np.nan]}), "", "nothing to draw: the table has 1 rows and no number"),
        (pd.DataFrame(), "", "nothing to draw: the table has 0 rows"),
    ],
)
def test_what_cannot_be_drawn_is_refused(table, logarithmic, message):
    with pytest.raises(ValueError, match=message):
        look.lines(table, y="loss", logarithmic=logarithmic)
