"""A student's own copies of the notebooks, in a folder of their own (``work`` unless they say otherwise).

Lectures and exercises are handed out without outputs: what a cell shows, a student sees after running it, and the
references of an exercise's checks are the course's own. A copy carries in its metadata a digest of what was handed
out, so that a later version of the course can tell whether it was changed or run. If it was, it is never overwritten.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from cnnlab.course.notebooks import GLOSSARY, KINDS, NUMBERED, CourseError, listed, original, source, write_bytes


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
    """Copy lectures, exercises, solutions, glossary and pictures into a student's folder: what is missing.

    A notebook of an older version of the course that was neither changed nor run is renewed; one that was is left
    alone and listed as ``older``.

    Raises:
        CourseError: if the folder cannot be made or written, or is a file, or a notebook in it cannot be read.
    """
    target, origin = Path(folder).expanduser().resolve(), source()
    files = [file for kind in KINDS for file in listed(kind).values()]
    files += [file for file in [origin / GLOSSARY] if file.is_file()]
    files += sorted(file for file in (origin / "pictures").rglob("*") if file.is_file() and file.name[0] != ".")
    added, renewed, older = [], [], []
    for file in files:
        copy, content = target / file.relative_to(origin), handed_out(file)
        if not copy.exists():
            write_bytes(copy, content)
            added.append(copy)
        elif file.suffix == ".ipynb":
            mine = _parsed(copy)
            received = _received(mine)
            if received in ("", _received(json.loads(content))):
                continue  # damaged or not from us, or of the present version
            if _digest(mine) == received:
                write_bytes(copy, content)
                renewed.append(copy)
            else:
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
    notebook["metadata"].setdefault("cnnlab", {})["handed_out"] = _digest(notebook)
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def student_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """Where a student's notebooks are: the folder given, else this one or the one above, else ``work`` in this one.

    Raises:
        CourseError: if there are none; says how to get them.
    """
    here = Path.cwd()
    above = [here.parent] if here.name in KINDS.values() else []
    candidates = [Path(folder).expanduser()] if folder else [*above, here, here / "work"]
    for candidate in candidates:
        if any(candidate.glob(NUMBERED)) or any(candidate.glob(f"exercises/{NUMBERED}")):
            return candidate
    searched = " or ".join(map(str, candidates))
    raise CourseError(f"no notebooks of the course in {searched}; `cnnlab lab` makes them, or give their folder")


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
        write_bytes(path, content)
        return Restored(path, "was missing, is back")
    if (mine := _parsed(path)) and _digest(mine) == _received(json.loads(content)):
        return Restored(path, "is as it came; nothing to do")
    number = 1
    while (old_copy := path.with_name(f"{path.stem}.before-reset-{number}.ipynb")).exists():
        number += 1
    write_bytes(old_copy, path.read_bytes())  # a copy, not a move: at no moment is the student's work without a name
    write_bytes(path, content)
    return Restored(path, f"is fresh; your version is {old_copy.name}", old_copy)


def _parsed(path: Path) -> dict[str, Any]:
    """A student's notebook; nothing of a damaged one, which ``check`` names."""
    try:
        notebook = json.loads(path.read_bytes())
        _received(notebook), _digest(notebook)  # whatever these cannot read is damage
    except OSError as error:  # a folder of this name, or a file without the right to read it
        raise CourseError(f"cannot read {path}: {error.strerror}; rename it, then try again", code=1) from error
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    return notebook


def _received(notebook: dict[str, Any]) -> str:
    """The digest of what was handed out; "" if it does not say."""
    return str(notebook.get("metadata", {}).get("cnnlab", {}).get("handed_out", ""))


def _digest(notebook: dict[str, Any]) -> str:
    """Digest of what a change or a run changes, and merely opening a notebook does not."""
    cells = notebook.get("cells", [])
    sources = ["".join(cell["source"]) for cell in cells]
    outputs = [len(cell.get("outputs", ())) for cell in cells]
    types = [cell["cell_type"] for cell in cells]
    parts = [hashlib.sha256(json.dumps(part).encode()).hexdigest()[:16] for part in ([sources, outputs], types)]
    return "".join(parts)
