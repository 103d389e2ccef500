"""A pytest plugin for ``cnnlab check``: notes what nbval saw in each cell, as a JUnit property named ``cell``.

nbval's own report says that a cell failed, by number; this adds the cell's id, what it printed, and how it ended.
"""

import json
import time
from functools import partial
from queue import Empty
from typing import Any

KERNEL_DIED = "Kernel died in this cell"
LONGEST = 20_000  # characters of a cell's printed text: a loop may print without end


def pytest_runtest_setup(item: Any) -> None:
    """Make nbval notice at once when a kernel dies; it would wait for the answer until the time is over."""
    kernel = getattr(item.parent, "kernel", None)
    if kernel is not None and hasattr(item, "cell"):
        kernel.await_reply = partial(_await_reply, kernel)


def _await_reply(kernel: Any, message: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            return type(kernel).await_reply(kernel, message, timeout=min(1.0, timeout))
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError(KERNEL_DIED) from None
            if time.monotonic() > deadline:
                raise


def pytest_runtest_teardown(item: Any) -> None:
    """Note the outputs of an nbval item after it ran."""
    if not hasattr(item, "cell"):
        return
    outputs = item.test_outputs or []
    errors = [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
    seen = {
        "id": item.cell.get("id"),
        "stdout": _text(outputs, "stdout"),
        "stderr": _text(outputs, "stderr"),
        "shown": [output.output_type for output in outputs if "data" in output],
        "error": errors[0] if errors else "",
        "alive": item.parent.kernel is not None and item.parent.kernel.is_alive(),
    }
    item.user_properties.append(("cell", json.dumps(seen)))  # escaped to ASCII: any text is then valid XML


def _text(outputs: list[Any], name: str) -> str:
    return "".join(output.text for output in outputs if output.get("name") == name)[:LONGEST]
