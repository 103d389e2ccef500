"""Classifying a photograph with a network of your choice, by one crop or ten, with Grad-CAM."""

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import ipywidgets as widgets
from torch import Tensor

from cnnlab import data, look, models
from cnnlab.data import UnreadablePictureError
from cnnlab.demos._demo import BUTTONS, WIDE, Demo
from cnnlab.inference import predict, predict_crops

PHOTOS = ("chelsea", "coffee", "astronaut", "rocket", "china", "flower")
NETWORKS = ("efficientnet_lite0", "alexnet", "vgg16", "googlenet", "resnet18", "resnet50")  # the first needs no network
CROPS = (("the centre", 1), ("ten", 10))
UPLOADED = "your own"

pretrained = lru_cache(maxsize=2)(models.pretrained)  # two in memory: VGG-16 alone takes half a gigabyte


@dataclass(frozen=True)
class Settings:
    """The settings of the demo; ``crops`` is 1 (the centre) or 10 (corners, centre and their reflections)."""

    photo: str = PHOTOS[0]
    network: str = NETWORKS[0]
    crops: int = 1
    explain: bool = True


def figure(settings: Settings, photo: Tensor | None = None) -> look.Figure:
    """The five most probable classes of a photograph, and Grad-CAM for the first.

    ``photo`` (3, H, W) uint8 replaces the one that ``settings`` name.

    Raises:
        ValueError: for an unknown photograph or network, or a number of crops other than 1 or 10.
        OSError: for weights that are not in the cache and cannot be downloaded.
    """
    if settings.crops not in (1, 10):
        raise ValueError(f"crops must be 1 (the centre) or 10 (Krizhevsky's), got {settings.crops}")
    network = pretrained(settings.network)
    photo = data.photo(settings.photo) if photo is None else photo
    prepared = network.preprocess(photo)[None]
    if settings.crops == 1:
        probabilities = predict(network.model, prepared)[0].softmax(dim=0)
    else:
        side = prepared.shape[-1]
        probabilities = predict_crops(network.model, network.preprocess.whole(photo, side=side * 8 // 7)[None], side)[0]
    heat = models.grad_cam(network.model, prepared, int(probabilities.argmax()))[0] if settings.explain else None
    crop = models.Preprocess(network.preprocess.resize, network.preprocess.crop, (0.0,) * 3, (1.0,) * 3, "bilinear")
    return look.verdict(crop(photo).clamp(0, 1), probabilities, network.classes, heat=heat)


class ClassifyDemo(Demo):
    """The widgets over `figure`."""

    name = "classify"
    busy = "classifying the photograph …"

    def __init__(self) -> None:
        self.own: Tensor | None = None
        self.photo = widgets.Dropdown(options=PHOTOS, description="photo", **WIDE)
        self.upload = widgets.FileUpload(
            accept="image/*", multiple=False, description="your own photo", layout=WIDE["layout"]
        )
        self.network = widgets.Dropdown(options=NETWORKS, description="network", **WIDE)
        self.crops = widgets.ToggleButtons(options=CROPS, description="crops", **BUTTONS)
        self.explain = widgets.Checkbox(True, description="show Grad-CAM", **WIDE)
        super().__init__([self.photo, self.upload, self.network, self.crops, self.explain])
        self.upload.observe(self._uploaded, "value")
        self.redraw_on(self.photo, self.network, self.crops, self.explain)
        self.redraw()

    @property
    def settings(self) -> Settings:
        """The present values of the controls."""
        return Settings(self.photo.value, self.network.value, self.crops.value, self.explain.value)

    def draw(self) -> look.Figure:
        """The figure for the present values of the controls."""
        return figure(self.settings, self.own if self.photo.value == UPLOADED else None)

    def message(self) -> str:
        """The source of the weights."""
        return f"1,000 classes of ImageNet; weights: {pretrained(self.network.value).source}"

    def _uploaded(self, _change: object) -> None:
        """Decode the uploaded file and classify it; if it is not a picture, the last one stays."""
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
        with self.one_redraw():
            self.photo.options = (*PHOTOS, UPLOADED)
            self.photo.value = UPLOADED


def classify() -> ClassifyDemo:
    """A demo of ImageNet classifiers on sample photographs or your own, with one crop or ten, and Grad-CAM.

    EfficientNet-Lite0 works offline; the weights of another network are downloaded when it is first chosen.
    """
    return ClassifyDemo()
