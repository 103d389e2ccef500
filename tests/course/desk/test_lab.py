import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Timer

import pytest

from cnnlab.course.desk import lab as module
from cnnlab.course.desk.copies import Installed
from cnnlab.course.desk.lab import browser_is_likely, default_ip, free_port, greeting, lab, server_options
from cnnlab.course.notebooks import CourseError

ADDRESS = "http://localhost:8889/lab/tree/01.ipynb?token=secret"


def test_the_first_line_says_what_to_open_and_how_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    first, second, *_ = greeting(ADDRESS, Installed(Path("/work"), (Path("a"),), (), ()), port=8889, asked=8889)
    assert first == f"Open {ADDRESS}  (stop with Ctrl-C here)"
    assert second == "Your notebooks: /work (1 file added)"


def test_a_taken_port_and_newer_versions_are_reported() -> None:
    older = (Path("/course/02_b.ipynb"), Path("/course/exercises/03_c.ipynb"))
    installed = Installed(Path("/course"), (), (Path("a"), Path("b")), older)
    _, files, port, newer, *_ = greeting(ADDRESS, installed, port=8889, asked=8888)
    assert files == "Your notebooks: /course (2 files brought up to date)"
    assert port == "Port 8888 is taken, by another JupyterLab perhaps; this one listens on 8889"
    assert newer.endswith("02_b.ipynb, exercises/03_c.ipynb. `cnnlab reset 02` brings one and keeps yours beside it")


def test_over_ssh_the_tunnel_is_shown_with_the_real_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.2 50000 10.0.0.1 22")
    monkeypatch.setenv("USER", "ada")
    last = greeting(ADDRESS, Installed(Path("/work"), (), (), ()), port=8889, asked=8889)[-1]
    assert last.endswith("ssh -N -L 8889:localhost:8889 ada@10.0.0.1")


def test_when_no_port_is_free_another_is_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 65535)), pytest.raises(CourseError, match="no port is free from 65535 on;"):
        free_port(65535, host="127.0.0.1")


@pytest.mark.parametrize("user", [0, 1000])
def test_root_is_allowed_only_for_root(monkeypatch: pytest.MonkeyPatch, user: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    options = server_options(Path("/work"), "lab", port=8888, ip="localhost", browser=False)
    assert ("--allow-root" in options) == (user == 0)


def test_a_browser_is_opened_only_where_it_is_seen() -> None:
    assert browser_is_likely({}, system="darwin")
    assert browser_is_likely({"WAYLAND_DISPLAY": "wayland-0"}, system="linux")
    assert not browser_is_likely({"SSH_CONNECTION": "a"}, system="darwin")


def test_a_container_listens_on_all_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: str(path) == "/run/.containerenv")
    assert default_ip() == "0.0.0.0"
    monkeypatch.setattr(Path, "exists", lambda path: False)
    assert default_ip() == "localhost"


def test_a_server_that_does_not_start_is_reported_with_its_last_words(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [sys.executable, "-c", "import sys; print('no such option'); sys.exit(3)"]
    real = subprocess.Popen
    monkeypatch.setattr(module.subprocess, "Popen", lambda command, **how: real(broken, **how))
    with pytest.raises(
        CourseError, match="JupyterLab did not start; `cnnlab doctor` looks for the cause\nno such option"
    ):
        lab("work", browser=False)


@pytest.mark.notebook
@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_lab_takes_a_next_port_prints_the_real_address_serves_it_and_stops(course: Path) -> None:
    code = (
        "from pathlib import Path; from cnnlab.course import notebooks\n"
        f"notebooks.PACKAGE = Path({str(course.parent / 'cnnlab')!r})\n"
        "from cnnlab.cli import app; app()"
    )
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-c", code, "lab", "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PORT": str(port)},
        )
        assert process.stdout is not None
        late = Timer(180, process.kill)  # ends the wait for a line that never comes
        late.start()
        first = process.stdout.readline()
        late.cancel()
    try:
        assert first.startswith("Open http://localhost:"), process.communicate()[1]
        address = first.split()[1]
        assert f":{port}/" not in address
        assert "/lab/tree/01_pictures.ipynb?token=" in address
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address.partition("?")[0].replace("/lab/tree", "/api/contents"), timeout=60)
    finally:
        process.terminate()
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert err == "Starting JupyterLab …\n"
    assert "Stopping JupyterLab; what you saved is in" in out
    assert Path("work", "exercises", "01_pictures.ipynb").is_file()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=2)
