"""A subset of Google's CSV: the most frequent landmarks, and the same share of the pictures of each."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnlab.data.landmarks.extra import needed
from cnnlab.files import atomic

if TYPE_CHECKING:
    import polars

COLUMNS = ("id", "url", "landmark_id")


@dataclass(frozen=True)
class Subset:
    """What became of the rows of a CSV; ``counts`` has the rows kept of each landmark, the most frequent first."""

    rows_read: int
    none_rows: int  # without an id, a URL or a landmark
    duplicate_rows: int  # with the id or the URL of an earlier row
    classes: int  # landmarks in the CSV
    classes_kept: int
    rows_kept: int
    counts: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def subset(
    csv: str | os.PathLike[str], out: str | os.PathLike[str], *, top: int = 100, share: float = 0.02, seed: int = 0
) -> Subset:
    """Write the rows of a stratified sample of the ``top`` most frequent landmarks of ``csv`` to ``out``.

    ``csv`` has the columns ``id,url,landmark_id`` of the Google Landmark Recognition Challenge. Rows in which one of
    them is empty or "None" are counted and left out, and so are rows that repeat an id or a URL. Of the pictures of the
    ``top`` landmarks together, ``share`` is kept, rounded; each landmark gets its proportion of them, to within one
    picture, by largest remainders. Which pictures are kept depends on ``seed``. ``out`` has the columns and the order
    of ``csv``. Landmarks with equally many pictures rank by their id.

    Kim 2018, *Development of a CNN model for Google Landmark Recognition Challenge*, section II: 100 landmarks, 2 %.

    Raises:
        FileNotFoundError: if there is no ``csv``.
        ValueError: if it has other columns or no usable row, for ``top`` below 1 or ``share`` outside (0, 1].
        ImportError: if polars is not installed.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> rows = [f"a{n},http://host/a{n}.jpg,7" for n in range(10)] + ["b,None,7", "c,http://host/c.jpg,8"]
    >>> _ = (folder / "train.csv").write_text("\\n".join(["id,url,landmark_id", *rows]))
    >>> found = subset(folder / "train.csv", folder / "subset.csv", top=1, share=0.2)
    >>> found.rows_read, found.none_rows, found.classes, found.counts
    (12, 1, 2, {'7': 2})
    """
    with needed("polars"):
        import polars as pl
    if top < 1:
        raise ValueError(f"top must be 1 or more, the number of landmarks to keep, got {top}")
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1 (0.02 keeps 2 %), got {share}")
    rows = read_rows(csv)
    said = [pl.col(column).is_not_null() & ~pl.col(column).is_in(["None", ""]) for column in COLUMNS]
    usable = rows.filter(pl.all_horizontal(said)).with_row_index("place")
    first = _without_repeats(usable)
    if not len(first):
        raise ValueError(f"{csv} has no row with an id, a URL and a landmark")
    by_size = (
        first.group_by("landmark_id")
        .len()
        .with_columns(number=pl.col("landmark_id").cast(pl.Int64, strict=False))
        .sort(["len", "number", "landmark_id"], descending=[True, False, False])
    )
    kept = by_size.head(top)
    quotas = largest_remainders(kept["len"].to_numpy(), round(share * int(kept["len"].sum())))
    chosen = _chosen(first, dict(zip(kept["landmark_id"], quotas.tolist(), strict=True)), seed)
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic(out) as draft:
        chosen.write_csv(draft)
    counts = {name: quota for name, quota in zip(kept["landmark_id"], quotas.tolist(), strict=True) if quota}
    return Subset(
        len(rows), len(rows) - len(usable), len(usable) - len(first), len(by_size), len(counts), len(chosen), counts
    )


def read_rows(csv: str | os.PathLike[str]) -> "polars.DataFrame":
    """The rows of a CSV in Google's form, all columns as text.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no CSV, or a column is missing.
    """
    with needed("polars"):
        import polars as pl
    if not Path(csv).is_file():
        raise FileNotFoundError(f"there is no file {csv}; name a CSV with the columns {','.join(COLUMNS)}")
    try:
        rows = pl.read_csv(Path(csv), infer_schema=False, encoding="utf8-lossy")
    except (pl.exceptions.ComputeError, pl.exceptions.NoDataError) as error:
        raise ValueError(f"{csv} is not a CSV with the columns {','.join(COLUMNS)}: {error}") from error
    missing = [column for column in COLUMNS if column not in rows.columns]
    if missing:
        raise ValueError(f"{csv} must have the columns {','.join(COLUMNS)}; missing: {', '.join(missing)}")
    return rows


def largest_remainders(sizes: np.ndarray, total: int) -> np.ndarray:
    """Divide ``total`` in proportion to ``sizes``, in whole numbers.

    Each part gets its proportion rounded down; those with the largest remainders get one more (of equal ones the
    first), until ``total`` is reached (Hamilton's method).

    Shape: (n,) int -> (n,) int.

    >>> largest_remainders(np.array([50, 30, 20]), 7)
    array([4, 2, 1])
    """
    exact = [int(size) * total for size in sizes]  # whole numbers: no rounding error decides
    whole = int(np.sum(sizes))
    parts = np.array([value // whole for value in exact], dtype=np.int64)
    remainders = np.array([value % whole for value in exact])
    for place in np.argsort(-remainders, kind="stable")[: total - int(parts.sum())]:
        parts[place] += 1
    return parts


def _without_repeats(rows: "polars.DataFrame") -> "polars.DataFrame":
    """The rows whose id and URL are in no earlier row.

    Few rows repeat one, so texts are compared only where hashes agree: a tenth of the time of comparing all of them.
    """
    import polars as pl

    def may_repeat(column: str) -> pl.Series:
        hashes = rows[column].hash()
        ordered = hashes.sort()
        return hashes.is_in(ordered[1:].filter(ordered[1:] == ordered[:-1]).implode())

    suspects = may_repeat("id") | may_repeat("url")
    compared = rows.filter(suspects).filter(pl.col("id").is_first_distinct() & pl.col("url").is_first_distinct())
    return rows.filter(~suspects | rows["place"].is_in(compared["place"].implode()))


def _chosen(rows: "polars.DataFrame", quotas: dict[str, int], seed: int) -> "polars.DataFrame":
    """The rows with the smallest of random numbers, as many of each landmark as its quota says, in the old order."""
    import polars as pl

    names = pl.DataFrame(
        {"landmark_id": list(quotas), "quota": list(quotas.values())}, schema_overrides={"quota": pl.UInt32}
    )
    candidates = rows.join(names, on="landmark_id", how="inner", maintain_order="left")
    numbers = np.random.Generator(np.random.PCG64(seed)).random(len(candidates))
    return (
        candidates.with_columns(number=pl.Series(numbers))
        .filter(pl.col("number").rank("ordinal").over("landmark_id") <= pl.col("quota"))
        .sort("place")
        .drop("place", "number", "quota")
    )
