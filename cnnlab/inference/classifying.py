"""Photographs in files, of any number, to the best classes of a pretrained network."""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from cnnlab.data import Unreadable, UnreadablePictureError, ahead, decode
from cnnlab.inference.memory import memory_kept
from cnnlab.inference.prediction import logits_of
from cnnlab.inference.runtime import choose
from cnnlab.models import Pretrained

BATCH = 16  # pictures that go through the network together; twice as many are decoded meanwhile
AHEAD = 2


class Guess(NamedTuple):
    """A class of a photograph: the network's score (logit) and its probability (softmax)."""

    name: str
    score: float
    probability: float


class Classified(NamedTuple):
    """Photographs with their best classes, the best first, and the files that could not be read."""

    guesses: dict[Path, list[Guess]]
    unreadable: list[Unreadable]


def classify(
    network: Pretrained,
    paths: Sequence[str | os.PathLike[str]],
    *,
    top: int = 5,
    precision: str = "auto",
    progress: Callable[[int], None] = lambda done: None,
) -> Classified:
    """Name what is on photographs: the ``top`` best classes of each.

    Files are decoded by threads while the network works, a few dozen at a time, so that the number of files does not
    matter to memory. A file that is no picture, or a broken one, is listed and costs the others nothing.
    ``progress`` is told how many files are done.

    Raises:
        ValueError: if ``top`` is not between 1 and the number of classes, or there is no file.

    >>> from importlib.resources import files
    >>> from cnnlab.models import pretrained
    >>> path = Path(str(files("skimage.data") / "chelsea.png"))
    >>> "cat" in classify(pretrained(), [path]).guesses[path][0].name
    True
    """
    if not 1 <= top <= len(network.classes):
        raise ValueError(f"top must be between 1 and {len(network.classes)}, got {top}")
    if not paths:
        raise ValueError("there is no photograph to classify; name one or more files")
    files = [Path(path) for path in paths]
    size = network.preprocess(torch.zeros(3, 256, 256, dtype=torch.uint8)).shape
    runtime = choose(network.model, (len(files), *size), precision=precision, device=None, training=False)
    model = runtime.placed(network.model)
    unreadable: list[Unreadable] = []
    guesses = {}
    with memory_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower, and names the file
        for batch in _batches(files, network.preprocess, unreadable, progress):
            logits, places = logits_of(model, [batch], runtime)
            scores, best = logits.topk(top)
            chances = logits.softmax(dim=1).gather(1, best)
            for place, *found in zip(*(x.tolist() for x in (places, best, scores, chances)), strict=True):
                guesses[files[place]] = [
                    Guess(network.classes[i], *numbers) for i, *numbers in zip(*found, strict=True)
                ]
    return Classified(guesses, unreadable)


def _batches(
    files: list[Path],
    preprocess: Callable[[Tensor], Tensor],
    unreadable: list[Unreadable],
    progress: Callable[[int], None],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of prepared photographs, each with its place among ``files``."""

    def prepared(file: Path) -> Tensor | Unreadable:
        try:
            return preprocess(decode(file))
        except (UnreadablePictureError, OSError) as error:
            return Unreadable(str(file), str(error).removeprefix(f"{file}: "))

    ready: list[tuple[int, Tensor]] = []
    with closing(ahead(prepared, files, pending=AHEAD * BATCH)) as pictures:
        for place, picture in enumerate(pictures):
            if isinstance(picture, Unreadable):
                unreadable.append(picture)
            else:
                ready.append((place, picture))
            if len(ready) == BATCH:
                yield _stacked(ready)
                ready.clear()
            progress(place + 1)
    if ready:
        yield _stacked(ready)


def _stacked(pictures: list[tuple[int, Tensor]]) -> tuple[Tensor, Tensor]:
    return torch.stack([picture for _, picture in pictures]), torch.tensor([place for place, _ in pictures])
