"""A run that was interrupted, at any moment and in any way, ends with the weights of one that was not."""

import functools
import os
import random
import re
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.optim import lr_scheduler as lrs

import cnnlab
from cnnlab import data, models
from cnnlab.inference.runtime import Runtime, Way
from cnnlab.training._checkpoint import read_checkpoint
from cnnlab.training._settings import fingerprint

KILL = getattr(signal, "SIGKILL", None)  # Windows has none

RUN = """
import os, signal, sys, torch, cnnlab
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born deaf to Ctrl-C
from cnnlab import data, models
digits = data.digits()
torch.manual_seed(0)
net = models.build("lenet5")
net.features.add_module("dropout", torch.nn.Dropout(0.3))


def end_at_the_moment(step):
    print(step.epoch, step.step, flush=True)
    if [str(step.epoch), str(step.step)] == sys.argv[4:]:
        os.kill(os.getpid(), int(sys.argv[3]))  # to itself, so that it happens at this step


cnnlab.fit(
    net, digits.train[:960], validation=digits.validation, epochs=4, resume=sys.argv[1], patience=4,
    augment=data.Augmentation(rotation=10, shift=0.1),
    schedule=lambda optimizer, steps: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, total_steps=steps),
    callbacks=[end_at_the_moment], progress=False,
)
torch.save(net.state_dict(), sys.argv[2])
"""


def run(folder, name, how=0, moment=""):
    """Train in a process of its own, which sends itself the signal ``how`` at ``moment``: an epoch and a step."""
    paths = [folder / f"{name}.pt", folder / f"{name}-weights.pt"]
    command = [sys.executable, "-c", RUN, *map(str, paths), str(int(how)), *moment.split()]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def weights(folder, name):
    return torch.load(folder / f"{name}-weights.pt", weights_only=True)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    done = run(folder, "unbroken")
    assert done.returncode == 0, done.stderr
    return weights(folder, "unbroken")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize(
    ("how", "moment"),
    [(KILL, "1 4"), (KILL, "2 15"), (KILL, "3 1"), (signal.SIGINT, "3 9")],
    ids=["killed in the first epoch", "killed at an epoch's end", "killed at an epoch's start", "Ctrl-C"],
)
def test_a_run_killed_at_any_moment_ends_with_the_weights_of_an_unbroken_one(tmp_path, unbroken, how, moment):
    broken = run(tmp_path, "broken", how, moment)
    assert broken.returncode in (-how, 1)
    assert broken.stdout.splitlines()[-1] == moment
    assert not (tmp_path / "broken-weights.pt").exists()
    assert not list(tmp_path.glob(".*partial")) or how == KILL

    again = run(tmp_path, "broken")
    assert again.returncode == 0, again.stderr
    assert again.stdout.split()[0] == moment.split()[0]  # epochs that were done are not done again
    for name, tensor in weights(tmp_path, "broken").items():
        assert torch.equal(tensor, unbroken[name]), name


def train(path, digits, **options):
    torch.manual_seed(0)
    net = models.build("lenet5")
    settings = {"epochs": 1, "resume": path, "progress": False, **options}
    return net, cnnlab.fit(net, digits.train[:320], **settings)


def test_a_finished_run_is_not_run_again_and_more_epochs_go_on(tmp_path, digits):
    net, history = train(tmp_path / "run.pt", digits, epochs=2)
    again, same = train(tmp_path / "run.pt", digits, epochs=2)
    assert history.equals(same)
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
    with pytest.raises(ValueError, match=r"network's features\.conv1\.bias \(6,\), now missing"):
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
        ({"optimizer": torch.optim.SGD}, "optimizer's kind Adam, now SGD"),
        ({"augment": data.Augmentation(flip=True)}, "augment's kind none, now Augmentation"),
        ({"precision": "bfloat16"}, "precision auto, now bfloat16"),
        ({"loss": nn.functional.cross_entropy}, "loss's kind none, now cross_entropy"),
        ({"class_weights": torch.arange(10) + 1}, r"class_weights \[\], now \[1, 2"),
        ({"schedule": torch.optim.lr_scheduler.CosineAnnealingLR}, "schedule's kind none, now CosineAnnealingLR"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, digits, change, message):
    train(tmp_path / "run.pt", digits)
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run.pt", digits, **change)


def sgd(lr, momentum=0.0):
    return lambda parameters: torch.optim.SGD(parameters, lr, momentum)


def two_rates(first, second):
    return lambda weights: torch.optim.SGD([{"params": weights[:1]}, {"params": weights[1:], "lr": second}], first)


def steps_at(*milestones):
    return lambda optimizer, steps: torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones)


def smoothed(smoothing):
    return functools.partial(nn.functional.cross_entropy, label_smoothing=smoothing)


def louder(images, *, generator):
    return 1.1 * images


def softer(images, *, generator):
    return 0.9 * images


@pytest.mark.parametrize(
    ("option", "before", "now", "message"),
    [
        ("optimizer", sgd(0.01), sgd(0.5), "optimizer's lr 0.01, now 0.5"),
        ("optimizer", sgd(0.01), sgd(0.01, 0.9), "optimizer's momentum 0.0, now 0.9"),
        ("optimizer", two_rates(0.1, 0.2), two_rates(0.1, 0.3), "optimizer's lr of group 2 0.2, now 0.3"),
        ("schedule", steps_at(3, 5), steps_at(3, 9), r"schedule's milestones Counter\({3: 1, 5: 1}\), now"),
        ("loss", nn.CrossEntropyLoss(label_smoothing=0.1), nn.CrossEntropyLoss(), "label_smoothing 0.1, now 0.0"),
        ("loss", smoothed(0.1), smoothed(0.2), "loss's label_smoothing 0.1, now 0.2"),
        ("augment", louder, softer, "augment's kind louder, now softer"),
        ("augment", data.RandomCrop(28), data.Augmentation(), "augment's kind RandomCrop, now Augmentation"),
        ("augment", data.Augmentation(zoom=0.1), data.Augmentation(zoom=0.2), "augment's zoom 0.1, now 0.2"),
    ],
)
def test_other_options_of_the_same_kind_are_another_run(tmp_path, digits, option, before, now, message):
    train(tmp_path / "run.pt", digits, **{option: before})
    train(tmp_path / "run.pt", digits, **{option: before})
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run.pt", digits, **{option: now})


def test_other_validation_pictures_or_another_patience_are_another_run(tmp_path, digits):
    train(tmp_path / "run.pt", digits, validation=digits.validation, patience=2)
    with pytest.raises(ValueError, match="other settings: validation pictures"):
        train(tmp_path / "run.pt", digits, validation=digits.test, patience=2)
    with pytest.raises(ValueError, match="other settings: patience 2, now 3"):
        train(tmp_path / "run.pt", digits, validation=digits.validation, patience=3)


def test_layers_frozen_in_between_are_another_run(tmp_path, digits):
    train(tmp_path / "run.pt", digits)
    net = models.build("lenet5")
    net.features.requires_grad_(False)
    with pytest.raises(ValueError, match=r"conv1\.weight \(6, 1, 5, 5\), now frozen \(6, 1, 5, 5\)"):
        cnnlab.fit(net, digits.train[:320], epochs=1, resume=tmp_path / "run.pt", progress=False)
    net = models.build("lenet5").train()
    net.features.eval()
    with pytest.raises(ValueError, match=r"layers in eval mode \[\], now \['features'"):
        cnnlab.fit(net, digits.train[:320], epochs=1, resume=tmp_path / "run.pt", progress=False)


def test_splits_are_told_apart_by_classes_labels_shape_pictures_and_paths(digits, tmp_path):
    split = digits.train[:50]
    others = [
        replace(split, classes=tuple("abcdefghij")),
        replace(split, labels=split.labels.roll(1)),
        replace(split, images=split.images.flatten(2).unflatten(2, (14, 56))),
        replace(split, images=255 - split.images),
        replace(split, images=data.Pictures((tmp_path / "a.png",) * 50, (28, 28), 1)),
        replace(split, images=data.Pictures((tmp_path / "b.png",) * 50, (28, 28), 1)),
        replace(split, images=data.Pictures((tmp_path / "a.png",) * 50, (14, 14), 1)),
    ]
    assert fingerprint(split) == fingerprint(split[:])
    assert len({fingerprint(one) for one in (split, *others)}) == 8


SCHEDULES = {
    "LambdaLR": lambda o, n: lrs.LambdaLR(o, lambda step: 0.9**step),
    "MultiplicativeLR": lambda o, n: lrs.MultiplicativeLR(o, lambda step: 0.9),
    "StepLR": lambda o, n: lrs.StepLR(o, 3, 0.5),
    "MultiStepLR": lambda o, n: lrs.MultiStepLR(o, [3, 7, 9], 0.5),
    "ConstantLR": lambda o, n: lrs.ConstantLR(o, 0.5, 7),
    "LinearLR": lambda o, n: lrs.LinearLR(o, total_iters=n),
    "ExponentialLR": lambda o, n: lrs.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o, n: lrs.PolynomialLR(o, n),
    "CosineAnnealingLR": lrs.CosineAnnealingLR,
    "CosineAnnealingWarmRestarts": lambda o, n: lrs.CosineAnnealingWarmRestarts(o, 4),
    "CyclicLR": lambda o, n: lrs.CyclicLR(o, 0.01, 0.1, 3),
    "OneCycleLR": lambda o, n: lrs.OneCycleLR(o, 0.1, total_steps=n),
    "SequentialLR": lambda o, n: lrs.SequentialLR(o, [lrs.LinearLR(o), lrs.MultiStepLR(o, [2, 4], 0.5)], [3]),
    "ChainedScheduler": lambda o, n: lrs.ChainedScheduler([lrs.LinearLR(o), lrs.MultiStepLR(o, [7], 0.5)]),
    "SWALR": lambda o, n: torch.optim.swa_utils.SWALR(o, 0.01),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_goes_on_where_it_was(tmp_path, tiny, name):
    def interrupt(step):
        if step.epoch == 2:
            raise KeyboardInterrupt

    def rates(path, *callbacks):
        torch.manual_seed(0)
        net, seen = nn.Sequential(nn.Flatten(), nn.Linear(784, 2)), []
        cnnlab.fit(
            net,
            tiny,
            epochs=3,
            batch_size=16,
            optimizer=sgd(0.1, 0.9),
            schedule=SCHEDULES[name],
            callbacks=[*callbacks, lambda step: seen.append(step.optimizer.param_groups[0]["lr"])],
            resume=path,
            progress=False,
        )
        return seen, net[1].weight

    expected, unbroken = rates(tmp_path / "unbroken.pt")
    with pytest.raises(KeyboardInterrupt):
        rates(tmp_path / "broken.pt", interrupt)
    found, broken = rates(tmp_path / "broken.pt")
    assert found == expected[4:]
    assert torch.equal(broken, unbroken)


def test_a_run_that_patience_ended_stays_ended(tmp_path, tiny):
    options = {"validation": tiny, "optimizer": sgd(0.0), "resume": tmp_path / "run.pt", "progress": False}
    net = models.build("lenet5", num_classes=2)
    history = cnnlab.fit(net, tiny, epochs=9, patience=2, **options)
    again = cnnlab.fit(models.build("lenet5", num_classes=2), tiny, epochs=20, patience=2, **options)
    assert len(history) == len(again) == 3


def test_a_resumed_run_goes_on_in_the_checkpoints_precision(tmp_path, digits, monkeypatch):
    def planted(precision):
        runtime = Runtime(torch.device("cpu"), Way(precision, channels_last=precision == "bfloat16"), "planted")
        monkeypatch.setattr("cnnlab.training.fitting.choose", lambda *_, **__: runtime)

    planted("bfloat16")
    unbroken, _ = train(tmp_path / "unbroken.pt", digits, epochs=2)
    train(tmp_path / "broken.pt", digits, epochs=1)
    planted("float32")
    broken, history = train(tmp_path / "broken.pt", digits, epochs=2)
    assert "bfloat16, channels-last (as the checkpoint)" in history.runtime
    assert all(torch.equal(a, b) for a, b in zip(unbroken.parameters(), broken.parameters(), strict=True))


NOT_OURS = r"run\.pt is no checkpoint of cnnlab( \([^;]*\))?; name another file in resume$"  # nothing to delete


def flip_a_bit_in_the_middle(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def turn_into_a_folder(path):
    path.unlink()
    path.mkdir()


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes()[:5000]),
            r"run\.pt is a damaged checkpoint \(it is cut off .*\); delete it to begin again, or name another file",
        ),
        (
            flip_a_bit_in_the_middle,
            r"run\.pt is a damaged checkpoint \(the checksum of its part .* is wrong\); delete it",
        ),
        (lambda path: path.write_bytes(b"hello"), NOT_OURS),
        (lambda path: torch.save(Bomb(), path), NOT_OURS),
        (lambda path: torch.save({"model": {}}, path), NOT_OURS),
        (turn_into_a_folder, r"run\.pt is a folder; name a file in it, as resume='.*run\.pt.run\.pt'$"),
        (
            lambda path: torch.save(torch.load(path) | {"cnnlab checkpoint": 1}, path),
            r"run\.pt is a checkpoint of another version of cnnlab; name another file in resume$",
        ),
    ],
    ids=["truncated", "bit", "text", "code", "foreign", "folder", "version"],
)
def test_a_damaged_or_hostile_checkpoint_is_refused_and_runs_no_code(tmp_path, digits, monkeypatch, damage, message):
    monkeypatch.chdir(tmp_path)
    train(tmp_path / "run.pt", digits)
    damage(tmp_path / "run.pt")
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "run.pt", digits)
    assert not (tmp_path / "exploded").exists()


def test_wherever_a_bit_flips_a_checkpoint_is_refused_or_whole(tmp_path, digits):
    train(tmp_path / "run.pt", digits)
    content = (tmp_path / "run.pt").read_bytes()
    settings = torch.load(tmp_path / "run.pt")["settings"]
    whole = read_checkpoint(tmp_path / "run.pt", settings, 1)
    places = random.Random(0).sample(range(len(content)), 25)  # most of them in the weights
    for place in [*places, *range(0, 120, 5), *range(len(content) - 120, len(content), 5)]:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        (tmp_path / "run.pt").write_bytes(flipped)
        try:
            state = read_checkpoint(tmp_path / "run.pt", settings, 1)
        except ValueError:
            continue
        assert state["rows"] == whole["rows"]  # in a date or a gap of the file: nothing is lost
        assert all(torch.equal(tensor, whole["model"][name]) for name, tensor in state["model"].items())


FULL = """
import resource, sys, torch, cnnlab
from cnnlab import data, models
train = data.digits().train[:64]
for epochs, most in ((1, resource.RLIM_INFINITY), (2, 200_000)):  # bytes of a file; a checkpoint has about 800,000
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    torch.manual_seed(0)
    try:
        cnnlab.fit(models.build("lenet5"), train, epochs=epochs, resume=sys.argv[1], progress=False)
    except OSError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_a_disk_that_takes_no_more_is_said_in_the_systems_words_and_the_last_checkpoint_stays(tmp_path):
    path = tmp_path / "run.pt"
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True)
    assert re.search(
        r"run\.pt could not be written \(.*File too large\); the one before is untouched: free", done.stdout
    )
    assert len(torch.load(path)["rows"]) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
