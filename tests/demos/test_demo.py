"""What all demos do: they say that they are busy, survive errors, and are pictures where widgets cannot run."""

import ipywidgets as widgets
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from cnnlab import demos, look
from cnnlab.course.publish.running import execute
from cnnlab.course.publish.tidy import tidy
from tests.demos.reading import alt, status

WIDGET = "application/vnd.jupyter.widget-view+json"


class Toy(demos.Demo):
    """A slider; values below 0 are refused."""

    name = "toy"
    busy = "drawing …"

    def __init__(self) -> None:
        self.slider, self.other = widgets.IntText(1), widgets.IntText(1)
        super().__init__([self.slider, self.other])
        self.redraw_on(self.slider, self.other)
        self.redraw()

    def draw(self) -> look.Figure:
        if self.slider.value < 0:
            raise ValueError(f"<b>{self.slider.value}</b> is below 0")
        return look.Figure((1, 1), alt=f"{self.slider.value} and {self.other.value}")

    def message(self) -> str:
        return "first line\nsecond line"


@pytest.fixture
def demo():
    demo = Toy()
    yield demo
    demo.close()


def test_a_control_redraws_and_the_demo_says_that_it_is_busy_until_then(demo):
    said = []
    demo.status.observe(lambda change: said.append(status(demo)), "value")
    demo.slider.value = 2
    assert alt(demo) == "2 and 1"
    assert said == ["drawing …", "first line\nsecond line"]


def test_several_controls_can_change_before_one_drawing(demo):
    pictures = []
    demo.picture.observe(lambda change: pictures.append(alt(demo)), "value")
    with demo.one_redraw():
        demo.slider.value, demo.other.value = 2, 3
    assert pictures == ["2 and 3"]


def test_an_error_is_shown_as_text_and_the_last_picture_stays(demo):
    demo.slider.value = -1
    assert "This does not work:" in status(demo)
    assert "<b>-1</b> is below 0" in status(demo)
    assert alt(demo) == "1 and 1"
    demo.slider.value = 5
    assert status(demo) == "first line\nsecond line"
    assert alt(demo) == "5 and 1"


@pytest.mark.parametrize("make", [Toy, demos.convolution, demos.training])
def test_the_bundle_has_the_widget_and_its_picture(make):
    demo = make()
    bundle = demo._repr_mimebundle_()
    assert bundle[WIDGET]["model_id"] == demo.model_id
    page = BeautifulSoup(bundle["text/html"], "html.parser")
    assert page.find("img")["alt"] == demo.alt != ""
    assert page.find("img")["src"].startswith("data:image/png;base64,")
    assert f"This is a picture of the demo cnnlab.demos.{demo.name}(); run this cell in JupyterLab" in page.text
    assert bundle["text/plain"] == f"<Demo {demo.name}: {demo.alt}>"
    demo.close()


@pytest.mark.slow  # it starts a kernel
def test_an_exported_page_and_a_tidied_notebook_show_the_picture(tmp_path):
    cell = nbformat.v4.new_code_cell("from cnnlab import demos\ndemos.convolution()")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    execute(notebook, folder=tmp_path)
    for kept in (notebook, tidy(notebook, folder=tmp_path)):
        page = BeautifulSoup(HTMLExporter(template_name="lab").from_notebook_node(kept)[0], "html.parser")
        image = page.select_one(".jp-OutputArea-output img")
        assert "A picture of 28×28 pixels" in image["alt"]
        assert "run this cell in JupyterLab" in page.text
    assert WIDGET not in notebook.cells[0].outputs[0].data
