"""Figures are HTML images with alternative text, small, and independent of pyplot."""

import base64
import io
import re

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from PIL import Image, ImageFilter

from cnnlab import data, look
from cnnlab.course.publish.running import execute
from cnnlab.look.figure import _packed


def simple(alt: str = "A line") -> look.Figure:
    figure = look.Figure((4, 2), alt=alt)
    figure.subplots().plot([1, 2, 3])
    return figure


def shown(figure: look.Figure) -> Image.Image:
    return Image.open(io.BytesIO(figure.png()))


def test_a_notebook_gets_html_and_text_and_nothing_else():
    assert set(simple()._repr_mimebundle_()) == {"text/html", "text/plain"}
    assert simple()._repr_mimebundle_()["text/plain"] == "<Figure: A line>"


@pytest.mark.parametrize("alt", ['"quoted" <b> & é → ∞', "it's", "plain"])
def test_the_alternative_text_survives_html(alt):
    image = BeautifulSoup(simple(alt).html(), "html.parser").find("img")
    assert image["alt"] == alt
    assert image["width"] == "400"
    assert "max-width:100%" in image["style"]


def test_the_image_is_a_png_with_two_dots_a_css_pixel():
    data = re.search(r'src="data:image/png;base64,([^"]+)"', simple().html()).group(1)
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (image.format, image.size) == ("PNG", (800, 400))


def test_a_map_over_a_photograph_has_no_false_bands_of_colour():
    scores = torch.linspace(0, 1, 120).reshape(8, 15)
    figure = look.heatmap(data.photo("coffee", size=(448, 672)), scores, window=(224, 224), stride=(32, 32))
    true = figure._pixels(1.5)
    packed = Image.open(io.BytesIO(_packed(true))).convert("RGB")
    seen, meant = (np.asarray(image.filter(ImageFilter.BoxBlur(4)), float) for image in (packed, true))
    assert np.abs(seen - meant).max() < 20  # of 255
    assert np.asarray(packed)[0, 0].tolist() == [255, 255, 255]


def test_scale_asks_for_other_sizes_and_leaves_the_figure_as_it_was():
    figure = simple()
    assert Image.open(io.BytesIO(figure.png(scale=1))).size == (400, 200)
    assert shown(figure).size == (800, 400)


def test_large_photographs_get_fewer_dots_not_more_bytes():
    figure = look.pictures([data.photo("astronaut"), data.photo("china")])
    assert len(figure.png()) < 100_000
    assert shown(figure).size[0] < 2 * 100 * figure.get_figwidth()


def test_it_is_written_to_files_of_any_format(tmp_path):
    figure = simple()
    figure.save(tmp_path / "a.pdf")
    figure.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.pdf").read_bytes()[:4] == b"%PDF"
    assert Image.open(tmp_path / "a.png").size == (800, 400)
    assert figure.png() == simple().png()


def test_no_figure_is_left_behind_and_no_setting_changed(digits):
    before = dict(matplotlib.rcParams)
    look.samples(digits.train, count=4).html()
    look.class_counts(digits.train).html()
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


@pytest.mark.slow  # it starts a kernel
def test_beside_pyplot_in_a_notebook_it_is_shown_once_and_without_a_bare_png(tmp_path):
    cells = [
        "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
        "from cnnlab import look; figure = look.Figure((2, 1), alt='mine'); figure",
        "display(figure)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    execute(notebook, folder=tmp_path)
    pyplot, returned, displayed = (cell.outputs for cell in notebook.cells)
    assert "image/png" in pyplot[0].data
    for outputs in (returned, displayed):
        assert len(outputs) == 1
        assert set(outputs[0].data) == {"text/html", "text/plain"}
        assert 'alt="mine"' in outputs[0].data["text/html"]
