"""The course's notebooks: where they are, which there are, reading and writing them.

    notebooks/01_pictures.ipynb             a lecture, with its outputs
    notebooks/exercises/01_pictures.ipynb   what a student fills in
    notebooks/solutions/01_pictures.ipynb   what the exercise is generated from
    notebooks/glossary.ipynb                the terms that lectures use, explained
    notebooks/pictures/                     small files that lectures show

A student works on copies, which `desk.copies` makes.
"""

import json
import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cnnlab.files import atomic

if TYPE_CHECKING:
    from nbformat import NotebookNode

NUMBERED = "[0-9][0-9]_*.ipynb"
GLOSSARY = "glossary.ipynb"
KINDS = {"lecture": ".", "exercise": "exercises", "solution": "solutions"}  # and the folder of each
PACKAGE = Path(__file__).resolve().parent.parent


class CourseError(Exception):
    """An error whose message says what to do next; ``code`` is the command's exit status."""

    def __init__(self, message: str, *, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def source() -> Path:
    """Folder of the course's own notebooks: in the installed package, or at the top of a clone."""
    for folder in (PACKAGE / "notebooks", PACKAGE.parent / "notebooks"):
        if folder.is_dir():
            return folder
    raise CourseError(f"the course's notebooks are missing from {PACKAGE}; install cnnlab again", code=1)


def packaged() -> bool:
    """Whether the notebooks are part of an installed package, where nothing should be written."""
    return source().parent == PACKAGE


def listed(kind: str, folder: Path | None = None) -> dict[str, Path]:
    """Notebooks of a kind ("lecture", "exercise" or "solution") by number, in order.

    >>> "99" in listed("lecture")
    False
    """
    files = sorted(((folder or source()) / KINDS[kind]).glob(NUMBERED), reverse=True)
    first = {file.name[:2]: file for file in files if ".before-reset-" not in file.name}
    return dict(sorted(first.items()))


def find(name: str | os.PathLike[str], *, kind: str = "lecture") -> Path:
    """The course's own notebook of a number ("01" or "1"), or the file of a path.

    Raises:
        CourseError: for a number that the course does not have (it lists those that there are) or a path to nothing.
    """
    if not re.fullmatch(r"\d{1,2}", str(name)):
        if (path := Path(name)).is_file():
            return path
        raise CourseError(f"{str(name)!r} is neither {_number_of(kind)} nor a notebook file")
    known, number = listed(kind), str(name).zfill(2)
    if number not in known:
        raise CourseError(f"there is no {kind} {number}; there are: {', '.join(known) or 'none'}")
    return known[number]


def original(name: str | os.PathLike[str], *, kind: str = "lecture") -> Path:
    """The course's own notebook of a number, or of a file whose name begins with one: "1", "work/01_mine.ipynb".

    Raises:
        CourseError: for a name without a number, or a number that the course does not have.
    """
    if number := re.match(r"\d{1,2}(?=_|$)", Path(name).name):
        return find(number.group(), kind=kind)
    example = "a file whose name begins with one, as in 01_mine.ipynb"
    raise CourseError(f"{str(name)!r} is neither {_number_of(kind)} nor {example}")


def _number_of(kind: str) -> str:
    return f"{'an' if kind == 'exercise' else 'a'} {kind}'s number ({', '.join(listed(kind)) or 'none'})"


def read(path: Path) -> "NotebookNode":
    """A notebook file in the current format; cells without a valid id get a new one.

    Raises:
        CourseError: if it cannot be read or is no notebook; says how to get a fresh one.
    """
    import nbformat

    try:
        with warnings.catch_warnings():
            for category in (nbformat.warnings.MissingIDFieldWarning, nbformat.warnings.DuplicateCellId):
                warnings.simplefilter("ignore", category)  # nbformat gives such cells new ids
            # Editors on Windows begin a file with a byte order mark, which "utf-8-sig" leaves out.
            notebook = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        if notebook.nbformat_minor < 5:  # from Colab or an old editor: that format has no cell ids
            notebook = nbformat.v4.upgrade(notebook)
        for cell in notebook.cells:
            if not isinstance(cell.source, str) or not cell.cell_type:
                raise ValueError("a cell without a source")
            if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell.id):
                cell.id = uuid4().hex[:8]
        json.dumps(notebook, ensure_ascii=False).encode()  # half of a surrogate pair could be read, but never written
        return notebook
    except OSError as error:
        raise CourseError(f"cannot read {path}: {error.strerror or error}") from error
    except (nbformat.ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:  # each kind of damage
        number = path.name[:2] if path.match(NUMBERED) else "NUMBER"
        fresh = f"`cnnlab reset {number}` brings a fresh one and keeps this file"
        raise CourseError(f"{path} is not a notebook, or a damaged one; {fresh}") from error


def write(path: Path, notebook: "NotebookNode") -> None:
    """Save a notebook, whole or not at all."""
    import nbformat

    write_bytes(path, (nbformat.writes(notebook).rstrip("\n") + "\n").encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; makes its folder. A link stays a link, and its target is written.

    Raises:
        CourseError: if the folder cannot be made or written, or the disk is full.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic(target) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise CourseError(f"cannot write {path}: {error.strerror or error}; name another folder", code=1) from error
