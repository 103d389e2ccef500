"""A course of one lecture with its exercise, made in a temporary folder as a clone would hold it."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from cnnlab.course import notebooks
from cnnlab.course.exercises.making import generated, marked

v4 = nbformat.v4
IMPORT = "from cnnlab.course import Check\n\n"
SIZE = (
    IMPORT
    + 'with Check("Question 1: output size", hint="Count the positions.") as check:\n'
    + '    check("a 5×5 filter on 28 pixels", lambda: output_size(28, 5) == 24)\n'
    + '    check("a 1×1 filter changes nothing", lambda: output_size(28, 1) == 28)'
)
COUNT = (
    IMPORT
    + 'with Check("Question 2: parameters", hint="Biases count too.") as check:\n'
    + '    check.equal("of a 5×5 filter", lambda: parameters, 26)'
)


def check_cell(cell_id: str, source: str, printed: str) -> NotebookNode:
    output = v4.new_output("stream", name="stdout", text=printed)
    return v4.new_code_cell(
        source, id=cell_id, outputs=[output], execution_count=1, metadata={"tags": ["nbval-check-output"]}
    )


def solution() -> NotebookNode:
    size = "def output_size(n, k):\n    ### BEGIN SOLUTION\n    return n - k + 1\n    ### END SOLUTION"
    count = "parameters = None\n### BEGIN SOLUTION\nparameters = 26\n### END SOLUTION"
    sizes = "✓ a 5×5 filter on 28 pixels\n✓ a 1×1 filter changes nothing\n"
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Exercise 1", id="title"),
            v4.new_code_cell("import math", id="imports"),
            v4.new_code_cell(size, id="answer-size"),
            check_cell("check-size", SIZE, sizes),
            v4.new_code_cell(count, id="answer-count", execution_count=3, outputs=[v4.new_output("stream", text="26")]),
            check_cell("check-count", COUNT, "✓ of a 5×5 filter\n"),
        ]
    )


def exercise() -> NotebookNode:
    """What nbgrader makes of the solution, written by hand."""
    notebook = solution()
    stub = 'raise NotImplementedError("your answer goes here")'
    notebook.cells[2].source = f"def output_size(n, k):\n    {stub}"
    notebook.cells[4].source = f"parameters = None\n{stub}"
    notebook.cells[4].outputs, notebook.cells[4].execution_count = [], None
    return notebook


def answered(size: str = "n - k + 1", count: str = "26") -> NotebookNode:
    notebook = exercise()
    notebook.cells[2].source = f"def output_size(n, k):\n    return {size}"
    notebook.cells[4].source = f"parameters = {count}"
    return notebook


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebooks folder of a clone; the current folder is an empty one of a student."""
    folder = tmp_path / "clone" / "notebooks"
    lecture = v4.new_notebook(
        cells=[v4.new_markdown_cell("# 1 · *Pictures*", id="title"), v4.new_code_cell("1 + 1", id="sum")]
    )
    for name, notebook in (("", lecture), ("exercises", generated(solution())), ("solutions", marked(solution()))):
        (folder / name).mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / name / "01_pictures.ipynb")
    (folder / "pictures").mkdir()
    (folder / "pictures" / "seven.png").write_bytes(b"a picture")
    monkeypatch.setattr(notebooks, "PACKAGE", tmp_path / "clone" / "cnnlab")
    student = tmp_path / "student"
    student.mkdir()
    monkeypatch.chdir(student)
    return folder
