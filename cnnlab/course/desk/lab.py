"""``cnnlab lab``: JupyterLab on a student's own copies of the notebooks, wherever the student sits.

At the machine, over SSH, in a container, as root: the first line says what to open and how to stop.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from cnnlab.course.desk.copies import Installed, folder_for_lab, install
from cnnlab.course.notebooks import CourseError, listed, write_bytes

SECONDS_TO_START = 120  # on a slow disk; two are usual
SECONDS_TO_STOP = 10
EVERY_ADDRESS = ("0.0.0.0", "::", "*")  # of this machine
# Defaults that a student's own settings overrule: no question about news, no call to the network at the start.
DEFAULTS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
LOG = ".jupyterlab.log"  # what JupyterLab says, in the student's folder; written anew at every start
TABS = ".jupyterlab-workspaces"  # what is open, kept with the folder: JupyterLab would mix all folders' tabs


def lab(
    folder: str | os.PathLike[str] | None = None,
    *,
    port: int = 8888,
    ip: str | None = None,
    browser: bool | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Install the notebooks in ``folder`` (``work`` if it is not given) and run JupyterLab there until it is stopped.

    If the port is taken a next one is used. ``ip`` is what to listen on: this machine only, or in a container all of
    its addresses, since a published port does not reach the other. ``browser`` opens one; if it is None, the
    surroundings decide. Returns JupyterLab's exit status.

    Raises:
        CourseError: if the folder cannot be written, no port is free, or JupyterLab does not start.
    """
    installed = install(folder or folder_for_lab())
    first = next(iter(listed("lecture", installed.folder).values()), None)
    start_path = f"lab/tree/{quote(first.name)}" if first else "lab"
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    browser = browser_is_likely() if browser is None else browser
    ip = ip or default_ip()
    host = "localhost" if ip in EVERY_ADDRESS else ip
    used = free_port(port, host=host)
    options = server_options(installed.folder, start_path, port=used, ip=ip, browser=browser)
    with tempfile.TemporaryDirectory(prefix="cnnlab-lab-") as settings:
        server = _server(options, token=token, settings=Path(settings), log=installed.folder / LOG)
        try:
            _wait_until_it_listens(server, (host, used), installed.folder / LOG)
            address = f"http://{host}:{used}/{start_path}?token={token}"
            for line in greeting(address, installed, port=used, asked=port):
                say(line)
            return server.wait()
        except KeyboardInterrupt:
            say(f"Stopping JupyterLab; what you saved is in {installed.folder}")
            return 0
        finally:
            _stop(server)


def free_port(first: int, *, host: str) -> int:
    """The first port from ``first`` on that nobody listens on.

    Raises:
        CourseError: if the next 50 are taken or refused as well.
    """
    for port in range(first, min(first + 50, 65536)):
        try:
            socket.create_server((host, port)).close()
        except OSError:  # taken, or one below 1024 that needs another user
            continue
        return port
    raise CourseError(f"no port is free from {first} on; name another: cnnlab lab --port 9000", code=1)


def server_options(folder: Path, start_path: str, *, port: int, ip: str, browser: bool) -> list[str]:
    """JupyterLab's command line: our folder and first notebook, this Python's kernels, no calls to the network."""
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--ServerApp.ip={ip}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.base_url=/",  # these two, so that the printed address is right whatever the user has configured
        "--ServerApp.certfile=",
        "--ServerApp.kernel_spec_manager_class=cnnlab.course.desk.kernel.ThisPython",
        f"--LabApp.default_url=/{start_path}",
        f"--LabApp.workspaces_dir={folder / TABS}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if os.name == "posix":
        # Jupyter would start a login shell, and /etc/profile of many systems sets another PATH than ours.
        shell = {"shell_command": [os.environ.get("SHELL") or "/bin/sh"]}
        options.append(f"--ServerApp.terminado_settings={shell}")
    if not browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    return options


def browser_is_likely(surroundings: dict[str, str] | None = None, *, system: str = sys.platform) -> bool:
    """Whether a browser that opens here would be seen: not over SSH, and on Linux only with a display.

    >>> browser_is_likely({"DISPLAY": ":0"}, system="linux"), browser_is_likely({}, system="linux")
    (True, False)
    >>> browser_is_likely({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.2 5 10.0.0.1 22"}, system="linux")
    False
    """
    around = dict(os.environ) if surroundings is None else surroundings
    if around.get("SSH_CONNECTION"):
        return False
    return not system.startswith("linux") or bool(around.get("DISPLAY") or around.get("WAYLAND_DISPLAY"))


def default_ip() -> str:
    """What to listen on: this machine only, or in a container every address; the token guards both."""
    in_container = any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))
    return "0.0.0.0" if in_container else "localhost"


def greeting(address: str, installed: Installed, *, port: int, asked: int) -> list[str]:
    """What a student reads; the first line is what to open and how to stop."""
    changes = {"added": installed.added, "brought up to date": installed.renewed}
    files = [f"{len(some)} file{'' if len(some) == 1 else 's'} {what}" for what, some in changes.items() if some]
    lines = [
        f"Open {address}  (stop with Ctrl-C here)",
        f"Your notebooks: {installed.folder} ({', '.join(files) or 'nothing added, nothing changed'})",
    ]
    if port != asked:
        lines.append(f"Port {asked} is taken, by another JupyterLab perhaps; this one listens on {port}")
    if installed.older:
        names = ", ".join(path.relative_to(installed.folder).as_posix() for path in installed.older)
        brings = f"`cnnlab reset {installed.older[0].name[:2]}` brings one and keeps yours beside it"
        lines.append(f"The course has newer versions of these, which you changed or ran: {names}. {brings}")
    if ssh := os.environ.get("SSH_CONNECTION"):
        here = ssh.split()[2] if len(ssh.split()) > 2 else "this-machine"
        tunnel = f"ssh -N -L {port}:localhost:{port} {os.environ.get('USER', 'you')}@{here}"
        lines.append(f"Over SSH: first run this on the machine before you: {tunnel}")
    elif default_ip() == "0.0.0.0":
        lines.append(f"In a container: publish the port when you start it, such as docker run -p {port}:{port} …")
    return lines


def _server(options: list[str], *, token: str, settings: Path, log: Path) -> "subprocess.Popen[bytes]":
    from cnnlab.course.desk.kernel import environment

    write_bytes(settings / "labconfig" / "default_setting_overrides.json", json.dumps(DEFAULTS).encode())
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    variables = environment() | {
        "JUPYTER_TOKEN": token,  # in a variable, since every user of the machine sees a command line
        # In JupyterLab's terminals and after a "!" in a cell, `cnnlab` is this one, without activating anything.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "JUPYTER_CONFIG_PATH": os.pathsep.join([str(settings), *([others] if others else [])]),
    }
    command = [sys.executable, "-P", "-m", "jupyterlab", *options]  # -P: no file of the folder stands for a module
    try:
        output = log.open("wb")
    except OSError as error:
        raise CourseError(f"cannot write in {log.parent}: {error.strerror}; name another folder", code=1) from error
    with output:
        # A session of its own: a Ctrl-C in the terminal comes to us alone, and Jupyter does not ask whether we mean it.
        return subprocess.Popen(
            command,
            cwd=log.parent,  # where a terminal begins
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=os.name == "posix",
        )


def _wait_until_it_listens(server: "subprocess.Popen[bytes]", address: tuple[str, int], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = log.read_text(errors="replace").splitlines()[-10:]
            why = ["JupyterLab did not start; `cnnlab doctor` looks for the cause", *said]
            raise CourseError("\n".join(why), code=1)
        try:
            socket.create_connection(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise CourseError(f"JupyterLab did not answer within {SECONDS_TO_START} s; try `cnnlab doctor`", code=1)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is not None:
        return
    server.terminate()  # Jupyter then ends its kernels
    try:
        server.wait(timeout=SECONDS_TO_STOP)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()
        server.wait()
