"""The rows of the drawn world's CSV: as many landmarks, and as long a tail, as in the challenge, and as much dirt.

An id says which row of which landmark it is, through a bijection of 64 bits, and all else that belongs to the row is
computed from it. So the server needs no table: it draws any of 1.2 million pictures when it is asked for.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cnnlab.data.landmarks.extra import needed
from cnnlab.data.landmarks.subset import largest_remainders
from cnnlab.files import atomic

ROWS, LANDMARKS = 1_225_029, 14_951  # Kim 2018, section II: rows of train.csv and different landmarks in it
OFFSET, EXPONENT = 1.2, 0.86408  # the r-th landmark has about 1 / (r + 1.2)^0.86 as many pictures: 2 % of the first 100
# landmarks are then 8,158 pictures, as in the report
NUMBER_BITS = 40  # of an id: the number of the row; the landmark has the other 24
NONE_ROWS, REPEATED_ROWS = 0.001, 0.0005  # of all rows
FREQUENT = 100
WRONG_LABELS = 0.03  # of the rows
COPIES = 0.02  # of the rows show a postcard: one of two pictures of a landmark, edited
# Of the rows. Together 64 of 8,158 pictures cannot be used, as in the report.
BAD = {
    "404": 0.0020,
    "403": 0.0010,
    "truncated": 0.0008,
    "cut": 0.0005,
    "corrupt": 0.0004,
    "wrong type": 0.0008,
    "blank": 0.0012,
    "stalled": 0.0004,
    "opted out": 0.0007,
}
# These arrive all the same: late, from elsewhere, at the second attempt, or out of focus.
TROUBLE = {"slow": 0.0010, "redirect": 0.0030, "busy": 0.0015, "broken off": 0.0010, "blurred": 0.0010}
COPY_KINDS = ("recompressed", "resized", "cropped", "mirrored")


@dataclass(frozen=True)
class Row:
    """What a row of the CSV is about, from its id."""

    id: str
    labelled: int  # the rank of the landmark in the CSV, 0 is the most frequent
    shown: int  # the rank of the landmark in the picture; another one in 3 % of the rows
    number: int  # of the picture among those of the landmark that is shown
    fault: str  # a key of BAD or TROUBLE, or nothing
    copy: str  # one of COPY_KINDS, for an edited postcard, or nothing


class World:
    """The landmarks of a seed, and the rows of their CSV.

    >>> world = World(seed=0)
    >>> id = world.id_of(3, 17)
    >>> id, world.row(id).labelled, len(world.name(3)) > 0
    ('c02b52a0703f0cfc', 3, True)
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    @cached_property
    def _names(self) -> np.ndarray:
        return np.argsort(np.random.Generator(np.random.PCG64([self.seed, 4])).random(LANDMARKS), kind="stable")

    def name(self, landmark: int) -> str:
        """The landmark_id of the landmark with a rank."""
        return str(self._names[landmark])

    def id_of(self, landmark: int, number: int) -> str:
        """The id of a landmark's row with a number: 16 hexadecimal digits."""
        return f"{int(_mixed(self._codes(np.array([landmark]), np.array([number])))[0]):016x}"

    def row(self, id: str) -> Row | None:
        """The row with an id; None if there is none."""
        try:
            code = int(_unmixed(np.array([int(id, 16)], dtype=np.uint64))[0]) ^ self._salt
        except (ValueError, OverflowError):
            return None
        labelled, number = code >> NUMBER_BITS, code & ((1 << NUMBER_BITS) - 1)
        if len(id) != 16 or labelled >= LANDMARKS or number >= ROWS:
            return None
        wrong, which, fate, copied, postcard = (self._chance(code, salt) for salt in range(5))
        shown = labelled
        if wrong < WRONG_LABELS:
            among = FREQUENT if labelled < FREQUENT else LANDMARKS
            shown = (labelled + 1 + int(which * (among - 1))) % among
        fault = ""
        for name, share in (BAD | TROUBLE).items():
            if 0 <= fate < share:
                fault = name
            fate -= share
        if copied < COPIES:
            return Row(id, labelled, shown, ROWS + int(postcard * 2), fault, COPY_KINDS[int(postcard * 8) % 4])
        return Row(id, labelled, shown, number, fault, "")

    def counts(self, rows: int = ROWS) -> np.ndarray:
        """How many different rows each landmark has in a CSV of ``rows``, by rank.

        Shape: (14,951,) int64.
        """
        usable = rows - round(rows * NONE_ROWS) - round(rows * REPEATED_ROWS)
        weights = (np.arange(LANDMARKS) + OFFSET) ** -EXPONENT
        return largest_remainders((weights * 1e12).astype(np.int64), usable)

    def write_csv(
        self, path: str | os.PathLike[str], *, rows: int = ROWS, address: str = "http://127.0.0.1:8765"
    ) -> int:
        """Write ``rows`` rows ``id,url,landmark_id`` in random order, with URLs below ``address``; return their number.

        A thousandth of them says "None" instead of a URL and a landmark, half as many repeat another row.

        Raises:
            OSError: if the file cannot be written.
            ImportError: if polars is not installed.
        """
        with needed("polars"):
            import polars as pl
        counts = self.counts(rows)
        labelled = np.repeat(np.arange(LANDMARKS), counts)
        number = np.arange(len(labelled)) - np.repeat(np.cumsum(counts) - counts, counts)
        ids = _mixed(self._codes(labelled, number))
        random = np.random.Generator(np.random.PCG64([self.seed, 5]))
        none = round(rows * NONE_ROWS)
        none_ids = _mixed(self._codes(np.full(none, LANDMARKS), np.arange(none)))
        again = (random.random(rows - none - len(ids)) * len(ids)).astype(np.int64)
        texts = _hexadecimal(np.concatenate([ids, ids[again], none_ids]))
        names = np.concatenate([self._names[labelled], self._names[labelled[again]], np.full(none, -1)])
        order = np.argsort(random.random(rows), kind="stable")
        table = pl.DataFrame({"id": texts[order], "landmark": names[order]}).select(
            pl.col("id").cast(pl.String),
            url=pl.when(pl.col("landmark") < 0)
            .then(pl.lit("None"))
            .otherwise(pl.format(address.rstrip("/") + "/{}.jpg", pl.col("id").cast(pl.String))),
            landmark_id=pl.when(pl.col("landmark") < 0)
            .then(pl.lit("None"))
            .otherwise(pl.col("landmark").cast(pl.String)),
        )
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as draft:
            table.write_csv(draft)
        return rows

    @property
    def _salt(self) -> int:
        return (self.seed * 0x9E3779B97F4A7C15) % (1 << 64)

    def _codes(self, landmark: np.ndarray, number: np.ndarray) -> np.ndarray:
        codes = (landmark.astype(np.uint64) << np.uint64(NUMBER_BITS)) | number.astype(np.uint64)
        return codes ^ np.uint64(self._salt)

    def _chance(self, code: int, salt: int) -> float:
        """A number from 0 to 1 that belongs to a row."""
        mixed = _mixed(np.array([code ^ self._salt ^ (salt + 1) * 0x5851F42D4C957F2D % (1 << 64)], dtype=np.uint64))
        return float(mixed[0] >> np.uint64(11)) / (1 << 53)


def _mixed(values: np.ndarray) -> np.ndarray:
    """A bijection of 64-bit numbers after which neighbours are far apart: the finaliser of SplitMix64, Steele 2014."""
    x = values ^ (values >> np.uint64(30))
    x = x * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _unmixed(values: np.ndarray) -> np.ndarray:
    """The inverse of `_mixed`: its multipliers are the inverses of those above, modulo 2**64."""
    x = values ^ (values >> np.uint64(31)) ^ (values >> np.uint64(62))
    x = x * np.uint64(0x319642B2D24D8EC3)
    x = (x ^ (x >> np.uint64(27)) ^ (x >> np.uint64(54))) * np.uint64(0x96DE1B173F119089)
    return x ^ (x >> np.uint64(30)) ^ (x >> np.uint64(60))


def _hexadecimal(values: np.ndarray) -> np.ndarray:
    """Each number as 16 hexadecimal digits, (n,) of fixed-width text."""
    digits = values.astype(">u8").tobytes().hex().encode()
    return np.frombuffer(digits, dtype="S16").astype("U16")
