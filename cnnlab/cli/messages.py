"""What commands share: options, lines, progress bars, a spinner; and errors, with the exit code."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cnnlab.course.notebooks import CourseError

AsJson = Annotated[bool, typer.Option("--json", help="Print the results for a program.")]
CellTimeout = Annotated[float, typer.Option(min=1, help="Seconds that a cell may take.")]
INTERRUPTED = 130  # what a shell expects after Ctrl-C
BAD_INPUT = 2


@contextmanager
def one_line_errors(*bad_input: type[Exception]) -> Iterator[None]:
    """Print an error in a line, without a traceback; those of ``bad_input`` exit with 2, as a wrong option does."""
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
    """A progress bar that counts ``unit``s, and vanishes when all are done; in a log, the name alone."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TextColumn(unit), TimeElapsedColumn())
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
    """Show, on a terminal, that something goes on."""
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def relative(path: Path) -> Path:
    """A path from the current folder on, if it lies in that."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def say(line: str) -> None:
    """Print a line, and flush, so that it shows at once in a pipe or a log too."""
    typer.echo(line)
    sys.stdout.flush()
