"""The landmark report's study on the drawn landmarks: Tables 2 and 3, and batch normalisation, several seeds a run.

    python benchmarks/landmark_study.py --profile small   a tenth of the pictures, small; three runs, one seed
    python benchmarks/landmark_study.py --profile full    all pictures at 192×256, 16 runs, three seeds

Says first how long it will take. A killed run goes on where its last epoch ended, by the same command. Writes
notebooks/data/landmark_study.csv, a row a run and seed (see `cnnlab.training.sweep`), the histories in the folder
landmark_study beside it, and landmark_study.json: settings, pictures, machine and versions. `--out` names another CSV.
"""

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import nn

import cnnlab
from cnnlab import data, models
from cnnlab.files import atomic
from cnnlab.inference import evaluate, native_bfloat16
from cnnlab.training import Step, sweep

OUT = Path(__file__).parents[1] / "notebooks" / "data" / "landmark_study.csv"
TIMED = 4  # batches an epoch, for the estimate


class Profile(NamedTuple):
    """How much of the study is run."""

    pictures: int
    size: tuple[int, int]  # pixels, (H, W)
    runs: tuple[str, ...]  # names in `table`; all of them unless given
    seeds: tuple[int, ...]
    epochs: int  # at most, without augmentation
    augmented_epochs: int  # at most, with augmentation, which needs more
    patience: int


PROFILES = {
    "small": Profile(816, (48, 64), ("run 1", "run 2", "run 11"), (0,), 10, 30, 5),
    "full": Profile(8158, (192, 256), (), (0, 1, 2), 20, 80, 8),
}


def table() -> list[dict[str, Any]]:
    """The 16 runs: Table 2, Table 3, and run 7 of Table 2 with batch normalisation; ``report`` is their accuracy.

    The report has no accuracies of the runs with batch normalisation.
    """
    base = models.landmark_runs().rename(columns={"accuracy": "report"})
    rows = [{"name": f"run {run}", "run": run, **settings} for run, settings in _settings(base)]
    augmented = models.landmark_augmented_runs().rename(columns={"width_shift": "shift", "accuracy": "report"})
    if not (augmented["shift"] == augmented.height_shift).all():
        raise ValueError("an Augmentation has one shift for both directions, and Table 3 has two")
    for run, settings in _settings(augmented.drop(columns="height_shift")):
        rows.append(rows[10] | settings | {"name": f"augmented {run}"})  # of run 11
    for place in ("before", "after"):
        rows.append(rows[6] | {"name": f"batch norm {place}", "batch_norm": place, "report": None})
    return rows


def _settings(runs: pd.DataFrame) -> list[tuple[int, dict[str, Any]]]:
    """Number and settings of each run."""
    return list(zip(runs.index.tolist(), runs.to_dict("records"), strict=True))


class Study:
    """Makes the runs of a profile, and prints a line an epoch."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.parts = data.landmarks(count=profile.pictures, size=profile.size)

    def __call__(self, settings: dict[str, Any]) -> tuple[nn.Module, data.Splits, dict[str, Any]]:
        """Network, parts and options of `fit`: Adam with its usual rate, since the report names no optimiser."""
        augment = None
        if "rotation" in settings:
            augment = data.Augmentation(rotation=settings["rotation"], shift=settings["shift"], zoom=settings["zoom"])
        net = models.build(
            "landmark_cnn", run=settings["run"], input_size=self.profile.size, batch_norm=settings.get("batch_norm")
        )
        options = {
            "epochs": self.profile.augmented_epochs if augment else self.profile.epochs,
            "patience": self.profile.patience,
            "batch_size": settings["batch_size"],
            "augment": augment,
            "callbacks": [Log(f"{settings['name']}, seed {settings['seed']}")],
        }
        return net, self.parts, options


class Log:
    """A line an epoch, since a progress bar in a log file is none."""

    def __init__(self, name: str) -> None:
        self.name, self.told = name, 0

    def __call__(self, step: Step) -> None:
        """Print the last row of the history if it is new."""
        if len(step.history) > self.told:
            self.told = len(step.history)
            row = step.history.iloc[-1]
            print(
                f"{time.strftime('%H:%M:%S')} {self.name}: epoch {self.told} loss {row.train_loss:.3f} "
                f"validation {row.validation_loss:.3f}, {row.validation_accuracy:.1%}, {row.seconds:.0f} s",
                flush=True,
            )


def tell(study: Study, runs: list[dict[str, Any]], out: Path) -> None:
    """Time some steps and a validation of each run that is missing, and print how long all will take at most."""
    finished = finished_runs(out)
    total = 0.0
    for row in runs:
        name = row["name"]
        missing = [seed for seed in study.profile.seeds if (name, seed) not in finished]
        if not missing:
            continue
        net, parts, options = study(row | {"seed": 0})
        few = parts.train[: TIMED * options["batch_size"]]
        timed = {key: value for key, value in options.items() if key not in ("callbacks", "patience")}
        history = cnnlab.fit(net, few, **timed | {"epochs": 2}, progress=False)
        started = time.perf_counter()
        evaluate(net, parts.validation)
        epoch = history.seconds.iloc[-1] / len(few) * len(parts.train) + time.perf_counter() - started
        seconds = epoch * options["epochs"] * len(missing)
        total += seconds
        print(f"{name:18} {len(missing)} × {options['epochs']:2} epochs  {seconds / 60:6.1f} min", flush=True)
    print(f"at most {total / 3600:.1f} h, if this machine stays as busy as it is now\n", flush=True)


def finished_runs(out: Path) -> set[tuple[str, int]]:
    """The runs that are finished: (name, seed)."""
    if not out.exists():
        return set()
    found = pd.read_csv(out)
    return set(zip(found.name, found.seed, strict=True))


def card(profile: Profile, name: str, study: Study, out: Path) -> dict[str, Any]:
    """What the CSV was made with."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return {
        "file": out.name,
        "what": "the landmark report (Kim 2018), Tables 2 and 3 and batch normalisation, on drawn landmarks",
        "command": f"python benchmarks/landmark_study.py --profile {name}",
        "profile": profile._asdict(),
        "pictures": {part: len(getattr(study.parts, part)) for part in ("train", "validation", "test")},
        "optimizer": "Adam, learning rate 0.001",
        "weights": "those of the epoch with the lowest validation loss",
        "chance_level": cnnlab.evaluation.chance_level(study.parts.test.labels),
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "bfloat16": native_bfloat16(),
            "amx": " amx_bf16" in flags,
            "gpu": gpu,
        },
        "versions": {name: version(name) for name in ("torch", "numpy", "pandas")}
        | {"python": platform.python_version()},
        "finished": time.strftime("%Y-%m-%d"),
    }


def main() -> None:
    """Parse the command line, say how long it will take, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=tuple(PROFILES), default="small")
    parser.add_argument("--out", type=Path, default=OUT, help="the CSV; a folder of histories is made beside it")
    chosen = parser.parse_args()
    run(chosen.profile, PROFILES[chosen.profile], chosen.out)


def run(name: str, profile: Profile, out: Path) -> None:
    """Run the study, or what is missing of it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    runs = [row for row in table() if not profile.runs or row["name"] in profile.runs]
    study = Study(profile)
    tell(study, runs, out)
    found = sweep(runs, study, out, seeds=profile.seeds)
    with atomic(out.with_suffix(".json")) as draft:
        draft.write_text(
            json.dumps(card(profile, name, study, out), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    accuracies = found.groupby("name", sort=False).agg(
        mean=("test_accuracy", "mean"),
        low=("test_accuracy", "min"),
        high=("test_accuracy", "max"),
        report=("report", "first"),
    )
    print(accuracies.to_string(float_format="{:.1%}".format))


if __name__ == "__main__":
    main()
