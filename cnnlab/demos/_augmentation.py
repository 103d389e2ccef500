"""What training sees of one picture: a grid of random changes, with the ranges as sliders."""

from dataclasses import dataclass

import ipywidgets as widgets
import torch
from torch import Tensor

from cnnlab import data, look
from cnnlab.demos._demo import WIDE, Demo

PHOTOS = ("china", "chelsea", "coffee", "astronaut", "rocket", "flower")
SIZE = (192, 256)  # pixels: the landmark report's
CHANGED = 11  # pictures beside the original
OWN = "your own"


@dataclass(frozen=True)
class Settings:
    """The settings of the demo; the ranges are those of `cnnlab.data.Augmentation`, at first of Table 3's run 1."""

    picture: str = PHOTOS[0]
    rotation: float = 10.0
    shift: float = 0.2
    zoom: float = 0.4
    flip: bool = False
    seed: int = 0

    @property
    def augmentation(self) -> data.Augmentation:
        """The augmentation with these ranges."""
        return data.Augmentation(rotation=self.rotation, shift=self.shift, zoom=self.zoom, flip=self.flip)


def figure(settings: Settings, picture: Tensor | None = None) -> look.Figure:
    """A picture and eleven random changes of it, as training gets them.

    ``picture`` (C, H, W) uint8 replaces the photograph that ``settings`` name.

    Raises:
        ValueError: for an unknown photograph, or ranges that `cnnlab.data.Augmentation` refuses.

    >>> figure(Settings("coffee")).alt[:48]
    '±10°, shift ±20 %, zoom 60 to 140 %: 12 pictures'
    """
    augmentation = settings.augmentation
    shown = data.photo(settings.picture, size=SIZE) if picture is None else picture
    batch = data.to_float(shown[None]).expand(CHANGED, -1, -1, -1)
    changed = augmentation(batch, generator=torch.Generator().manual_seed(settings.seed))
    titles = ["original", *(f"epoch {epoch}" for epoch in range(1, CHANGED + 1))]
    return look.pictures(torch.cat([batch[:1], changed]), titles=titles, columns=4, title=_ranges(settings))


def _ranges(settings: Settings) -> str:
    """The ranges in words."""
    zoom = f"zoom {100 * (1 - settings.zoom):.0f} to {100 * (1 + settings.zoom):.0f} %"
    mirrored = ", mirrored at random" if settings.flip else ""
    return f"±{settings.rotation:g}°, shift ±{100 * settings.shift:.0f} %, {zoom}{mirrored}"


class AugmentationDemo(Demo):
    """The widgets over `figure`."""

    name = "augmentation"

    def __init__(self, picture: Tensor | None = None) -> None:
        self.own = picture
        default = Settings()
        names = PHOTOS if picture is None else (OWN, *PHOTOS)
        self.choice = widgets.Dropdown(options=names, value=names[0], description="picture", **WIDE)
        self.rotation = widgets.FloatSlider(
            default.rotation, min=0, max=180, step=5, description="rotation (°)", **WIDE
        )
        self.shift = widgets.FloatSlider(default.shift, min=0, max=0.5, step=0.05, description="shift (sides)", **WIDE)
        self.zoom = widgets.FloatSlider(default.zoom, min=0, max=0.9, step=0.05, description="zoom", **WIDE)
        self.flip = widgets.Checkbox(default.flip, description="mirror at random", **WIDE)
        self.again = widgets.Button(description="other random numbers", layout=WIDE["layout"])
        self._seed = default.seed
        controls = [self.choice, self.rotation, self.shift, self.zoom, self.flip]
        super().__init__([*controls, self.again])
        for slider in (self.rotation, self.shift, self.zoom):
            slider.continuous_update = False
        self.redraw_on(*controls)
        self.again.on_click(self._again)
        self.redraw()

    @property
    def settings(self) -> Settings:
        """The present values of the controls."""
        return Settings(
            self.choice.value, self.rotation.value, self.shift.value, self.zoom.value, self.flip.value, self._seed
        )

    def draw(self) -> look.Figure:
        """The figure for the present values of the controls."""
        return figure(self.settings, self.own if self.choice.value == OWN else None)

    def message(self) -> str:
        """What the ranges mean."""
        return (
            "Each picture of a batch gets random values of its own in every epoch, evenly from these ranges; pixels "
            "from outside repeat the border"
        )

    def _again(self, _button: object) -> None:
        self._seed += 1
        self.redraw()


def augmentation(picture: Tensor | None = None) -> AugmentationDemo:
    """A demo of augmentation: the ranges of rotation, shift and zoom, and what training then sees of a picture.

    ``picture``, (1 or 3, H, W) uint8, is shown beside the sample photographs.

    Raises:
        TypeError: for anything other than a tensor.
        ValueError: for another shape.
    """
    if picture is not None and not isinstance(picture, Tensor):
        raise TypeError(f"picture must be a tensor (3, H, W), got {type(picture).__name__}; data.decode reads a file")
    if picture is not None and (picture.ndim != 3 or picture.shape[0] not in (1, 3)):
        raise ValueError(f"picture must be (1, H, W) or (3, H, W), got {tuple(picture.shape)}; split.images[0] is one")
    return AugmentationDemo(picture)
