"""Kernels of this environment's Python, whatever kernels the user has installed elsewhere.

A ``python3`` kernel in the user's home, left by another project, would otherwise run the course without PyTorch. The
class is given to JupyterLab by name (``lab.py``) and to headless runs (``running.py``); other kernels can be chosen.
"""

import sys
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager


class ThisPython(KernelSpecManager):
    """Finds kernels as Jupyter does, but ``python3`` (and ``python``) is always the Python that asks."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Folders of the kernels by name."""
        return super().find_kernel_specs() | {NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """What starts the kernel of a name."""
        if kernel_name in (NATIVE_KERNEL_NAME, "python"):
            # A kernel says at every start that its loopback connection is not encrypted; its errors are enough.
            started = get_kernel_dict(extra_arguments=["--IPKernelApp.log_level=ERROR"])
            return KernelSpec(resource_dir=RESOURCES, **started)
        return super().get_kernel_spec(kernel_name)


def foreign_python() -> str:
    """The Python that Jupyter itself would start for ``python3``, if it is not this one; else an empty string."""
    program = KernelSpecManager().get_kernel_spec(NATIVE_KERNEL_NAME).argv[0]
    if program in ("python", "python3", f"python3.{sys.version_info.minor}"):
        return ""  # Jupyter puts the Python that starts the kernel in the place of these names
    same = Path(program).exists() and Path(program).parent.resolve() == Path(sys.executable).parent.resolve()
    return "" if same else program
