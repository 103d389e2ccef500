"""A classifier applied to every window of a photograph: in one pass, or crop by crop, and how long each takes."""

import time
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import NamedTuple

import ipywidgets as widgets
import torch
from torch import Tensor

from cnnlab import data, look, models
from cnnlab.demos._demo import BUTTONS, WIDE, Demo
from cnnlab.inference import predict

PHOTOS = ("coffee", "chelsea", "astronaut", "rocket", "china", "flower")
SIDES = (224, 256, 320, 384, 448, 512)  # pixels of the shorter side
METHODS = ONE_PASS, CROPS = ("one pass", "crop by crop")
BATCH = 32  # crops


@dataclass(frozen=True)
class Settings:
    """The settings of the demo; the default of ``label`` is the class of the best window; ``side`` in pixels."""

    photo: str = PHOTOS[0]
    label: str = ""
    side: int = 448
    method: str = ONE_PASS


class Network(NamedTuple):
    """The network that comes with the installation, and its fully convolutional version."""

    trained: models.Pretrained
    dense: models.Convolutionized


class Scan(NamedTuple):
    """The probabilities (1000, H', W') of every window, and the seconds that the network took."""

    probabilities: Tensor
    seconds: float


def figure(settings: Settings) -> look.Figure:
    """The map of a class over a photograph.

    Raises:
        ValueError: for an unknown photograph, class or method, or a side that is shorter than the window.
    """
    scan, dense = scanned(settings.photo, settings.side, settings.method), network().dense
    number = _class(settings.label, scan)
    return look.heatmap(
        _picture(settings.photo, settings.side) / 2 + 0.5,
        scan.probabilities[number],
        window=dense.input_size,
        stride=dense.stride,
        label=network().trained.classes[number],
    )


@cache
def network() -> Network:
    """EfficientNet-Lite0, loaded once."""
    trained = models.pretrained()
    return Network(trained, models.convolutionize(trained.model, (224, 224)))


@lru_cache(maxsize=16)
def scanned(photo: str, side: int, method: str) -> Scan:
    """The probabilities of every window of a photograph, computed in float32 by either method."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    picture, (trained, dense) = _picture(photo, side), network()
    if method == ONE_PASS:
        _timed(dense, picture[None])  # the first pass is slower
        seconds, logits = _timed(dense, picture[None])
        return Scan(logits[0].softmax(dim=0), seconds)
    (height, width), (down, right) = dense.input_size, dense.stride
    crops = picture.unfold(1, height, down).unfold(2, width, right).permute(1, 2, 0, 3, 4)
    grid = crops.shape[:2]
    crops = crops.flatten(0, 1).contiguous()
    _timed(trained.model, crops[:BATCH])
    seconds, logits = _timed(trained.model, crops)
    return Scan(logits.softmax(dim=1).T.unflatten(1, grid), seconds)


@lru_cache(maxsize=4)
def _picture(photo: str, side: int) -> Tensor:
    """A photograph as input of the network; its sides are multiples of the stride, so that the windows fit exactly.

    Shape: (3, H, W), from −1 to 1.
    """
    trained, dense = network()
    if side < max(dense.input_size):
        raise ValueError(f"side must be at least the window's {max(dense.input_size)} pixels, got {side}")
    whole = trained.preprocess.whole(data.photo(photo), side=side)
    height, width = (length // step * step for length, step in zip(whole.shape[1:], dense.stride, strict=True))
    top, left = (whole.shape[1] - height) // 2, (whole.shape[2] - width) // 2
    return whole[:, top : top + height, left : left + width].clamp(-1, 1)


def _timed(model: torch.nn.Module, pictures: Tensor) -> tuple[float, Tensor]:
    started = time.perf_counter()
    logits = predict(model, pictures, batch_size=BATCH, precision="float32", device="cpu")
    return time.perf_counter() - started, logits


def _class(label: str, scan: Scan) -> int:
    """The index of a class; without a name that of the best window."""
    classes = network().trained.classes
    if not label:
        return int(scan.probabilities.amax(dim=(1, 2)).argmax())
    if label not in classes:
        holding = [name for name in classes if label.lower() in name.lower()]
        near = ", ".join((holding + get_close_matches(label, classes, cutoff=0.6))[:4]) or "tabby, espresso, missile"
        raise ValueError(f"none of the 1,000 classes is called {label!r}; near ones: {near}")
    return classes.index(label)


class ScanDemo(Demo):
    """The widgets over `figure`."""

    name = "scan"
    busy = "scanning the photograph …"

    def __init__(self) -> None:
        default = Settings()
        self.photo = widgets.Dropdown(options=PHOTOS, value=default.photo, description="photo", **WIDE)
        self.label = widgets.Combobox(
            options=tuple(dict.fromkeys(network().trained.classes)),
            placeholder="the best window's",
            continuous_update=False,
            description="class",
            **WIDE,
        )
        self.side = widgets.SelectionSlider(
            options=SIDES,
            value=default.side,
            continuous_update=False,
            description="shorter side (pixels)",
            style={"description_width": "140px"},
            layout=WIDE["layout"],
        )
        self.method = widgets.ToggleButtons(options=METHODS, description="computed", **BUTTONS)
        controls = [self.photo, self.label, self.side, self.method]
        super().__init__(controls)
        self.redraw_on(*controls)
        self.redraw()

    @property
    def settings(self) -> Settings:
        """The present values of the controls."""
        return Settings(self.photo.value, self.label.value.strip(), self.side.value, self.method.value)

    def draw(self) -> look.Figure:
        """The figure for the present values of the controls."""
        return figure(self.settings)

    def message(self) -> str:
        """The time of one pass, and in comparison that of the crops."""
        settings = self.settings
        dense = scanned(settings.photo, settings.side, ONE_PASS)
        text = f"{dense.probabilities[0].numel()} windows in one pass: {1000 * dense.seconds:,.0f} ms"
        if settings.method == ONE_PASS:
            return f"{text}; choose “{CROPS}” to compare"
        crops = scanned(settings.photo, settings.side, CROPS)
        apart = (dense.probabilities - crops.probabilities)[_class(settings.label, crops)].abs().max()
        return (
            f"{text}; crop by crop, {BATCH} at a time: {1000 * crops.seconds:,.0f} ms, "
            f"{crops.seconds / dense.seconds:.1f} times as long\nThe maps differ by up to {100 * apart:.1f} points: at "
            "the border of a crop the network pads with zeros, in one pass it uses the pixels beyond"
        )


def scan() -> ScanDemo:
    """A demo of a classifier that slides over a photograph: the map of a class, at several scales, and the time.

    EfficientNet-Lite0 classifies every window in one pass (`cnnlab.convolutionize`) or one crop after the other.
    """
    return ScanDemo()
