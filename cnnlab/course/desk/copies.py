"""A student's own copies of the notebooks, in a folder of their own (``work`` unless they say otherwise).

Lectures and exercises are handed out without outputs: what a cell shows, a student sees after running it, and the
references of an exercise's checks are the course's own. A copy carries in its metadata what was handed out, so that
a later version of the course can tell whether it was touched. What a student changed or ran is never overwritten.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from cnnlab.course.notebooks import KINDS, NUMBERED, CourseError, listed, original, place, source

OURS = "cnnlab"  # the key in a copy's metadata under which the mark of what was handed out stands


class Installed(NamedTuple):
    """What ``install`` did: the folder, the files it added and renewed, and those that are of an older course."""

    folder: Path
    added: tuple[Path, ...]
    renewed: tuple[Path, ...]
    older: tuple[Path, ...]


class Restored(NamedTuple):
    """What ``reset`` did with a file: ``change`` in words, and where the old copy is, if there was another one."""

    path: Path
    change: str
    old_copy: Path | None = None


def install(folder: str | os.PathLike[str]) -> Installed:
    """Copy lectures, exercises, solutions and pictures into a student's folder: what is missing.

    A notebook of an older version of the course that was neither changed nor run is renewed; one that was is left
    alone and listed as ``older``.

    Raises:
        CourseError: if the folder cannot be made or written, or is a file, or a notebook in it cannot be read.
    """
    target, origin = Path(folder).expanduser().resolve(), source()
    files = [file for kind in KINDS for file in listed(kind).values()]
    files += sorted(file for file in (origin / "pictures").rglob("*") if file.is_file() and file.name[0] != ".")
    added, renewed, older = [], [], []
    for file in files:
        copy = target / file.relative_to(origin)
        if not copy.exists():
            place(copy, handed_out(file))
            added.append(copy)
            continue
        state = _state(copy, handed_out(file)) if file.suffix == ".ipynb" else ""
        if state == "older, untouched":
            place(copy, handed_out(file))
            renewed.append(copy)
        elif state == "older":
            older.append(copy)
    return Installed(target, tuple(added), tuple(renewed), tuple(older))


def handed_out(file: Path) -> bytes:
    """What a student gets of a file of the course: a lecture or an exercise without outputs, all else as it is."""
    content = file.read_bytes()
    if file.suffix != ".ipynb":
        return content
    notebook = json.loads(content)
    if file.parent.name != KINDS["solution"]:
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
    notebook["metadata"][OURS] = {"handed_out": _mark(notebook)}
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


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
        CourseError: for an unknown number, no folder of notebooks, a copy that cannot be read, or a folder that cannot
            be written.
    """
    lecture = original(name)
    target, origin = student_folder(folder), source()
    wanted = [lecture, *(path for key, path in listed("exercise").items() if key == lecture.name[:2])]
    return [_restore(file, target / file.relative_to(origin)) for file in wanted]


def _restore(fresh: Path, path: Path) -> Restored:
    content = handed_out(fresh)
    if not path.exists():
        place(path, content)
        return Restored(path, "was missing, is back")
    if _mark(_parsed(path)) == _mark(json.loads(content)):
        return Restored(path, "is as it came; nothing to do")
    number = 1
    while (old_copy := path.with_name(f"{path.stem}.before-reset-{number}.ipynb")).exists():
        number += 1
    place(old_copy, path.read_bytes())  # a copy, not a move: at no moment is the student's work without a name
    place(path, content)
    return Restored(path, f"is fresh; your version is {old_copy.name}", old_copy)


def _state(copy: Path, content: bytes) -> str:
    """Whether a copy has the cells that are handed out now, was changed since, or is of an older version."""
    notebook, fresh = _parsed(copy), json.loads(content)
    if not notebook:
        return "changed"
    if _cells(notebook) == _cells(fresh):
        return "current"
    before = _handed_out_as(notebook)
    if not before:  # from before copies were marked
        return "older"
    if _mark(fresh).startswith(before):
        return "changed"
    return "older, untouched" if _mark(notebook).startswith(before) else "older"


def _parsed(path: Path) -> dict[str, Any]:
    """A student's notebook; nothing of a damaged one, which ``check`` names."""
    try:
        notebook = json.loads(path.read_bytes())
        _handed_out_as(notebook), _mark(notebook)  # whatever these cannot read is damage
    except OSError as error:  # a folder of this name, or a file without the right to read it
        raise CourseError(f"cannot read {path}: {error.strerror}; rename it, then try again", code=1) from error
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    return notebook


def _handed_out_as(notebook: dict[str, Any]) -> str:
    return notebook.get("metadata", {}).get(OURS, {}).get("handed_out", "")


def _cells(notebook: dict[str, Any]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook.get("cells", ())]


def _mark(notebook: dict[str, Any]) -> str:
    """What a change or a run changes, and merely opening a notebook does not, as a number; "" of a damaged one.

    Copies that were handed out before the cells' types counted have its first 16 digits.
    """
    if not notebook:
        return ""
    types, sources = zip(*_cells(notebook), strict=True) if notebook.get("cells") else ((), ())
    outputs = [len(cell.get("outputs", ())) for cell in notebook.get("cells", ())]
    return _number([sources, outputs]) + _number(types)


def _number(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
