"""The kernels of a network, layer by layer, before and after training."""

import copy
from dataclasses import dataclass
from typing import NamedTuple, cast

import ipywidgets as widgets
import torch
from torch import nn

from cnnlab import data, look, models
from cnnlab.demos._demo import STYLE, WIDTH, Demo
from cnnlab.training import fit

EPOCHS = 4
_TRAINED: list["Networks"] = []


class Networks(NamedTuple):
    """A network, and the same before its training if that is known."""

    after: nn.Module
    before: nn.Module | None = None


@dataclass(frozen=True)
class Settings:
    """What the demo shows; ``limit`` is the most kernels."""

    layer: str = "features.conv1"
    mode: str = "channels"
    trained: bool = True
    limit: int = 32


def figure(settings: Settings, networks: Networks | None = None) -> look.Figure:
    """The kernels of a layer; without ``networks`` those of a LeNet-5 that is trained on digits for some seconds.

    Before and after training have one scale, so that they can be compared.

    Raises:
        ValueError: for a layer that is no convolution of the network, or a state that is not known.
    """
    networks = networks or lenets(progress=False)
    network = networks.after if settings.trained else networks.before
    if network is None:
        raise ValueError(
            "the network before training is not known; pass it, as in demos.kernels(net, before=untrained)"
        )
    layers = convolutions(network)
    if settings.layer not in layers:
        raise ValueError(f"layer must be one of {', '.join(layers)}, got {settings.layer!r}")
    both = [cast(nn.Conv2d, one.get_submodule(settings.layer)) for one in networks if one is not None]
    scale = max(float(layer.weight.detach().abs().max()) for layer in both) or 1.0
    state = ("after training" if settings.trained else "before training") if networks.before else ""
    title = f"{settings.layer}{', ' + state if state else ''}"
    layer = network.get_submodule(settings.layer)
    return look.kernels(layer, mode=settings.mode, limit=settings.limit, scale=scale, title=title)


def convolutions(network: nn.Module) -> list[str]:
    """Names of a network's convolutions, in its order.

    >>> convolutions(models.build("lenet5"))
    ['features.conv1', 'features.conv2']
    """
    return [name for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]


def lenets(*, progress: bool = True) -> Networks:
    """A LeNet-5 trained for some epochs on digits, and as it was before; trained once in a session."""
    if not _TRAINED:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            before = models.build("lenet5").eval()
        after = copy.deepcopy(before)
        digits = data.digits()
        fit(after, digits.train, validation=digits.validation, epochs=EPOCHS, progress=progress)
        _TRAINED.append(Networks(after, before))
    return _TRAINED[0]


class KernelsDemo(Demo):
    """The widgets over `figure`."""

    name = "kernels"

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        layers = convolutions(networks.after)
        if not layers:
            raise ValueError(f"a {type(networks.after).__name__} without Conv2d layers has no kernels to show")
        wide = {"style": STYLE, "layout": widgets.Layout(width=WIDTH)}
        self.layer = widgets.Dropdown(options=layers, description="layer", **wide)
        modes = [("each input channel", "channels"), ("RGBA", "rgba")]
        self.mode = widgets.ToggleButtons(options=modes, description="shown as", **wide)
        self.mode.style.button_width = "auto"
        self.trained = widgets.ToggleButtons(
            options=[("before", False), ("after", True)], value=True, description="training", **wide
        )
        self.trained.style.button_width = "auto"
        self.limit = widgets.IntSlider(32, 1, 64, description="kernels at most", continuous_update=False, **wide)
        controls = [self.layer, self.mode, self.trained, self.limit]
        if networks.before is None:
            controls.remove(self.trained)
        super().__init__(controls)
        for control in controls:
            control.observe(self.redraw, "value")
        self.redraw()

    @property
    def settings(self) -> Settings:
        """What the controls say now."""
        return Settings(self.layer.value, self.mode.value, self.trained.value, self.limit.value)

    def draw(self) -> look.Figure:
        """The figure for what the controls say now."""
        return figure(self.settings, self.networks)

    def words(self) -> str:
        """What the layer is, and what the colours of RGBA mean for it."""
        layer = cast(nn.Conv2d, self.networks.after.get_submodule(self.layer.value))
        meaning = {3: "red, green and blue are the weights of the three input channels, grey is zero"}
        sign = "blue is below zero, red above: only kernels over three channels are colours"
        colours = (
            f"\nopacity is |weight|; {meaning.get(layer.weight.shape[1], sign)}" if self.mode.value == "rgba" else ""
        )
        return f"{layer}{colours}"


def kernels(model: nn.Module | None = None, *, before: nn.Module | None = None) -> KernelsDemo:
    """A demo of a network's kernels; ``before`` is the same network before its training.

    Without a network, a LeNet-5 is trained on digits for some seconds first.

    Raises:
        ValueError: if the network has no convolution, or ``before`` has other layers.
        TypeError: for something else than a network.
    """
    if model is None:
        return KernelsDemo(lenets())
    if not isinstance(model, nn.Module):
        raise TypeError(f"kernels shows those of a network, got {model!r}; models.build makes one of a name")
    if before is not None:
        shapes = [{name: str(net.get_submodule(name)) for name in convolutions(net)} for net in (model, before)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                "before must have the same convolutions as the network, under the same names and of the same shapes"
            )
    return KernelsDemo(Networks(model, before))
