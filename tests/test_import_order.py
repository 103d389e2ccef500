"""Data flows one way: an import may only point to a room that comes before."""

import ast
from pathlib import Path

import pytest

import cnnlab

PACKAGE = Path(cnnlab.__file__).parent
FIRST = ("data", "models", "evaluation")  # they do not know each other
THEN = ("training", "style", "look", "demos", "course", "cli")
BEFORE = {
    "files": set(),
    **{room: {"files"} for room in FIRST},
    **{room: {"files", *FIRST, *THEN[:place]} for place, room in enumerate(THEN)},
}
FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if file != PACKAGE / "__init__.py"]


def rooms_imported(source: str) -> set[str]:
    """The rooms of cnnlab that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "cnnlab" else [node.module]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("cnnlab.")}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_up_the_page(file):
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert rooms_imported(file.read_text(encoding="utf-8")) - {"__version__"} <= BEFORE[room] | {room}


def test_the_reader_of_imports_sees_every_form():
    source = "import cnnlab.look\nfrom cnnlab import demos\ndef f():\n    from cnnlab.course.doctor import x\n"
    assert rooms_imported(source) == {"look", "demos", "course"}
