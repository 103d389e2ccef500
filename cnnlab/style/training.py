"""Training a `FastStyle`: by the feature loss, the style loss and total variation of what it paints."""

import copy
import hashlib
import math
import os
import pickle
import time
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from cnnlab.data import decode
from cnnlab.data.sources.style_pictures import style_picture
from cnnlab.files import atomic
from cnnlab.inference import choose
from cnnlab.style.fast import FastStyle
from cnnlab.style.features import Features
from cnnlab.style.gram import gram
from cnnlab.style.losses import content_loss, style_loss, total_variation
from cnnlab.style.pictures import scaled, to_float
from cnnlab.style.stylising import fast_style, shipped

SAMPLE = 240  # pixels a side of a painted photograph
PHOTOGRAPHS = (  # in colour, from the packages that are installed anyway
    ("skimage.data", "astronaut.png"),
    ("skimage.data", "chelsea.png"),
    ("skimage.data", "coffee.png"),
    ("skimage.data", "motorcycle_left.png"),
    ("skimage.data", "rocket.jpg"),
    ("sklearn.datasets.images", "china.jpg"),
    ("sklearn.datasets.images", "flower.jpg"),
)


@dataclass(frozen=True)
class Recipe:
    """How a `FastStyle` is trained.

    The style picture and the crops of photographs are squares, in pixels a side. ``start`` is the shipped style whose
    network is trained on; without it, a new network is.
    """

    steps: int = 1600
    batch_size: int = 2
    crop: int = 160
    style_size: int = 320
    learning_rate: float = 2e-3
    content_weight: float = 1.0
    style_weight: float = 60.0
    tv_weight: float = 10.0
    seed: int = 0
    start: str = ""


def recipe(name: str) -> Recipe:
    """The recipe by which the shipped network of a style was trained: ``weights/NAME.toml``.

    >>> recipe("mosaic").style_size
    384
    """
    file = files("cnnlab.style") / "weights" / f"{name}.toml"
    if not file.is_file():
        raise ValueError(f"there is no recipe for {name!r}; there are {', '.join(shipped())}")
    return Recipe(**tomllib.loads(file.read_text(encoding="utf-8")))


def photographs() -> list[Tensor]:
    """The colour photographs that come with scikit-image and scikit-learn, (3, H, W) uint8 each."""
    pictures = []
    for package, name in PHOTOGRAPHS:
        with as_file(files(package) / name) as path:
            pictures.append(decode(path))
    return pictures


def crops(pictures: Sequence[Tensor], recipe: Recipe, step: int) -> Tensor:
    """The batch of a step: random squares of random photographs, flipped and tinted at random.

    It depends on the seed and the number of the step alone, so that a resumed run sees what an unbroken one does.

    Shape: (batch_size, 3, crop, crop), 0 to 1.
    """
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    batch = []
    for _ in range(recipe.batch_size):
        picture = pictures[_integer(0, len(pictures) - 1, generator)]
        height, width = picture.shape[1:]
        side = _integer(min(recipe.crop, height, width), min(height, width), generator)
        top, left = _integer(0, height - side, generator), _integer(0, width - side, generator)
        square = picture[None, :, top : top + side, left : left + side].float() / 255
        square = F.interpolate(square, (recipe.crop, recipe.crop), mode="bilinear", antialias=True)[0]
        tint = 0.75 + 0.5 * torch.rand(3, 1, 1, generator=generator)  # seven photographs have few colours
        batch.append((square * tint).clamp(0, 1).flip(2) if torch.rand((), generator=generator) < 0.5 else square)
    return torch.stack(batch)


def _integer(low: int, high: int, generator: torch.Generator) -> int:
    return int(torch.randint(low, high + 1, (), generator=generator))


class Progress(NamedTuple):
    """Where a training is: after ``step`` of ``steps``, with the shares of content and style that are missing."""

    step: int
    steps: int
    content: float
    style: float
    minutes_left: float

    def __str__(self) -> str:
        return (
            f"step {self.step} of {self.steps} · content {self.content:.2f} · style {self.style:.3f} · "
            f"{self.minutes_left:.0f} min left"
        )


class _Trainer:
    """A network with its optimiser, the targets of its losses, and the photographs."""

    def __init__(
        self, style: Tensor, photos: Sequence[Tensor], features: Features, recipe: Recipe, network: FastStyle
    ) -> None:
        self.photos, self.features, self.recipe = photos, features, recipe
        self.runtime = choose(
            network, (recipe.batch_size, 3, recipe.crop, recipe.crop), precision="auto", device=None, training=True
        )
        self.runtime.place(network.train())  # in place
        self.network = network
        self.optimizer = torch.optim.Adam(network.parameters(), recipe.learning_rate)
        picture = style[None].to(self.runtime.device).float() / 255
        with torch.no_grad():
            maps = features(F.interpolate(picture, (recipe.style_size,) * 2, mode="bilinear", antialias=True))
            self.targets = {name: gram(maps[name])[0] for name in features.layers.style}

    def step(self, number: int, *, rate_scale: float = 1.0) -> tuple[float, float]:
        """Train on one batch; the content and style losses of what the network painted before the update."""
        recipe, layers = self.recipe, self.features.layers
        pictures = self.runtime.arrange(crops(self.photos, recipe, number))
        with self.runtime.autocast():
            painted = self.network(pictures)
        with torch.no_grad():
            wanted = self.features(pictures, layers.content)
        maps = self.features(painted)
        content = torch.stack([content_loss(maps[name], wanted[name]) for name in layers.content]).mean()
        style = torch.stack([style_loss(maps[name], self.targets[name]) for name in layers.style]).mean()
        loss = (
            recipe.content_weight * content + recipe.style_weight * style + recipe.tv_weight * total_variation(painted)
        )
        self.optimizer.zero_grad()
        loss.backward()
        # Up in the first steps, then down along half a cosine.
        rate = min(1.0, (number + 1) / 30) * 0.5 * (1 + math.cos(math.pi * number / recipe.steps))
        for group in self.optimizer.param_groups:
            group["lr"] = rate_scale * recipe.learning_rate * rate
        self.optimizer.step()
        return content.item(), style.item()


def train(
    style: str | Tensor,
    recipe: Recipe | None = None,
    *,
    photos: Sequence[Tensor] | None = None,
    features: Features | None = None,
    start: FastStyle | None = None,
    resume: str | os.PathLike[str] | None = None,
    samples: str | os.PathLike[str] | None = None,
    every: int = 100,
    on_progress: Callable[[Progress], None] | None = print,
) -> FastStyle:
    """Train a `FastStyle` to paint in the style of a picture, and say first how many minutes it will take.

    ``style`` is the name of a style picture or a picture (3, H, W) uint8, of which the whole is scaled to a square.
    ``photos`` are pictures of the same kind to learn from; without them, those that come with the installation.
    ``start`` is a trained network of another style to begin with, which takes fewer steps; it is left as it is.

    After ``every`` steps the losses are reported, the state is written to the file ``resume``, from which the same call
    goes on if it was stopped, with the same result as an unbroken run; and a painted crop to the folder ``samples``.

    If the loss is not a number, the training goes back to the last report and on at half the learning rate, once.

    Johnson et al. 2016, section 3.

    Raises:
        ValueError: for an unknown style, photographs smaller than 32 pixels, or a ``resume`` of another training.
        FloatingPointError: if the loss is not a number a second time.
        OSError: if a file cannot be written.

    >>> tiny = Recipe(steps=2, batch_size=1, crop=32, style_size=32)
    >>> network = train("mosaic", tiny, start=FastStyle(widths=(4, 4, 4), blocks=1), on_progress=None)
    >>> network(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 3, 64, 64])
    """
    recipe = recipe or Recipe()
    picture = style_picture(style) if isinstance(style, str) else style
    photos = photographs() if photos is None else photos
    _check(picture, photos)
    torch.manual_seed(recipe.seed)
    if start is None and recipe.start:
        start = fast_style(recipe.start)
    network = copy.deepcopy(start) if start is not None else FastStyle()
    network.requires_grad_(True)
    trainer = _Trainer(picture, photos, features or Features(), recipe, network)
    settings = {**asdict(recipe), "style": hashlib.sha256(picture.numpy().tobytes()).hexdigest()}
    state = _read(resume, settings) if resume is not None else None
    if state is not None:
        trainer.network.load_state_dict(state["network"])
        trainer.optimizer.load_state_dict(state["optimizer"])
    else:
        state = _state(trainer, 0, 1.0, settings)
    seconds = _seconds_a_step(trainer)
    if on_progress is not None and state["step"] < recipe.steps:
        steps = recipe.steps - state["step"]
        print(f"{steps} steps of {seconds:.2f} s: about {max(1, round(steps * seconds / 60))} min · {trainer.runtime}")
    step, started, first = state["step"], time.perf_counter(), state["step"]
    while step < recipe.steps:
        content, style_share = trainer.step(step, rate_scale=state["rate_scale"])
        step += 1
        if not math.isfinite(content + style_share):
            if state["rate_scale"] < 1:
                raise FloatingPointError(
                    f"the loss is not a number again, in step {step}, at half the learning rate; train with a smaller "
                    f"one than {recipe.learning_rate}"
                )
            trainer.network.load_state_dict(state["network"])
            trainer.optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
            state["rate_scale"], step = 0.5, state["step"]
            continue
        if step % every == 0 or step == recipe.steps:
            state = _state(trainer, step, state["rate_scale"], settings)
            left = (time.perf_counter() - started) / (step - first) * (recipe.steps - step) / 60
            if on_progress is not None:
                on_progress(Progress(step, recipe.steps, content, style_share, left))
            if resume is not None:
                _write(resume, state)
            if samples is not None:
                _sample(Path(samples), trainer, step)
    network.cpu().to(memory_format=torch.contiguous_format).eval()
    network.card = {"style": style if isinstance(style, str) else "a picture", **asdict(recipe)}
    return network


def _check(picture: Tensor, photos: Sequence[Tensor]) -> None:
    if not photos:
        raise ValueError("there is no photograph to learn from; pass photos=[…], pictures (3, H, W) uint8")
    for entry in (picture, *photos):
        if entry.dtype != torch.uint8 or entry.ndim != 3 or entry.shape[0] != 3 or min(entry.shape[1:]) < 32:
            raise ValueError(
                f"style and photos are pictures (3, H, W) uint8 of at least 32×32 pixels, got {entry.dtype} of shape "
                f"{tuple(entry.shape)}; cnnlab.data.decode reads one from a file"
            )


def _seconds_a_step(trainer: _Trainer) -> float:
    """The time of a step, measured on the trainer, which is put back to where it was."""
    before = _state(trainer, 0, 1.0, {})
    times = []
    for number in range(3):
        started = time.perf_counter()
        trainer.step(number)
        times.append(time.perf_counter() - started)
    trainer.network.load_state_dict(before["network"])
    trainer.optimizer.load_state_dict(before["optimizer"])
    return min(times)


def _state(trainer: _Trainer, step: int, rate_scale: float, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "step": step,
        "rate_scale": rate_scale,
        "settings": settings,
        "network": {name: tensor.clone() for name, tensor in trainer.network.state_dict().items()},
        "optimizer": copy.deepcopy(trainer.optimizer.state_dict()),
    }


def _write(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as draft, open(draft, "wb") as file:
        torch.save(state, file)


def _read(path: str | os.PathLike[str], settings: dict[str, Any]) -> dict[str, Any] | None:
    """The state of a training with these settings; None if there is none yet. No code of the file is run."""
    if not Path(path).exists():
        return None
    try:
        if not zipfile.is_zipfile(path):  # before torch.load, which would take it for a file of PyTorch 1.5
            raise ValueError("it is cut off or something else")
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        found = state["settings"]
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, TypeError, ValueError, OSError) as error:
        raise ValueError(f"{path} is no state of a training; name another file in resume to begin again") from error
    changed = [name for name in settings if found.get(name) != settings[name]]
    if changed:
        raise ValueError(
            f"{path} belongs to a training with another {', '.join(changed)}; train as before, or name another file in "
            "resume"
        )
    return state


def _sample(folder: Path, trainer: _Trainer, step: int) -> None:
    """The middles of the first photographs above, painted below."""
    folder.mkdir(parents=True, exist_ok=True)
    squares = []
    for photo in trainer.photos[:4]:
        side = min(photo.shape[1:])
        top, left = (photo.shape[1] - side) // 2, (photo.shape[2] - side) // 2
        squares.append(scaled(to_float(photo[:, top : top + side, left : left + side]), (SAMPLE, SAMPLE)))
    pictures = trainer.runtime.arrange(torch.cat(squares))
    with torch.no_grad(), trainer.runtime.autocast():
        rows = torch.cat([pictures, trainer.network(pictures)]).cpu()
    grid = torch.cat([torch.cat(list(row), dim=2) for row in rows.split(len(pictures))], dim=1)
    pixels = (255 * grid).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    with atomic(folder / f"{step:06}.png") as draft:
        Image.fromarray(pixels).save(draft, format="PNG")
