"""Structure and errors; no test asserts a time."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from cnnlab import models
from cnnlab.inference import layer_timings, timing

LITTLE = {"seconds": 0.001}


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))


class Recorder(nn.Module):
    """Records the shape, the mode and the use of gradients of every pass."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes, self.modes, self.gradients = [], [], []

    def forward(self, x):
        self.shapes.append(tuple(x.shape))
        self.modes.append(self.training)
        self.gradients.append(torch.is_grad_enabled())
        return x


def test_a_timing_has_a_median_between_its_quartiles():
    result = timing(net(), (2, 6, 6), batch_size=4, seconds=0.05)
    assert 0 < result.low <= result.seconds <= result.high
    assert result.per_picture == result.seconds / 4
    assert result.passes > 1
    assert "ms for 4 pictures (quartiles" in str(result)
    assert f"{result.passes:,} passes" in str(result)
    assert "float32" in str(result)


def test_every_pass_has_the_batch_in_eval_mode_and_without_gradients():
    recorder = Recorder().train()
    result = timing(recorder, (2, 5, 7), batch_size=3, **LITTLE)
    assert set(recorder.shapes) == {(3, 2, 5, 7)}
    assert set(recorder.modes) == set(recorder.gradients) == {False}
    assert len(recorder.shapes) > result.passes  # the first does not count
    assert recorder.training


def test_a_layer_is_timed_like_a_network():
    assert timing(nn.Linear(16, 4), (16,), batch_size=2, **LITTLE).batch_size == 2
    assert timing(nn.ReLU(), (16,), precision="bfloat16", **LITTLE).runtime.format.precision == "bfloat16"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_network_stays_as_it_was(precision):
    model = net().train()
    model[0].eval()  # frozen, as fit leaves a frozen layer
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    timing(model, (2, 6, 6), precision=precision, **LITTLE)
    layer_timings(model, (2, 6, 6), repeats=1, precision=precision)
    assert [module.training for module in model] == [False, True, True, True]
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert model[0].weight.is_contiguous()
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model)


def test_the_random_numbers_of_a_run_stay_as_they_were():
    model = net()
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    timing(model, (2, 6, 6), **LITTLE)
    assert torch.equal(torch.rand(2), expected)


def test_layers_have_the_bytes_and_multiply_adds_of_hand_arithmetic():
    table = layer_timings(net(), (2, 6, 6), batch_size=5, repeats=2).set_index("kind")
    assert list(table.index) == ["Conv2d", "ReLU", "Flatten", "Linear"]
    assert table.multiply_adds.tolist() == [5 * 36 * 4 * 2 * 9, 0, 0, 5 * 144 * 3]
    assert table.bytes["Conv2d"] == 4 * (5 * 2 * 36 + (4 * 2 * 9 + 4) + 5 * 4 * 36)
    assert table.bytes["ReLU"] == 4 * (5 * 4 * 36 * 2)
    assert table.bytes["Linear"] == 4 * (5 * 144 + (144 * 3 + 3) + 5 * 3)
    assert (table.seconds > 0).all()


def test_the_layers_are_those_of_the_summary():
    model = models.small("resnet18", num_classes=10)
    table = layer_timings(model, (3, 32, 32), repeats=1)
    summary = models.summary(model, (3, 32, 32))
    assert table.name.tolist() == summary.name.tolist()
    assert table.multiply_adds.tolist() == summary.multiply_adds.tolist()


class Scaled(nn.Module):
    """A parameter beside layers, for which the summary has a row, and a layer whose weights are computed by others."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.scale = weight_norm(nn.Conv2d(2, 4, 3)), nn.Parameter(torch.ones(4, 1, 1))

    def forward(self, x):
        return self.conv(x) * self.scale


def test_a_layer_is_a_module_that_holds_no_other():
    table = layer_timings(nn.Sequential(Scaled(), nn.Flatten(2), nn.LSTM(16, 3)), (2, 6, 6), repeats=1)
    assert table.name.tolist() == ["0.conv", "1", "2"]


def test_a_layer_that_runs_twice_has_two_rows():
    relu = nn.ReLU()
    table = layer_timings(nn.Sequential(nn.Linear(4, 4), relu, nn.Linear(4, 4), relu), (4, 1, 4), repeats=1)
    assert table.kind.tolist() == ["Linear", "ReLU", "Linear", "ReLU"]


def test_the_numbers_must_be_positive():
    with pytest.raises(ValueError, match=r"must be whole numbers of at least 1, got 0 and \(2, 6, 6\)"):
        timing(net(), (2, 6, 6), batch_size=0)
    with pytest.raises(ValueError, match=r"must be whole numbers of at least 1, got 1 and \(2, 6, 0\)"):
        timing(net(), (2, 6, 0))
    with pytest.raises(ValueError, match=r"must be whole numbers of at least 1, got 1 and \(\)"):
        timing(net(), ())
    with pytest.raises(ValueError, match="seconds must be more than 0, got 0"):
        timing(net(), (2, 6, 6), seconds=0)
    with pytest.raises(ValueError, match="repeats must be 1 or more, got 0"):
        layer_timings(net(), (2, 6, 6), repeats=0)
    with pytest.raises(ValueError, match="precision must be one of auto, float32, bfloat16, got 'half'"):
        timing(net(), (2, 6, 6), precision="half")
    with pytest.raises(ValueError, match="lies on the meta device and has no weights to compute with"):
        timing(models.blueprint("lenet5"), (1, 28, 28))
