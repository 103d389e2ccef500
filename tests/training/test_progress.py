import io

import pytest
from bs4 import BeautifulSoup

import cnnlab
from cnnlab import models
from cnnlab.training._progress import Progress

ROW = {"train_loss": 0.5, "train_accuracy": 0.875, "learning_rate": 0.001, "seconds": 1.25}


def test_a_terminal_gets_a_line_an_epoch(tiny, capsys):
    cnnlab.fit(models.build("lenet5", num_classes=2), tiny, validation=tiny, epochs=2)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("LeNet5: 43,746 parameters · CPU")
    assert lines[1].split() == ["epoch", "loss", "accuracy", "val.", "loss", "val.", "accuracy", "seconds"]
    assert [line.split()[0] for line in lines[2:]] == ["1", "2"]
    assert err == ""


def test_quiet_is_quiet(tiny, capsys):
    cnnlab.fit(models.build("lenet5", num_classes=2), tiny, epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_notebooks_table_stays_readable_when_the_run_is_over(monkeypatch):
    monkeypatch.setattr("cnnlab.training._progress.PAUSE", 0)
    rows = []
    shown = Progress(title="LeNet5 <on> CPU", epochs=2, rows=rows, shown=True)
    shown._handle = type("Handle", (), {"update": lambda self, what: None})()
    shown.step(1, 4, 0.7)
    assert "epoch 1 of 2, loss 0.700" in shown._repr_html_()
    assert BeautifulSoup(shown._repr_html_(), "html.parser").progress["value"] == "0.250"
    rows.append(ROW)
    shown.epoch()
    shown.__exit__(None, None, None)
    page = BeautifulSoup(shown._repr_html_(), "html.parser")
    assert page.progress is None
    assert [cell.text for cell in page.select("tbody td")] == ["1", "0.5000", "87.5 %", "1.2"]
    assert "LeNet5 <on> CPU" in page.text
    assert "87.5 %" in repr(shown)


def test_an_interrupted_run_says_where(tiny, capsys):
    def interrupt(step):
        if step.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cnnlab.fit(models.build("lenet5", num_classes=2), tiny, epochs=3, callbacks=[interrupt])
    assert capsys.readouterr().out.splitlines()[-1] == "stopped in epoch 2: KeyboardInterrupt"


@pytest.mark.parametrize("encoding", ["ascii", "cp932", "utf-8"])
def test_a_terminal_that_cannot_show_a_sign_shows_another(monkeypatch, encoding):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    monkeypatch.setattr("sys.stdout", terminal)
    with Progress(title="CPU · 2.0×", epochs=1, rows=[], shown=True) as shown:
        shown.note = "no ·"
    assert terminal.buffer.getvalue() == "CPU · 2.0×\nno ·\n".encode(encoding, "replace")


def test_of_several_processes_the_first_alone_shows_progress_and_writes_the_checkpoint(
    tiny, tmp_path, monkeypatch, capsys
):
    seen = []
    for rank in (0, 1):
        monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
        monkeypatch.setattr("torch.distributed.get_rank", lambda rank=rank: rank)
        monkeypatch.setattr("torch.distributed.get_world_size", lambda: 2)
        net = models.build("lenet5", num_classes=2)
        cnnlab.fit(net, tiny, epochs=1, batch_size=8, resume=tmp_path / f"{rank}.pt", callbacks=[seen.append])
        assert bool(capsys.readouterr().out) == (tmp_path / f"{rank}.pt").exists() == (rank == 0)
    assert [step.steps for step in seen] == [4] * 8  # a half of the eight batches each


def test_the_time_left_after_a_resume_is_that_of_the_epochs_left(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("cnnlab.training._progress.time.perf_counter", lambda: clock[0])
    shown = Progress(title="LeNet5", epochs=10, rows=[ROW] * 8, shown=True)
    shown._handle = type("Handle", (), {"update": lambda self, what: None})()
    clock[0] += 10
    shown.step(2, 4, 0.7)  # half an epoch in 10 seconds, and one and a half to go
    assert shown.running == "epoch 9 of 10, loss 0.700, 0:00:30 left"
