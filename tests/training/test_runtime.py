import json

import pytest
import torch
from torch import nn

import cnnlab
from cnnlab import models
from cnnlab.training import runtime
from cnnlab.training.runtime import PLAIN, Way, choose

CHANNELS_LAST = Way("float32", channels_last=True)
BFLOAT16 = Way("bfloat16", channels_last=True)


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Plant the seconds of a step in plain float32, float32 channels-last and bfloat16."""
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(runtime, "_known", {})
    monkeypatch.setattr(runtime, "native_bfloat16", lambda: True)
    monkeypatch.setattr(runtime, "SMALL", 0)  # LeNet stands for a large network here
    calls = []

    def plant(*seconds):
        def measure(model, shape, ways, training):
            calls.append(ways)
            return dict(zip(map(runtime._name, ways), seconds, strict=False))

        monkeypatch.setattr(runtime, "_measure", measure)
        return calls

    return plant


def chosen(**options):
    return choose(
        models.build("lenet5"), (64, 1, 28, 28), **{"precision": "auto", "device": "cpu", "training": True, **options}
    )


@pytest.mark.parametrize(
    ("seconds", "way"),
    [
        ((1.0, 0.8, 0.3), BFLOAT16),
        ((1.0, 0.8, 0.82), CHANNELS_LAST),  # bfloat16 must gain a quarter
        ((1.0, 0.98, 0.98), PLAIN),  # a gain within the noise is none
        ((1.0, 1.5, 4.0), PLAIN),  # a processor that emulates bfloat16
    ],
)
def test_the_fastest_way_by_measurement_is_chosen_and_plain_float32_in_doubt(measured, seconds, way):
    measured(*seconds)
    assert chosen().way == way


def test_float32_is_obeyed(measured):
    calls = measured(1.0, 0.5)
    assert chosen(precision="float32").way == CHANNELS_LAST
    assert all(way.precision == "float32" for ways in calls for way in ways)
    assert chosen(precision="bfloat16").way == BFLOAT16


def test_bfloat16_is_not_even_tried_without_native_arithmetic(measured, monkeypatch):
    calls = measured(1.0, 1.0)
    monkeypatch.setattr(runtime, "native_bfloat16", lambda: False)
    chosen()
    assert BFLOAT16 not in calls[0]


def test_a_small_network_is_not_measured_and_runs_alike_everywhere(measured, monkeypatch):
    calls = measured(1.0, 0.5, 0.1)
    monkeypatch.setattr(runtime, "SMALL", 1e9)
    assert chosen().way == PLAIN
    assert not calls


def test_operations_are_counted_as_by_hand():
    by_hand = 24 * 24 * 6 * 25 + 8 * 8 * 16 * 150 + 256 * 120 + 120 * 84 + 84 * 10  # multiply-adds of LeNet-5
    assert runtime._operations(models.build("lenet5"), (3, 1, 28, 28)) == 2 * 3 * by_hand


def test_a_measurement_beside_much_other_work_is_not_kept(measured, tmp_path, monkeypatch):
    measured(1.0, 0.5, 0.9)
    monkeypatch.setattr(runtime.os, "getloadavg", lambda: (99.0, 0, 0), raising=False)
    assert chosen().way == CHANNELS_LAST
    assert not (tmp_path / "runtime.json").exists()


def test_a_measurement_is_kept_for_the_next_process(measured, tmp_path, monkeypatch):
    calls = measured(1.0, 0.5, 0.9)
    monkeypatch.setattr(runtime.os, "getloadavg", lambda: (0.5, 0, 0), raising=False)
    chosen(), chosen()
    runtime._known.clear()  # as a new process has it
    assert chosen().way == CHANNELS_LAST
    assert len(calls) == 1
    assert len(json.loads((tmp_path / "runtime.json").read_text())) == 1


def test_the_choice_is_said_in_one_line(measured):
    threads = "1 thread" if torch.get_num_threads() == 1 else f"{torch.get_num_threads()} threads"
    measured(1.0, 0.8, 0.25)
    assert str(chosen()) == f"CPU, {threads} · bfloat16, channels-last (4.0× plain float32, measured)"


def test_a_few_pictures_are_classified_without_a_measurement(measured):
    calls = measured(1.0, 0.5, 0.1)
    assert chosen(training=False).way == PLAIN
    assert not calls


def test_measuring_changes_neither_weights_nor_statistics_nor_random_numbers():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten(), nn.Linear(4 * 36, 2))
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    seconds = runtime._measure(net, (8, 1, 8, 8), [PLAIN, CHANNELS_LAST, BFLOAT16], training=True)
    assert torch.rand(1) == expected
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert all(0 < value < 10 for value in seconds.values())


@pytest.mark.parametrize("device", ["warp", "cuda:99"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(tiny, device):
    with pytest.raises(ValueError, match=rf"device '{device}' cannot be used here \(.+\); there is: cpu"):
        cnnlab.fit(models.build("lenet5", num_classes=2), tiny, epochs=1, device=device)


def test_every_precision_trains_to_the_same_loss(digits):
    losses = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        net = models.build("lenet5")
        history = cnnlab.fit(net, digits.train[:1280], epochs=3, precision=precision, progress=False)
        losses.append(history.train_loss[3])
    assert losses[0] < 1
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
