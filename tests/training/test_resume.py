"""A run that was interrupted, at any moment and in any way, ends with the weights of one that was not."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import torch

import cnnlab
from cnnlab import models

RUN = """
import sys, torch, cnnlab
from cnnlab import data, models
digits = data.digits()
torch.manual_seed(0)
net = models.build("lenet5")
net.features.add_module("dropout", torch.nn.Dropout(0.3))
cnnlab.fit(
    net, digits.train[:960], validation=digits.validation, epochs=4, resume=sys.argv[1], patience=4,
    augment=data.Augmentation(rotation=10, shift=0.1),
    schedule=lambda optimizer, steps: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, total_steps=steps),
    callbacks=[lambda step: print(step.epoch, step.step, flush=True)], progress=False,
)
torch.save(net.state_dict(), sys.argv[2])
"""


def start(folder, name):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUN), folder / f"{name}.pt", folder / f"{name}-weights.pt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def weights(folder, name):
    return torch.load(folder / f"{name}-weights.pt", weights_only=True)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    process = start(folder, "unbroken")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return weights(folder, "unbroken")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "moment"),
    [(signal.SIGKILL, "1 4"), (signal.SIGKILL, "2 15"), (signal.SIGKILL, "3 1"), (signal.SIGINT, "3 9")],
    ids=["killed in the first epoch", "killed at an epoch's end", "killed at an epoch's start", "Ctrl-C"],
)
def test_a_run_killed_at_any_moment_ends_with_the_weights_of_an_unbroken_one(tmp_path, unbroken, how, moment):
    process = start(tmp_path, "broken")
    for line in process.stdout:
        if line.strip() == moment:
            process.send_signal(how)
            break
    process.communicate(timeout=60)
    assert process.returncode in (-how, 1)
    assert not (tmp_path / "broken-weights.pt").exists()
    assert not list(tmp_path.glob(".*partial")) or how == signal.SIGKILL

    again = start(tmp_path, "broken")
    steps, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    done = int(moment.split()[0]) - 1
    assert steps.split()[0] == str(done + 1)  # epochs that were done are not done again
    for name, tensor in weights(tmp_path, "broken").items():
        assert torch.equal(tensor, unbroken[name]), name


def train(path, digits, **options):
    torch.manual_seed(0)
    net = models.build("lenet5")
    settings = {"epochs": 1, "resume": path, "progress": False, **options}
    return net, cnnlab.fit(net, digits.train[:320], **settings)


def test_a_finished_run_is_not_run_again_and_more_epochs_go_on(tmp_path, digits):
    net, history = train(tmp_path / "run.pt", digits, epochs=2)
    started = time.perf_counter()
    again, same = train(tmp_path / "run.pt", digits, epochs=2)
    assert history.equals(same), time.perf_counter() - started
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))
    _, longer = train(tmp_path / "run.pt", digits, epochs=3)
    assert longer[:2].equals(history[:2])
    assert len(longer) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 32}, "batch_size 64, now 32; call fit as before"),
        ({"learning_rate": 0.5}, "learning_rate 0.001, now 0.5"),
        ({"seed": 9}, "seed 0, now 9"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, digits, change, message):
    train(tmp_path / "run.pt", digits)
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run.pt", digits, **change)


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), r"run\.pt is damaged or no checkpoint"),
        (lambda path: path.write_bytes(b"hello"), r"run\.pt is damaged or no checkpoint"),
        (lambda path: torch.save(Bomb(), path), r"run\.pt is damaged or no checkpoint"),
        (lambda path: torch.save({"model": {}}, path), "is no checkpoint of this version of cnnlab"),
    ],
    ids=["truncated", "text", "code", "foreign"],
)
def test_a_damaged_or_hostile_checkpoint_is_refused_and_runs_no_code(tmp_path, digits, monkeypatch, damage, message):
    monkeypatch.chdir(tmp_path)
    train(tmp_path / "run.pt", digits)
    damage(tmp_path / "run.pt")
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run.pt", digits)
    assert not (tmp_path / "exploded").exists()


def test_a_full_disk_is_said_and_the_last_checkpoint_stays(tmp_path, digits, monkeypatch):
    train(tmp_path / "run.pt", digits)
    before = (tmp_path / "run.pt").read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnnlab.training.checkpoint.torch.save", full)
    with pytest.raises(OSError, match=r"run\.pt could not be written .*No space left.*the one before is untouched"):
        train(tmp_path / "run.pt", digits, epochs=2)
    assert (tmp_path / "run.pt").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
