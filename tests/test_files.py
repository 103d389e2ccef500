import os
import subprocess
import sys
import threading

import pytest

from cnnlab.files import atomic, cache_folder, temporary_folder


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
from cnnlab.files import atomic
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


@pytest.mark.skipif(sys.platform == "win32", reason="homes of Windows are not read-only")
def test_a_home_that_cannot_be_written_is_replaced_by_the_users_own_temporary_folder(tmp_path):
    (tmp_path / "home").touch()  # nothing can be written below a file, not even by root
    (tmp_path / "tmp").mkdir()
    code = "from cnnlab.files import cache_folder; print(cache_folder() == cache_folder()); print(cache_folder())"
    home = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    kept = {name: value for name, value in os.environ.items() if name not in ("CNNLAB_CACHE", "XDG_CACHE_HOME")}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], env=kept | home, capture_output=True, text=True, check=True)
        used = tmp_path / "tmp" / f"cnnlab-{os.getuid()}"
        assert done.stdout.splitlines() == ["True", str(used / "cache")]
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"cnnlab: {tmp_path / 'home'}")
        assert "cannot be written; the cache is" in line
    assert used.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="on Windows every user has a temporary folder")
def test_a_temporary_folder_that_another_user_made_is_not_taken(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    theirs = tmp_path / "cnnlab-12345"
    theirs.mkdir()  # by the user that runs the test
    assert temporary_folder.__wrapped__() not in (theirs, theirs.resolve())
