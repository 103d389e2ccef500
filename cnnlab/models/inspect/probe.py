"""Activations by layer name."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import TracebackType

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


class Probe(Mapping[str, Tensor]):
    """Record what layers put out while the ``with`` block runs; leave no hook behind, whatever happens in it.

    Maps a layer's name to a copy of its last output, detached from the graph, in the order in which the layers ran.
    Without ``layers`` every layer that holds no other is recorded. A layer that ran several times keeps its last
    output; one that did not run is missing.

    Raises:
        ValueError: for a layer that ``model`` does not have (the near names are listed).

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    >>> with Probe(net, ["0"]) as probe:
    ...     _ = net(torch.zeros(2, 1, 8, 8))
    >>> probe["0"].shape
    torch.Size([2, 4, 6, 6])
    """

    def __init__(self, model: nn.Module, layers: Iterable[str] | None = None) -> None:
        modules = dict(model.named_modules())
        if layers is None:
            layers = [name for name, module in modules.items() if not any(module.children())]
        self._layers: dict[str, nn.Module] = {}
        for name in [layers] if isinstance(layers, str) else layers:
            if name not in modules:
                near = get_close_matches(name, modules, n=4, cutoff=0.3) or list(modules)[1:5]
                raise ValueError(
                    f"no layer is called {name!r}; near ones: {', '.join(near)} (dict(model.named_modules()) lists all)"
                )
            self._layers[name] = modules[name]
        self._activations: dict[str, Tensor] = {}
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> "Probe":
        for name, module in self._layers.items():

            def keep(_module: nn.Module, _inputs: object, output: object, name: str = name) -> None:
                if isinstance(output, Tensor):
                    self._activations.pop(name, None)  # so that the order is that of the last run
                    self._activations[name] = output.detach().clone()  # a later in-place ReLU must not change it

            self._hooks.append(module.register_forward_hook(keep))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._activations:
            recorded = ", ".join(self._activations) or "nothing: run the model inside the with block"
            raise KeyError(f"{name!r} was not recorded; recorded: {recorded}")
        return self._activations[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._activations)

    def __len__(self) -> int:
        return len(self._activations)
