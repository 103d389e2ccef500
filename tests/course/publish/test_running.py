"""Kernels are real here, and so few: each test starts one and asks it several things."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from cnnlab.course import notebooks
from cnnlab.course.notebooks import CourseError, find, read
from cnnlab.course.publish.pages import page
from cnnlab.course.publish.running import make_folder, run
from cnnlab.course.publish.tidy import WIDGET, tidy

from ..conftest import v4


def notebook(*sources: str) -> NotebookNode:
    cells = [v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    return v4.new_notebook(cells=[v4.new_markdown_cell("# 1 · *Pictures* and $x^2$\n\n![seven](seven.png)"), *cells])


def saved(path: Path, *sources: str) -> Path:
    nbformat.write(notebook(*sources), path)
    return path


def test_a_run_saves_clean_outputs_and_a_page_that_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_OF_THE_TEST", sys.executable)
    (tmp_path / "seven.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    path = saved(
        tmp_path / "01_pictures.ipynb",
        "import os, sys; print(os.getcwd()); print(sys.executable)",
        'from IPython.display import HTML; HTML(\'<img alt="The digit 7" src="data:image/png;base64,aaaa">\')',
        "import ipywidgets; ipywidgets.IntSlider()",
        "assert sys.executable == os.environ['PYTHON_OF_THE_TEST']",
    )
    steps: list[tuple[int, int]] = []
    ran = run(path, save=True, html=tmp_path / "out", progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert ran.cells == 4
    assert ran.written == (path, tmp_path / "out" / "01_pictures.html")
    clean, text = read(path), path.read_text()
    assert clean.cells[1].outputs[0].text.splitlines()[0] == "."
    assert clean.cells[1].outputs[0].text.splitlines()[1].startswith("<environment>")
    assert [cell.execution_count for cell in clean.cells[1:]] == [1, 2, 3, 4]
    assert not [path for path in (str(tmp_path), sys.prefix, str(Path.home())) if path in text]
    assert "widgets" not in clean.metadata
    assert WIDGET not in text
    html = ran.written[1].read_text()
    assert "<title>1 · Pictures and x^2</title>" in html
    assert 'alt="The digit 7"' in html
    assert "data:image/png;base64,iVBORw0KGgo" in html, "the picture of the text is in the page"
    assert "require.min.js" not in html
    assert not re.findall(r"<(?:script|link)[^>]*(?:src|href)=[^>]*>", html), "nothing comes from elsewhere"


def test_a_page_shows_formulas_without_a_network_and_survives_a_slip_in_one(tmp_path: Path) -> None:
    text = "A line $x^2$,\n\n$$\\frac{1}{2}$$\n\n\\begin{align}a&=b\\end{align}\n\nand a slip: $\\left(x$"
    cells = [nbformat.v4.new_markdown_cell(text)]
    html = page(nbformat.v4.new_notebook(cells=cells), folder=tmp_path)
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>" in html
    assert html.count('display="block"') == 2
    assert r"<code>$\left(x$</code>" in html


def test_pages_that_would_overwrite_each_other_or_a_file_are_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "solutions").mkdir()
    lecture = saved(tmp_path / "01_pictures.ipynb", "open('ran', 'w').close()")
    solution = saved(tmp_path / "solutions" / "01_pictures.ipynb", "1")
    rule = f"^{re.escape(str(lecture))} and {re.escape(str(solution))} would both be 01_pictures.html; give each"
    with pytest.raises(CourseError, match=rule):
        make_folder(tmp_path / "out", [lecture, solution])
    make_folder(tmp_path / "out", [lecture, tmp_path / "solutions" / ".." / "01_pictures.ipynb"])  # the same one twice
    (tmp_path / "page.html").write_text("mine")
    for html in (tmp_path / "page.html", tmp_path / "page.html" / "out"):
        with pytest.raises(
            CourseError, match=r"cannot write into .*page.html.*: (File exists|Not a directory); name a"
        ):
            run(lecture, html=html)
    assert not (tmp_path / "ran").exists()


def test_a_cell_that_raises_is_shown_with_its_id_source_and_traceback(tmp_path: Path) -> None:
    path = saved(tmp_path / "01.ipynb", "def f(x):\n    return 1 / x", "# 1\n# 2\n# 3\n# 4\nf(0)\n# 6\n# 7")
    before = path.read_bytes()
    with pytest.raises(CourseError) as failure:
        run(path, save=True)
    told = str(failure.value)
    assert told.startswith("cell 'cell-1':\n    # 1\n    # 2\n    # 3\n    # 4\n    f(0)\n    … 2 more lines\n")
    assert told.endswith("ZeroDivisionError: division by zero")
    assert "----> 2     return 1 / x" in told
    assert "\x1b" not in told
    assert failure.value.code == 1
    assert path.read_bytes() == before


@pytest.mark.notebook
def test_a_kernel_that_dies_is_reported(tmp_path: Path) -> None:
    path = saved(tmp_path / "01.ipynb", "import os; os._exit(1)")
    with pytest.raises(CourseError, match=r"cell 'cell-0':\n.*\nended its kernel: out of memory, or a crash"):
        run(path)


@pytest.mark.notebook
def test_a_cell_that_never_ends_is_stopped(tmp_path: Path) -> None:
    path = saved(tmp_path / "01.ipynb", "while True: pass")
    with pytest.raises(CourseError, match=r"cell 'cell-0':\n    while True: pass\ntook more than 1 seconds"):
        run(path, timeout=1)


@pytest.mark.notebook
@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_an_interrupt_ends_the_run_and_its_kernel(tmp_path: Path) -> None:
    mark = tmp_path / "kernel.pid"
    path = saved(
        tmp_path / "01.ipynb", f"import os; open({str(mark)!r}, 'w').write(str(os.getpid()))", "while True: pass"
    )
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from cnnlab.cli import app; app()"
    process = subprocess.Popen([sys.executable, "-c", code, "run", path], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: mark.exists() and mark.read_text())
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert told.splitlines() == ["01 …", "cnnlab: stopped"]
    wait_for(lambda: not alive(int(mark.read_text())))


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)  # asks, and does nothing to it
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: object, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.notebook
def test_a_packaged_lecture_runs_on_a_copy(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = notebooks.PACKAGE
    package.mkdir()
    course.rename(package / "notebooks")
    path = saved(find("01"), "open('lenet5.safetensors', 'w').close()", "open('pictures/seven.png').read()")
    run(path)
    assert not (path.parent / "lenet5.safetensors").exists()


def test_tidying_keeps_a_widget_that_has_no_other_form() -> None:
    only = v4.new_code_cell("x", outputs=[v4.new_output("display_data", {WIDGET: {"model_id": "1"}})])
    assert WIDGET in tidy(v4.new_notebook(cells=[only]), folder=Path()).cells[0].outputs[0].data


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("saved to {here}/lenet5.safetensors", "saved to lenet5.safetensors"),
        ("in {here}", "in ."),
        ("see {home}/data/x.png and {prefix}/lib", "see ~/data/x.png and <environment>/lib"),
        ("a{home}b and x{home}", "a{home}b and x{home}"),
    ],
)
def test_paths_of_the_machine_leave_the_outputs_and_other_text_stays(tmp_path: Path, text: str, clean: str) -> None:
    names = {"here": str(tmp_path), "home": str(Path.home()), "prefix": sys.prefix}
    cell = v4.new_code_cell("x", outputs=[v4.new_output("stream", text=text.format(**names))])
    assert tidy(v4.new_notebook(cells=[cell]), folder=tmp_path).cells[0].outputs[0].text == clean.format(**names)
