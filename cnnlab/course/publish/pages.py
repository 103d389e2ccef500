"""A run notebook as one HTML page that opens without a network: text, formulas, code, figures, styles are in the file.

nbconvert's own page waits in its head for require.js, MathJax and Mermaid from a CDN. Ours leaves out what nothing
here uses, and writes formulas as MathML, which browsers draw by themselves.
"""

import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import DictLoader, pass_context
from latex2mathml import exceptions
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

PAGE = """{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
"""


# latex2mathml's errors have no class in common.
SLIPS = [kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)]
FAULTS: tuple[type[Exception], ...] = (*SLIPS, IndexError, KeyError, ValueError)


class Renderer(IPythonRenderer):
    """nbconvert's Markdown, with its formulas as MathML."""

    def inline_math(self, body: str) -> str:
        """A formula within a line."""
        return _formula(body, "inline")

    def block_math(self, body: str) -> str:
        """A formula on a line of its own."""
        return _formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        """A formula such as an ``align``."""
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """A link; one to a notebook of the course leads to its page."""
        if not urlsplit(url).scheme:
            url = re.sub(r"\.ipynb(?=#|$)", ".html", url)
        return str(super().link(text, url, title))


class Exporter(HTMLExporter):
    """nbconvert's page with our template, `Renderer` and pictures in the file."""

    @pass_context
    def markdown2html(self, context: dict[str, Any], source: str) -> str:
        """HTML of a Markdown cell; the pictures that it shows are looked for in the notebook's folder."""
        attachments = context.get("cell", {}).get("attachments", {})
        folder = context["resources"]["metadata"]["path"]
        renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=folder)
        return str(MarkdownWithMath(renderer=renderer).render(source))


def page(notebook: NotebookNode, *, folder: Path) -> str:
    """HTML of a notebook; ``folder`` is where the pictures that its text shows are looked for.

    >>> import nbformat
    >>> html = page(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Pooling")]), folder=Path("."))
    >>> "<title>Pooling</title>" in html, "require.min.js" in html
    (True, False)
    """
    notebook.metadata["title"] = heading(notebook)
    exporter = Exporter(extra_loaders=[DictLoader({"cnnlab.html.j2": PAGE})], template_file="cnnlab.html.j2")
    exporter.embed_images = True
    html, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"path": str(folder)}})
    return html


def heading(notebook: NotebookNode) -> str:
    """The notebook's first heading, without its marks."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^#+ +(.+)$", cell.source, re.MULTILINE)):
            return re.sub(r"[*`$]", "", found.group(1)).strip()
    return "Notebook"


def _formula(latex: str, display: str) -> str:
    """MathML of a formula, or what the author wrote if it is no LaTeX: one slip must not cost the page."""
    try:
        return str(convert(latex, display=display))
    except FAULTS:
        return f"<code>${escape(latex)}$</code>"
