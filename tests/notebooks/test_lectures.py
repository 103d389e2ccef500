"""What every lecture promises to its reader, before anyone runs it."""

import re
from statistics import median

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.notebooks.conftest import LECTURES, SOLUTIONS

EVERY = pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)


def outputs(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield cell, output


def figures(notebook):
    for cell, output in outputs(notebook):
        html = output.get("data", {}).get("text/html", "")
        for image in BeautifulSoup(html, "html.parser").find_all("img"):
            yield cell, image


def test_every_lecture_has_its_exercise():
    assert LECTURES
    assert [path.name for path in SOLUTIONS] == [path.name for path in LECTURES]


@EVERY
def test_a_lecture_is_saved_with_outputs_of_one_run(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert path.stat().st_size <= 1_000_000
    assert "widgets" not in notebook.metadata
    for cell, output in outputs(notebook):
        assert output.output_type != "error", cell.id
        assert output.get("name") != "stderr", cell.id
        assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {}), cell.id


@EVERY
def test_a_lecture_has_figures_and_every_figure_says_in_words_what_it_shows(path):
    found = list(figures(nbformat.read(path, 4)))
    assert len(found) >= 6
    for cell, image in found:
        assert len(image.get("alt", "")) > 30, cell.id
        assert image["src"].startswith("data:image/png;base64,"), cell.id  # needs no network
    bare = [cell.id for cell, output in outputs(nbformat.read(path, 4)) if "image/png" in output.get("data", {})]
    assert bare == []  # a bare PNG has no alt text in JupyterLab


@EVERY
def test_a_lecture_is_written_to_be_read(path):
    notebook = nbformat.read(path, 4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    words = len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\$\$?.*?\$\$?|`[^`]*`", "", prose, flags=re.S)))
    assert 1500 <= words <= 3500
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert median(len(cell.source.splitlines()) for cell in code) <= 4
    assert max(len(cell.source.splitlines()) for cell in code) <= 15
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    unreadable = [cell.id for cell in notebook.cells if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]+)*", cell.id)]
    assert unreadable == []
