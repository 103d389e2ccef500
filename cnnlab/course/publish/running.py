"""Notebooks run from top to bottom without a browser: a fresh kernel, the notebook's own folder, this Python."""

import asyncio
import atexit
import re
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from cnnlab.course.desk.copies import install
from cnnlab.course.desk.kernel import ThisPython
from cnnlab.course.notebooks import CourseError, packaged, place, read, source, write
from cnnlab.course.publish.pages import page
from cnnlab.course.publish.tidy import tidy

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
SHOWN = 5  # lines of a failing cell that the message shows
TIMEOUT = 600  # seconds that a cell may take; the longest lecture takes 180 as a whole


class Ran(NamedTuple):
    """A notebook that ran: how many code cells, in how many seconds, and the files that were written."""

    path: Path
    cells: int
    seconds: float
    written: tuple[Path, ...]


def run(
    path: Path,
    *,
    html: Path | None = None,
    save: bool = False,
    timeout: float = TIMEOUT,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Ran:
    """Run a notebook; write it as a page into the folder ``html``, or with ``save`` its outputs into its own file.

    ``progress(done, total)`` is called as code cells are done. No file is written unless every cell ran.

    Raises:
        CourseError: if ``html`` cannot be a folder, before anything runs; if a cell raises or takes more than
            ``timeout`` seconds, or the kernel dies. The message shows the cell's id and first lines, and the traceback.
            A cell tagged ``raises-exception`` may raise.
    """
    notebook = read(path)
    if html is not None:
        make_room(html, [path])
    total = sum(runs(cell) for cell in notebook.cells)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="cnnlab-") as elsewhere:
        folder = path.resolve().parent
        if packaged() and folder.is_relative_to(source()):  # an installed package is no place for what a lecture writes
            folder = install(elsewhere).folder / folder.relative_to(source())
        execute(notebook, folder=folder, timeout=timeout, progress=lambda done: progress(done, total))
        tidy(notebook, folder=folder)
        written = [path] if save else []
        if save:
            write(path, notebook)
        if html is not None:
            written.append(html / f"{path.stem}.html")
            place(written[-1], page(notebook, folder=folder).encode())
    return Ran(path, total, time.perf_counter() - started, tuple(written))


def make_room(html: Path, paths: list[Path]) -> None:
    """Make the folder for the pages of notebooks, each of which is called as its notebook is.

    Raises:
        CourseError: if it cannot be made, or if one page would overwrite another.
    """
    known: dict[str, Path] = {}
    for path in paths:
        if (other := known.setdefault(path.stem, path)).resolve() != path.resolve():
            raise CourseError(f"{other} and {path} would both be {path.stem}.html; give each a folder")
    try:
        html.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"cannot write into {html}: {error.strerror}; name a folder for the pages") from error


def execute(
    notebook: NotebookNode,
    *,
    folder: Path,
    timeout: float = TIMEOUT,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Run a notebook's cells in place, in a kernel that starts in ``folder``."""
    at: dict[str, Any] = {"cell": None, "done": 0}

    def begin(cell: NotebookNode, cell_index: int) -> None:
        at["cell"] = cell

    def done(cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        at["done"] += 1
        progress(at["done"])

    kernel = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisPython())
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        on_notebook_start=lambda notebook: _endings_as_interrupts(),
        on_cell_execute=begin,
        on_cell_executed=done,
    )
    with tempfile.TemporaryFile() as log:  # what the kernel process itself says is of use only if it dies
        try:
            client.execute(cleanup_kc=True, stderr=log)
        except CellExecutionError:
            raise CourseError(f"{_cell(at['cell'])}\n{_traceback(at['cell'])}", code=1) from None
        except CellTimeoutError:
            late = f"took more than {timeout:g} seconds and was stopped"
            raise CourseError(f"{_cell(at['cell'])}\n{late}", code=1) from None
        except DeadKernelError:
            raise CourseError(f"{_cell(at['cell'])}\n{_last_words(log)}", code=1) from None
        except KeyboardInterrupt:
            if kernel.has_kernel:  # else it went with the interrupt, or nbclient was ending it already
                run_sync(kernel.shutdown_kernel)(now=True)
            atexit.unregister(client._cleanup_kernel)
            raise


def runs(cell: NotebookNode) -> bool:
    """Whether a cell has code that runs."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def _endings_as_interrupts() -> None:
    # nbclient answers Ctrl-C and SIGTERM by stopping the kernel, and then fails as if it had died; an interrupt says
    # what happened. On Windows, or outside of the main thread, it catches none.
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):
            if asyncio.get_running_loop().remove_signal_handler(number):
                signal.signal(number, signal.default_int_handler)


def _cell(cell: NotebookNode) -> str:
    lines = cell.source.splitlines()
    more = [f"    … {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    return "\n".join([f"cell {cell.get('id', '?')!r}:", *(f"    {line}" for line in lines[:SHOWN]), *more])


def _traceback(cell: NotebookNode) -> str:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if not errors:
        return "raised an error that left no traceback"
    return ANSI.sub("", "\n".join(errors[-1].traceback) or f"{errors[-1].ename}: {errors[-1].evalue}")


def _last_words(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()[-SHOWN:]
    return "\n".join(["ended its kernel: out of memory, or a crash in compiled code", *lines])
