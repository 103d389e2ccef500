"""The environment of kernels; how much memory is new to a process is counted by the system, in page faults."""

import os
import platform
import subprocess
import sys

import pytest

from cnnlab.course.desk.kernel import environment

FAULTS = """
import ctypes, resource
PR_SET_THP_DISABLE = 41  # pages of 4 KiB, whatever the system prefers
ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        b"1" * (64 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""
PAGES = 4 * (64 << 20) // 4096


def faults(variables: dict[str, str]) -> int:
    done = subprocess.run([sys.executable, "-c", FAULTS], env=variables, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone returns large blocks to the system at once")
def test_a_kernel_uses_the_memory_of_large_blocks_again(monkeypatch):
    for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    assert faults(dict(os.environ)) > 0.9 * PAGES
    assert faults(environment()) < 0.1 * PAGES


def test_a_users_own_variables_stay(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert environment()["MALLOC_TRIM_THRESHOLD_"] == "1000000"
