"""Near-duplicates: copies that were recompressed, resized, cropped by some per cent, or mirrored.

Hashes that survive such changes find candidates among all pairs. The features of a network and the details of both
pictures, one laid over the other, confirm them.
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
PARALLEL = 0.75  # cosine of the features of two copies, at least; two pictures of one landmark may reach it, too
ALIKE = 0.85  # correlation of the details of two copies, at least: two pictures of one place and day stay below it
OVERLAY = (72, 96)  # height and width in pixels at which details are compared
CROPPED = 0.95  # of each side is left of a cropped copy
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

    A pair is one of near-duplicates if its hashes differ little, if its features, which ``features`` computes of
    pictures (N, 3, H, W) uint8, are close to parallel, and if its details correlate where one picture lies over the
    other. Without ``features``, that test is left out: little is lost, and more pairs have to be compared.
    """
    if len(found) < 2:
        return {}
    pairs = candidates(found, limit=CANDIDATES)
    if len(pairs):
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


def _confirmed(paths: Sequence[Path], pairs: np.ndarray, features: "Callable[[Tensor], Tensor] | None") -> np.ndarray:
    """The pairs that features and details confirm."""
    import torch

    from cnnlab.data.decoding import ahead, decode

    places, where = np.unique(pairs[:, :2], return_inverse=True)
    ends = where.reshape(-1, 2)
    pictures = torch.stack(list(ahead(lambda place: decode(paths[place], size=SIZE), places.tolist(), pending=64)))
    if features:
        plain = torch.nn.functional.normalize(features(pictures))
        mirrored = torch.nn.functional.normalize(features(pictures.flip(-1)))
        second = torch.where(torch.from_numpy(pairs[:, 2:] == 1), mirrored[ends[:, 1]], plain[ends[:, 1]])
        parallel = ((plain[ends[:, 0]] * second).sum(dim=1) >= PARALLEL).numpy()
        pairs, ends = pairs[parallel], ends[parallel]
    views = [_views(picture.permute(1, 2, 0).numpy()) for picture in pictures]
    turned = [_views(picture.flip(-1).permute(1, 2, 0).numpy()) for picture in pictures]
    alike = [
        overlaid(views[a], (turned if mirror else views)[b]) >= ALIKE
        for (a, b), mirror in zip(ends.tolist(), pairs[:, 2].tolist(), strict=True)
    ]
    return pairs[np.array(alike, dtype=bool)]


def _views(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The details of a picture at the size for overlays, and at that of a cropped copy.

    Details are grey values without their surroundings' mean and contrast, so that no lamp at night outweighs the rest.
    """
    from scipy.ndimage import gaussian_filter

    grey = Image.fromarray(picture).convert("L")
    views = []
    for scale in (1.0, CROPPED):
        size = (round(OVERLAY[1] * scale), round(OVERLAY[0] * scale))
        values = np.asarray(grey.resize(size, Image.Resampling.BILINEAR), dtype=np.float64)
        details = values - gaussian_filter(values, 4)
        views.append(details / (np.sqrt(gaussian_filter(details**2, 4)) + 4))
    return views[0], views[1]


def overlaid(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    """The highest correlation of the details of two pictures: as they are, or one as a part of the other."""
    best = _correlation(first[0], second[0])
    for whole, part in ((first[0], second[1]), (second[0], first[1])):
        height, width = part.shape
        for top in range(whole.shape[0] - height + 1):
            for left in range(whole.shape[1] - width + 1):
                best = max(best, _correlation(whole[top : top + height, left : left + width], part))
    return best


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


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
