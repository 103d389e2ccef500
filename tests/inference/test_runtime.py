"""The rule that chooses precision and memory format, on processors whose instructions are planted, and on this one."""

import platform
import re
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

import cnnlab
from cnnlab import models
from cnnlab.inference import native_bfloat16
from cnnlab.inference.runtime import BFLOAT16, CHANNELS_LAST, PLAIN, Format, Runtime, choose

CPU = torch.device("cpu")


@pytest.fixture
def processor(monkeypatch):
    """Plant what PyTorch says of the processor, AVX-512 with bfloat16 at first, and what the user allows oneDNN."""

    def plant(instructions="AVX512", *, bfloat16=True, allowed="ALL"):
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", allowed)
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: instructions)
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": bfloat16})

    plant()
    return plant


def chosen(model, shape, *, precision="auto", training=True):
    return choose(model, shape, precision=precision, device="cpu", training=training)


# The fastest choices of benchmarks/README.md, within a tenth: with bfloat16, with AVX-512 alone, with AVX2 alone.
FASTEST = {
    "resnet18": (torchvision.models.resnet18, (32, 3, 224, 224), True, (BFLOAT16, CHANNELS_LAST, PLAIN)),
    "vgg16": (torchvision.models.vgg16, (16, 3, 224, 224), True, (BFLOAT16, CHANNELS_LAST, PLAIN)),
    "efficientnet_lite0": (None, (16, 3, 224, 224), True, (CHANNELS_LAST, CHANNELS_LAST, CHANNELS_LAST)),
    "resnet20": (None, (64, 3, 32, 32), True, (BFLOAT16, CHANNELS_LAST, CHANNELS_LAST)),
    "lenet5": (None, (64, 1, 28, 28), True, (PLAIN, PLAIN, PLAIN)),
    "alexnet": (None, (32, 3, 224, 224), False, (BFLOAT16, CHANNELS_LAST, CHANNELS_LAST)),
    "googlenet": (None, (32, 3, 224, 224), False, (BFLOAT16, CHANNELS_LAST, CHANNELS_LAST)),
}


@pytest.mark.parametrize("name", FASTEST)
def test_the_choice_is_the_fastest_of_the_benchmark(processor, name):
    build, shape, training, fastest = FASTEST[name]
    with torch.device("meta"):
        model = build() if build else models.build(name)
    for allowed, expected in zip(("ALL", "AVX512_CORE", "AVX2"), fastest, strict=True):
        processor(allowed=allowed)
        assert chosen(model, shape, training=training).format == expected
        in_float32 = CHANNELS_LAST if expected == BFLOAT16 else expected
        assert chosen(model, shape, training=training, precision="float32").format == in_float32
    processor("AVX512", bfloat16=False)
    assert chosen(model, shape, training=training).format == fastest[1]
    processor("AVX2", bfloat16=False)
    assert chosen(model, shape, training=training).format == fastest[2]
    processor("DEFAULT", bfloat16=False)  # nothing was measured there: as PyTorch runs a network by itself
    assert chosen(model, shape, training=training).format == PLAIN


def test_a_convolutionized_network_runs_in_bfloat16(processor):
    dense = models.convolutionize(models.build("alexnet"), (224, 224))
    assert chosen(dense, (256, 3, 448, 448), training=False).format == BFLOAT16


def test_a_few_pictures_are_predicted_in_plain_float32(processor):
    model = models.blueprint("resnet50")
    assert chosen(model, (1, 3, 224, 224), training=False) == Runtime(CPU, PLAIN, "only a few pictures")
    assert chosen(model, (1, 3, 224, 224), training=True).format == BFLOAT16  # as style transfer does


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: models.blueprint("alexnet").double(), "its weights are not in float32"),
        (lambda: nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(3)), "its weights have no shape yet"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 224 * 224, 100)), "no convolution to speed up"),
    ],
)
def test_what_the_rule_was_not_made_for_runs_in_plain_float32_and_says_why(processor, model, reason):
    assert chosen(model(), (64, 3, 224, 224)) == Runtime(CPU, PLAIN, reason)


def test_bfloat16_is_obeyed_whatever_the_network_and_the_processor(processor):
    processor("DEFAULT", bfloat16=False)
    runtime = chosen(models.build("lenet5"), (1, 1, 28, 28), precision="bfloat16", training=False)
    assert runtime == Runtime(CPU, BFLOAT16, "as asked")


def test_the_choice_is_said_in_one_line(processor):
    threads = "1 thread" if torch.get_num_threads() == 1 else f"{torch.get_num_threads()} threads"
    line = str(chosen(models.blueprint("resnet18"), (32, 3, 224, 224)))
    assert line == f"CPU, {threads} · bfloat16, channels-last (this processor has native bfloat16)"
    assert str(Runtime(CPU, PLAIN, "as asked")) == f"CPU, {threads} · float32 (as asked)"


@pytest.mark.skipif(
    not Path("/proc/cpuinfo").exists() or platform.machine() != "x86_64", reason="Linux lists what x86 processors have"
)
@pytest.mark.parametrize(
    ("allowed", "of_bfloat16"),
    [(None, True), ("AVX512_CORE_BF16", True), ("avx512_core", False)],
)
def test_native_bfloat16_is_what_linux_lists_and_the_user_allows(monkeypatch, allowed, of_bfloat16):
    if allowed is None:
        monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    else:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", allowed)
    listed = re.search(r"^flags\s*:.*\bavx512_bf16\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    assert native_bfloat16() == (listed is not None and of_bfloat16)


def test_weights_pictures_and_arithmetic_are_as_the_runtime_says():
    runtime = Runtime(CPU, Format("bfloat16", channels_last=True), "as asked")
    net, images = nn.Conv2d(3, 4, 3), torch.rand(2, 3, 8, 8)
    copy = runtime.placed(net)
    with runtime.autocast():
        output = copy(runtime.arrange(images))
    assert output.dtype == torch.bfloat16
    assert all(
        x.is_contiguous(memory_format=torch.channels_last) for x in (copy.weight, runtime.arrange(images), output)
    )
    assert net.weight.is_contiguous()
    assert runtime.place(net) is net
    assert net.weight.is_contiguous(memory_format=torch.channels_last)


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
