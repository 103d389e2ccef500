"""Memory that stays with the process, by page faults, which the system counts; each time in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc gives memory back at once")
PAGES = 4 * (64 << 20) // 4096  # of four blocks
BLOCKS = """
import ctypes
PR_SET_THP_DISABLE = 41  # pages of 4 KiB, whatever the system prefers
ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)

import json, resource, torch
from cnnlab.inference.memory import memory_kept

def faults(work):
    work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def four_blocks():
    for _ in range(4):
        torch.ones(16 << 20)  # 64 MiB
"""


def told(code: str) -> dict[str, int]:
    plain = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    done = subprocess.run([sys.executable, "-c", BLOCKS + code], capture_output=True, text=True, check=True, env=plain)
    return json.loads(done.stdout)


def test_a_block_that_was_freed_is_used_again_until_the_last_network_ends():
    counted = told("""
def resident():
    return 4096 * int(open("/proc/self/statm").read().split()[1]) >> 20

counted, before = {"usual": faults(four_blocks)}, resident()
with memory_kept():
    counted["kept"] = faults(four_blocks)
    with memory_kept():
        pass
    counted["inner ended"] = faults(four_blocks)
    counted["MiB more"] = resident() - before
counted["MiB more at the end"] = resident() - before
print(json.dumps(counted))
""")
    assert counted["usual"] > 0.9 * PAGES
    assert max(counted["kept"], counted["inner ended"]) < 0.01 * PAGES
    assert counted["MiB more"] >= 60
    assert counted["MiB more at the end"] < 10


def test_predict_touches_its_large_activations_once():
    counted = told("""
from cnnlab import models
from cnnlab.inference import predict
network, images = models.build("efficientnet_lite0").eval(), torch.rand(32, 3, 224, 224)

def plainly():
    with torch.inference_mode():
        for part in images.split(16):
            network(part)

counted = {"plainly": faults(plainly)}
counted["predict"] = faults(lambda: predict(network, images, batch_size=16, precision="float32"))
print(json.dumps(counted))
""")
    assert counted["predict"] < 0.6 * counted["plainly"]


def test_training_touches_its_large_activations_once():
    counted = told("""
from torch import nn
from cnnlab.data import Split
from cnnlab.training import fit
network = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.AvgPool2d(128), nn.Flatten(), nn.Linear(16, 2)  # 64 MiB a layer
)
images, labels = torch.rand(64, 1, 128, 128), torch.arange(64) % 2
optimizer = torch.optim.SGD(network.parameters(), 0.0)

def plainly():
    for _ in range(4):
        loss = nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

counted = {"plainly": faults(plainly)}
split = Split(images, labels, ("a", "b"))
counted["fit"] = faults(lambda: fit(network, split, epochs=4, precision="float32", progress=False))
print(json.dumps(counted))
""")
    assert counted["fit"] < 0.6 * counted["plainly"]
