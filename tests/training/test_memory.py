"""Memory that stays with the process, by page faults, which the system counts; each time in a process of its own."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc gives memory back at once")
PAGES = 4 * (64 << 20) // 4096  # of four blocks
BLOCKS = """
import json, resource, torch
from cnnlab.training.memory import memory_kept

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
    done = subprocess.run([sys.executable, "-c", BLOCKS + code], capture_output=True, text=True, check=True)
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
from cnnlab.training import predict
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
