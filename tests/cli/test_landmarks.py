"""`cnnlab landmarks` from a CSV to class folders, as users type it, against the drawn world's server."""

import json
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pytest
from typer.testing import CliRunner

from cnnlab.cli import app
from cnnlab.data.landmarks.manifest import read_manifest
from cnnlab.data.landmarks.world.server import serving


def cnnlab_says(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["landmarks", *map(str, arguments)])


@pytest.mark.slow
def test_from_the_csv_to_class_folders(tmp_path):
    pictures, sets = tmp_path / "pictures", tmp_path / "sets"
    with serving(rows=5_000) as address:
        urllib.request.urlretrieve(f"{address}/train.csv", tmp_path / "train.csv")
        arguments = [tmp_path / "train.csv", "--top", 4, "--share", 0.12, "--seed", 0, "--out", tmp_path / "subset.csv"]
        told = json.loads(cnnlab_says("subset", *arguments, "--json").stdout)
        assert (told["rows_read"], told["none_rows"], told["classes_kept"]) == (5_000, 5, 4)
        assert cnnlab_says("download", tmp_path / "subset.csv", pictures, "--timeout", 3).exit_code == 0
    entries = read_manifest(pictures)
    assert len(entries) == told["rows_kept"]
    again = cnnlab_says("download", tmp_path / "subset.csv", pictures, "--json")  # the server is gone
    assert json.loads(again.stdout)["asked_now"] == 0
    result = cnnlab_says("inspect", pictures, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    ok = sum(entry.status == "ok" for entry in read_manifest(pictures).values())
    assert found["kept"] == ok
    lines = (pictures / "suspicious.csv").read_text().splitlines()
    assert lines[0] == "id,landmark_id,predicted,confidence,margin"
    assert len(lines) == 1 + ok
    divided = json.loads(cnnlab_says("split", pictures, "--out", sets, "--json").stdout)
    assert divided["train"] + divided["validation"] + divided["test"] == ok
    assert {part.name for part in sets.iterdir() if part.is_dir()} == {"train", "validation", "test"}
    for part in ("train", "validation", "test"):
        assert {folder.name for folder in (sets / part).iterdir()} == set(told["counts"])


def test_serve_writes_its_csv_and_ends_with_ctrl_c(tmp_path):
    code = "from cnnlab.cli import app; app()"
    command = [sys.executable, "-c", code, "landmarks", "serve", "--port", "0", "--rows", "1000", "--csv", "train.csv"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    written, address = server.stdout.readline(), server.stdout.readline().split()[1].rstrip(",")
    assert written == "1,000 rows → train.csv\n"
    rows = (tmp_path / "train.csv").read_text().splitlines()
    assert len(rows) == 1001
    with urllib.request.urlopen(f"{address}/train.csv") as answer:
        assert answer.read().decode().splitlines() == rows
    server.send_signal(signal.SIGINT)
    assert server.wait(30) == 130
    assert server.stderr.read().splitlines()[-1] == "cnnlab: stopped"
    server.stdout.close(), server.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("download", "nowhere.csv", "pictures"), "cnnlab: there is no file nowhere.csv"),
        (("split", "nowhere", "--out", "sets"), "cnnlab: there is no nowhere/manifest.csv"),
        (("inspect", "nowhere"), "cnnlab: there is no nowhere/manifest.csv"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = cnnlab_says(*arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(message)


def test_a_missing_library_is_named_with_the_extra_that_brings_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "polars", None)
    (tmp_path / "a.csv").write_text("id,url,landmark_id\n")
    result = cnnlab_says("subset", tmp_path / "a.csv", "--out", tmp_path / "b.csv")
    assert result.exit_code == 2
    assert "needs polars: pip install 'cnnlab[landmarks]'" in result.stderr
