"""The command `demo`; tests/browser operates the pages that it serves."""

import sys

import nbformat
import pytest
from typer.testing import CliRunner

from cnnlab import demos
from cnnlab.cli import app
from cnnlab.cli.demos import NAMES, _notebook


def cnnlab_demo(*arguments: str):
    return CliRunner().invoke(app, ["demo", *arguments])


def test_every_demo_of_the_library_can_be_served_and_help_names_it():
    assert set(NAMES) == {name for name in demos.__all__ if name.islower()}
    told = " ".join(CliRunner().invoke(app, ["demo", "--help"], env={"COLUMNS": "200"}).output.split())
    assert ", ".join(NAMES) in told
    assert "Example: cnnlab demo" in told


def test_the_served_notebook_shows_the_demo(tmp_path):
    cells = nbformat.read(_notebook("convolution", tmp_path), 4).cells
    names: dict[str, object] = {}
    exec(cells[0].source, names)
    assert names["demos"] is demos
    assert cells[0].source.splitlines()[-1] == "demos.convolution()"


@pytest.mark.parametrize(
    ("name", "near"), [("convolutions", "convolution"), ("drew", "draw"), ("xyz", ", ".join(NAMES))]
)
def test_an_unknown_name_lists_the_near_ones(name, near):
    result = cnnlab_demo(name)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"cnnlab: no demo is called '{name}'; did you mean {near}")
    assert result.stdout == ""


def test_a_missing_voila_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "voila.app", None)  # as if it were not installed
    result = cnnlab_demo("draw", "--no-browser")
    assert result.exit_code == 1
    assert "install it with: pip install voila" in result.stderr
    assert result.stderr.count("\n") == 1
