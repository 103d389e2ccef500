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
    places = _places(folder)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("signature", None)
    notebook.metadata["kernelspec"] = NotebookNode(KERNEL)
    notebook.metadata["language_info"] = NotebookNode(name="python", file_extension=".py", mimetype="text/x-python")
    for cell in notebook.cells:
        for key in MOMENTS:
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", ()):
            _tidy_output(output, places)
    return notebook


def machine_paths(text: str) -> list[str]:
    """Absolute paths of this machine in a text: what ``tidy`` would replace.

    >>> machine_paths("saved to lenet5.safetensors")
    []
    """
    return [place for place, _ in _places(Path.cwd()) if re.search(_whole(place), text)]


def _tidy_output(output: NotebookNode, places: list[tuple[str, str]]) -> None:
    if output.output_type == "stream":
        output.text = _without(output.text, places)
    data = output.get("data", {})
    if WIDGET in data and len(data) > 1:
        del data[WIDGET]
    for kind in TEXTS:
        if kind in data:
            data[kind] = _without(data[kind], places)


def _without(text: Any, places: list[tuple[str, str]]) -> str:
    text = "".join(text)  # a file may hold a list of lines
    for place, name in places:
        text = re.sub(_whole(place), name, text)
    return re.sub(r"/ipykernel_\d+/\d+\.py", "/a-cell.py", text)


def _whole(place: str) -> str:
    """Pattern of a path as such, not as a part of a longer word or path."""
    return rf"(?<![\w.~/+-]){re.escape(place)}" + ("" if place.endswith(os.sep) else r"(?![\w-])")


def _places(folder: Path) -> list[tuple[str, str]]:
    here = str(folder.resolve())
    home, temporary = str(Path.home()), str(Path(tempfile.gettempdir()).resolve())
    named = [(here + os.sep, ""), (here, "."), (sys.prefix, "<environment>"), (temporary, "<temporary>"), (home, "~")]
    return [(place, name) for place, name in named if len(place) > 1]  # a home of "/" is in any path
