import json

import pytest
import torch
from torch import nn

import cnnlab
from cnnlab import models
from cnnlab.inference import measurements, runtime
from cnnlab.inference.runtime import PLAIN, Way, choose

CHANNELS_LAST = Way("float32", channels_last=True)
BFLOAT16 = Way("bfloat16", channels_last=True)


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Plant the seconds of a step in plain float32, float32 channels-last and bfloat16."""
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(measurements, "_known", {})
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
    assert measurements.operations(models.build("lenet5"), (3, 1, 28, 28)) == 2 * 3 * by_hand


class Cautious(nn.Sequential):
    """Looks at its values, as no network on the meta device can."""

    def forward(self, x):
        return super().forward(x.clamp(-1, 1) if x.abs().max() > 1e6 else x)


class Centred(nn.Sequential):
    """Holds a plain tensor, which `Module.to` does not move."""

    def __init__(self, *layers):
        super().__init__(*layers)
        self.mean = torch.tensor([0.5])

    def forward(self, x):
        return super().forward(x - self.mean)


@pytest.mark.parametrize("kind", [Cautious, Centred])
def test_a_network_that_cannot_run_without_values_is_counted_trained_and_used(kind, digits):
    net = kind(nn.Conv2d(1, 4, 5), nn.Dropout(), nn.Flatten(), nn.Linear(4 * 576, 10)).train()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    assert measurements.operations(net, (7, 1, 28, 28)) == 2 * 7 * (576 * 4 * 25 + 4 * 576 * 10)
    assert torch.rand(1) == expected
    assert all(module.training for module in net.modules())
    for precision in ("auto", "float32"):
        cnnlab.fit(net, digits.train[:64], epochs=1, precision=precision, progress=False)
        assert cnnlab.predict(net, digits.train[:300], precision=precision).shape == (300, 10)


def test_pictures_that_do_not_fit_are_refused_in_one_error():
    with pytest.raises(ValueError, match=r"takes pictures of shape \(N, 1, 28, 28\)") as caught:
        cnnlab.predict(models.build("lenet5"), torch.zeros(300, 3, 28, 28))
    assert caught.value.__context__ is None


def test_a_network_in_double_precision_is_not_measured(measured):
    calls = measured(1.0, 0.5, 0.1)
    net = models.build("lenet5").double()
    assert choose(net, (64, 1, 28, 28), precision="auto", device="cpu", training=True).way == PLAIN
    assert not calls


@pytest.mark.parametrize(
    "content", ["[1]", "null", "7", "{", "", '{"KEY": [1]}', '{"KEY": {}}', '{"KEY": {"float32": "a"}}']
)
def test_a_damaged_cache_costs_a_measurement_and_is_replaced(measured, tmp_path, monkeypatch, content):
    calls = measured(1.0, 0.5, 0.9)
    monkeypatch.setattr(measurements.os, "getloadavg", lambda: (0.5, 0, 0), raising=False)
    chosen()
    (key,) = json.loads((tmp_path / "runtime.json").read_text())
    (tmp_path / "runtime.json").write_text(content.replace("KEY", key))
    measurements._known.clear()
    assert chosen().way == CHANNELS_LAST
    assert len(calls) == 2
    assert json.loads((tmp_path / "runtime.json").read_text())[key]["float32"] == 1.0


def test_with_another_number_of_threads_it_is_measured_again(measured, monkeypatch):
    calls = measured(1.0, 0.5, 0.9)
    threads = torch.get_num_threads()
    chosen()
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads + 1)
    chosen()
    assert len(calls) == 2


def test_a_measurement_beside_much_other_work_is_not_kept(measured, tmp_path, monkeypatch):
    measured(1.0, 0.5, 0.9)
    monkeypatch.setattr(measurements.os, "getloadavg", lambda: (99.0, 0, 0), raising=False)
    assert chosen().way == CHANNELS_LAST
    assert not (tmp_path / "runtime.json").exists()


def test_a_measurement_is_kept_for_the_next_process(measured, tmp_path, monkeypatch):
    calls = measured(1.0, 0.5, 0.9)
    monkeypatch.setattr(measurements.os, "getloadavg", lambda: (0.5, 0, 0), raising=False)
    chosen(), chosen()
    measurements._known.clear()  # as a new process has it
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
    assert all(value > 0 for value in seconds.values())


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
