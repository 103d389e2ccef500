"""A demo as a web page without code, which Voilà serves on this machine."""

import os
import tempfile
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from cnnlab.cli.messages import one_line_errors, say
from cnnlab.course.notebooks import CourseError, write

# A test compares these with cnnlab.demos, whose import takes seconds.
NAMES = (
    "architecture",
    "augmentation",
    "classify",
    "confusion",
    "convolution",
    "draw",
    "kernels",
    "scan",
    "training",
)
# Voilà's page asks another server for its icons. The browser refuses that, so the page opens without a network, too.
OWN_FILES_ONLY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"

commands = typer.Typer()


@commands.command(epilog="Example: cnnlab demo convolution --port 9000")
def demo(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"Which demo: {', '.join(NAMES)}.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen; if it is taken, another.")] = 8866,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open a browser.", show_default="if one would be seen")
    ] = None,
) -> None:
    """Serve a demo as a web page, until Ctrl-C. Only browsers on this machine can open it."""
    with one_line_errors():
        if name not in NAMES:
            near = get_close_matches(name, NAMES, cutoff=0.4) or NAMES
            raise CourseError(f"no demo is called {name!r}; did you mean {', '.join(near)}?")
        from cnnlab.course.desk.lab import browser_is_likely

        browser = browser_is_likely() if browser is None else browser
        say(f"Starting the demo {name} …")
        with tempfile.TemporaryDirectory(prefix="cnnlab-demo-") as folder:
            _serve(_notebook(name, Path(folder)), port=port, browser=browser)


def _notebook(name: str, folder: Path) -> Path:
    """A notebook whose one cell shows the demo."""
    import nbformat

    cell = nbformat.v4.new_code_cell(f"from cnnlab import demos\n\ndemos.{name}()")
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / f"{name}.ipynb"
    write(path, nbformat.v4.new_notebook(cells=[cell], metadata=spec))
    return path


def _serve(notebook: Path, *, port: int, browser: bool) -> None:
    """Run Voilà in this process until it is stopped; it ends the kernels that it started.

    Raises:
        CourseError: if Voilà is missing.
    """
    try:
        from voila.app import Voila
    except ModuleNotFoundError as error:
        raise CourseError(f"Voilà is missing ({error}); install it with: pip install voila", code=1) from error
    from tornado.ioloop import IOLoop

    from cnnlab.course.desk.kernel import environment

    os.environ.update(environment())  # for the kernels
    options = [
        str(notebook),
        f"--port={port}",
        "--Voila.ip=localhost",
        f"--Voila.open_browser={browser}",
        "--Voila.log_level=ERROR",
        "--kernel_spec_manager_class=cnnlab.course.desk.kernel.ThisPython",
        "--show_tracebacks=True",
    ]
    voila = Voila()
    voila.initialize(options)
    voila.tornado_settings = {"headers": {"Content-Security-Policy": OWN_FILES_ONLY}}
    # It runs once Voilà listens, and only then is the port known.
    IOLoop.current().add_callback(lambda: say(f"Open http://localhost:{voila.port}/  (stop with Ctrl-C here)"))
    voila.start()
