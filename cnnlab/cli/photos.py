"""Commands about photographs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.messages import BAD_INPUT, AsJson, bar, one_line_errors, say, spinner

if TYPE_CHECKING:
    from cnnlab.inference import Classified

commands = typer.Typer()


@commands.command(epilog="Example: cnnlab classify photo.jpg --top 15 --out labelled.png")
def classify(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO…", help="Picture files, or folders of them.")],
    top: Annotated[
        int | None, typer.Option(min=1, max=1000, help="How many classes to show.", show_default="5, if there are")
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A network with ImageNet weights, or a .safetensors file of `cnnlab train`.",
            show_default="efficientnet_lite0, offline",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the photo with its label; for several photos, a folder for them."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is on photographs, with a network trained on ImageNet's 1,000 classes, or with your own.

    A file that is no picture is named and left out; the others are classified.
    """
    with one_line_errors(ValueError, OSError, ImportError):
        files = files_of(photos)
        single = out is not None and names_one_file(out, files, named=photos)
        with spinner("Loading the network; PyTorch takes a few seconds …"):
            from cnnlab.inference import classify as name_them
            from cnnlab.models import load_pretrained, pretrained

            saved = network is not None and network.endswith(".safetensors")
            trained = load_pretrained(network) if network is not None and saved else pretrained(network)
            shown = min(5, len(trained.classes)) if top is None else top
        with bar("Classifying", unit="photos") as progress:
            classified = name_them(trained, files, top=shown, progress=lambda done: progress(done, len(files)))
        if as_json:
            typer.echo(_json(classified, trained.source))
        else:
            _show(classified)
            say(f"Weights: {trained.source}")
        for entry in classified.unreadable:
            typer.echo(f"cnnlab: left out {entry.path}: {entry.reason}", err=True)
        if out is not None:
            for written in _draw(classified, out, single=single):
                typer.echo(f"→ {written}", err=as_json)
        raise typer.Exit(0 if classified.guesses else BAD_INPUT)


def files_of(named: list[Path]) -> list[Path]:
    """The files, and those of the folders; hidden ones apart."""
    files = []
    for path in named:
        if path.is_dir():
            found = (file for file in path.rglob("*") if file.is_file())
            # JupyterLab keeps copies in .ipynb_checkpoints.
            files += sorted(file for file in found if not any(part[0] == "." for part in file.relative_to(path).parts))
        elif path.is_file():
            files.append(path)
        elif path.exists():
            raise ValueError(f"{path} is neither a file nor a folder; name a photograph or a folder of photographs")
        else:
            raise FileNotFoundError(f"there is no file {path}; name a photograph or a folder of photographs")
    if not files:
        raise ValueError(f"no files in {', '.join(map(str, named))}; put photographs there")
    return list(dict.fromkeys(files))


def names_one_file(out: Path, files: list[Path], *, named: list[Path]) -> bool:
    """Whether ``out`` is to be the file for one photo, and not the folder for several; it is checked before the work.

    Raises:
        ValueError: if it can be neither, or is the photo itself.
    """
    picture = out.suffix.lower() in (".png", ".jpg", ".jpeg")
    if len(files) > 1 or (files != named and not picture):  # a folder may hold a single photo
        if picture or (out.exists() and not out.is_dir()):
            raise ValueError(
                f"--out must name a folder for the photos of {', '.join(map(str, named))}, got a file's name, {out}"
            )
        return False
    if not picture:
        raise ValueError(f"--out must name a .png or .jpg file for one photo, got {out}")
    if out.resolve() == files[0].resolve():
        raise ValueError(f"--out is the photo itself, {out}; name another file, so that the photo is kept")
    if not out.parent.is_dir():
        raise ValueError(f"--out must lie in a folder that exists, got {out}")
    return True


def _show(classified: "Classified") -> None:
    for path, guesses in classified.guesses.items():
        say(str(path))
        for guess in guesses:
            say(f"  {guess.score:6.2f}  {guess.probability:6.1%}  {guess.name}")


def _json(classified: "Classified", source: str) -> str:
    photos = [
        {"path": str(path), "classes": [guess._asdict() for guess in guesses]}
        for path, guesses in classified.guesses.items()
    ]
    left_out = [entry._asdict() for entry in classified.unreadable]
    return json.dumps({"weights": source, "photos": photos, "unreadable": left_out}, ensure_ascii=False, indent=2)


def _draw(classified: "Classified", out: Path, *, single: bool) -> Iterator[Path]:
    """Write each photograph with its best class on it; a name that is taken, or a photograph's, gets a number."""
    from cnnlab.data import decode
    from cnnlab.files import atomic
    from cnnlab.look import labelled
    from cnnlab.look.figure import INCH

    photos = [*classified.guesses, *(Path(entry.path) for entry in classified.unreadable)]
    taken = {photo.stem.casefold() for photo in photos if photo.resolve() == (out / f"{photo.stem}.png").resolve()}
    if not single:
        out.mkdir(parents=True, exist_ok=True)
    for path, (best, *_) in classified.guesses.items():
        name, number = path.stem, 1
        while name.casefold() in taken:  # some file systems tell no capitals
            number += 1
            name = f"{path.stem}-{number}"
        taken.add(name.casefold())
        file = out if single else out / f"{name}.png"
        figure = labelled(decode(path), [f"{best.name} {best.probability:.0%}"])
        with atomic(file) as draft:
            figure.save(draft, format=file.suffix.removeprefix(".").lower(), dpi=INCH)
        yield file
