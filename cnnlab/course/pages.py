"""A run notebook as one HTML page that opens without a network: text, code, figures and styles are in the file.

nbconvert's own page waits in its head for require.js, MathJax and Mermaid from a CDN. Ours leaves out what nothing
here uses and lets MathJax come later: JupyterLab's MathJax cannot be embedded (it is split over dozens of bundles), so
without a network a formula shows as its LaTeX source, and all the rest as it should.
"""

import re
from pathlib import Path

from jinja2 import DictLoader
from nbconvert import HTMLExporter
from nbformat import NotebookNode

PAGE = """{%- extends 'lab/index.html.j2' -%}
{% from 'mathjax.html.j2' import mathjax %}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
{{ mathjax(resources.mathjax_url) | replace('<script src=', '<script async src=') }}
{%- endblock -%}
"""


def page(notebook: NotebookNode, *, folder: Path) -> str:
    """HTML of a notebook; ``folder`` is where the pictures that its text shows are looked for.

    >>> import nbformat
    >>> html = page(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Pooling")]), folder=Path("."))
    >>> "<title>Pooling</title>" in html, "require.min.js" in html
    (True, False)
    """
    notebook.metadata["title"] = heading(notebook)
    exporter = HTMLExporter(extra_loaders=[DictLoader({"cnnlab.html.j2": PAGE})], template_file="cnnlab.html.j2")
    exporter.embed_images = True
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"path": str(folder)}})
    return html


def heading(notebook: NotebookNode) -> str:
    """The notebook's first heading, without its marks."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^#+ +(.+)$", cell.source, re.MULTILINE)):
            return re.sub(r"[*`$]", "", found.group(1)).strip()
    return "Notebook"
