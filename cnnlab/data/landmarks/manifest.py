"""The manifest of a download: a line for each picture, what became of it and why; safe against a kill at any moment."""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from cnnlab.files import atomic

NAME = "manifest.csv"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: ``status`` is "ok", "failed" or "opted out", ``reason`` says why a picture is not there."""

    id: str
    url: str
    landmark_id: str
    status: str
    reason: str = ""
    sha256: str = ""
    bytes: int = 0
    width: int = 0
    height: int = 0

    def failed(self, reason: str) -> "Entry":
        """The entry of a picture that cannot be had."""
        return replace(self, status="failed", reason=reason)

    def opted_out(self) -> "Entry":
        """The entry of a picture that may not be used."""
        return replace(self, status="opted out", reason="x-robots-tag")

    def line(self) -> str:
        """The entry as a line of the CSV."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([getattr(self, column) for column in COLUMNS])
        return text.getvalue()


COLUMNS = tuple(field.name for field in fields(Entry))
HEADER = ",".join(COLUMNS) + "\n"


def picture_path(pictures: Path, entry: Entry) -> Path:
    """Where the picture of an entry lies: ``pictures/<landmark_id>/<id>.jpg``."""
    return pictures / entry.landmark_id / f"{entry.id}.jpg"


def read_manifest(pictures: str | os.PathLike[str]) -> dict[str, Entry]:
    """The entries of ``pictures/manifest.csv`` by id; of several lines with one id, the last counts.

    A last line that a kill has cut off is left out.

    Raises:
        FileNotFoundError: if there is no manifest.
        ValueError: if it has other columns.
    """
    path = Path(pictures) / NAME
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}; `cnnlab landmarks download` makes one")
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    rows = csv.reader(io.StringIO(whole))
    if tuple(next(rows, ())) != COLUMNS:
        raise ValueError(f"{path} must have the columns {','.join(COLUMNS)}; it is another file, or damaged")
    return {
        id: Entry(id, url, landmark, status, reason, digest, int(size), int(width), int(height))
        for id, url, landmark, status, reason, digest, size, width, height in rows
    }


def write_manifest(pictures: Path, entries: Iterable[Entry]) -> None:
    """Write the manifest as a whole, or not at all."""
    pictures.mkdir(parents=True, exist_ok=True)
    with atomic(pictures / NAME) as draft:
        draft.write_text(HEADER + "".join(entry.line() for entry in entries), encoding="utf-8")


@contextmanager
def appending(pictures: Path) -> "Iterator[Appender]":
    """Add lines to the manifest; each is there once `Appender.add` returns, whatever happens to the process then."""
    pictures.mkdir(parents=True, exist_ok=True)
    path = pictures / NAME
    if not path.exists():
        write_manifest(pictures, [])
    elif not path.read_bytes().endswith(b"\n"):  # a line that was cut off
        write_manifest(pictures, read_manifest(pictures).values())
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        yield Appender(handle)
    finally:
        os.fsync(handle)
        os.close(handle)


class Appender:
    """The open manifest, and the number of its new lines by status or reason."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.added: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        """Add a line in one write, so that a kill cannot mix two of them."""
        os.write(self._handle, entry.line().encode())
        self.added[entry.reason or entry.status] += 1
