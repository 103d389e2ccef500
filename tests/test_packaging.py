"""The package as a user gets it: versions that belong together, a wheel with the notebooks, a quick start."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COURSE = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["landmarks"]  # what `make lab` installs
REQUIRED = [Requirement(line) for line in COURSE + PROJECT["optional-dependencies"]["test"]]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


@pytest.mark.parametrize("requirement", REQUIRED, ids=lambda requirement: requirement.name)
def test_every_range_has_a_pin_that_lies_in_it(requirement):
    pin = pins().get(canonicalize_name(requirement.name))
    assert pin is not None, f"constraints.txt has no version for {requirement.name}"
    assert requirement.specifier.contains(pin, prereleases=True)
    assert requirement.specifier, f"pyproject.toml gives no range for {requirement.name}"


@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
def test_every_pin_installs_on_the_lowest_patch_release(python):
    """Debian 12 has Python 3.11.2: a pin that needs 3.11.5 makes pip search through older versions for ever."""
    installed = {canonicalize_name(found.name): found for found in importlib.metadata.distributions()}
    if {name: installed[name].version.partition("+")[0] for name in pins() if name in installed} != pins():
        pytest.skip("other versions than those of constraints.txt are installed; `make test` installs these")
    needed = {name: installed[name].metadata["Requires-Python"] or "" for name in pins()}
    assert {name: need for name, need in needed.items() if not SpecifierSet(need).contains(python)} == {}


def imported() -> dict[str, str]:
    """Every foreign module that library, lectures and solutions import, with a file that does."""
    files = [*(ROOT / "cnnlab").rglob("*.py"), *(ROOT / "notebooks").rglob("*.ipynb")]
    found: dict[str, str] = {}
    for file in files:
        if ".ipynb_checkpoints" in file.parts:
            continue
        if file.suffix == ".py":
            code = file.read_text(encoding="utf-8")
        else:
            code = "\n".join(cell.source for cell in nbformat.read(file, 4).cells if cell.cell_type == "code")
        for node in ast.walk(ast.parse(code)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.partition(".")[0]: file.name for name in names}
    return {name: file for name, file in found.items() if name not in {*sys.stdlib_module_names, "cnnlab"}}


def test_what_students_import_comes_without_the_tests_extras():
    """`make test` installs more than `make lab`: a module that only the extras bring would be missed by all others."""
    optional = {"timm", "nbgrader"}  # where they are missing, the error says how to install them
    required = {canonicalize_name(Requirement(line).name) for line in COURSE} | {"ipython"}
    owners = importlib.metadata.packages_distributions()
    for name, file in imported().items():
        if name not in optional:
            assert required & {canonicalize_name(owner) for owner in owners[name]}, f"{file} imports {name}"


def test_conda_installs_the_same_versions_on_a_python_in_the_range():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python = next(entry for entry in environment["dependencies"] if str(entry).startswith("python="))
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python=") + ".0")
    by_pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert by_pip == ["--constraint constraints.txt", "--editable .[test,landmarks]"]


def test_makefile_and_package_refuse_the_pythons_that_pip_refuses():
    """Before anything is installed, and in a clone that is imported without an installation."""
    range_ = SpecifierSet(PROJECT["requires-python"])
    accepted = [(3, minor) for minor in range(30) if range_.contains(f"3.{minor}.0")]
    for file in ("Makefile", "cnnlab/__init__.py"):
        source = (ROOT / file).read_text(encoding="utf-8")
        lowest, highest = re.search(r"(\(3, \d+\)) <= sys.version_info\[:2\] <= (\(3, \d+\))", source).groups()
        assert (ast.literal_eval(lowest), ast.literal_eval(highest)) == (accepted[0], accepted[-1]), file
    code = "import sys; sys.version_info = (3, 10, 13); import cnnlab"
    refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert "ImportError: cnnlab needs Python 3.11, 3.12 or 3.13" in refused.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", ROOT, "--no-deps", "--no-build-isolation", "-w", folder]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_a_wheel_carries_library_trained_networks_and_notebooks(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    package = [file for kind in ("*.py", "*.js", "*.safetensors", "py.typed") for file in (ROOT / "cnnlab").rglob(kind)]
    for file in package:
        assert file.relative_to(ROOT).as_posix() in names
    for file in (ROOT / "notebooks").rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in file.parts:
            assert f"cnnlab/{file.relative_to(ROOT).as_posix()}" in names
    assert not [name for name in names if name.startswith("tests/")]


def test_an_installed_wheel_puts_the_notebooks_into_a_students_folder(wheel, tmp_path):
    site, course = tmp_path / "site", tmp_path / "course"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        "import sys, cnnlab; from cnnlab.course.desk.copies import install\n"
        "assert cnnlab.__file__.startswith(sys.argv[1]), cnnlab.__file__\n"
        "install(sys.argv[2])"
    )
    path = os.environ | {"PYTHONPATH": str(site)}
    subprocess.run([sys.executable, "-c", code, site, course], check=True, env=path, cwd=tmp_path)
    ours = {file.name for file in (ROOT / "notebooks").glob("*.ipynb")}
    assert {file.name for file in course.glob("*.ipynb")} == ours
    assert {file.name for file in (course / "exercises").glob("*.ipynb")} == ours - {"glossary.ipynb"}


@pytest.mark.parametrize(
    "code",
    [
        "import cnnlab",
        "from typer.testing import CliRunner; from cnnlab.cli import app; CliRunner().invoke(app, ['--help'])",
    ],
    ids=["import cnnlab", "cnnlab --help"],
)
def test_a_start_loads_nothing_heavy(code):
    heavy = ("torch", "torchvision", "pandas", "matplotlib", "sklearn", "IPython", "jupyterlab", "nbconvert")
    code += f"; import sys; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no clone: git knows which files belong to the project")
def test_no_file_names_a_machine_or_a_registry():
    """Paths of a machine, registry settings: neither in a source nor in a saved output."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = listed.stdout.split("\n")
    suspicious = re.compile(
        r"/(?:home|Users|root|work)/(?!student)\w+|extra-index-url(?! https://download\.pytorch\.org)|find-links"
    )
    for name in filter(None, tracked):
        file = ROOT / name
        if file.suffix in {".png", ".safetensors"} or file == Path(__file__) or not file.exists():
            continue
        assert not suspicious.search(file.read_text(encoding="utf-8")), name
