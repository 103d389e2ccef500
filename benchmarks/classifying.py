"""`make bench`: a folder of photographs through `classify`, against decoding and network measured one after the other.

Photographs of 12 megapixels at most are made from scikit-image's. The parts take turns with the whole in each round:
decoding and preprocessing by as many threads as `classify` uses, with no network beside it; then the network alone,
on the same batches, already in memory.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pandas as pd
import torch
from PIL import Image
from tables import ratio, write

from cnnlab import data, models
from cnnlab.inference import classify
from cnnlab.inference.classifying import AHEAD, BATCH
from cnnlab.inference.prediction import outputs_of
from cnnlab.inference.runtime import choose

ROUNDS, PHOTOS = 5, 200
SIZES = {"1 megapixel": (1152, 864), "12 megapixels": (4000, 3000)}
NAMES = ("chelsea", "coffee", "astronaut", "rocket", "china", "flower")


def folder(root: Path, size: tuple[int, int], count: int) -> list[Path]:
    """JPEG files, no two alike."""
    paths = []
    for number in range(count):
        photo = data.photo(NAMES[number % len(NAMES)]).permute(1, 2, 0).numpy()
        picture = Image.fromarray(photo).rotate(number / 7).resize(size, Image.Resampling.BICUBIC)
        paths.append(root / f"{number:03}.jpg")
        picture.save(paths[-1], quality=90)
    return paths


def compare(paths: list[Path]) -> list[dict[str, float]]:
    """Seconds of the whole and of its parts, in every round."""
    network = models.pretrained()
    rows = []
    for turn in range(ROUNDS + 1):
        started = time.perf_counter()
        classify(network, paths)
        whole = time.perf_counter() - started

        started = time.perf_counter()
        pictures = list(data.ahead(lambda path: network.preprocess(data.decode(path)), paths, pending=AHEAD))
        decoding = time.perf_counter() - started

        batches = [(part, torch.zeros(len(part))) for part in torch.stack(pictures).split(BATCH)]
        runtime = choose(network.model, (len(paths), *pictures[0].shape), precision="auto", device=None, training=False)
        runtime.place(network.model)
        started = time.perf_counter()
        outputs_of(network.model, batches, runtime)
        alone = time.perf_counter() - started
        if turn:
            rows.append({"whole": whole, "decoding": decoding, "network": alone})
    return rows


def peak(paths: list[Path]) -> float:
    """MiB at the peak of a process that classifies ``paths``."""
    done = subprocess.run([sys.executable, __file__, *map(str, paths)], check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def table() -> pd.DataFrame:
    """A row a size of photographs."""
    rows = []
    for name, size in SIZES.items():
        with tempfile.TemporaryDirectory() as root:
            paths = folder(Path(root), size, PHOTOS)
            runs = pd.DataFrame(compare(paths))
            fifty, all_ = peak(paths[:50]), peak(paths)
        row = {
            f"{PHOTOS} photos of": name,
            "classify, s": f"{median(runs.whole):.1f}",
            "decoding, s": f"{median(runs.decoding):.1f}",
            "network, s": f"{median(runs.network):.1f}",
            "of the sum": ratio(runs.whole / (runs.decoding + runs.network), places=2),
            "peak with 50, MiB": f"{fifty:,.0f}",
            f"with {PHOTOS}, MiB": f"{all_:,.0f}",
        }
        print(row, flush=True)
        rows.append(row)
    return pd.DataFrame(rows)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        classify(models.pretrained(), [Path(path) for path in sys.argv[1:]])
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)  # Linux counts kilobytes
    else:
        write("classifying", table())
