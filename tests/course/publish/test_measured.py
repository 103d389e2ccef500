"""Numbers in prose that are bound to the run."""

from pathlib import Path

import nbformat
import pytest

from cnnlab.course.notebooks import CourseError, read
from cnnlab.course.publish.measured import claims, contradictions
from cnnlab.course.publish.pages import page
from cnnlab.course.publish.running import run

from ..conftest import v4


def lecture(path: Path, said: str) -> Path:
    cells = [v4.new_code_cell("x = [10, 4]"), v4.new_markdown_cell(said, id="read"), v4.new_code_cell("x = [10, 9]; x")]
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


@pytest.mark.notebook
def test_a_number_is_measured_where_it_stands_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    said = (
        "It falls to 40 %<!-- measured: 0.35 < x[1] / x[0] < 0.45 -->, by 5<!-- measured: 4.5 < x[0] - x[1] < 5.5 -->."
    )
    path = lecture(tmp_path / "01.ipynb", said)
    assert contradictions(read(path)) == [
        "cell 'read': x[1] / x[0] was not measured; run the notebook and save it",
        "cell 'read': x[0] - x[1] was not measured; run the notebook and save it",
    ]
    ran = run(path, save=True)
    assert ran.contradictions == ("cell 'read': the text says 4.5 < x[0] - x[1] < 5.5, the run gives 6",)
    saved = read(path)
    assert contradictions(saved) == list(ran.contradictions)
    assert [cell.get("execution_count") for cell in saved.cells] == [1, None, 2], "measuring counts as no cell"
    assert saved.cells[1].source == said
    assert "measured" not in page(saved, folder=tmp_path).partition("<p>It falls")[2].partition("<!--")[0]


@pytest.mark.parametrize("written", ["x[1] == 4", "about 4 < x[1] < 5", "3 < x[1]"])
def test_a_comment_without_two_limits_is_refused(written: str) -> None:
    cell = v4.new_markdown_cell(f"Four<!-- measured: {written} -->.", id="read")
    with pytest.raises(CourseError, match=r"cell 'read': a measured number is written LOW < EXPRESSION < HIGH, got"):
        claims(cell)
