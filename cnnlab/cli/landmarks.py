"""Commands that build a data set of landmarks, from Google's CSV to class folders."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cnnlab.cli.messages import AsJson, bar, one_line_errors, say, spinner

commands = typer.Typer()
landmarks = typer.Typer(
    help="Build a data set of landmarks: subset, download, inspect, split; and serve, a drawn world to try it on.",
    no_args_is_help=True,
)
commands.add_typer(landmarks, name="landmarks")

Seed = Annotated[int, typer.Option(min=0, help="Another seed, another choice.")]
Pictures = Annotated[Path, typer.Argument(metavar="PICTURES", help="The folder that `download` filled.")]
BAD = (ValueError, OSError, ImportError)


@landmarks.command(epilog="Example: cnnlab landmarks subset train.csv --top 100 --share 0.02 --out subset.csv")
def subset(
    csv: Annotated[Path, typer.Argument(metavar="CSV", help="Google's train.csv: id,url,landmark_id.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the rows that are kept.")],
    top: Annotated[int, typer.Option(min=1, help="How many of the most frequent landmarks to keep.")] = 100,
    share: Annotated[float, typer.Option(help="Which fraction of the pictures of each to keep.")] = 0.02,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Take a stratified sample of the most frequent landmarks."""
    with one_line_errors(*BAD):
        from cnnlab.data.landmarks.subset import subset as take

        found = take(csv, out, top=top, share=share, seed=seed)
        if as_json:
            typer.echo(json.dumps(found.as_dict()))
            return
        say(
            f"{found.rows_read:,} rows read: {found.none_rows:,} without a URL or a landmark, "
            f"{found.duplicate_rows:,} duplicates, {found.classes:,} landmarks"
        )
        say(f"{found.rows_kept:,} rows of {found.classes_kept} landmarks → {out}")


@landmarks.command(epilog="Example: cnnlab landmarks download subset.csv pictures/ --contact me@example.org")
def download(
    csv: Annotated[Path, typer.Argument(metavar="CSV", help="Rows id,url,landmark_id.")],
    pictures: Annotated[Path, typer.Argument(metavar="PICTURES", help="Folder for the pictures and their manifest.")],
    retry_failed: Annotated[
        list[str] | None,
        typer.Option(metavar="REASON", help="Ask again for what failed for this reason; may be given several times."),
    ] = None,
    per_host: Annotated[int, typer.Option(min=1, help="Connections to one host.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that a request may take.")] = 20,
    retries: Annotated[int, typer.Option(min=0, help="Further attempts where a failure may pass.")] = 3,
    patience: Annotated[float, typer.Option(min=0, help="Seconds to wait for a host that does not answer.")] = 60,
    contact: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where a host's operator reaches you; in the User-Agent.",
            show_default="user@machine",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Download pictures, to PICTURES/<landmark_id>/<id>.jpg; a second call goes on where the first one stopped."""
    with one_line_errors(*BAD):
        from cnnlab.data.landmarks.download import download as fetch

        with bar("Downloading", unit="pictures") as progress:
            found = fetch(
                csv,
                pictures,
                retry_failed=retry_failed or (),
                per_host=per_host,
                timeout=timeout,
                retries=retries,
                patience=patience,
                contact=contact,
                progress=progress,
            )
        if as_json:
            _print_json(found)
            return
        say(
            f"{found.ok:,} of {found.rows:,} pictures are in {pictures}; {found.asked_now:,} rows were not settled before"
        )
        for reason, count in found.reasons.items():
            say(f"{count:>6,}  {reason}")


@landmarks.command(epilog="Example: cnnlab landmarks serve --port 8765 --csv train.csv")
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 for any free port.")] = 8765,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the CSV with the pictures' URLs here, too.")
    ] = None,
    rows: Annotated[
        int, typer.Option(min=1000, help="Rows of the CSV.", show_default="1225029, as in the challenge")
    ] = 1_225_029,
    seed: Seed = 0,
) -> None:
    """Serve a drawn world of 14,951 landmarks by HTTP, with the faults of real servers, until Ctrl-C."""
    with one_line_errors(*BAD):
        from cnnlab.data.landmarks.world.rows import World
        from cnnlab.data.landmarks.world.server import serve as run

        def ready(address: str) -> None:
            if csv is not None:
                with spinner("Writing the CSV …"):
                    World(seed=seed).write_csv(csv, rows=rows, address=address)
                say(f"{rows:,} rows → {csv}")
            say(f"Serving {address}, its CSV is {address}/train.csv; Ctrl-C ends it")

        run(seed=seed, rows=rows, port=port, log=None, ready=ready)


def _print_json(found: Any) -> None:
    from dataclasses import asdict

    typer.echo(json.dumps(asdict(found), indent=2))
