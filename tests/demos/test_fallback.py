"""Where nobody can operate widgets, a demo is a picture with alternative text and says how to get the live one."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from cnnlab import demos
from cnnlab.course.publish.running import execute
from cnnlab.course.publish.tidy import tidy

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("make", [demos.architecture, demos.classify, demos.convolution, demos.kernels, demos.training])
def test_the_bundle_has_the_widget_and_its_picture(make):
    demo = make()
    bundle = demo._repr_mimebundle_()
    assert bundle[WIDGET]["model_id"] == demo.model_id
    page = BeautifulSoup(bundle["text/html"], "html.parser")
    assert page.find("img")["alt"] == demo.alt
    assert page.find("img")["src"].startswith("data:image/png;base64,")
    assert f"This is a picture of the demo cnnlab.demos.{demo.name}(); run this cell in JupyterLab" in page.text
    assert bundle["text/plain"] == f"<Demo {demo.name}: {demo.alt}>"
    demo.close()


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


def test_controls_have_labels_with_units():
    demo = demos.convolution()
    labels = [control.description for control in (demo.stride, demo.padding, demo.dilation)]
    assert labels == ["stride (pixels)", "padding (pixels)", "dilation (pixels)"]
    assert demo.cells.children[5].tooltip == "weight in row 1, column 2"
    demo.close()
