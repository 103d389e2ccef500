"""Commands for the course: its notebooks, its exercises, this machine."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.messages import AsJson, CellTimeout, bar, one_line_errors, relative, say, spinner
from cnnlab.course.notebooks import CourseError

if TYPE_CHECKING:
    from cnnlab.course.desk.doctor import Finding
    from cnnlab.course.exercises.checking import Checked

MARKS = {"ok": "[green]ok  [/]", "note": "[yellow]note[/]", "fail": "[bold red]FAIL[/]"}

commands = typer.Typer()


@commands.command(epilog="Example: cnnlab lab my-course --port 9000")
def lab(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR", help="Your folder for the notebooks; made if it is missing.", show_default="work"
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(envvar="PORT", min=1, max=65535, help="Where to listen; if it is taken, a next one.")
    ] = 8888,
    ip: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="this machine; in a container, all")
    ] = None,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open a browser.", show_default="if one would be seen")
    ] = None,
) -> None:
    """Open the course in JupyterLab: puts the notebooks that you do not have yet into DIR, and starts there."""
    with one_line_errors():
        from cnnlab.course.desk.lab import lab as start

        typer.echo("Starting JupyterLab …", err=True)
        raise typer.Exit(start(folder, port=port, ip=ip, browser=browser, say=say))


@commands.command(epilog="Example: cnnlab run 01 02 --html out/")
def run(
    notebooks: Annotated[
        list[str] | None,
        typer.Argument(metavar="NOTEBOOK", help="Numbers of lectures, or notebook files.", show_default="all lectures"),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="DIR", help="Write each as a page into DIR.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Write the outputs into the notebook itself.")] = False,
    timeout: CellTimeout = 600,
) -> None:
    """Run notebooks from top to bottom, without a browser.

    A cell that raises is shown with its traceback; so is a number in the text that the run did not give.
    """
    with one_line_errors():
        from cnnlab.course.notebooks import find, listed

        paths = [find(name) for name in notebooks] if notebooks else list(listed("lecture").values())
        from cnnlab.course.publish.running import make_folder
        from cnnlab.course.publish.running import run as run_notebook

        if html is not None:
            make_folder(html, paths)
        failed = 0
        for path in paths:
            with bar(path.stem, unit="cells") as progress:
                try:
                    ran = run_notebook(path, html=html, save=save, timeout=timeout, progress=progress)
                except CourseError as error:
                    failed += 1
                    typer.echo(f"{path.stem} failed in {error}", err=True)
                    continue
            to = "".join(f" → {file}" for file in ran.written)
            say(f"{path.stem}: {ran.cells} cell{'s' if ran.cells != 1 else ''} in {ran.seconds:.1f} s{to}")
            failed += bool(ran.contradictions)
            for line in ran.contradictions:
                typer.echo(f"{path.stem}, {line}", err=True)
        raise typer.Exit(1 if failed else 0)


@commands.command(epilog="Example: cnnlab check 01")
def check(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Which exercise, or your file of it.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Your notebook.", show_default="the one in your folder")
    ] = None,
    timeout: CellTimeout = 60,
    hint: Annotated[int | None, typer.Option(min=1, help="Print a hint for this question, and check nothing.")] = None,
    step: Annotated[int, typer.Option(min=1, help="Which hint: the second says more.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Check your answers: runs your exercise in a fresh kernel, question by question. Your file is not changed."""
    with one_line_errors():
        if hint is not None:
            from cnnlab.course.exercises.tasks import Exercise

            Exercise(number).hint(hint, step)
            return
        from cnnlab.course.exercises.checking import check as check_exercise

        with spinner(f"Running exercise {number} …"):
            checked = check_exercise(number, file, timeout=timeout)
        if as_json:
            typer.echo(checked.to_json())
        else:
            _show_checked(checked)
        raise typer.Exit(0 if checked.passed else 1)


@commands.command(epilog="Example: cnnlab reset 03")
def reset(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Which lecture, with its exercise.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Your folder.", show_default="work, or this one")
    ] = None,
) -> None:
    """Bring a lecture and its exercise back as they came. Your own versions are kept beside them."""
    with one_line_errors():
        from cnnlab.course.desk.copies import reset as reset_notebooks

        done = reset_notebooks(number, folder)
        for restored in done:
            say(f"{relative(restored.path)} {restored.change}")
        if any(restored.old_copy for restored in done):
            say("If one is open in JupyterLab: File > Reload Notebook from Disk, before you save it again.")


@commands.command(epilog="Example: cnnlab doctor --json")
def doctor(as_json: AsJson = False) -> None:
    """Examine this machine: what works, what does not, and how to fix it."""
    with one_line_errors():
        from cnnlab.course.desk.doctor import examine

        findings = []
        with spinner("Examining; PyTorch takes a few seconds …"):
            for finding in examine():
                findings.append(finding)
                if not as_json:
                    _show_finding(finding)
        failed = any(finding.state == "fail" for finding in findings)
        if as_json:
            typer.echo(json.dumps([finding._asdict() for finding in findings], ensure_ascii=False, indent=2))
        elif not failed:
            say("Everything that the course needs is here.")
        raise typer.Exit(1 if failed else 0)


def _show_finding(finding: "Finding") -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{MARKS[finding.state]} {finding.subject:<14} {escape(finding.text)}")
    for line in finding.fix.splitlines():
        console.print(f"       fix: {escape(line)}")


def _show_checked(checked: "Checked") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=box.HORIZONTALS, show_lines=True, padding=(0, 1, 0, 0))
    table.add_column("Question", ratio=3, overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("What differed", ratio=4, overflow="fold")
    table.add_column("Hint", ratio=3, overflow="fold")
    for result in checked.results:
        mark = Text("✓ passed", "green") if result.passed else Text("✗ not yet", "bold red")
        table.add_row(Text(result.title), mark, Text("\n".join(result.differed)), Text(result.hint))
    console.print(table)
    for line in checked.raised:
        console.print(Text(f"A cell raised an error, the one that begins {line}"))
    if checked.missing:
        console.print(Text(f"Cells of the exercise that are not in your file: {', '.join(checked.missing)}"))
    saved = datetime.fromtimestamp(checked.notebook.stat().st_mtime).strftime("as saved at %H:%M")
    right = sum(result.passed for result in checked.results)
    console.print(Text(f"{right} of {len(checked.results)} questions passed in {relative(checked.notebook)}, {saved}"))
