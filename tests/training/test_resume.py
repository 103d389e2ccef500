"""A run that was interrupted, at any moment and in any way, ends with the weights of one that was not."""

import copy
import functools
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim import lr_scheduler as lrs

import cnnlab
from cnnlab import data
from cnnlab.inference import choose
from cnnlab.training._checkpoint import read_checkpoint
from cnnlab.training._settings import fingerprint


def sgd(lr, momentum=0.0):
    return lambda parameters: SGD(parameters, lr, momentum)


def train(pictures, path, *, net=None, **options):
    """Train a small network with dropout."""
    torch.manual_seed(0)
    net = net or nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(784, 2))
    options = {"epochs": 1, "batch_size": 16, "progress": False, "optimizer": sgd(0.1, 0.9), **options}
    return net, cnnlab.fit(net, pictures, resume=path, **options)


def interrupted_at(epoch, number=1):
    def interrupt(step):
        if (step.epoch, step.step) == (epoch, number):
            raise KeyboardInterrupt

    return interrupt


def same(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


class Alternating:
    """An augmentation that mirrors every second epoch; the random numbers that it draws are counted too."""

    def set_epoch(self, epoch):
        self._odd = epoch % 2 == 1

    def __call__(self, images, *, generator):
        images = images + 0.1 * torch.rand(images.shape, generator=generator)
        return images.flip(-1) if self._odd else images


class Fading:
    """Multiplies the weights after every step, each time with a smaller factor."""

    def __init__(self):
        self.factor, self.steps = torch.tensor(1.0), 0

    def __call__(self, step):
        self.factor, self.steps = self.factor * 0.99, self.steps + 1
        step.model[2].weight.data *= self.factor + 0.001 * self.steps

    def state_dict(self):
        return vars(self)

    def load_state_dict(self, state):
        vars(self).update(state)


def everything(tiny, path, *callbacks):
    """A run with all that goes on from epoch to epoch: momentum, schedule, dropout, augmentation, validation."""
    net, history = train(
        tiny,
        path,
        epochs=4,
        validation=tiny[:20],
        augment=Alternating(),
        schedule=lambda optimizer, steps: lrs.OneCycleLR(optimizer, 0.05, total_steps=steps),
        callbacks=callbacks,
    )
    return net, history


@pytest.mark.parametrize("moment", [(1, 2), (2, 4), (3, 1)], ids=["first epoch", "an epoch's end", "an epoch's start"])
def test_an_interrupted_run_ends_with_the_weights_of_an_unbroken_one(tiny, tmp_path, moment):
    unbroken, history = everything(tiny, tmp_path / "unbroken.pt")
    with pytest.raises(KeyboardInterrupt):
        everything(tiny, tmp_path / "broken.pt", interrupted_at(*moment))
    epochs = set()
    again, resumed = everything(tiny, tmp_path / "broken.pt", lambda step: epochs.add(step.epoch))
    assert same(again, unbroken)
    assert epochs == set(range(moment[0], 5))  # epochs that were done are not done again
    assert resumed.drop(columns="seconds").equals(history.drop(columns="seconds"))


RUN = """
import os, signal, sys, torch, cnnlab
from torch import nn
images = torch.arange(64 * 784).remainder(251).to(torch.uint8).reshape(64, 1, 28, 28)
split = cnnlab.data.Split(images, torch.arange(64) % 2, ("a", "b"))


def run(path, *callbacks):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(784, 2))
    cnnlab.fit(net, split, epochs=4, batch_size=16, resume=path, callbacks=callbacks, progress=False)
    return net
"""
KILL = """
def kill(step):
    if (step.epoch, step.step) == (3, 2):
        os.kill(os.getpid(), signal.SIGKILL)  # by itself, so that it happens at this step


run(sys.argv[1], kill)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_a_killed_process_is_followed_by_one_that_ends_with_the_weights_of_an_unbroken_one(tmp_path):
    command = [sys.executable, "-c", RUN + KILL, tmp_path / "broken.pt"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert len(torch.load(tmp_path / "broken.pt")["rows"]) == 2
    names = {}
    exec(RUN, names)
    assert same(names["run"](tmp_path / "broken.pt"), names["run"](tmp_path / "unbroken.pt"))


def test_what_a_callback_remembers_goes_on_too(tiny, tmp_path):
    unbroken, _ = train(tiny, tmp_path / "unbroken.pt", epochs=3, callbacks=[Fading()])
    plain, _ = train(tiny, tmp_path / "plain.pt", epochs=3)
    assert not same(unbroken, plain)
    with pytest.raises(KeyboardInterrupt):
        train(tiny, tmp_path / "broken.pt", epochs=3, callbacks=[interrupted_at(2), Fading()])
    with pytest.raises(ValueError, match="other settings: callback 2 Fading, now None"):
        train(tiny, tmp_path / "broken.pt", epochs=3)
    broken, _ = train(tiny, tmp_path / "broken.pt", epochs=3, callbacks=[lambda step: None, Fading()])
    assert same(broken, unbroken)


def test_patience_remembers_the_best_epoch_and_its_weights(tiny, tmp_path):
    worse = {"validation": replace(tiny, labels=1 - tiny.labels), "epochs": 9, "patience": 3}
    unbroken, history = train(tiny, tmp_path / "unbroken.pt", **worse)
    assert (len(history), history.validation_loss.idxmin()) == (4, 1)
    with pytest.raises(KeyboardInterrupt):
        train(tiny, tmp_path / "broken.pt", callbacks=[interrupted_at(3)], **worse)
    broken, resumed = train(tiny, tmp_path / "broken.pt", **worse)
    assert len(resumed) == 4
    assert same(broken, unbroken)
    again, ended = train(tiny, tmp_path / "broken.pt", **worse | {"epochs": 20})  # a run that patience ended stays so
    assert len(ended) == 4
    assert same(again, unbroken)


def test_a_finished_run_is_not_run_again_and_more_epochs_go_on(tiny, tmp_path):
    net, history = train(tiny, tmp_path / "run.pt", epochs=2)
    again, same_history = train(tiny, tmp_path / "run.pt", epochs=2)
    assert history.equals(same_history)
    assert same(net, again)
    _, longer = train(tiny, tmp_path / "run.pt", epochs=3)
    assert longer[:2].equals(history[:2])
    assert len(longer) == 3
    with pytest.raises(ValueError, match="has 3 epochs already, more than epochs=1"):
        train(tiny, tmp_path / "run.pt", epochs=1)


def test_a_loader_that_is_told_the_epoch_resumes_to_the_same_weights(tiny, tmp_path):
    def shuffled():
        return data.Batches(tiny, 16, shuffle=True)

    unbroken, _ = train(shuffled(), tmp_path / "unbroken.pt", epochs=3)
    train(shuffled(), tmp_path / "broken.pt", epochs=1)
    broken, _ = train(shuffled(), tmp_path / "broken.pt", epochs=3)
    assert same(broken, unbroken)
    with pytest.raises(ValueError, match="training pictures Batches, now list"):
        train(list(shuffled()), tmp_path / "broken.pt", epochs=3)


SCHEDULES = {
    "LambdaLR": lambda o, n: lrs.LambdaLR(o, lambda step: 0.5 * (1 + np.cos(np.pi * step / n))),
    "MultiStepLR": lambda o, n: lrs.MultiStepLR(o, [3, 7, 9], np.float64(0.5)),
    "CyclicLR": lambda o, n: lrs.CyclicLR(o, 0.01, 0.1, 3),
    "SequentialLR": lambda o, n: lrs.SequentialLR(o, [lrs.LinearLR(o), lrs.MultiStepLR(o, [2, 4], 0.5)], [3]),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_goes_on_where_it_was(tiny, tmp_path, name):
    def rates(path, *callbacks):
        seen = []
        callbacks = [*callbacks, lambda step: seen.append(step.optimizer.param_groups[0]["lr"])]
        net, _ = train(tiny, path, epochs=3, schedule=SCHEDULES[name], callbacks=callbacks)
        return seen, net

    expected, unbroken = rates(tmp_path / "unbroken.pt")
    with pytest.raises(KeyboardInterrupt):
        rates(tmp_path / "broken.pt", interrupted_at(2))
    found, broken = rates(tmp_path / "broken.pt")
    assert found == expected[4:]
    assert same(broken, unbroken)


def two_rates(first, second):
    return lambda named: SGD([{"params": named[:1]}, {"params": named[1:], "lr": second}], first)


def steps_at(*milestones):
    return lambda optimizer, steps: lrs.MultiStepLR(optimizer, milestones)


def smoothed(smoothing):
    return functools.partial(F.cross_entropy, label_smoothing=smoothing)


def times(factor):
    def enlarge(images, *, generator):
        return factor * images

    return enlarge


OTHER_SETTINGS = [
    ("batch_size", 16, 32, "batch_size 16, now 32; call fit as before"),
    ("learning_rate", 0.001, 0.5, "learning_rate 0.001, now 0.5"),
    ("seed", 0, 9, "seed 0, now 9"),
    ("precision", "auto", "bfloat16", "precision auto, now bfloat16"),
    ("class_weights", None, torch.tensor([1, 2]), r"class_weights \[\], now \[1, 2"),
    ("optimizer", sgd(0.01), torch.optim.Adam, "optimizer's kind SGD, now Adam"),
    ("optimizer", sgd(0.01), sgd(0.5), "optimizer's lr 0.01, now 0.5"),
    ("optimizer", two_rates(0.1, 0.2), two_rates(0.1, 0.3), "optimizer's lr of group 2 0.2, now 0.3"),
    ("schedule", steps_at(3, 5), steps_at(3, 9), r"schedule's milestones Counter\({3: 1, 5: 1}\), now"),
    (
        "schedule",
        lambda o, n: lrs.LambdaLR(o, lambda step: 0.9**step),
        lambda o, n: lrs.LambdaLR(o, lambda step: 0.8**step),
        "schedule's function 1 .*code.*, now",
    ),
    ("loss", nn.CrossEntropyLoss(label_smoothing=0.1), nn.CrossEntropyLoss(), "label_smoothing 0.1, now 0.0"),
    ("loss", smoothed(0.1), smoothed(0.2), "loss's label_smoothing 0.1, now 0.2"),
    (
        "loss",
        lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=0.1),
        lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=0.2),
        "loss's code .*, now",
    ),
    ("augment", times(0.9), times(1.1), "augment's code .*, now"),
    ("augment", data.RandomCrop(28), data.Augmentation(), "augment's kind RandomCrop, now Augmentation"),
    ("augment", data.Augmentation(zoom=0.1), data.Augmentation(zoom=0.2), "augment's zoom 0.1, now 0.2"),
]


@pytest.mark.parametrize(("option", "before", "now", "message"), OTHER_SETTINGS)
def test_other_settings_are_another_run(tiny, tmp_path, option, before, now, message):
    train(tiny, tmp_path / "run.pt", **{option: before})
    train(tiny, tmp_path / "run.pt", **{option: copy.deepcopy(before)})
    with pytest.raises(ValueError, match=message):
        train(tiny, tmp_path / "run.pt", **{option: now})


FUNCTIONS = """
from cnnlab.training._settings import described
k, unlike = {}, "text"
def f(x): return x in {{"a", "b", "c", unlike}} or k * x
found = [described(f), described(lambda x, y={}: (lambda z: z + {})(x))]
"""


def test_a_function_is_told_apart_by_what_it_uses_and_is_the_same_in_another_process():
    def found(*values):
        names = {"__name__": "__main__"}
        exec(FUNCTIONS.format(*values), names)
        return names["found"]

    first = found(1, 2, 3)
    assert [entry["kind"] for entry in first] == ["f", "<lambda>"]
    assert first[0] != found(9, 2, 3)[0]
    assert first[1] not in (found(1, 9, 3)[1], found(1, 2, 9)[1])
    code = FUNCTIONS.format(1, 2, 3) + "print(found)"
    command = [sys.executable, "-c", code]  # in which sets of texts have another order
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"{first}\n"


def test_other_pictures_or_another_patience_are_another_run(tiny, tmp_path):
    options = {"validation": tiny[:20], "patience": 2}
    train(tiny, tmp_path / "run.pt", **options)
    with pytest.raises(ValueError, match="belongs to a run with other settings: training pictures"):
        train(tiny[10:], tmp_path / "run.pt", **options)
    with pytest.raises(ValueError, match="other settings: validation pictures"):
        train(tiny, tmp_path / "run.pt", **options | {"validation": tiny[20:40]})
    with pytest.raises(ValueError, match="other settings: patience 2, now 3"):
        train(tiny, tmp_path / "run.pt", **options | {"patience": 3})


def test_another_network_is_named_by_its_first_layer_that_differs(tiny, tmp_path):
    def network(**options):
        return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(784), nn.Linear(784, 2, **options))

    train(tiny, tmp_path / "run.pt", net=network())
    with pytest.raises(ValueError, match=r"network's 2\.bias \(2,\), now missing"):
        train(tiny, tmp_path / "run.pt", net=network(bias=False))
    frozen = network()
    frozen[2].requires_grad_(False)
    with pytest.raises(ValueError, match=r"network's 2\.weight \(2, 784\), now frozen \(2, 784\)"):
        train(tiny, tmp_path / "run.pt", net=frozen)
    still = network().train()
    still[1].eval()
    with pytest.raises(ValueError, match=r"layers in eval mode \[\], now \['1'\]"):
        train(tiny, tmp_path / "run.pt", net=still)


def test_splits_are_told_apart_by_classes_labels_shape_every_picture_and_paths(tiny, tmp_path):
    others = [replace(tiny, images=tiny.images.clone()) for _ in range(64)]
    for number, other in enumerate(others):
        other.images[number, 0, 5, 5] ^= 1
    others += [
        replace(tiny, classes=("a", "b")),
        replace(tiny, labels=tiny.labels.roll(1)),
        replace(tiny, images=tiny.images.flatten(2).unflatten(2, (14, 56))),
        replace(tiny, images=data.Pictures((tmp_path / "a.png",) * 64, (28, 28), 1)),
        replace(tiny, images=data.Pictures((tmp_path / "b.png",) * 64, (28, 28), 1)),
        replace(tiny, images=data.Pictures((tmp_path / "a.png",) * 64, (14, 14), 1)),
    ]
    assert fingerprint(tiny) == fingerprint(tiny[:])
    assert len({fingerprint(one) for one in (tiny, *others)}) == 71


def test_a_resumed_run_goes_on_in_the_checkpoints_precision(tiny, tmp_path, monkeypatch):
    def chosen(precision):
        def instead(model, shape, **options):
            return choose(model, shape, **options | {"precision": precision})

        monkeypatch.setattr("cnnlab.training.fitting.choose", instead)

    chosen("bfloat16")
    unbroken, _ = train(tiny, tmp_path / "unbroken.pt", epochs=2)
    train(tiny, tmp_path / "broken.pt", epochs=1)
    chosen("float32")
    broken, history = train(tiny, tmp_path / "broken.pt", epochs=2)
    assert "bfloat16, channels-last (as the checkpoint)" in history.runtime
    assert same(unbroken, broken)


def turn_into_a_folder(path):
    path.unlink()
    path.mkdir()


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


NOT_OURS = r"run\.pt is no checkpoint .* cnnlab, or a damaged one \({}.*\); name another file in resume to begin again$"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), NOT_OURS.format("it is cut off")),
        (lambda path: path.write_bytes(b"hello"), NOT_OURS.format("")),
        (lambda path: torch.save(Bomb(), path), NOT_OURS.format("Weights only load failed")),
        (
            lambda path: torch.save({"model": {}}, path),
            NOT_OURS.format("its first entry is not 'cnnlab checkpoint': 2"),
        ),
        (
            lambda path: torch.save(torch.load(path) | {"cnnlab checkpoint": 1}, path),
            NOT_OURS.format("its first entry"),
        ),
        (turn_into_a_folder, r"run\.pt is a folder; name a file in it, as resume='.*run\.pt.run\.pt'$"),
    ],
    ids=["truncated", "text", "code", "foreign", "version", "folder"],
)
def test_a_damaged_or_hostile_checkpoint_is_refused_and_runs_no_code(tiny, tmp_path, monkeypatch, damage, message):
    monkeypatch.chdir(tmp_path)
    train(tiny, tmp_path / "run.pt")
    damage(tmp_path / "run.pt")
    with pytest.raises(ValueError, match=message):
        train(tiny, tmp_path / "run.pt")
    assert not (tmp_path / "exploded").exists()


def test_wherever_a_bit_flips_a_checkpoint_is_refused_or_whole(tiny, tmp_path):
    train(tiny, tmp_path / "run.pt")
    content = (tmp_path / "run.pt").read_bytes()
    settings = torch.load(tmp_path / "run.pt")["settings"]
    whole = read_checkpoint(tmp_path / "run.pt", settings, 1)
    offsets = random.Random(0).sample(range(len(content)), 25)  # most of them in the weights
    for offset in [*offsets, *range(0, 120, 5), *range(len(content) - 120, len(content), 5)]:
        flipped = bytearray(content)
        flipped[offset] ^= 1 << offset % 8
        (tmp_path / "run.pt").write_bytes(flipped)
        try:
            state = read_checkpoint(tmp_path / "run.pt", settings, 1)
        except ValueError:
            continue
        assert state["rows"] == whole["rows"]  # in a date or a gap of the file: nothing is lost
        assert all(torch.equal(tensor, whole["model"][name]) for name, tensor in state["model"].items())


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_a_disk_that_takes_no_more_is_said_in_the_systems_words_and_the_last_checkpoint_stays(tiny, tmp_path):
    import resource

    train(tiny, tmp_path / "run.pt")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))  # bytes of a file; a checkpoint has about 20,000
    try:
        with pytest.raises(OSError, match=r"run\.pt could not be written \(.*File too large\); the one before is unt"):
            train(tiny, tmp_path / "run.pt", epochs=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(torch.load(tmp_path / "run.pt")["rows"]) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["run.pt"]
