"""The command that trains a network on a folder of photographs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.cli.messages import AsJson, one_line_errors, say, spinner

if TYPE_CHECKING:
    from cnnlab.data import Splits
    from cnnlab.evaluation import Report
    from cnnlab.training import Transferred

commands = typer.Typer()


@commands.command(epilog="Example: cnnlab train pictures/ --from efficientnet_lite0 --out net.safetensors")
def train(
    pictures: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder with a folder of pictures a class.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the network, a .safetensors file.")],
    source: Annotated[
        str, typer.Option("--from", metavar="NAME", help="A network with trained weights to start from.")
    ] = "efficientnet_lite0",
    last: Annotated[int, typer.Option(min=1, metavar="N", help="How many of the last layers to train.")] = 1,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training pictures.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Train a network for your own classes by transfer, and test it on a tenth of the pictures.

    Beside the network it writes what the network is (.json), precision and recall of each class (-report.csv) and the
    learning curves (-curves.png). Classify with it: cnnlab classify new.jpg --network net.safetensors
    """
    with one_line_errors(ValueError, OSError, ImportError):
        if out.suffix != ".safetensors":
            raise ValueError(f"--out must name a .safetensors file, got {out}")
        if not out.parent.is_dir():
            raise ValueError(f"--out must lie in a folder that exists, got {out}")
        with spinner("Loading the network; PyTorch takes a few seconds …"):
            from cnnlab import data
            from cnnlab.inference import evaluate
            from cnnlab.models import pretrained
            from cnnlab.training import prepared, transfer

            network = pretrained(source)
            side = network.preprocess.crop
            splits = data.folder(pictures, size=(side, side) if isinstance(side, int) else side)
            if {*network.preprocess.mean, *network.preprocess.std} != {0.5}:
                train, validation, test = (prepared(network, part) for part in splits[:3])
                splits = splits._replace(train=train, validation=validation, test=test)
        result = transfer(network, splits, last=last, epochs=epochs, progress=not as_json)
        report = evaluate(result.network.model, splits.test)
        written = _write(out, result, splits, report)
        if as_json:
            history = json.loads(result.history.reset_index().to_json(orient="records"))
            classes = json.loads(report.per_class.reset_index().to_json(orient="records"))
            told = {"files": [str(file) for file in written], "test_accuracy": report.accuracy, "classes": classes}
            typer.echo(json.dumps(told | {"history": history}, ensure_ascii=False, indent=2))
            return
        say(f"{report.accuracy:.1%} of {len(splits.test)} test pictures right")
        for name, row in report.per_class.iterrows():
            say(f"  {name}: recall {row.recall:.0%}, precision {row.precision:.0%}, {row.support:.0f} pictures")
        for file in written:
            say(f"→ {file}")


def _write(out: Path, result: "Transferred", splits: "Splits", report: "Report") -> list[Path]:
    """Write network, metadata, report and curves; returns their paths."""
    from cnnlab import look
    from cnnlab.files import atomic
    from cnnlab.models import save

    network, history = result
    notes = (
        f"{network.source}; {len(splits.train)} training pictures; "
        f"{report.accuracy:.1%} of {len(splits.test)} test pictures right"
    )
    save(out, network.model, classes=network.classes, preprocess=network.preprocess, notes=notes)
    table, curves = (out.with_name(f"{out.stem}-{name}") for name in ("report.csv", "curves.png"))
    with atomic(table) as draft:
        report.per_class.to_csv(draft)
    with atomic(curves) as draft:
        look.curves(history).save(draft, format="png")
    return [out, out.with_suffix(".json"), table, curves]
