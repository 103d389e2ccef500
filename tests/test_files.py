import os
import subprocess
import sys
import threading

import pytest

from cnnlab.files import atomic, cache_folder


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")

    def write():
        with atomic(path) as draft:
            draft.write_text("half")
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_process_killed_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    code = f"""
import os
from cnnlab.files import atomic, cache_folder
with atomic({str(path)!r}) as draft:
    draft.write_text("half")
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert path.read_text() == "old"
    (left,) = tmp_path.glob(".*.partial")
    for file in (left, mine := tmp_path / ".notes.txt.mine.partial"):
        file.touch()
        os.utime(file, (0, 0))  # long ago
    with atomic(path) as draft:  # a later writer removes the dead one's draft, and nothing else
        draft.write_text("new")
    assert sorted(file.name for file in tmp_path.iterdir()) == [mine.name, "notes.txt"]


def test_two_writers_at_once_leave_each_others_drafts_alone(tmp_path):
    path, begun, go_on = tmp_path / "notes [1].txt", threading.Event(), threading.Event()

    def slowly():
        with atomic(path) as draft:
            draft.write_text("thread")
            begun.set()
            go_on.wait(60)

    thread = threading.Thread(target=slowly)
    thread.start()
    begun.wait(60)
    code = f"""
from cnnlab.files import atomic
with atomic({str(path)!r}) as draft:
    draft.write_text("process")
"""
    with atomic(path) as draft:
        draft.write_text("here")
        subprocess.run([sys.executable, "-c", code], check=True)
        assert path.read_text() == "process"
    assert path.read_text() == "here"
    go_on.set()
    thread.join()
    assert path.read_text() == "thread"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_the_draft_of_another_machine_is_left_alone_while_it_is_written(tmp_path):
    theirs = tmp_path / ".notes.txt.999999999-1.partial"  # no process of this machine has the number
    theirs.touch()
    with atomic(tmp_path / "notes.txt") as draft:
        draft.write_text("new")
    assert theirs.exists()


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("CNNLAB_CACHE")
    assert cache_folder().name == "cnnlab"
    assert os.fspath(tmp_path) not in os.fspath(cache_folder())
