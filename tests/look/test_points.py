import pandas as pd
import pytest

from cnnlab import look
from tests.look.reading import check_texts, texts

TABLE = pd.DataFrame(
    {"cost": [1.0, 10.0, 100.0, 3.0], "gain": [50.0, 60.0, 80.0, None], "kind": ["a", "b", "a", "b"]},
    index=["small", "middle", "large", "unknown"],
)


def test_rows_are_points_with_their_names_and_incomplete_rows_are_left_out():
    figure = look.points(TABLE, x="cost", y="gain", title="Gain")
    (line,) = figure.axes[0].lines
    assert line.get_xydata().tolist() == [[1, 50], [10, 60], [100, 80]]
    assert texts(figure) == ["large", "middle", "small"]  # from the highest point to the lowest
    assert figure.axes[0].get_xlabel() == "cost"
    assert figure.axes[0].get_ylabel() == "gain"
    assert figure.alt == "Gain: 3 points: cost from 1 to 100, gain from 50 (small) to 80 (large)"
    assert not texts(look.points(TABLE, x="cost", y="gain", names=False))


def test_groups_differ_in_colour_and_marker_and_stand_in_the_legend():
    figure = look.points(TABLE, x="cost", y="gain", group="kind", logarithmic="x")
    first, second = figure.axes[0].lines
    assert first.get_marker() != second.get_marker()
    assert first.get_color() != second.get_color()
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["a", "b"]
    assert "of a, b" in figure.alt
    assert (figure.axes[0].get_xscale(), figure.axes[0].get_yscale()) == ("log", "linear")


def test_lines_to_compare_with_are_drawn_and_told():
    figure = look.points(TABLE, x="cost", y="gain", lines={"human": pd.Series([70, 70], index=[1, 100])})
    dashed = figure.axes[0].lines[0]
    assert dashed.get_xydata().tolist() == [[1, 70], [100, 70]]
    assert dashed.get_linestyle() == "--"
    assert figure.alt.endswith("; lines: human")


def test_names_keep_apart_where_points_crowd():
    crowd = pd.DataFrame({"x": [1.0, 1.01, 1.02, 1.0, 5.0], "y": [1.0, 1.01, 1.0, 1.02, 5.0]}, index=list("abcde"))
    check_texts(look.points(crowd, x="x", y="y"), smallest=7)


def test_whole_years_have_whole_ticks():
    years = pd.DataFrame({"year": [2012, 2013, 2015], "error": [16.4, 11.7, 3.57]})
    ticks = look.points(years, x="year", y="error").axes[0].get_xticks()
    assert all(float(tick).is_integer() for tick in ticks)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="the table has no column 'price'; it has cost, gain, kind"):
        look.points(TABLE, x="price", y="gain")
    with pytest.raises(ValueError, match="no row of the table has both 'cost' and 'gain'"):
        look.points(TABLE.tail(1), x="cost", y="gain")
    with pytest.raises(ValueError, match="logarithmic must be one of '', 'x', 'y', 'xy', got 'log'"):
        look.points(TABLE, x="cost", y="gain", logarithmic="log")
    with pytest.raises(ValueError, match="a logarithmic axis needs values above 0, but 'cost' of middle is 0"):
        look.points(TABLE.assign(cost=[1, 0, 1, 1]), x="cost", y="gain", logarithmic="x")
