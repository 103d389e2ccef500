"""Near-duplicates: copies that were recompressed, resized, cropped by some per cent, or mirrored.

Hashes that survive such changes find candidates among all pairs; the features of a network confirm them.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from cnnlab.data.landmarks.extra import needed

if TYPE_CHECKING:
    from torch import Tensor

BITS = 16  # a side: a hash has 256 bits, because drawn and photographed landmarks alike have sky above and ground below
CANDIDATES = 170  # bits of 512 in which the two hashes of a pair may differ
CERTAIN = 130  # without features; half of the pictures cropped by 5 % differ in fewer
PARALLEL = 0.9  # cosine of the features of two copies
SIZE = (144, 192)  # height and width in pixels of the pictures for the features
ROWS = 512  # pictures whose hashes are compared with all others at once

Hashes = tuple[np.ndarray, np.ndarray]  # of a picture and of its mirror image: (8,) uint64 each


def hashes(picture: Image.Image) -> Hashes:
    """A perceptual hash and a gradient hash of a picture, 256 bits each, and those of its mirror image.

    The first has a bit for each low frequency (above the median or not), the second for each pair of neighbours (which
    is lighter).

    Raises:
        ImportError: if imagehash is not installed.
    """
    with needed("imagehash"):
        import imagehash

    def of(view: Image.Image) -> np.ndarray:
        frequencies = imagehash.phash(view, hash_size=BITS, highfreq_factor=2).hash
        gradients = imagehash.dhash(view, hash_size=BITS).hash
        return np.packbits(np.concatenate([frequencies.ravel(), gradients.ravel()])).view(np.uint64)

    grey = picture.convert("L")
    return of(grey), of(ImageOps.mirror(grey))


def near_duplicates(
    paths: Sequence[Path], found: Sequence[Hashes], *, features: "Callable[[Tensor], Tensor] | None"
) -> dict[int, int]:
    """The pictures that have near-duplicates: the place of each among ``paths``, and that of the first in its group.

    ``features`` turns pictures (N, 3, H, W) uint8 into features (N, D). Without it, only pairs with almost the same
    hashes count.
    """
    if len(found) < 2:
        return {}
    pairs = candidates(found, limit=CANDIDATES if features else CERTAIN)
    if features and len(pairs):
        pairs = _confirmed(paths, pairs, features)
    return _groups(pairs)


def candidates(found: Sequence[Hashes], *, limit: int) -> np.ndarray:
    """The pairs whose hashes differ in at most ``limit`` of 512 bits, one of them mirrored or none.

    Shape: (pairs, 3) int64: the places of both, the second one higher, and 1 if one is mirrored.
    """
    plain, mirrored = (np.array([pair[side] for pair in found]) for side in (0, 1))
    pairs = []
    for start in range(0, len(plain), ROWS):
        rows = plain[start : start + ROWS]
        for side, others in enumerate((plain, mirrored)):
            distance = np.zeros((len(rows), len(others)), dtype=np.uint16)
            for word in range(plain.shape[1]):
                distance += np.bitwise_count(rows[:, word, None] ^ others[None, :, word])
            first, second = np.nonzero(distance <= limit)
            first += start
            later = second > first
            pairs.append(np.stack([first[later], second[later], np.full(later.sum(), side)], axis=1))
    return np.concatenate(pairs)


def _confirmed(paths: Sequence[Path], pairs: np.ndarray, features: "Callable[[Tensor], Tensor]") -> np.ndarray:
    """The pairs whose features are almost parallel."""
    import torch

    from cnnlab.data.decoding import ahead, decode

    places, where = np.unique(pairs[:, :2], return_inverse=True)
    first, second = where.reshape(-1, 2).T
    pictures = torch.stack(list(ahead(lambda place: decode(paths[place], size=SIZE), places.tolist(), pending=64)))
    plain = torch.nn.functional.normalize(features(pictures))
    mirrored = torch.nn.functional.normalize(features(pictures.flip(-1)))
    other = torch.where(torch.from_numpy(pairs[:, 2:] == 1), mirrored[second], plain[second])
    return pairs[((plain[first] * other).sum(dim=1) >= PARALLEL).numpy()]


def _groups(pairs: np.ndarray) -> dict[int, int]:
    """The connected components of the pairs: for each place the lowest one that it is connected with."""
    leader: dict[int, int] = {}

    def lowest(place: int) -> int:
        while leader.setdefault(place, place) != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for first, second in pairs[:, :2].tolist():
        a, b = lowest(first), lowest(second)
        leader[max(a, b)] = min(a, b)
    return {place: lowest(place) for place in list(leader)}
