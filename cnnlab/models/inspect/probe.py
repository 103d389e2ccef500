"""Activations by layer name."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from difflib import get_close_matches

from torch import Tensor, nn

from cnnlab.models.inspect.hooks import hooked


class Probe(Mapping[str, Tensor]):
    """Record what layers put out while the ``with`` block runs; leave no hook behind, whatever happens in it.

    Maps a layer's name to its last output, in the order in which the layers ran. Without ``layers`` every layer that
    holds no other is recorded. A layer that ran several times keeps its last output; one that did not run is missing.

    Outputs are copies, detached from the graph. With ``keep_graph=True`` they are the tensors that the network itself
    goes on with, so that a loss of them has gradients, and a loss of the logits has gradients in them.

    `run` computes no further than the deepest of the layers.

    Raises:
        ValueError: for a layer that ``model`` does not have (the near names are listed).

    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    >>> with Probe(net, ["0"]) as probe:
    ...     _ = net(torch.zeros(2, 1, 8, 8))
    >>> probe["0"].shape
    torch.Size([2, 4, 6, 6])
    """

    def __init__(self, model: nn.Module, layers: Iterable[str] | None = None, *, keep_graph: bool = False) -> None:
        self._model, self._keep_graph = model, keep_graph
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
        self._missing: set[str] | None = None  # while `run` runs: layers that have not run yet
        self._hooks = ExitStack()

    def run(self, images: Tensor) -> None:
        """Run the network on ``images`` inside the ``with`` block, and stop once each layer has run.

        A layer that runs several times keeps its first output if it is the last to be waited for.

        >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(9, 2))  # 144 would fit
        >>> with Probe(net, ["1"], keep_graph=True) as probe:
        ...     probe.run(torch.zeros(2, 1, 8, 8))
        >>> probe["1"].requires_grad
        True
        """
        self._missing = set(self._layers)
        try:
            with suppress(_AllRecorded):
                self._model(images)
        finally:
            self._missing = None

    def __enter__(self) -> "Probe":
        names = {module: name for name, module in self._layers.items()}

        def record(module: nn.Module, _inputs: object, output: object) -> Tensor | None:
            if not isinstance(output, Tensor):
                return None
            self._activations.pop(names[module], None)  # so that the order is that of the last run
            self._activations[names[module]] = output if self._keep_graph else output.detach().clone()
            if self._missing is not None:
                self._missing.discard(names[module])
                if not self._missing:
                    raise _AllRecorded
            return output.clone() if self._keep_graph else None  # a later in-place ReLU changes another tensor

        self._hooks.enter_context(hooked(names, after=record))
        return self

    def __exit__(self, *_error: object) -> None:
        self._hooks.close()

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._activations:
            recorded = ", ".join(self._activations) or "nothing: run the model inside the with block"
            raise KeyError(f"{name!r} was not recorded; recorded: {recorded}")
        return self._activations[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._activations)

    def __len__(self) -> int:
        return len(self._activations)


class _AllRecorded(Exception):  # noqa: N818 - ends a forward pass, no error
    """Each layer has been recorded: the rest of the forward pass is not needed."""
