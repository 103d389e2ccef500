"""``cnnlab doctor``: is this machine ready for the course, and if not, what fixes it.

Each examination is a function that returns a ``Finding``. PyTorch is imported and the network is asked in another
process, since an import that crashes, or a search for an address that hangs, must not end the doctor.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cnnlab.files import cache_folder, is_writable, temporary_folder

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NEEDED_DISK = 0.5  # GB; below, lectures fail to save
IMPORT_TIMEOUT = 120  # seconds; a first import from a slow network disk takes half of that

EXAMINATION = """
import json, torch, torchvision
cuda = torch.cuda.is_available()
print(json.dumps({
    "torch": torch.__version__, "torchvision": torchvision.__version__, "threads": torch.get_num_threads(),
    "cuda": torch.cuda.get_device_name() if cuda else "", "mps": torch.backends.mps.is_available(),
    "bfloat16": torch.cuda.is_bf16_supported(including_emulation=False) if cuda
                else bool(torch.cpu.get_capabilities().get("avx512_bf16")),
    "works": torch.ones(2, 2).mm(torch.ones(2, 2)).sum().item() == 8,
}))
"""


class Finding(NamedTuple):
    """One line of the report. A ``fail`` stops the course; a ``note`` is worth knowing."""

    subject: str
    state: Literal["ok", "note", "fail"]
    text: str
    fix: str = ""


def examine() -> Iterable[Finding]:
    """All findings, one after another as they are made."""
    yield Finding("Python", "ok", f"Python {platform.python_version()} at {sys.executable}")
    facts = examine_torch()
    yield torch_pair(facts, version("torch"), version("torchvision"))
    yield device(facts)
    yield kernel()
    yield widgets()
    yield cache(cache_folder())
    yield home()
    yield disk(cache_folder())
    yield network()


def examine_torch(*, program: str = EXAMINATION, timeout: float = IMPORT_TIMEOUT) -> dict[str, Any]:
    """Import torch and torchvision in a process of their own: what it found out, or the last line of its ``error``."""
    said, error = run_elsewhere(program, timeout=timeout)
    return {"error": error} if error else json.loads(said.splitlines()[-1])


def run_elsewhere(program: str, *, timeout: float) -> tuple[str, str]:
    """What a program printed in another process of this Python, and its error, which is empty if it ended well."""
    try:
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return "", f"it took more than {timeout:g} s"
    lines = ended.stderr.strip().splitlines() or [f"it ended with code {ended.returncode}"]
    return ended.stdout, lines[-1] if ended.returncode else ""


def version(package: str) -> str:
    """A package's version, read without importing it; with its build ("2.15.0+cpu") unless it is the registry's."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def torch_pair(facts: dict[str, Any], torch: str, torchvision: str) -> Finding:
    """Do torch and torchvision import together, and are they of one build?"""
    both, error = f"torch {torch or 'missing'}, torchvision {torchvision or 'missing'}", facts.get("error", "")
    pip = f'"{sys.executable}" -m pip' if " " in sys.executable else f"{sys.executable} -m pip"
    install = f"{pip} install torch torchvision" + ("" if shutil.which("nvidia-smi") else f" --index-url {CPU_INDEX}")
    if not torch or not torchvision:
        return Finding("PyTorch", "fail", both, install)
    if "torchvision::nms does not exist" in error or (
        error and torch.partition("+")[2] != torchvision.partition("+")[2]
    ):
        why = f": two builds that do not fit together ({error})"
    elif error:
        why = f" do not import: {error}"
    elif not facts["works"]:
        why = ": a small matrix product came out wrong"
    else:
        return Finding("PyTorch", "ok", both)
    return Finding("PyTorch", "fail", both + why, f"{pip} uninstall -y torch torchvision\n{install}")


def device(facts: dict[str, Any], load: float | None = None) -> Finding:
    """What will the networks run on, and who else uses it? ``load`` is how many programs want a core."""
    bfloat16 = "native bfloat16" if facts.get("bfloat16") else "no native bfloat16, so float32 is used"
    if facts.get("cuda"):
        return Finding("Device", "ok", f"GPU: {facts['cuda']}, {bfloat16}")
    if facts.get("mps"):
        return Finding("Device", "ok", "Apple GPU (MPS)")
    cores = os.cpu_count() or 1
    threads = facts.get("threads", cores)
    text = f"CPU, {threads} thread{'s' if threads > 1 else ''} of {cores} cores ({platform.machine()}), {bfloat16}"
    if cores < 2:
        return Finding("Device", "note", f"{text}; lectures are timed on two cores and may take twice as long here")
    if load is None:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0  # Windows has none
    if load <= cores + 1:
        return Finding("Device", "ok", f"{text}; every lecture is made for that")
    busy = f"{text}; other programs keep it busy (load {load:.1f})"
    if threads == 1:
        return Finding("Device", "note", f"{busy}: everything takes longer", "end other programs")
    fix = "end other programs, or start with OMP_NUM_THREADS=1 in the environment"
    return Finding("Device", "note", f"{busy}: small networks may train ten times slower", fix)


def kernel() -> Finding:
    """Will notebooks run on this Python?"""
    if importlib.util.find_spec("ipykernel") is None:
        return Finding("Jupyter kernel", "fail", "ipykernel is missing", f"{sys.executable} -m pip install ipykernel")
    from cnnlab.course.desk.kernel import foreign_python

    if foreign := foreign_python():
        text = f"`cnnlab lab` uses this Python, but Jupyter started in another way takes {foreign}"
        return Finding("Jupyter kernel", "note", text, f"{sys.executable} -m ipykernel install --sys-prefix")
    return Finding("Jupyter kernel", "ok", "notebooks run on this Python")


def widgets(folders: Iterable[str] | None = None) -> Finding:
    """Are ipywidgets and its part in JupyterLab there, and do they fit together? ``folders`` hold Lab's extensions."""
    from jupyter_core.paths import jupyter_path
    from packaging.requirements import Requirement

    fix = f"{sys.executable} -m pip install --upgrade --force-reinstall --no-deps ipywidgets jupyterlab_widgets"
    try:
        lab_part = importlib.metadata.version("jupyterlab_widgets")
        text = f"ipywidgets {importlib.metadata.version('ipywidgets')}, jupyterlab_widgets {lab_part}"
    except importlib.metadata.PackageNotFoundError as error:
        return Finding("Widgets", "fail", f"{error.name} is missing: demos show pictures, but no controls", fix)
    wanted = [Requirement(line) for line in importlib.metadata.requires("ipywidgets") or ()]
    ranges = {need.name.replace("-", "_"): need.specifier for need in wanted}  # some releases write a hyphen
    if lab_part not in ranges["jupyterlab_widgets"]:
        return Finding("Widgets", "fail", f"{text} do not fit together: demos will not show", fix)
    extension = Path("@jupyter-widgets", "jupyterlab-manager", "package.json")
    if not any(Path(folder, extension).is_file() for folder in folders or jupyter_path("labextensions")):
        return Finding("Widgets", "fail", f"{text}, but JupyterLab does not have its part: demos will not show", fix)
    return Finding("Widgets", "ok", text)


def cache(folder: Path) -> Finding:
    """Can data sets and weights be kept?"""
    if is_writable(folder):
        return Finding("Cache", "ok", f"{folder} is writable")
    text = f"{folder} cannot be written: data sets and weights would not be kept"
    return Finding("Cache", "fail", text, "make it writable, or set CNNLAB_CACHE to a folder that is")


def home() -> Finding:
    """Can Jupyter, IPython and Matplotlib write their folders in the home?"""
    from cnnlab.course.desk.kernel import unwritable_folders

    locked = unwritable_folders()
    if not locked:
        return Finding("Home", "ok", "the folders of Jupyter, IPython and Matplotlib are writable")
    text = f"{', '.join(map(str, locked.values()))} cannot be written; the course uses {temporary_folder()}"
    return Finding("Home", "note", text, f"to keep settings, set {', '.join(locked)} to folders that are writable")


def disk(folder: Path) -> Finding:
    """Is there room for the caches and a student's networks?"""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if free < NEEDED_DISK:
        return Finding("Disk", "fail", f"{free:.1f} GB free at {existing}: too little", f"free {NEEDED_DISK} GB")
    return Finding("Disk", "ok", f"{free:.0f} GB free at {existing}")


def network(url: str = CPU_INDEX, *, timeout: float = 3.0) -> Finding:
    """Is there a way to data sets and weights that are not in the installation?"""
    ask = f"from urllib.request import Request, urlopen; urlopen(Request({url!r}, method='HEAD'))"
    _, error = run_elsewhere(ask, timeout=timeout)
    if not error or "HTTPError" in error:  # an answer, if an unfriendly one
        return Finding("Network", "ok", "online")
    text = "offline: everything in the course works; only torchvision's data sets and weights need a network"
    return Finding("Network", "ok", text)
