"""How commands speak: a line, a bar, a spinner; and how they end when something is wrong."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from cnnlab.course.notebooks import CourseError

INTERRUPTED = 130  # what a shell expects after Ctrl-C
BAD_INPUT = 2


@contextmanager
def errors_told(*bad_input: type[Exception]) -> Iterator[None]:
    """Tell errors in a line, without a traceback; those of ``bad_input`` with exit code 2, as a wrong option has."""
    try:
        yield
    except CourseError as error:
        typer.echo(f"cnnlab: {error}", err=True)
        raise typer.Exit(error.code) from error
    except bad_input as error:
        typer.echo(f"cnnlab: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    except KeyboardInterrupt:
        typer.echo("cnnlab: stopped", err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def bar(name: str, *, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that counts ``unit``s that are done, and is gone when all are; in a log, the name alone."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{name} …", highlight=False)
        yield lambda done, total: None
        return
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def spinner(text: str) -> Iterator[None]:
    """Show that something goes on."""
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def near(path: Path) -> Path:
    """A path as it is written from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def say(line: str) -> None:
    """Print a line, at once also into a pipe or a log."""
    typer.echo(line)
    sys.stdout.flush()
