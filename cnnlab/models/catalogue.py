"""The zoo as a table: each network with its paper, its year, and what it costs for the paper's pictures."""

import re
from functools import cache

import pandas as pd

from cnnlab.models.building import blueprint
from cnnlab.models.inspect.summaries import summary
from cnnlab.models.registry import MODELS, entry

COSTS = ("parameters", "multiply_adds", "activation_memory")
SIZE = re.compile(r"(\d+)\s*[x×]\s*(\d+)\s*[x×]\s*(\d+)")


def native_size(name: str) -> tuple[int, int, int]:
    """Channels, height and width of the pictures that the network called ``name`` was made for.

    >>> native_size("landmark_cnn")
    (3, 192, 256)
    """
    return entry(name).paper.input_size


def catalogue() -> pd.DataFrame:
    """The whole zoo, a row a network, by name: where it comes from, and what it costs.

    Columns: ``family``, ``paper``, ``year``, ``input_size`` (C, H, W) of the paper's pictures, and for one of these
    ``parameters``, ``multiply_adds`` and ``activation_memory`` (bytes of all layers' outputs, in float32), counted on
    the meta device with the number of classes of the paper.

    >>> catalogue().loc[["lenet5", "vgg16"], ["year", "input_size", "parameters", "multiply_adds"]]
            year     input_size  parameters  multiply_adds
    name
    lenet5  1998    (1, 28, 28)       44426         281640
    vgg16   2014  (3, 224, 224)   138357544    15470264320
    """
    return _counted().copy()


@cache  # counting takes seconds, and a process counts once
def _counted() -> pd.DataFrame:
    rows = []
    for name, network in MODELS.items():
        family, source, year, input_size = network.paper
        row = {"name": name, "family": family, "paper": source, "year": year, "input_size": input_size}
        table = summary(blueprint(name), input_size)
        rows.append(row | {cost: int(table[cost].sum()) for cost in COSTS})
    return pd.DataFrame(rows).set_index("name")


def size_from(text: str) -> tuple[int, int, int]:
    """An input size from its written form.

    Raises:
        ValueError: if it is not written so.

    >>> size_from("3x224x224"), size_from("1 × 28 × 28")
    ((3, 224, 224), (1, 28, 28))
    >>> size_from("224")
    Traceback (most recent call last):
    ValueError: an input size is written channels x height x width, as in 3x224x224, got '224'
    """
    if not (found := SIZE.fullmatch(text.strip().lower())):
        raise ValueError(f"an input size is written channels x height x width, as in 3x224x224, got {text!r}")
    channels, height, width = map(int, found.groups())
    return channels, height, width


def with_unit(size: int) -> str:
    """A number of bytes with its unit.

    >>> with_unit(40), with_unit(41_992), with_unit(114_603_936)
    ('40 B', '41.0 KiB', '109.3 MiB')
    """
    for unit, word in ((2**20, "MiB"), (2**10, "KiB")):
        if size >= unit:
            return f"{size / unit:,.1f} {word}"
    return f"{size} B"
