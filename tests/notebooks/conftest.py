"""The course's own notebooks."""

from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LECTURES = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
SOLUTIONS = sorted((NOTEBOOKS / "solutions").glob("[0-9][0-9]_*.ipynb"))
GLOSSARY = NOTEBOOKS / "glossary.ipynb"


def edition(path: Path) -> int:
    """Lectures of the second edition say so in their metadata; all rules hold for them."""
    return nbformat.read(path, 4).metadata.get("cnnlab", {}).get("edition", 1)


SECOND = [path for path in LECTURES if edition(path) >= 2]


def prose(path: Path) -> str:
    """The text of a notebook, as its author wrote it."""
    return "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
