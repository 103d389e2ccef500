"""What a notebook's file should not hold: traces of the machine and the moment, and widgets that nobody can draw.

A saved widget needs its state, a running kernel or a network; its fallback (a figure, a table, text) needs nothing.
"""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
MOMENTS = ("execution", "ExecuteTime", "scrolled", "collapsed")  # of a cell's metadata: when and how it was last seen
TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")


def tidy(notebook: NotebookNode, *, folder: Path) -> NotebookNode:
    """Strip, in place, widget state, widget views that have a fallback, timing, machine and Python, and absolute paths.

    ``folder`` is where the notebook ran: paths in it become relative, others under the home, the environment or the
    temporary folder get a name for that.

    >>> import nbformat
    >>> output = nbformat.v4.new_output("display_data", {WIDGET: {"model_id": "1"}, "text/html": "<img alt='A digit'>"})
    >>> cell = nbformat.v4.new_code_cell("demo", outputs=[output], metadata={"execution": {"iopub.status.busy": "now"}})
    >>> clean = tidy(nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}}), folder=Path("."))
    >>> clean.cells[0].outputs[0].data, clean.cells[0].metadata, "widgets" in clean.metadata
    ({'text/html': "<img alt='A digit'>"}, {}, False)
    """
    named = _named_paths(folder)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("signature", None)
    notebook.metadata["kernelspec"] = NotebookNode(KERNEL)
    notebook.metadata["language_info"] = NotebookNode(name="python", file_extension=".py", mimetype="text/x-python")
    for cell in notebook.cells:
        for key in MOMENTS:
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", ()):
            _tidy_output(output, named)
    return notebook


def _tidy_output(output: NotebookNode, named: dict[str, str]) -> None:
    if output.output_type == "stream":
        output.text = _without(output.text, named)
    data = output.get("data", {})
    if WIDGET in data and len(data) > 1:
        del data[WIDGET]
    for kind in TEXTS:
        if kind in data:
            data[kind] = _without(data[kind], named)


def _without(text: Any, named: dict[str, str]) -> str:
    text = "".join(text)  # a file may hold a list of lines
    for path, name in named.items():
        end = "" if path.endswith(os.sep) else r"(?![\w-])"  # not a part of a longer word or path
        text = re.sub(rf"(?<![\w.~/+-]){re.escape(path)}{end}", name, text)
    return re.sub(r"/ipykernel_\d+/\d+\.py", "/a-cell.py", text)


def _named_paths(folder: Path) -> dict[str, str]:
    here, temporary = str(folder.resolve()), str(Path(tempfile.gettempdir()).resolve())
    named = {here + os.sep: "", here: ".", sys.prefix: "<environment>", temporary: "<temporary>", str(Path.home()): "~"}
    return {path: name for path, name in named.items() if len(path) > 1}  # a home of "/" is in any path
