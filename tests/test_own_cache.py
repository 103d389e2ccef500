"""Tests, doctests and notebooks have a cache of their own: the user's is neither read nor written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]


def test_doctests_and_notebooks_do_not_see_the_users_cache(tmp_path):
    shutil.copy(ROOT / "conftest.py", tmp_path)
    other = "from cnnlab.files import cache_folder\nassert cache_folder().is_dir() and cache_folder().name != 'mine'"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(other)]), tmp_path / "lecture.ipynb")
    doctest = "\n".join(f">>> {line}" for line in other.splitlines())
    (tmp_path / "library.py").write_text(f'"""{doctest}\n"""\n')
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --doctest-modules --nbval-lax\n")
    surroundings = {**os.environ, "CNNLAB_CACHE": str(tmp_path / "mine")}
    for file in ("lecture.ipynb", "library.py"):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file]
        done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True)
        assert "1 passed" in done.stdout, done.stdout
    assert not (tmp_path / "mine").exists()
