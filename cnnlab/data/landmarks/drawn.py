"""The drawn landmarks as a data set, in parts: what the whole chain from CSV to split arrives at."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.painters import draw_missing
from cnnlab.files import cache_folder

if TYPE_CHECKING:
    from cnnlab.data.split import Splits

CLASSES = 100
DRAWN = 1  # the version of the drawings in the cache


def landmarks(
    *,
    count: int = 8158,
    size: tuple[int, int] = (192, 256),
    wrong_labels: float = 0.03,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    in_memory: bool = True,
) -> "Splits":
    """Pictures of 100 drawn landmarks, with the long tail of the Google Landmark Recognition Challenge's 100 largest.

    Each landmark is a building; its pictures differ in viewpoint, distance, time of day, weather, people and what
    stands in the way. The number of pictures of each is proportional to that in the challenge, and at least 3. The
    classes are named by landmark_id, the most frequent first. ``wrong_labels`` is the fraction of pictures that carry
    the label of another landmark, as published sets do; the call with ``wrong_labels=0`` gives the same pictures in
    the same order with the true labels. The parts are stratified by the true labels, with every class in every part.

    ``size`` is (height, width) in pixels. The pictures are drawn at 192×256 when they are needed first (about 200 a
    second on two cores) and kept in the cache as JPEG files. ``in_memory=False`` decodes them when a batch needs them;
    8,158 pictures of 192×256 take 1.2 GB of memory.

    Kim 2018, *Development of a CNN model for Google Landmark Recognition Challenge*, section II: 8,158 pictures of 100
    landmarks, divided 0.8 : 0.1 : 0.1.

    Shape: images (N, 3, H, W) uint8, labels (N,) int64.

    Raises:
        ValueError: for a ``count`` below 300, other fractions, or a ``size`` that is not two whole numbers.
        OSError: if the cache cannot be written.

    >>> landmarks(count=300, size=(24, 32)).train
    Split(100 pictures of 3×24×32, 100 classes)
    """
    import torch

    from cnnlab.data.decoding import ahead, decode, require_size
    from cnnlab.data.folders import Pictures
    from cnnlab.data.landmarks.split import PARTS, assign
    from cnnlab.data.landmarks.world.rows import World
    from cnnlab.data.split import Split, Splits

    require_size(size)
    if not 0 <= wrong_labels < 1:
        raise ValueError(f"wrong_labels must be a fraction from 0 to below 1, got {wrong_labels}; try 0.03")
    world, random = World(seed=seed), np.random.Generator(np.random.PCG64([seed, 6]))
    truth = np.repeat(np.arange(CLASSES), pictures_per_class(count, seed=seed))
    numbers = np.concatenate([np.arange(amount) for amount in np.bincount(truth)])
    labels = _relabelled(truth, wrong_labels, random)
    part_of = np.array(
        assign(
            [str(rank) for rank in truth], [str(n) for n in range(count)], validation=validation, test=test, seed=seed
        )
    )
    shuffled = np.argsort(random.random(count), kind="stable")
    paths = _files(list(zip(truth.tolist(), numbers.tolist(), strict=True)), seed)
    classes = tuple(world.name(rank) for rank in range(CLASSES))
    parts = []
    for part in PARTS:
        chosen = shuffled[part_of[shuffled] == part]
        pictures = Pictures(tuple(paths[place] for place in chosen.tolist()), size)
        truths = torch.from_numpy(labels[chosen])
        if in_memory:
            tensor = torch.empty(pictures.shape, dtype=torch.uint8)
            for place, image in enumerate(ahead(lambda path: decode(path, size=size), pictures.paths, pending=64)):
                tensor[place] = image
            parts.append(Split(tensor, truths, classes))
        else:
            parts.append(Split(pictures, truths, classes))
    train, validation_part, test_part = parts
    return Splits(train, validation_part, test_part)


def pictures_per_class(count: int, *, seed: int = 0) -> np.ndarray:
    """How many of ``count`` pictures each of the 100 landmarks has: its proportion, and at least 3.

    Shape: (100,) int64.

    Raises:
        ValueError: for a ``count`` below 300.

    >>> pictures_per_class(8158)[[0, 1, 99]]
    array([1039,  616,   23])
    """
    from cnnlab.data.landmarks.subset import largest_remainders
    from cnnlab.data.landmarks.world.rows import World

    if count < 3 * CLASSES:
        raise ValueError(f"count must be at least {3 * CLASSES}, three pictures of each landmark, got {count}")
    quotas = largest_remainders(World(seed=seed).counts()[:CLASSES], count)
    return 3 + largest_remainders(np.maximum(quotas - 3, 0), count - 3 * CLASSES)


def _relabelled(truth: np.ndarray, wrong: float, random: np.random.Generator) -> np.ndarray:
    """The labels, of which the fraction ``wrong`` are another class, chosen by chance."""
    order = np.argsort(random.random(len(truth)), kind="stable")
    others = (truth + 1 + (random.random(len(truth)) * (CLASSES - 1)).astype(np.int64)) % CLASSES
    chosen = order[: round(wrong * len(truth))]
    labels = truth.astype(np.int64)
    labels[chosen] = others[chosen]
    return labels


def _files(pictures: Sequence[tuple[int, int]], seed: int) -> list[Path]:
    """The files of (landmark, number) in the cache; those that are missing are drawn."""
    folder = cache_folder() / f"landmarks-{DRAWN}-{seed}"
    paths = [folder / f"{landmark:03}" / f"{number:05}.jpg" for landmark, number in pictures]
    asked = [f"{landmark} {number}" for landmark, number in pictures]
    draw_missing(list(zip(asked, paths, strict=True)), "cnnlab.data.landmarks.world.files", seed)
    return paths
