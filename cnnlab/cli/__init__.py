"""The command line: ``cnnlab lab | run | check | reset | doctor | models | summary | classify | train | demo | …``.

Commands import what they need when they run, so that ``cnnlab --help`` answers at once.
"""

import signal
import sys
from typing import Annotated

import typer

import cnnlab
from cnnlab.cli import course, demos, landmarks, networks, photos, style, training

app = typer.Typer(
    name="cnnlab",
    help="A course on convolutional networks that runs. Start with: cnnlab lab",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(course.commands)
app.add_typer(networks.commands)
app.add_typer(photos.commands)
app.add_typer(style.commands)
app.add_typer(training.commands)
app.add_typer(demos.commands)
app.add_typer(landmarks.commands)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"cnnlab {cnnlab.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console or pipe that cannot show ✓ or ×
    for name in ("SIGTERM", "SIGHUP"):  # a container that stops or a terminal that closes ends a command as Ctrl-C does
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:  # nohup ignores it
            signal.signal(number, signal.default_int_handler)
