"""The kernels of a network, layer by layer, before and after training."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import ipywidgets as widgets
import torch
from torch import nn

from cnnlab import data, look, models
from cnnlab.demos._demo import BUTTONS, WIDE, Demo
from cnnlab.training import fit

EPOCHS = 4
DIGITS = "lenet5 on digits"  # the network that is trained here; the others come trained on CIFAR-10
_TRAINED: list["Networks"] = []  # the LeNet-5 of this session, once it is trained


class Networks(NamedTuple):
    """A network, and the same network before its training if that is known."""

    after: nn.Module
    before: nn.Module | None = None


@dataclass(frozen=True)
class Settings:
    """The settings of the demo; ``limit`` is the largest number of kernels.

    ``network`` is ``DIGITS``, or the name of a network whose weights come with cnnlab (`cnnlab.models.trained`).
    """

    layer: str = "features.conv1"
    mode: str = "channels"
    trained: bool = True
    limit: int = 32
    network: str = DIGITS


def figure(settings: Settings, networks: Networks | None = None) -> look.Figure:
    """The kernels of a layer of ``networks``, or of the network that ``settings`` name.

    Before and after training have the same colour scale.

    Raises:
        ValueError: for a layer that is not a convolution of the network, or if the untrained network is not known.
    """
    networks = networks or named(settings.network)
    network = networks.after if settings.trained else networks.before
    if network is None:
        raise ValueError(
            "the network before training is not known; pass it, as in demos.kernels(net, before=untrained)"
        )
    layers = convolutions(network)
    if settings.layer not in layers:
        raise ValueError(f"layer must be one of {', '.join(layers)}, got {settings.layer!r}")
    both = [_layer(one, settings.layer) for one in networks if one is not None]
    scale = max(float(layer.weight.detach().abs().max()) for layer in both) or 1.0
    title = settings.layer
    if networks.before is not None:
        title += ", after training" if settings.trained else ", before training"
    layer = _layer(network, settings.layer)
    return look.kernels(layer, mode=settings.mode, limit=settings.limit, scale=scale, title=title)


def convolutions(network: nn.Module) -> list[str]:
    """Names of a network's convolutions, in its order.

    >>> convolutions(models.build("lenet5"))
    ['features.conv1', 'features.conv2']
    """
    return [name for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]


def named(network: str, *, progress: bool = False) -> Networks:
    """The network that is chosen: LeNet-5 trained on digits, or one that comes trained on CIFAR-10."""
    if network == DIGITS:
        return lenets(progress=progress)
    return Networks(models.build(network, weights="cifar10").eval())


def lenets(*, progress: bool = True) -> Networks:
    """A LeNet-5 before and after some epochs of training on digits; it is trained once in a session."""
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

    def __init__(self, networks: Networks, *, others: Sequence[str] = ()) -> None:
        self.networks = networks
        layers = convolutions(networks.after)
        if not layers:
            raise ValueError(f"a {type(networks.after).__name__} without Conv2d layers has no kernels to show")
        modes = [("each input channel", "channels"), ("RGBA", "rgba")]
        states = [("before", False), ("after", True)]
        self.layer = widgets.Dropdown(options=layers, description="layer", **WIDE)
        self.mode = widgets.ToggleButtons(options=modes, description="shown as", **BUTTONS)
        self.trained = widgets.ToggleButtons(options=states, value=True, description="training", **BUTTONS)
        self.limit = widgets.IntSlider(32, 1, 64, description="kernels at most", continuous_update=False, **WIDE)
        self.network = widgets.Dropdown(
            options=[(DIGITS, DIGITS), *((f"{name} on CIFAR-10", name) for name in others)],
            description="network",
            **WIDE,
        )
        self.network.observe(self._network_changed, "value")
        network = [self.network] if others else []
        trained = [] if networks.before is None else [self.trained]
        controls = [self.layer, self.mode, *trained, self.limit]
        super().__init__([*network, *controls])
        self.redraw_on(*controls)
        self.redraw()

    @property
    def settings(self) -> Settings:
        """The present values of the controls."""
        return Settings(self.layer.value, self.mode.value, self.trained.value, self.limit.value, self.network.value)

    def draw(self) -> look.Figure:
        """The figure for the present values of the controls."""
        return figure(self.settings, self.networks)

    def message(self) -> str:
        """The layer, and the meaning of the colours in mode RGBA."""
        layer = _layer(self.networks.after, self.layer.value)
        if self.mode.value != "rgba":
            return str(layer)
        if layer.weight.shape[1] == 3:
            meaning = "red, green and blue are the weights of the three input channels, grey is zero"
        else:
            meaning = "blue is below zero, red above: only kernels over three channels are colours"
        return f"{layer}\nopacity is |weight|; {meaning}"

    def _network_changed(self, change: Any) -> None:
        with self.one_redraw():
            self.networks = named(change["new"])
            self.layer.options = convolutions(self.networks.after)
            self.trained.value, self.trained.disabled = True, self.networks.before is None


def _layer(network: nn.Module, name: str) -> nn.Conv2d:
    return cast(nn.Conv2d, network.get_submodule(name))


def kernels(model: nn.Module | None = None, *, before: nn.Module | None = None) -> KernelsDemo:
    """A demo of a network's kernels; ``before`` is the same network before its training.

    Without a network, a LeNet-5 is trained on digits for some seconds first; those that come trained on CIFAR-10 can be
    chosen beside it.

    Raises:
        ValueError: if the network has no convolution, or ``before`` has other convolutions.
        TypeError: for anything other than a network.
    """
    if model is None:
        return KernelsDemo(lenets(), others=list(models.trained().index))
    if not isinstance(model, nn.Module):
        raise TypeError(f"kernels shows those of a network, got {model!r}; models.build makes one of a name")
    if before is not None:
        shapes = [{name: str(net.get_submodule(name)) for name in convolutions(net)} for net in (model, before)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                "before must have the same convolutions as the network, under the same names and of the same shapes"
            )
    return KernelsDemo(Networks(model, before))
