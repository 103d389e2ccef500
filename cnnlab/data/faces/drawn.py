"""The drawn faces as a data set: 200 identities with a long tail, in parts."""

from typing import TYPE_CHECKING

import numpy as np

from cnnlab.data.painters import draw_missing
from cnnlab.files import cache_folder

if TYPE_CHECKING:
    from cnnlab.data.split import Splits

IDENTITIES = 200
FEWEST = 3  # pictures of an identity: one for each part
OFFSET = 9.0  # the r-th identity, from 0, has about 1 / (r + 9) as many pictures
DRAWN = 1  # the version of the drawings in the cache
SYLLABLES = (
    ("Ada", "Bel", "Cor", "Dal", "Eli", "Fen", "Gil", "Hal", "Ira", "Jo", "Kel", "Lu", "Mar", "Nor", "Or", "Pet", "Ro"),
    ("ba", "dan", "fin", "ka", "lo", "mi", "na", "nis", "ra", "rik", "sa", "ta", "vin", "wen", "zo"),
)


def faces(
    *,
    count: int = 10_000,
    size: tuple[int, int] = (64, 64),
    validation: float = 0.1,
    test: float = 0.2,
    seed: int = 0,
    in_memory: bool = True,
) -> "Splits":
    """Pictures of 200 drawn people, many of some and few of others.

    A person has a shape of the face, skin, eyes, brows, nose, mouth, hair, and perhaps glasses, a beard or freckles.
    The pictures of a person differ in pose, light, expression, haircut, clothes, background and noise. The number of
    pictures falls with the rank of the person, as 1 / (rank + 9): of 10,000 pictures the first person has 329 and the
    last 17.
    The classes are invented names, the most frequent first. Each part has the same proportion of every class, to within
    a picture, and at least one picture of it.

    ``size`` is (height, width) in pixels. The pictures are drawn at 224×224 when they are needed first (about 230 a
    second on two cores) and kept in the cache as JPEG files. ``in_memory=False`` decodes them when a batch needs them;
    10,000 pictures of 224×224 take 1.5 GB of memory.

    Gjerde, Tron and Ryfetten 2019 have 200 identities at 224×224 and do not print how many pictures each has. The
    recalls in their tables 3, 4 and 7 tell some sizes: 0.2 fits 1 of 5 test pictures, 0.194 needs at least 6 of 31.

    Shape: images (N, 3, H, W) uint8, labels (N,) int64.

    Raises:
        ValueError: for a ``count`` below 600, other fractions, or a ``size`` that is not two whole numbers.
        OSError: if the cache cannot be written.

    >>> faces(count=600, size=(32, 32)).test
    Split(200 pictures of 3×32×32, 200 classes)
    """
    import torch

    from cnnlab.data.decoding import ahead, decode, require_size
    from cnnlab.data.folders import Pictures
    from cnnlab.data.landmarks.split import PARTS, assign
    from cnnlab.data.split import Split, Splits

    require_size(size)
    labels = np.repeat(np.arange(IDENTITIES), pictures_per_identity(count))
    numbers = np.concatenate([np.arange(amount) for amount in np.bincount(labels)])
    names = [str(label) for label in labels]
    part_of = np.array(assign(names, [str(n) for n in range(count)], validation=validation, test=test, seed=seed))
    folder = cache_folder() / f"faces-{DRAWN}-{seed}"
    wanted = list(zip(labels.tolist(), numbers.tolist(), strict=True))
    paths = [folder / f"{label:03}" / f"{number:05}.jpg" for label, number in wanted]
    asked = [f"{label} {number}" for label, number in wanted]
    draw_missing(list(zip(asked, paths, strict=True)), "cnnlab.data.faces.files", seed)
    shuffled = np.argsort(np.random.Generator(np.random.PCG64([seed, 13])).random(count), kind="stable")
    classes, parts = names_of_identities(seed=seed), []
    for part in PARTS:
        chosen = shuffled[part_of[shuffled] == part]
        pictures = Pictures(tuple(paths[place] for place in chosen.tolist()), size)
        truths = torch.from_numpy(labels[chosen].astype(np.int64))
        if in_memory:
            tensor = torch.empty(pictures.shape, dtype=torch.uint8)
            for place, image in enumerate(ahead(lambda path: decode(path, size=size), pictures.paths, pending=64)):
                tensor[place] = image
            parts.append(Split(tensor, truths, classes))
        else:
            parts.append(Split(pictures, truths, classes))
    train, validation_part, test_part = parts
    return Splits(train, validation_part, test_part)


def pictures_per_identity(count: int) -> np.ndarray:
    """How many of ``count`` pictures each of the 200 identities has, the most frequent first.

    Shape: (200,) int64.

    Raises:
        ValueError: for a ``count`` below 600.

    >>> pictures_per_identity(10_000)[[0, 1, 99, 199]]
    array([329, 297,  30,  17])
    """
    from cnnlab.data.landmarks.subset import largest_remainders

    if count < FEWEST * IDENTITIES:
        raise ValueError(f"count must be at least {FEWEST * IDENTITIES}, three pictures of each person, got {count}")
    weights = (1e9 / (np.arange(IDENTITIES) + OFFSET)).astype(np.int64)
    return FEWEST + largest_remainders(weights, count - FEWEST * IDENTITIES)


def names_of_identities(*, seed: int = 0) -> tuple[str, ...]:
    """The 200 invented names of a seed's people.

    >>> len(set(names_of_identities()))
    200
    """
    first, second = SYLLABLES
    names = [start + end for start in first for end in second]
    order = np.argsort(np.random.Generator(np.random.PCG64([seed, 14])).random(len(names)), kind="stable")
    return tuple(names[place] for place in order[:IDENTITIES].tolist())
