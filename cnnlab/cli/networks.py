"""Commands about the networks of the zoo."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cnnlab.cli.messages import AsJson, one_line_errors, say, spinner

WIDE = 160  # characters of a table in a pipe or a file
FLOAT32 = 4  # bytes

commands = typer.Typer()


@commands.command(epilog="Example: cnnlab models --trained --json")
def models(
    trained: Annotated[bool, typer.Option("--trained", help="Those whose trained weights come with cnnlab.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the networks: where each comes from, and what it costs for a picture of the size it was made for.

    With --trained, those that come with weights: the data, the accuracy on held-out pictures, and what they cost.
    """
    if trained:
        _list_trained(as_json)
        return
    with one_line_errors():
        with spinner("Counting; PyTorch takes a few seconds …"):
            from cnnlab.models import catalogue
            from cnnlab.models.catalogue import with_unit

            table = catalogue()
        if as_json:
            typer.echo(table.reset_index().to_json(orient="records", indent=2, force_ascii=False))
            return
        columns = {
            "name": list(table.index),
            "family": list(table.family),
            "year": [str(year) for year in table.year],
            "input": [_size(size) for size in table.input_size],
            "parameters": [f"{count:,}" for count in table.parameters],
            "multiply-adds": [f"{count:,}" for count in table.multiply_adds],
            "activations": [with_unit(size) for size in table.activation_memory],
            "paper": list(table.paper),
        }
        _print(columns, least=("paper", "activations", "family"))
        say(f"{len(table)} networks. Layer by layer: cnnlab summary NAME")


def _list_trained(as_json: bool) -> None:
    with one_line_errors(ValueError):
        with spinner("Reading; PyTorch takes a few seconds …"):
            from cnnlab.models import trained
            from cnnlab.models.catalogue import with_unit

            table = trained()
        if as_json:
            typer.echo(table.reset_index().to_json(orient="records", indent=2, force_ascii=False))
            return
        columns = {
            "name": list(table.index),
            "data": list(table.data),
            "validation accuracy": [f"{share:.1%}" for share in table.validation_accuracy],
            "parameters": [f"{count:,}" for count in table.parameters],
            "multiply-adds": [f"{count:,}" for count in table.multiply_adds],
            "size": [with_unit(size) for size in table.bytes],
            "epochs": [str(epochs) for epochs in table.epochs],
        }
        _print(columns, least=("data", "size", "epochs"))
        count = f"{len(table)} network{'s' if len(table) > 1 else ''}, {with_unit(int(table.bytes.sum()))}"
        say(f'{count}. In Python: models.pretrained("{table.index[0]}", weights="cifar10")')


@commands.command(epilog="Example: cnnlab summary vgg16 --input 3x224x224")
def summary(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A network, as `cnnlab models` lists them.")],
    size: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="CxHxW", help="Channels, height and width.", show_default="the paper's pictures"
        ),
    ] = None,
    classes: Annotated[
        int | None, typer.Option(metavar="N", help="Classes that it tells apart.", show_default="the paper's")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a network layer by layer: shapes, parameters, multiply-adds, receptive field, memory; and their sums."""
    with one_line_errors(ValueError):
        with spinner("Counting; PyTorch takes a few seconds …"):
            from cnnlab.models import blueprint
            from cnnlab.models import summary as summarise
            from cnnlab.models.catalogue import native_size, size_from, with_unit

            input_size = native_size(name) if size is None else size_from(size)
            network = blueprint(name, input_size, **({} if classes is None else {"num_classes": classes}))
            layers = summarise(network, input_size)
        totals = {column: int(layers[column].sum()) for column in ("parameters", "multiply_adds", "activation_memory")}
        if as_json:
            rows = json.loads(layers.to_json(orient="records"))
            told = {"name": name, "input_size": input_size, "layers": rows, "totals": totals}
            typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
            return
        columns = {
            "layer": list(layers.name),
            "kind": list(layers.kind),
            "output": [_size(shape) for shape in layers.output_shape],
            "parameters": [f"{count:,}" for count in layers.parameters],
            "multiply-adds": [f"{count:,}" for count in layers.multiply_adds],
            "field": [_side(field) for field in layers.receptive_field],
            "stride": [_side(stride) for stride in layers.stride],
            "activations": [with_unit(size) for size in layers.activation_memory],
        }
        _print(columns, least=("kind", "activations"))
        weights = with_unit(FLOAT32 * totals["parameters"])
        say(f"{name}, {_size(input_size)}, {len(layers)} layers")
        say(f"parameters     {totals['parameters']:>18,}   {weights} in float32")
        say(f"multiply-adds  {totals['multiply_adds']:>18,}   for a picture")
        say(f"activations    {with_unit(totals['activation_memory']):>18}   for a picture, all layers together")


def _print(columns: dict[str, list[str]], *, least: Sequence[str]) -> None:
    """Columns under their headings, words at the left, numbers at the right; a narrow terminal goes without ``least``.

    In a pipe or a file nothing is left out.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    left_out = []
    for column in least:
        if sum(max(map(len, (name, *texts))) + 2 for name, texts in columns.items()) <= console.width:
            break
        left_out.append(column)
        columns = {name: texts for name, texts in columns.items() if name != column}
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        words = column in ("name", "family", "layer", "kind", "paper", "data")
        table.add_column(column, justify="left" if words else "right", overflow="fold", no_wrap=not words)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    console.print(table)
    if left_out:
        console.print(f"A wider window also shows: {', '.join(left_out)}")


def _size(numbers: Any) -> str:
    return "–" if numbers is None else "×".join(map(str, numbers))


def _side(sides: Any) -> str:
    """A field or a stride: one number where height and width agree.

    >>> _side((212, 212)), _side((1, 7))
    ('212', '1×7')
    """
    return str(sides[0]) if sides is not None and sides[0] == sides[1] else _size(sides)
