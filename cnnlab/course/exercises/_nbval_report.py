"""A pytest plugin for ``cnnlab check``: writes how each cell that nbval ran ended, a line of JSON a cell."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any, Literal, NamedTuple

import pytest

REPORT = "CNNLAB_CELLS"  # the environment variable that names the file to write
Ending = Literal["by itself", "stopped", "died", "not reached"]  # stopped after its time; died with its kernel
LONGEST = 20_000  # characters of a cell's printed text: a loop may print without end


class CellResult(NamedTuple):
    """How a cell ended: ``passed`` if it raised nothing and, where outputs are compared, printed the reference's."""

    id: str
    passed: bool
    ended: Ending
    error: str  # what it raised, as in "NameError: name 'x' is not defined"
    stdout: str
    stderr: str


def read_report(file: Path) -> dict[str, CellResult]:
    """What this plugin wrote, by the cells' ids; empty if pytest did not come to the first cell."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    cells = [CellResult(**json.loads(line)) for line in lines]
    return {cell.id: cell for cell in cells}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: Any) -> Iterator[None]:
    """Run a cell as nbval does, note how it ended, and notice at once when the kernel dies."""
    kernel, stopped, passed = item.parent.kernel, False, False
    reached = kernel.is_alive()
    wait = type(kernel).await_reply

    def await_reply(message: str, timeout: float) -> None:  # nbval would wait for a dead kernel until the time is over
        nonlocal stopped
        deadline = time.monotonic() + timeout
        while kernel.is_alive():
            try:
                return wait(kernel, message, timeout=min(1.0, timeout))
            except Empty:
                if time.monotonic() > deadline:
                    stopped = True
                    raise
        raise RuntimeError("the kernel died in this cell")

    kernel.await_reply = await_reply
    try:
        yield
        passed = True
    finally:
        died = reached and not kernel.is_alive()
        ended: Ending = "stopped" if stopped else "died" if died else "by itself" if reached else "not reached"
        outputs = item.test_outputs or []
        errors = [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
        texts = [_text(outputs, name) for name in ("stdout", "stderr")]
        result = CellResult(item.cell.id, passed, ended, errors[0] if errors else "", *texts)
        with Path(os.environ[REPORT]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(result._asdict()) + "\n")


def _text(outputs: list[Any], name: str) -> str:
    return "".join(output.text for output in outputs if output.get("name") == name)[:LONGEST]
