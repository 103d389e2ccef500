"""Command for style transfer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.messages import BAD_INPUT, INTERRUPTED, AsJson, bar, one_line_errors, spinner
from cnnlab.cli.photos import files_of, names_one_file

if TYPE_CHECKING:
    from torch import Tensor

commands = typer.Typer()
Painter = Callable[["Tensor"], "Tensor"]


@commands.command(epilog="Example: cnnlab style photo.jpg --style night --out out.png")
def style(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO…", help="Picture files, or folders of them.")],
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The .png or .jpg file to write; for several photos, a folder for them."),
    ],
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            metavar="NAME",
            help="A style picture: night, cubist, composition, wave, mosaic or ink; given twice, a mixture.",
            show_default="night",
        ),
    ] = None,
    images: Annotated[
        list[Path] | None,
        typer.Option("--style-image", metavar="FILE", help="A picture of your own to take a style from."),
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="One pass of a network that was trained for the style.")] = False,
    strength: Annotated[
        float,
        typer.Option(min=0, help="How much style; 1 as usual, less keeps more of the photo. With --fast up to 1."),
    ] = 1.0,
    keep_colours: Annotated[bool, typer.Option("--keep-colours", help="Keep the photo's colours.")] = False,
    size: Annotated[
        int | None,
        typer.Option(help="Longer side of the result in pixels.", show_default="256; with --fast the photo's"),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps at each size, from coarse to fine.")] = 100,
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A network with ImageNet weights.", show_default="efficientnet_lite0, offline"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Paint photographs in the style of a picture.

    The pixels are optimised, which takes seconds to minutes; Ctrl-C ends it early and writes the best so far.
    """
    with one_line_errors(ValueError, OSError, ImportError):
        files = files_of(photos)
        single = names_one_file(out, files, named=photos)
        with spinner("Loading the network; PyTorch takes a few seconds …"):
            from cnnlab.style.stylising import Stylised, stylise_files, write

            painter = _Painter(len(files), strength, size)
            if fast:
                paint = painter.fast(names or ["night"], images, keep_colours)
            else:
                paint = painter.optimised([*(names or []), *(images or [])] or ["night"], keep_colours, steps, network)
        with bar("Painting", unit="photos" if fast else "steps") as painter.progress:
            if single:
                from cnnlab.style.pictures import read

                write(out, paint(read(files[0])))
                result = Stylised([out], [])
            else:
                result = stylise_files(files, out, paint)
        if as_json:
            left_out = [entry._asdict() for entry in result.unreadable]
            typer.echo(
                json.dumps({"written": [str(path) for path in result.written], "unreadable": left_out}, indent=2)
            )
        for path in result.written:
            typer.echo(f"→ {path}", err=as_json)
        for entry in result.unreadable:
            typer.echo(f"cnnlab: left out {entry.path}: {entry.reason}", err=True)
        if painter.stopped:
            typer.echo("cnnlab: stopped; the best picture so far is written", err=True)
            raise typer.Exit(INTERRUPTED)
        raise typer.Exit(0 if result.written else BAD_INPUT)


class _Painter:
    """Makes the function that paints a photograph, and counts for the progress bar."""

    progress: Callable[[int, int], None]

    def __init__(self, photos: int, strength: float, size: int | None) -> None:
        self.photos, self.strength, self.size = photos, strength, size
        self.painted, self.stopped = 0, False

    def fast(self, names: list[str], images: list[Path] | None, keep_colours: bool) -> Painter:
        """By the shipped network of a style."""
        from cnnlab.style import fast_style, stylise
        from cnnlab.style.pictures import fitted, scaled, to_bytes, to_float

        if images or len(names) > 1:
            raise ValueError(
                "--fast needs a network that was trained for the style, so it takes one --style and no --style-image; "
                "leave --fast out, or train a network with cnnlab.style.train"
            )
        if self.strength > 1:
            raise ValueError(f"--strength must be from 0 to 1 with --fast, got {self.strength:g}")
        network = fast_style(names[0])

        def paint(photo: "Tensor") -> "Tensor":
            if self.size is not None:
                photo = to_bytes(scaled(to_float(photo), fitted(photo, self.size)))
            picture = stylise(photo, network, strength=self.strength, keep_colours=keep_colours)
            self.painted += 1
            self.progress(self.painted, self.photos)
            return picture

        return paint

    def optimised(self, styles: list[str | Path], keep_colours: bool, steps: int, network: str | None) -> Painter:
        """By optimising its pixels."""
        from cnnlab.style import Features, Step, transfer
        from cnnlab.style.optimised import STYLE_WEIGHT, TV_WEIGHT
        from cnnlab.style.pictures import read

        pictures = [(read(style), 1.0) for style in styles]
        features = Features(network)

        def paint(photo: "Tensor") -> "Tensor":
            if self.stopped:
                raise KeyboardInterrupt

            def told(step: Step) -> None:
                self.progress(self.painted * step.total + step.number, self.photos * step.total)

            result = transfer(
                photo,
                pictures,
                network=features,
                style_weight=self.strength * STYLE_WEIGHT,
                tv_weight=min(self.strength, 1) * TV_WEIGHT,  # at strength 0 the photo stays as it is
                size=self.size or 256,
                steps=steps,
                keep_colours=keep_colours,
                on_step=told,
            )
            self.painted += 1
            self.stopped = result.ended == "stopped"
            if result.ended == "diverged":
                typer.echo("cnnlab: the loss was not finite twice; the best picture until there is written", err=True)
            return result.picture

        return paint
