"""A photograph, a network and its answer: one crop or ten, and what it looked at."""

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import ipywidgets as widgets
from torch import Tensor

from cnnlab import data, look, models
from cnnlab.data import UnreadablePictureError
from cnnlab.demos._demo import STYLE, WIDTH, Demo
from cnnlab.inference import predict, predict_crops

PHOTOS = ("chelsea", "coffee", "astronaut", "rocket", "china", "flower")
OFFLINE = "efficientnet_lite0"
NETWORKS = (OFFLINE, "alexnet", "vgg16", "googlenet", "resnet18", "resnet50")
CROPS = (("the centre", 1), ("ten", 10))
UPLOADED = "your own"
KEPT = 2  # networks in memory: VGG-16 alone takes half a gigabyte


@dataclass(frozen=True)
class Settings:
    """What the demo shows; ``crops`` is 1 (the centre) or 10 (corners, centre and their reflections)."""

    photo: str = PHOTOS[0]
    network: str = OFFLINE
    crops: int = 1
    explain: bool = True


def figure(settings: Settings, photo: Tensor | None = None) -> look.Figure:
    """The five most probable classes of a photograph, and Grad-CAM for the first.

    ``photo`` (3, H, W) uint8 takes the place of the one that ``settings`` name.

    Raises:
        ValueError: for an unknown photograph or network, a number of crops other than 1 or 10, or weights that cannot
            be had.
    """
    if settings.crops not in (1, 10):
        raise ValueError(f"crops must be 1 (the centre) or 10 (Krizhevsky's), got {settings.crops}")
    network = trained(settings.network)
    photo = data.photo(settings.photo) if photo is None else photo
    prepared = network.preprocess(photo)[None]
    if settings.crops == 1:
        probabilities = predict(network.model, prepared)[0].softmax(dim=0)
    else:
        side = network.preprocess.crop
        probabilities = predict_crops(network.model, network.preprocess.whole(photo, side=side * 8 // 7)[None], side)[0]
    heat = models.grad_cam(network.model, prepared, int(probabilities.argmax()))[0] if settings.explain else None
    seen = models.Preprocess(network.preprocess.resize, network.preprocess.crop, (0.0,) * 3, (1.0,) * 3, "bilinear")
    return look.verdict(seen(photo).clamp(0, 1), probabilities, network.classes, heat=heat)


@lru_cache(maxsize=KEPT)
def trained(name: str) -> models.Pretrained:
    """A network with its weights; the errors of a missing network as those of a wrong value, for the demo to show."""
    try:
        return models.pretrained(name)
    except OSError as error:
        raise ValueError(str(error)) from error


class ClassifyDemo(Demo):
    """The widgets over `figure`."""

    name = "classify"
    busy = "looking at the photograph …"

    def __init__(self) -> None:
        wide = {"style": STYLE, "layout": widgets.Layout(width=WIDTH)}
        self.own: Tensor | None = None
        self.photo = widgets.Dropdown(options=PHOTOS, description="photo", **wide)
        self.upload = widgets.FileUpload(
            accept="image/*", multiple=False, description="your own photo", layout=wide["layout"]
        )
        self.network = widgets.Dropdown(options=NETWORKS, description="network", **wide)
        self.crops = widgets.ToggleButtons(options=CROPS, description="crops", **wide)
        self.explain = widgets.Checkbox(True, description="show what it looked at", **wide)
        self.crops.style.button_width = "auto"
        controls = [self.photo, self.upload, self.network, self.crops, self.explain]
        super().__init__(controls)
        self.upload.observe(self._take, "value")
        for control in (self.photo, self.network, self.crops, self.explain):
            control.observe(self.redraw, "value")
        self.redraw()

    @property
    def settings(self) -> Settings:
        """What the controls say now."""
        return Settings(self.photo.value, self.network.value, self.crops.value, self.explain.value)

    def draw(self) -> look.Figure:
        """The figure for what the controls say now."""
        own = self.own if self.photo.value == UPLOADED else None
        return figure(self.settings, own)

    def words(self) -> str:
        """Which weights answered."""
        return f"1,000 classes of ImageNet; weights: {trained(self.network.value).source}"

    def _take(self, _change: object) -> None:
        """Decode what was uploaded and show it; what is no picture leaves the old one."""
        if not self.upload.value:
            return
        (file,) = self.upload.value
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "photo"
            path.write_bytes(file["content"])
            try:
                self.own = data.decode(path)
            except UnreadablePictureError as error:
                self.say(f"{file['name']}: {str(error).removeprefix(f'{path}: ')}", error=True)
                return
        with self.quietly():
            self.photo.options = (*PHOTOS, UPLOADED)
            self.photo.value = UPLOADED


def classify() -> ClassifyDemo:
    """A demo of ImageNet classifiers on sample photographs or one's own, with one crop or ten, and Grad-CAM.

    EfficientNet-Lite0 runs offline; the weights of the others are downloaded once when they are chosen.
    """
    return ClassifyDemo()
