"""Every finding, with the fault planted that it is there to find."""

import importlib.metadata
import json
import shutil
import socket
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from cnnlab.course.desk import doctor
from cnnlab.course.desk.doctor import Finding

GOOD = {"works": True, "threads": 2, "cuda": "", "mps": False, "bfloat16": True}


@pytest.mark.parametrize("gpu", [False, True])
def test_a_cpu_torch_beside_a_cuda_torchvision_is_recognised_with_the_fix(
    gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nvidia-smi" if gpu else None)
    error = "RuntimeError: operator torchvision::nms does not exist"
    finding = doctor.torch_pair({"error": error}, "2.15.0+cpu", "0.29.2")
    assert finding.state == "fail"
    assert "torch 2.15.0+cpu, torchvision 0.29.2: two builds that do not fit together" in finding.text
    uninstall, install = finding.fix.splitlines()
    assert uninstall == f"{sys.executable} -m pip uninstall -y torch torchvision"
    index = "" if gpu else " --index-url https://download.pytorch.org/whl/cpu"
    assert install == f"{sys.executable} -m pip install torch torchvision{index}"


def test_other_faults_of_the_import_are_told_as_they_are() -> None:
    assert "libcudart.so: not found" in doctor.torch_pair({"error": "OSError: libcudart.so: not found"}, "2", "0").text
    other = doctor.torch_pair({"error": "OSError: libcudart.so: not found"}, "2.15.0+cpu", "0.29.2+cu132")
    assert "two builds that do not fit together (OSError: libcudart.so: not found)" in other.text
    missing = doctor.torch_pair({"error": "ModuleNotFoundError"}, "", "")
    assert (missing.state, missing.text) == ("fail", "torch missing, torchvision missing")
    assert "pip install torch torchvision" in missing.fix
    wrong = doctor.torch_pair({**GOOD, "works": False}, "2", "0")
    assert (wrong.state, wrong.text) == ("fail", "torch 2, torchvision 0: a small matrix product came out wrong")


def test_the_examination_of_this_machine_has_every_fact() -> None:
    examined = doctor.examine_torch()
    assert examined.keys() >= GOOD.keys()
    assert examined["works"]
    for package in ("torch", "torchvision"):
        assert examined[package].startswith(doctor.version(package))


def test_an_import_that_fails_hangs_or_crashes_is_survived() -> None:
    assert doctor.examine_torch(program="raise OSError('no libgomp')")["error"] == "OSError: no libgomp"
    assert doctor.examine_torch(program="while True: pass", timeout=0.5)["error"] == "it took more than 0.5 s"
    assert doctor.examine_torch(program="import os; os._exit(9)")["error"] == "it ended with code 9"


def test_the_device_is_named() -> None:
    assert doctor.device({"cuda": "NVIDIA H100", "bfloat16": True}).text == "GPU: NVIDIA H100, native bfloat16"
    assert doctor.device({"mps": True}).text == "Apple GPU (MPS)"
    assert doctor.device(GOOD, load=0).text.startswith("CPU, 2 threads")
    assert "native bfloat16; every lecture" in doctor.device(GOOD, load=0).text
    without = doctor.device({**GOOD, "bfloat16": False}, load=0)
    assert (without.state, "no native bfloat16, so float32 is used" in without.text) == ("ok", True)


def test_a_machine_that_others_keep_busy_or_with_one_core_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.device(GOOD, load=0.5).state == "ok"
    busy = doctor.device(GOOD, load=500)
    assert busy.state == "note"
    assert "load 500.0" in busy.text
    assert "OMP_NUM_THREADS=1" in busy.fix
    assert doctor.device({**GOOD, "threads": 1}, load=500).fix == "end other programs"  # it has one thread already
    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 1)
    assert doctor.device({"threads": 1}).state == "note"


def test_a_kernelspec_of_another_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnlab.course.desk.kernel import ThisPython, foreign_python

    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["/opt/old/bin/python", "-m", "ipykernel_launcher"], "display_name": "Old", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    assert foreign_python() == ""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert foreign_python() == "/opt/old/bin/python"
    finding = doctor.kernel()
    assert finding.state == "note", "the course itself takes this Python all the same"
    assert "takes /opt/old/bin/python" in finding.text
    assert finding.fix == f"{sys.executable} -m ipykernel install --sys-prefix"
    assert ThisPython().get_kernel_spec("python3").argv[0] == sys.executable
    assert ThisPython().get_all_specs()["python3"]["spec"]["argv"][0] == sys.executable


def test_a_missing_kernel_stops_the_course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    assert doctor.kernel().state == "fail"


def test_widgets_that_are_missing_mismatched_or_half_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.widgets().state == "ok"
    half = doctor.widgets([str(tmp_path)])
    assert (half.state, "does not have its part" in half.text) == ("fail", True)
    versions = {"ipywidgets": "8.1.9", "jupyterlab_widgets": "1.0.0"}
    monkeypatch.setattr(importlib.metadata, "version", lambda name: versions[name])
    for name in ("jupyterlab_widgets", "jupyterlab-widgets"):  # as releases write it
        monkeypatch.setattr(importlib.metadata, "requires", lambda package, name=name: [f"{name}~=3.0.15"])
        assert "jupyterlab_widgets 1.0.0 do not fit together" in doctor.widgets().text

    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert doctor.widgets().text.startswith("jupyterlab_widgets is missing")


def test_a_cache_that_cannot_be_written_stops_the_course(tmp_path: Path) -> None:
    assert doctor.cache(tmp_path / "new").state == "ok"
    (tmp_path / "file").touch()
    finding = doctor.cache(tmp_path / "file" / "cache")
    assert finding.state == "fail"
    assert "cannot be written" in finding.text
    assert "set CNNLAB_CACHE" in finding.fix


def test_a_home_that_cannot_be_written_is_noted_with_what_is_used_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert doctor.home().state == "ok"
    (tmp_path / "home").touch()  # nothing can be written below a file
    finding = doctor.home()
    assert (finding.state, f"{tmp_path}/home/.ipython, " in finding.text) == ("note", True)
    assert finding.fix == (
        "to keep settings, set IPYTHONDIR, JUPYTER_CONFIG_DIR, JUPYTER_DATA_DIR, MPLCONFIGDIR to folders that are "
        "writable"
    )


def test_a_full_disk_is_found_even_for_a_folder_that_is_not_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor.disk(tmp_path / "not" / "yet").state == "ok"
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=1e8))
    finding = doctor.disk(tmp_path)
    assert (finding.state, finding.text) == ("fail", f"0.1 GB free at {tmp_path}: too little")


class Refuses(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_error(403)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_any_answer_is_a_network_and_none_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with HTTPServer(("127.0.0.1", 0), Refuses) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        assert doctor.network(f"http://127.0.0.1:{http.server_port}/", timeout=60).text == "online"
        http.shutdown()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = doctor.network(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=1)
    assert finding.state == "ok"
    assert finding.text.startswith("offline: everything in the course works")


def test_a_machine_with_a_broken_pytorch_is_examined_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine_torch", lambda: {"error": "ImportError: broken"})
    monkeypatch.setattr(doctor, "network", lambda: Finding("Network", "ok", "online"))
    states = {finding.subject: finding.state for finding in doctor.examine()}
    assert states["PyTorch"] == "fail"
    assert ", ".join(states) == "Python, PyTorch, Device, Jupyter kernel, Widgets, Cache, Home, Disk, Network"
