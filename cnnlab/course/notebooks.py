"""The course's notebooks, and a student's own copies of them.

    notebooks/01_pictures.ipynb             a lecture, with its outputs
    notebooks/exercises/01_pictures.ipynb   what a student fills in
    notebooks/solutions/01_pictures.ipynb   what the exercise is generated from
    notebooks/pictures/                     small files that lectures show

A student works on copies in a folder of their own (``work`` unless they say otherwise). What is there is never
overwritten: ``install`` adds only what is missing, ``reset`` keeps the old file beside the new one.
"""

import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnnlab.files import atomic

if TYPE_CHECKING:
    from nbformat import NotebookNode

NUMBERED = "[0-9][0-9]_*.ipynb"
KINDS = {"lecture": ".", "exercise": "exercises", "solution": "solutions"}  # and the folder of each
PACKAGE = Path(__file__).resolve().parent.parent


class CourseError(Exception):
    """A failure told in a sentence or two that end with what to do next; ``code`` is the command's exit status."""

    def __init__(self, message: str, *, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


class Installed(NamedTuple):
    """What ``install`` did: the folder, the files that it added, and how many were there before."""

    folder: Path
    added: tuple[Path, ...]
    kept: int


class Restored(NamedTuple):
    """What ``reset`` did with a file: ``change`` in words, and where the old copy is, if there was another one."""

    path: Path
    change: str
    old_copy: Path | None = None


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
    files = sorted(((folder or source()) / KINDS[kind]).glob(NUMBERED))
    first = {file.name[:2]: file for file in reversed(files) if ".before-reset-" not in file.name}
    return dict(sorted(first.items()))


def find(name: str | os.PathLike[str], *, kind: str = "lecture") -> Path:
    """The course's own notebook of a number ("01" or "1"), or the file of a path.

    Raises:
        CourseError: for a number that the course does not have (it lists those that there are) or a path to nothing.
    """
    text, known = str(name), listed(kind)
    there = ", ".join(known) or "none"
    if re.fullmatch(r"\d{1,2}", text):
        if (number := text.zfill(2)) in known:
            return known[number]
        raise CourseError(f"there is no {kind} {number}; there are: {there}")
    if (path := Path(text)).is_file():
        return path
    raise CourseError(f"{text!r} is neither a {kind}'s number ({there}) nor a notebook file")


def read(path: Path) -> "NotebookNode":
    """A notebook file in the current format.

    Raises:
        CourseError: if it cannot be read or is no notebook; says how to get a fresh one.
    """
    import nbformat

    try:
        with warnings.catch_warnings():
            # A notebook that passed through Colab or an old editor has no cell ids; they are added here.
            warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
            notebook = nbformat.read(path, as_version=4)
        if not all(isinstance(cell.source, str) and cell.cell_type for cell in notebook.cells):
            raise ValueError("a cell without a source")
        return notebook
    except OSError as error:
        raise CourseError(f"cannot read {path}: {error.strerror or error}") from error
    except (nbformat.ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:  # each kind of damage
        number = path.name[:2] if path.match(NUMBERED) else "NUMBER"
        fresh = f"`cnnlab reset {number}` brings a fresh one and keeps this file"
        raise CourseError(f"{path} is not a notebook, or a damaged one; {fresh}") from error


def write(path: Path, notebook: "NotebookNode") -> None:
    """Save a notebook so that a crash leaves the old file or the new one, never half of one."""
    import nbformat

    place(path, (nbformat.writes(notebook).rstrip("\n") + "\n").encode())


def place(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; makes the folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise CourseError(f"cannot write {path}: {error.strerror or error}; choose another folder", code=1) from error


def install(folder: str | os.PathLike[str]) -> Installed:
    """Copy lectures, exercises, solutions and pictures into a student's folder: what is missing, and nothing else.

    Raises:
        CourseError: if the folder cannot be made or written, or is a file.
    """
    target, origin = Path(folder).expanduser().resolve(), source()
    files = [file for kind in KINDS for file in listed(kind).values()]
    files += sorted(file for file in (origin / "pictures").rglob("*") if file.is_file() and file.name[0] != ".")
    added, kept = [], 0
    for file in files:
        copy = target / file.relative_to(origin)
        if copy.exists():
            kept += 1
            continue
        place(copy, file.read_bytes())
        added.append(copy)
    return Installed(target, tuple(added), kept)


def student_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """Where a student's notebooks are: the folder given, else this one or the one above, else ``work`` in this one.

    Raises:
        CourseError: if there are none; says how to get them.
    """
    here = Path.cwd()
    places = [Path(folder).expanduser()] if folder else [here, here / "work"]
    if not folder and here.name in KINDS.values():
        places.insert(0, here.parent)
    for candidate in places:
        if any(candidate.glob(NUMBERED)) or any(candidate.glob(f"exercises/{NUMBERED}")):
            return candidate
    looked = " or ".join(str(candidate) for candidate in places)
    raise CourseError(f"no notebooks of the course in {looked}; `cnnlab lab` makes them, or give their folder")


def folder_for_lab() -> Path:
    """Where ``cnnlab lab`` works if it is not told: here if a student's notebooks are here, else in ``work``."""
    here = Path.cwd()
    return here if any(here.glob(NUMBERED)) and here != source() else here / "work"


def reset(name: str, folder: str | os.PathLike[str] | None = None) -> list[Restored]:
    """Bring back a number's lecture and exercise as they came, where the student's differ, and keep the old copies.

    ``name`` is a number, or the name or path of one of the two notebooks.

    Raises:
        CourseError: for an unknown number, no folder of notebooks, or a folder that cannot be written.
    """
    number = re.match(r"\d{1,2}(?=_|$)", Path(name).name)
    lecture = find(number.group() if number else name)
    target, origin = student_folder(folder), source()
    wanted = [lecture, *(path for key, path in listed("exercise").items() if key == lecture.name[:2])]
    return [_restore(file, target / file.relative_to(origin)) for file in wanted]


def _restore(fresh: Path, path: Path) -> Restored:
    content = fresh.read_bytes()
    if not path.exists():
        place(path, content)
        return Restored(path, "was missing, is back")
    if path.read_bytes() == content:
        return Restored(path, "is as it came; nothing to do")
    number = 1
    while (old_copy := path.with_name(f"{path.stem}.before-reset-{number}.ipynb")).exists():
        number += 1
    place(old_copy, path.read_bytes())  # a copy, not a move: at no moment is the student's work without a name
    place(path, content)
    return Restored(path, f"is fresh; your version is {old_copy.name}", old_copy)
