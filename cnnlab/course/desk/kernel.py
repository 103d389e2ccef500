"""Kernels of this environment's Python, and the environment variables that they start with.

A ``python3`` kernel in the user's home, left by another project, would otherwise run the course without PyTorch. The
class is given to JupyterLab by name (``lab.py``) and to headless runs (``running.py``); other kernels can be chosen.
"""

import os
import sys
import warnings
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager
from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir

from cnnlab.files import cache_folder, is_writable, temporary_folder

# For glibc, see mallopt(3): blocks of up to 1 GiB, and 2 GiB in all, stay with the process when they are freed. Without
# this, glibc returns blocks of more than 32 MiB, such as the outputs of large layers, and new memory costs a page fault
# for every 4 KiB: training ResNet-18 or VGG-16 takes a seventh longer. Other C libraries ignore these variables.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str((1 << 31) - 1)}


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # IPython's, of a home that cannot be written, which the doctor reports
        program = KernelSpecManager().get_kernel_spec(NATIVE_KERNEL_NAME).argv[0]
    if program in ("python", "python3", f"python3.{sys.version_info.minor}"):
        return ""  # Jupyter replaces these names by the Python that starts the kernel
    same = Path(program).exists() and Path(program).parent.resolve() == Path(sys.executable).parent.resolve()
    return "" if same else program


def environment() -> dict[str, str]:
    """Environment variables for JupyterLab or a kernel: ours, and the folders of a home that cannot be written."""
    moved = {variable: str(temporary_folder() / variable.lower()) for variable in unwritable_folders()}
    return {**MALLOC, **os.environ, "CNNLAB_CACHE": str(cache_folder()), **moved}


def unwritable_folders() -> dict[str, Path]:
    """Folders in the home that Jupyter and its kernels would fail to write, by the variable that moves each."""
    home = Path(os.path.expanduser("~"))
    folders = {
        "IPYTHONDIR": home / ".ipython",
        "JUPYTER_CONFIG_DIR": Path(jupyter_config_dir()),
        "JUPYTER_DATA_DIR": Path(jupyter_data_dir()),
        "JUPYTER_RUNTIME_DIR": Path(jupyter_runtime_dir()),
        "MPLCONFIGDIR": home / ".config" / "matplotlib",
    }
    unset = {variable: folder for variable, folder in folders.items() if variable not in os.environ}
    return {variable: folder for variable, folder in unset.items() if not is_writable(folder)}
