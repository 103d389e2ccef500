"""The landmarks' figures: drawing, subset, download, near-duplicates, wrong labels.

`python benchmarks/landmarks.py` writes all tables, some minutes each; with names (drawing, subset, download,
duplicates, labels) only those.
"""

import asyncio
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import polars as pl
from PIL import Image
from tables import ratio, write

from cnnlab.data.landmarks.subset import largest_remainders, subset
from cnnlab.data.landmarks.world.drawing import draw_landmark
from cnnlab.data.landmarks.world.files import copied, jpeg
from cnnlab.data.landmarks.world.rows import COPY_KINDS, World
from cnnlab.data.landmarks.world.server import serving

ROUNDS = 3
SEED = 1  # the thresholds of `duplicates.py` were chosen on seed 0
PICTURES, ORIGINALS = 7200, 2  # so many drawn pictures, and so many of each of 100 landmarks copied in four ways


def drawing() -> pd.DataFrame:
    """Pictures a second, on one core and on all."""
    numbers = [(landmark, number) for landmark in range(100) for number in range(4)]
    for landmark in range(100):
        draw_landmark(landmark, 99)  # builds the building, once
    clock, started = time.perf_counter(), time.process_time()
    for landmark, number in numbers:
        jpeg(draw_landmark(landmark, number))
    cpu, wall = time.process_time() - started, time.perf_counter() - clock
    cores = os.cpu_count() or 1
    row = {
        "pictures of 192×256": len(numbers),
        "ms of processor time each": f"{1000 * cpu / len(numbers):.1f}",
        "a second of one core": f"{len(numbers) / cpu:.0f}",
        f"on {cores} cores, by processor time": f"{cores * len(numbers) / cpu:.0f}",
        "a second by the clock, one process": f"{len(numbers) / wall:.0f}",
    }
    return pd.DataFrame([row])


def subsetting() -> pd.DataFrame:
    """Seconds and memory of the command, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder, "train.csv")
        World().write_csv(csv)
        runs = []
        for _ in range(ROUNDS):
            command = [sys.executable, __file__, "--subset", str(csv)]
            clock = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append({"wall": time.perf_counter() - clock, **json.loads(done.stdout)})
        size = csv.stat().st_size
    table = pd.DataFrame(runs)
    row = {
        "CSV, MB": f"{size / 1e6:.0f}",
        "rows read": f"{runs[0]['rows']:,}",
        "rows kept": f"{runs[0]['kept']:,}",
        "seconds, process and all": ratio(table.wall),
        "seconds of processor time": ratio(table.cpu),
        "peak memory, MiB": f"{table.memory.max():.0f}",
    }
    return pd.DataFrame([row])


def downloading() -> pd.DataFrame:
    """The downloader against plain concurrent reads of the same pictures, in turns."""
    from cnnlab.data.landmarks.download import download

    world, rows = World(), []
    for number in range(1000):
        row = world.row(world.id_of(number % 100, number // 100))
        if row is not None and not row.fault:
            rows.append((row.id, world.name(row.labelled)))
    runs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder, serving() as address:
        csv = Path(folder, "subset.csv")
        urls = [f"{address}/{id}.jpg" for id, _ in rows]
        pl.DataFrame([(id, url, name) for (id, name), url in zip(rows, urls, strict=True)], orient="row",
                     schema=["id", "url", "landmark_id"]).write_csv(csv)  # fmt: skip
        asyncio.run(read_plainly(urls))
        for turn in range(ROUNDS):
            seconds = {}
            for kind in ("plain", "ours") if turn % 2 else ("ours", "plain"):
                clock = time.perf_counter()
                if kind == "plain":
                    asyncio.run(read_plainly(urls))
                else:
                    pictures = Path(folder, f"pictures-{turn}")
                    assert download(csv, pictures).ok == len(rows)
                seconds[kind] = time.perf_counter() - clock
            runs.append(seconds)
    table = pd.DataFrame(runs)
    row = {
        "pictures": len(rows),
        "plain reads, a second": f"{len(rows) / median(table.plain):.0f}",
        "downloader, a second": f"{len(rows) / median(table.ours):.0f}",
        "of plain reads": ratio(table.plain / table.ours, places=2),
    }
    return pd.DataFrame([row])


async def read_plainly(urls: list[str]) -> None:
    """Read all, eight at a time, and keep nothing."""
    import aiohttp

    queue = iter(urls)

    async def reader(session: aiohttp.ClientSession) -> None:
        for url in queue:
            async with session.get(url) as response:
                await response.read()

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(reader(session) for _ in range(8)))


def _draw(landmark: int, count: int, folder: Path) -> None:
    """The pictures of a landmark, and the copies of the first of them."""
    (folder / str(landmark)).mkdir(parents=True)
    for number in range(count):
        picture = draw_landmark(landmark, number, seed=SEED)
        name = folder / str(landmark) / f"{number:04}"
        name.with_suffix(".jpg").write_bytes(jpeg(picture))
        for kind in COPY_KINDS if number < ORIGINALS else ():
            content = copied(picture, kind, 100 * landmark + 10 * number + len(kind))
            name.with_name(f"{name.name}-{kind}.jpg").write_bytes(content)


def planted(folder: Path) -> list[Path]:
    """8,000 files: drawn pictures with the challenge's tail, and 800 copies among them."""
    counts = largest_remainders(World(seed=SEED).counts()[:100], PICTURES).tolist()
    with ProcessPoolExecutor() as processes:
        list(processes.map(_draw, range(100), counts, [folder] * 100))
    return sorted(folder.rglob("*.jpg"))


def duplicates() -> pd.DataFrame:
    """Planted copies found, by kind, and pairs that are none."""
    from cnnlab.cli.landmarks import _features
    from cnnlab.data.landmarks.duplicates import hashes, near_duplicates

    def hashed(path: Path) -> tuple[np.ndarray, np.ndarray]:
        with Image.open(path) as picture:
            return hashes(picture)

    with tempfile.TemporaryDirectory() as folder:
        files = planted(Path(folder))
        started = time.process_time()
        with ThreadPoolExecutor() as threads:
            found = list(threads.map(hashed, files))
        groups = near_duplicates(files, found, features=None if "--hashes" in sys.argv else _features())
        cpu = time.process_time() - started
    source = [(file.parent.name, file.name[:4]) for file in files]
    originals = {name: place for place, name in enumerate(source) if "-" not in files[place].name}
    hit: Counter[str] = Counter()
    for place, file in enumerate(files):
        if "-" in file.name:
            together = place in groups and groups[place] == groups.get(originals[source[place]])
            hit[file.stem[5:]] += together
    members: dict[int, list[int]] = {}
    for place, group in groups.items():
        members.setdefault(group, []).append(place)
    pairs = [pair for group in members.values() for pair in itertools.combinations(group, 2)]
    false = sum(source[a] != source[b] for a, b in pairs)
    each = 100 * ORIGINALS
    row = {
        "pictures": f"{len(files):,}",
        **{f"{kind}, found": f"{hit[kind] / each:.1%}" for kind in COPY_KINDS},
        "all, found": f"{hit.total() / (4 * each):.1%}",
        "pairs": f"{len(pairs):,}",
        "false pairs": false,
        "seconds of processor time": f"{cpu:.0f}",
    }
    return pd.DataFrame([row])


def labels() -> pd.DataFrame:
    """Planted wrong labels among the first of the ranking, and nearest neighbours in features and in pixels."""
    import torch

    from cnnlab import data, evaluation, models, training

    rows = []
    count = int(os.environ.get("LANDMARKS", "8158"))
    parts = data.landmarks(count=count, size=(96, 128), in_memory=False)
    truth = data.landmarks(count=count, size=(96, 128), in_memory=False, wrong_labels=0)
    paths = tuple(path for part in parts[:3] for path in part.images.paths)  # type: ignore[attr-defined]
    given, true = (torch.cat([part.labels for part in of[:3]]) for of in (parts, truth))
    split = data.Split(data.Pictures(paths, (144, 192)), given, parts.train.classes)
    features = training.features(models.pretrained().model, "classifier.fc", split).images
    table = evaluation.suspicious_labels(features, given)  # type: ignore[arg-type]
    wrong = set((given != true).nonzero().flatten().tolist())
    first = set(table["index"].head(round(0.05 * len(given))).tolist())
    chosen = torch.randperm(len(paths), generator=torch.Generator().manual_seed(0))[:2000]
    pixels = torch.stack([data.decode(paths[i], size=(24, 32)).flatten().float() for i in chosen.tolist()])

    embedded = torch.nn.functional.normalize(torch.as_tensor(features)[chosen])

    def neighbours(values: torch.Tensor) -> float:
        distances = torch.cdist(values, values).fill_diagonal_(torch.inf)
        return (true[chosen][distances.argmin(dim=1)] == true[chosen]).float().mean().item()

    rows.append(
        {
            "pictures": f"{len(given):,}",
            "wrong labels": len(wrong),
            "in the first 5 %": f"{len(wrong & first) / len(wrong):.1%}",
            "nearest neighbour, features": f"{neighbours(embedded):.1%}",
            "nearest neighbour, pixels": f"{neighbours(pixels):.1%}",
        }
    )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--subset"]:
        csv = Path(sys.argv[2])
        result = subset(csv, csv.with_name("subset.csv"))
        used = resource.getrusage(resource.RUSAGE_SELF)
        memory = used.ru_maxrss / 1024  # Linux counts kilobytes
        print(json.dumps({"rows": result.rows_read, "kept": result.rows_kept, "memory": memory,
                          "cpu": used.ru_utime + used.ru_stime}))  # fmt: skip
    else:
        measures = {"drawing": drawing, "subset": subsetting, "download": downloading, "duplicates": duplicates,
                    "labels": labels}  # fmt: skip
        for name in [name for name in sys.argv[1:] if name in measures] or measures:
            measured = measures[name]()
            print(measured.to_string(), flush=True)
            write(f"landmarks {name}", measured)
