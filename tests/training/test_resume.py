"""A run that was interrupted, at any moment and in any way, ends with the weights of one that was not."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import cnnlab
from cnnlab import data, models

KILL = getattr(signal, "SIGKILL", None)  # Windows has none

RUN = """
import signal, sys, torch, cnnlab
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born deaf to Ctrl-C
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
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return weights(folder, "unbroken")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize(
    ("how", "moment"),
    [(KILL, "1 4"), (KILL, "2 15"), (KILL, "3 1"), (signal.SIGINT, "3 9")],
    ids=["killed in the first epoch", "killed at an epoch's end", "killed at an epoch's start", "Ctrl-C"],
)
def test_a_run_killed_at_any_moment_ends_with_the_weights_of_an_unbroken_one(tmp_path, unbroken, how, moment):
    process = start(tmp_path, "broken")
    for line in process.stdout:
        if line.strip() == moment:
            process.send_signal(how)
            break
    process.communicate(timeout=120)
    assert process.returncode in (-how, 1)
    assert not (tmp_path / "broken-weights.pt").exists()
    assert not list(tmp_path.glob(".*partial")) or how == KILL

    again = start(tmp_path, "broken")
    steps, errors = again.communicate(timeout=300)
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


def test_a_fold_does_not_get_the_network_of_another_fold(tmp_path, digits):
    train(tmp_path / "run.pt", digits)
    other = digits._replace(train=digits.train[320:])
    with pytest.raises(ValueError, match="belongs to a run with other settings: training pictures"):
        train(tmp_path / "run.pt", other)


def test_another_network_is_told_by_its_first_layer_that_differs(tmp_path, digits):
    train(tmp_path / "run.pt", digits)
    other = models.build("lenet5")
    other.features.conv1 = torch.nn.Conv2d(1, 6, 5, bias=False)
    with pytest.raises(ValueError, match=r"network's features\.conv1\.bias \(6,\), now 'missing'"):
        cnnlab.fit(other, digits.train[:320], epochs=1, resume=tmp_path / "run.pt", progress=False)


def test_fewer_epochs_than_done_are_refused(tmp_path, digits):
    train(tmp_path / "run.pt", digits, epochs=2)
    with pytest.raises(ValueError, match="has 2 epochs already, more than epochs=1"):
        train(tmp_path / "run.pt", digits, epochs=1)


def test_numbers_of_numpy_do_not_spoil_a_checkpoint(tmp_path, digits):
    rate = np.logspace(-3, -2, 2)[0]

    def cosine(optimizer, steps):
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5 * (1 + np.cos(np.pi * step / steps)))

    train(tmp_path / "run.pt", digits, learning_rate=rate, schedule=cosine)
    _, history = train(tmp_path / "run.pt", digits, learning_rate=rate, schedule=cosine)
    assert len(history) == 1


def test_pictures_on_demand_and_dropout_resume_to_the_same_weights(tmp_path):
    for name, grey in (("dark", 40), ("light", 220)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(20):
            Image.new("L", (16, 16), grey + number).save(tmp_path / "pictures" / name / f"{number:02}.png")
    parts = data.folder(tmp_path / "pictures", size=(16, 16), validation=0.2, test=0.2)

    def run(path, epochs):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(768, 16), nn.Dropout(0.5), nn.Linear(16, 2))
        cnnlab.fit(net, parts.train, epochs=epochs, batch_size=5, resume=path, progress=False)
        return net

    run(tmp_path / "broken.pt", 1)
    broken, unbroken = run(tmp_path / "broken.pt", 3), run(tmp_path / "unbroken.pt", 3)
    assert all(torch.equal(a, b) for a, b in zip(broken.parameters(), unbroken.parameters(), strict=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 32}, "batch_size 64, now 32; call fit as before"),
        ({"learning_rate": 0.5}, "learning_rate 0.001, now 0.5"),
        ({"seed": 9}, "seed 0, now 9"),
        ({"optimizer": torch.optim.SGD}, "optimizer 'Adam', now 'SGD'"),
        ({"augment": data.Augmentation(flip=True)}, "augment 'NoneType', now 'Augmentation"),
        ({"precision": "bfloat16"}, "precision 'auto', now 'bfloat16'"),
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
