"""Commands that build a data set of landmarks, from Google's CSV to class folders."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cnnlab.cli.messages import AsJson, bar, one_line_errors, say, spinner

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

SUSPICIOUS = "suspicious.csv"
HEAD = "classifier.fc"  # of the network without a download: what it is given are its features

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
            typer.echo(json.dumps(_as_dict(found), indent=2))
            return
        say(f"{found.ok:,} of {found.rows:,} pictures are in {pictures}; {found.asked_now:,} were not settled before")
        for reason, count in found.reasons.items():
            say(f"{count:>6,}  {reason}")


@landmarks.command(epilog="Example: cnnlab landmarks inspect pictures/")
def inspect(
    pictures: Pictures,
    labels: Annotated[
        bool, typer.Option("--labels/--no-labels", help="Rank the labels too; needs a minute for 8,000 pictures.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Quarantine bad pictures, group near-duplicates, rank suspicious labels; writes inspection.csv, suspicious.csv."""
    with one_line_errors(*BAD):
        with spinner("Loading the network; PyTorch takes a few seconds …"):
            from cnnlab.data.landmarks.inspection import NAME, quarantine_of
            from cnnlab.data.landmarks.inspection import inspect as look_at

            features = _features()
        with bar("Inspecting", unit="pictures") as progress:
            found = look_at(pictures, features=features, progress=progress)
        told = _as_dict(found)
        if labels:
            with spinner("Ranking the labels by a network's features; a minute for 8,000 pictures …"):
                told["suspicious"] = _rank_labels(pictures)
        if as_json:
            typer.echo(json.dumps(told, indent=2))
            return
        for reason, count in found.quarantined.items():
            say(f"{count:>6,}  {reason}, in {quarantine_of(pictures)}")
        say(f"{found.near_duplicates:>6,}  near-duplicates in {found.groups:,} groups; they stay")
        say(f"{found.kept:>6,}  pictures are kept; {pictures / NAME} lists the others")
        if labels:
            say(f"The most suspicious labels come first in {pictures / SUSPICIOUS}")


@landmarks.command(epilog="Example: cnnlab landmarks split pictures/ --out sets/")
def split(
    pictures: Pictures,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for train, validation and test.")],
    validation: Annotated[float, typer.Option(help="Fraction of the pictures for validation.")] = 0.1,
    test: Annotated[float, typer.Option(help="Fraction of the pictures for the test.")] = 0.1,
    seed: Seed = 0,
    copy: Annotated[bool, typer.Option("--copy", help="Copy the pictures; otherwise they are hard links.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put the good pictures into DIR/train, validation and test, stratified, with near-duplicates in one part."""
    with one_line_errors(*BAD):
        from cnnlab.data.landmarks.split import split as divide

        found = divide(pictures, out, validation=validation, test=test, seed=seed, copy=copy)
        if as_json:
            typer.echo(json.dumps(_as_dict(found), indent=2))
            return
        say(f"{found.train:,} for training, {found.validation:,} for validation, {found.test:,} for the test → {out}")
        say(f"{found.classes} classes in every part; {found.groups} groups of near-duplicates, each in one part")


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


def _as_dict(found: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)


def _features() -> "Callable[[Tensor], Tensor]":
    """The features of pictures (N, 3, H, W) uint8 that the network without a download computes, (N, 1280)."""
    import torch

    from cnnlab import data, models, training

    network = models.pretrained().model

    def features(images: "Tensor") -> "Tensor":
        unlabelled = data.Split(images, torch.zeros(len(images), dtype=torch.int64), ("",))
        return cast("Tensor", training.features(network, HEAD, unlabelled).images)

    return features


def _rank_labels(pictures: Path) -> int:
    """Write the labels from the most to the least suspicious; returns how many have another class that fits better."""
    import torch

    from cnnlab import data, evaluation, models, training
    from cnnlab.data.landmarks.duplicates import SIZE
    from cnnlab.data.landmarks.manifest import picture_path, read_manifest
    from cnnlab.files import atomic

    kept = [entry for entry in read_manifest(pictures).values() if entry.status == "ok"]
    classes = tuple(sorted({entry.landmark_id for entry in kept}))
    labels = torch.tensor([classes.index(entry.landmark_id) for entry in kept])
    files = data.Pictures(tuple(picture_path(pictures, entry) for entry in kept), SIZE)
    found = training.features(models.pretrained().model, HEAD, data.Split(files, labels, classes))
    folds = min(5, int(labels.bincount().min()))
    table = evaluation.suspicious_labels(cast("Tensor", found.images), found.labels, folds=folds)
    told = table.assign(
        id=[kept[place].id for place in table["index"]],
        landmark_id=[classes[label] for label in table["label"]],
        predicted=[classes[label] for label in table["predicted"]],
    )
    with atomic(pictures / SUSPICIOUS) as draft:
        told[["id", "landmark_id", "predicted", "confidence", "margin"]].to_csv(draft, index=False)
    return int((table["margin"] < 0).sum())
