"""The house: data flows one way, rooms stay small, and what is private stays in its room."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import cnnlab

PACKAGE = Path(cnnlab.__file__).parent
FIRST = ("files", "downloads")
SIDE_BY_SIDE = ("data", "models", "evaluation")  # they do not know each other
THEN = ("inference", "training", "style", "look", "demos", "course", "cli")
BEFORE = {
    **{file: set(FIRST[:place]) for place, file in enumerate(FIRST)},
    **{room: set(FIRST) for room in SIDE_BY_SIDE},
    **{room: {*FIRST, *SIDE_BY_SIDE, *THEN[:place]} for place, room in enumerate(THEN)},
}
LISTS = {"models/families", "look", "demos"}  # of one kind: as long as there are networks, figures, demos
FILES = {
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts): file
    for file in sorted(PACKAGE.rglob("*.py"))
    if file.name != "__init__.py"
}


def imported(source: str) -> set[str]:
    """The dotted names of cnnlab that a file imports, wherever in the file; of a name in a module, that too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("cnnlab.") and name != "cnnlab.__version__"}


@pytest.mark.parametrize("name", FILES)
def test_imports_point_up_the_page(name):
    room = name.split(".")[1]
    rooms = {other.split(".")[1] for other in imported(FILES[name].read_text(encoding="utf-8"))}
    assert rooms - {room} <= BEFORE[room]


def test_no_two_files_import_each_other():
    graph = {name: imported(file.read_text(encoding="utf-8")) & set(FILES) for name, file in FILES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the files


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_an_underscore_is_imported_in_its_room_alone(name):
    private = {other for other in imported(FILES[name].read_text(encoding="utf-8")) if "._" in other}
    folder = name.rpartition(".")[0]
    assert not [other for other in private if not other.partition("._")[0].startswith(folder)]


@pytest.mark.parametrize(
    "folder", sorted({file.parent for file in FILES.values()} - {PACKAGE}), ids=lambda path: path.name
)
def test_a_room_has_a_dozen_files_at_most(folder):
    files = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
    assert str(folder.relative_to(PACKAGE)) in LISTS or len(files) <= 12


def test_the_reader_of_imports_sees_every_form():
    source = "import cnnlab.look\nfrom cnnlab import demos\ndef f():\n    from cnnlab.course.desk.doctor import x\n"
    assert {name.split(".")[1] for name in imported(source)} == {"look", "demos", "course"}
