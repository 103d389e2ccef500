"""From photographs in files to the most probable classes of a pretrained network."""

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
from cnnlab.inference.outputs import logits_in
from cnnlab.inference.prediction import outputs_of
from cnnlab.inference.runtime import choose
from cnnlab.models import Pretrained

BATCH = 16  # pictures that go through the network together
AHEAD = 2 * BATCH  # pictures that are decoded meanwhile


class Guess(NamedTuple):
    """A class of a photograph: the network's score (logit) and its probability (softmax)."""

    name: str
    score: float
    probability: float


class Classified(NamedTuple):
    """Photographs with their most probable classes in order, and the files that could not be read."""

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
    """The ``top`` most probable classes of each photograph.

    Files are decoded by threads while the network works, a few dozen at a time, so that the number of files does not
    matter to memory. A file that is not a picture, or is broken, is listed; the others are classified all the same.
    ``progress`` is called with the number of files that have been read.

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
    shape = network.preprocess(torch.zeros(3, 256, 256, dtype=torch.uint8)).shape
    runtime = choose(network.model, (len(files), *shape), precision=precision, device=None, training=False)
    model = runtime.placed(network.model)
    guesses: dict[Path, list[Guess]] = {}
    unreadable: list[Unreadable] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower, and names the file
        for pictures, numbers in _batches(files, network.preprocess, unreadable, progress):
            output, numbers = outputs_of(model, [(pictures, numbers)], runtime)
            for number, logits in zip(numbers.tolist(), logits_in(output).cpu(), strict=True):
                probabilities = logits.softmax(dim=0)
                guesses[files[number]] = [
                    Guess(network.classes[i], logits[i].item(), probabilities[i].item())
                    for i in logits.topk(top).indices.tolist()
                ]
    return Classified(guesses, unreadable)


def _batches(
    files: list[Path],
    preprocess: Callable[[Tensor], Tensor],
    unreadable: list[Unreadable],
    progress: Callable[[int], None],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of prepared photographs (n, C, H, W), with the number (n,) of each among ``files``."""

    def prepared(file: Path) -> Tensor | Unreadable:
        try:
            return preprocess(decode(file))
        except (UnreadablePictureError, OSError) as error:
            return Unreadable(str(file), str(error).removeprefix(f"{file}: "))

    pictures: list[Tensor] = []
    numbers: list[int] = []
    with closing(ahead(prepared, files, pending=AHEAD)) as results:
        for number, result in enumerate(results):
            if isinstance(result, Unreadable):
                unreadable.append(result)
            else:
                pictures.append(result)
                numbers.append(number)
            if pictures and (len(pictures) == BATCH or number == len(files) - 1):
                yield torch.stack(pictures), torch.tensor(numbers)
                pictures, numbers = [], []
            progress(number + 1)
