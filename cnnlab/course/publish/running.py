"""Notebooks run from top to bottom without a browser: a fresh kernel, the notebook's own folder, this Python."""

import math
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from cnnlab.course.desk.copies import install
from cnnlab.course.desk.kernel import ThisPython, environment
from cnnlab.course.notebooks import GLOSSARY, KINDS, CourseError, packaged, read, source, write, write_bytes
from cnnlab.course.publish.measured import Claim, claims, contradictions, keep
from cnnlab.course.publish.pages import page
from cnnlab.course.publish.tidy import tidy

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
SHOWN = 5  # lines of a failing cell that the message shows
TIMEOUT = 600  # seconds that a cell may take; the longest lecture takes 180 as a whole


class Ran(NamedTuple):
    """A notebook that ran: how many code cells, in how many seconds, and the files that were written.

    ``contradictions`` are the numbers of its prose that this run did not give (see `measured`), a line for each.
    """

    path: Path
    cells: int
    seconds: float
    written: tuple[Path, ...]
    contradictions: tuple[str, ...] = ()


def run(
    path: Path,
    *,
    html: Path | None = None,
    save: bool = False,
    timeout: float = TIMEOUT,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Ran:
    """Run a notebook; write it as a page into the folder ``html``, or with ``save`` its outputs into its own file.

    With a lecture's page come those of its `companions`.

    ``progress(done, total)`` is called as code cells are done. No file is written unless every cell ran.

    Raises:
        CourseError: if ``html`` cannot be a folder, before anything runs; if a cell raises or takes more than
            ``timeout`` seconds, or the kernel dies. The message shows the cell's id and first lines, and the traceback.
            A cell tagged ``raises-exception`` may raise.
    """
    notebook = read(path)
    if html is not None:
        make_folder(html, [path])
    total = sum(runs(cell) for cell in notebook.cells)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="cnnlab-") as elsewhere:
        folder = path.resolve().parent
        if packaged() and folder.is_relative_to(source()):  # a lecture must not write into a package
            folder = install(elsewhere).folder / folder.relative_to(source())
        execute(notebook, folder=folder, timeout=timeout, progress=lambda done: progress(done, total))
        tidy(notebook, folder=folder)
        written = [path] if save else []
        if save:
            write(path, notebook)
        if html is not None:
            written.append(html / f"{path.stem}.html")
            write_bytes(written[-1], page(notebook, folder=folder).encode())
            for linked in companions(path):
                target = (html / linked.relative_to(path.parent)).with_suffix(".html")
                write_bytes(target, page(read(linked), folder=linked.parent).encode())
    return Ran(path, total, time.perf_counter() - started, tuple(written), tuple(contradictions(notebook)))


def companions(path: Path) -> list[Path]:
    """The notebooks that a lecture links to and that are read without running: its exercise and the glossary."""
    linked = (path.parent / KINDS["exercise"] / path.name, path.parent / GLOSSARY)
    return [file for file in linked if file.is_file() and file != path]


def make_folder(html: Path, paths: list[Path]) -> None:
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
    """Run a notebook's cells, in a kernel that starts in ``folder``; their outputs are written into ``notebook``."""
    with tempfile.TemporaryDirectory(prefix="cnnlab-kernel-") as own, tempfile.TemporaryFile() as log:
        kernel = AsyncKernelManager(
            kernel_name="python3", kernel_spec_manager=ThisPython(), connection_file=str(Path(own, "kernel.json"))
        )
        where = {"metadata": {"path": str(folder)}}
        client = NotebookClient(notebook, km=kernel, timeout=math.ceil(timeout), record_timing=False, resources=where)
        # What the kernel process itself says is of use only if it dies.
        with client.setup_kernel(cleanup_kc=True, stderr=log, env=environment()):
            done = 0
            for index, cell in enumerate(notebook.cells):
                _execute_cell(client, cell, index, log)
                if runs(cell):
                    done += 1
                    progress(done)
                elif found := claims(cell):
                    keep(cell, [_measured(client, cell, index, claim, log) for claim in found])


def _execute_cell(
    client: NotebookClient, cell: NotebookNode, index: int, log: IO[bytes], *, store_history: bool = True
) -> None:
    try:
        client.execute_cell(cell, index, store_history=store_history)
        return
    except CellExecutionError:
        why = _traceback(cell)
    except CellTimeoutError:
        why = f"took more than {client.timeout:g} seconds and was stopped"
    except DeadKernelError:
        why = _last_words(log)
    except KeyboardInterrupt:
        client.shutdown_kernel = "immediate"  # else a busy kernel is waited for
        raise
    raise CourseError(f"{_first_lines(cell)}\n{why}", code=1)


def _measured(client: NotebookClient, cell: NotebookNode, index: int, claim: Claim, log: IO[bytes]) -> float:
    """The value of a claim's expression at this point of the run."""
    asked = new_code_cell(f"print(float({claim.expression}))", id=cell.id)
    _execute_cell(client, asked, index, log, store_history=False)
    client.nb.cells[index] = cell  # where nbclient has put the cell that asked
    return float(asked.outputs[-1].text)


def runs(cell: NotebookNode) -> bool:
    """Whether a cell has code that runs."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def _first_lines(cell: NotebookNode) -> str:
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
