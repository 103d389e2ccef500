"""The operation itself: a network's graph becomes one that slides, with its own weights.

The map before the first linear layer is cut into windows of the size that it has for one picture of the window's size.
The windows go through the linear layers as pictures of one large batch, and the outputs are arranged as a grid. All
before slides by itself, if it is made of steps that do; a step that does not is refused by name.
"""

from typing import Any, cast

from torch import Tensor, fx, nn

from cnnlab.models.dense.geometry import Pooling, layer_of, mixes_pictures, name_of, pooling, sides, slides, takes_apart
from cnnlab.models.dense.sliding import Grid, WindowLinear, Windows, as_many, at_least
from cnnlab.models.dense.tracing import BATCH, hint, place

LINEAR = {"linear", "matmul", "addmm"}
RESHAPING = {"view", "reshape", "expand", "unflatten"}  # where rows may be counted
PLAN = (
    "it takes networks of convolutions and poolings, then torch.flatten(x, 1) and linear layers, or a mean such as "
    "x.mean((2, 3)), or both"
)


class Surgery:
    """Goes through a graph once and replaces what does not slide.

    ``maps`` are the nodes that hold a map, ``rows`` those that hold a row for every window. What a network does to
    rows, it does to each picture of a batch by itself, or it is refused; so it may stay as it is.

    Raises:
        ValueError: for a step that cannot be converted, which it names, or a network with nothing to convert.
    """

    def __init__(self, graph: fx.Graph, root: nn.Module, shape: tuple[int, int, int]) -> None:
        self.graph, self.root, self.shape = graph, root, shape
        self.maps: set[fx.Node] = set()
        self.rows: set[fx.Node] = set()
        self.sizes: set[fx.Node] = set()  # what was computed from the size of a map
        self.layers: dict[str, nn.Module] = {}
        self.linears: set[str] = set()
        self.cut: tuple[fx.Node, tuple[int, int]] | None = None  # the first map that was cut, and the windows' cells
        self.answers = False  # there is a linear layer or a pooling over the whole map
        self._run()

    def applied(self, network: nn.Module) -> nn.Module:
        """``network`` with the new layers in the place of the old."""
        for path, layer in self.layers.items():
            network.set_submodule(path, layer)
        for path in self.linears:
            network.get_submodule(path).__class__ = WindowLinear  # weights, hooks and mode stay
        return network

    def _run(self) -> None:
        for node in list(self.graph.nodes):
            sources = node.all_input_nodes
            maps = [source for source in sources if source in self.maps]
            rows = [source for source in sources if source in self.rows]
            if node.op == "placeholder":
                self._input(node)
            elif node.op == "output":
                self._output(node)
            elif not _tensors(hint(node)):
                if _numbers(hint(node)) and (maps or any(source in self.sizes for source in sources)):
                    self.sizes.add(node)
            elif maps and rows:
                raise self._refused(node, "it combines what was computed for single windows with a whole map")
            elif rows:
                self._row(node, rows[0])
            elif maps:
                self._map(node, maps)
        for node in reversed(self.graph.nodes):  # questions about sizes, now answered
            if not node.users and node.op != "output" and not _tensors(hint(node)):
                self.graph.erase_node(node)
        self.graph.lint()

    def _input(self, node: fx.Node) -> None:
        if isinstance(hint(node), Tensor) and not self.maps:
            with self.graph.inserting_after(node):
                checked = self.graph.call_function(at_least, (node, self.shape))
            checked.meta["hint"] = hint(node)
            node.replace_all_uses_with(checked, lambda user: user is not checked)
            self.maps.add(checked)

    def _map(self, node: fx.Node, maps: list[fx.Node]) -> None:
        source = maps[0]
        if pooled := pooling(self.root, node, source):
            self._pool(node, source, pooled)
        elif takes_apart(self.root, node, source):
            if hint(node).ndim == 2 and name_of(node) not in ("squeeze", "getitem"):
                self._replace(node, self._windows(node, source, flat=True))
            else:
                self._per_window(node, source)
        elif slides(self.root, node, source):
            different = {sides(other) for other in maps}
            if len(different) > 1:
                told = " and ".join(f"{height}×{width}" for height, width in sorted(different))
                raise self._refused(node, f"it combines maps of {told} cells, so that a cell depends on a whole map")
            for other in maps[1:]:
                if 1 in sides(other):  # a single row or column would be repeated
                    node.replace_input_with(other, self._compared(node, other, source))
            if name_of(node) not in ("view", "reshape"):  # whose sizes are those of the larger map
                self._settle_sizes(node)
            self.maps.add(node)
        else:
            raise self._refused(node, "it is none of the steps that slide over a larger map")

    def _pool(self, node: fx.Node, source: fx.Node, pooled: Pooling) -> None:
        self.answers = True
        if pooled.uneven:
            self._per_window(node, source)
            return
        value = hint(source)[:, :, :1, :1] if pooled.squeezes else hint(node)
        pool = self._layer(node, pooled.layer or nn.Identity(), "pool", (source,), value, instead=True)
        self.maps.add(pool)
        self._replace(node, self._windows(node, pool, flat=True) if pooled.squeezes else pool)

    def _per_window(self, node: fx.Node, source: fx.Node) -> None:
        """Leave a step as it is, and give it the windows of the map one by one."""
        windows = self._windows(node, source, flat=False)
        node.replace_input_with(source, windows)
        self._settle_sizes(node, windows)
        self.rows.add(node)

    def _row(self, node: fx.Node, row: fx.Node) -> None:
        self._settle_sizes(node, row)
        counts = any(_numbers(hint(size)) and 0 in _axes(size) for size in node.all_input_nodes)
        if (counts or BATCH in node.args) and name_of(node) not in RESHAPING:  # len(x) is a number at once
            raise self._refused(node, "it computes with the number of pictures, where there are windows now")
        if mixes_pictures(self.root, node, self.rows):
            raise self._refused(node, "it mixes the pictures of a batch, where there are windows now")
        layer = layer_of(self.root, node)
        if isinstance(layer, nn.Linear) or name_of(node) in LINEAR:
            self.answers = True
        if type(layer) is nn.Linear:
            self.linears.add(str(node.target))
        self.rows.add(node)

    def _settle_sizes(self, node: fx.Node, row: fx.Node | None = None) -> None:
        """Let a step compute with a map's sizes for one picture, which are a window's, and not with the larger map's.

        A step that takes the rows ``row`` counts windows, where it counted pictures.
        """
        for source in node.all_input_nodes:
            if source not in self.sizes:
                continue
            if 0 not in _axes(source):
                _replace_by_value(node, source)
            elif hint(source) != BATCH:
                raise self._refused(node, "it computes with the number of pictures, where there are windows now")
            elif row is not None:
                with self.graph.inserting_before(node):
                    rows = self.graph.call_method("size", (row, 0))
                rows.meta["hint"] = hint(source)
                node.replace_input_with(source, rows)

    def _windows(self, node: fx.Node, source: fx.Node, *, flat: bool) -> fx.Node:
        """The windows of a map, which are rows, just before ``node``."""
        size = sides(source)
        if self.cut and self.cut[0] is not source:
            source = self._compared(node, source, self.cut[0])
        value = hint(source).flatten(1) if flat else hint(source)
        windows = self._layer(node, Windows(size, flat=flat), "windows", (source,), value, instead=flat)
        self.rows.add(windows)
        self.cut = self.cut or (source, size)
        return windows

    def _compared(self, node: fx.Node, source: fx.Node, other: fx.Node) -> fx.Node:
        """A map, checked before ``node`` to hold as many windows as another."""
        with self.graph.inserting_before(node):
            checked = self.graph.call_function(as_many, (source, sides(source), other, sides(other)))
        checked.meta.update(source.meta)
        self.maps.add(checked)
        return checked

    def _layer(
        self,
        node: fx.Node,
        layer: nn.Module,
        name: str,
        sources: tuple[fx.Node, ...],
        value: Tensor,
        *,
        instead: bool = False,
    ) -> fx.Node:
        """Call a new layer before ``node``; with ``instead``, in the place of the layer that only ``node`` calls."""
        calls = sum(other.op == "call_module" and other.target == node.target for other in self.graph.nodes)
        path, number = name, 2
        if instead and node.op == "call_module" and calls == 1:
            path = str(node.target)
        else:
            while path in self.layers or hasattr(self.root, path):
                path, number = f"{name}_{number}", number + 1
        self.layers[path] = layer
        with self.graph.inserting_before(node):
            new = self.graph.call_module(path, sources)
        new.meta.update(node.meta, hint=value)
        return new

    def _replace(self, node: fx.Node, new: fx.Node) -> None:
        node.replace_all_uses_with(new)
        self.graph.erase_node(node)

    def _output(self, node: fx.Node) -> None:
        logits = node.args[0]
        if not isinstance(logits, fx.Node) or not isinstance(hint(logits), Tensor):
            raise ValueError(
                f"convolutionize needs a network that returns logits alone, got a {_kind(logits)}; wrap it to do so"
            )
        if not self.answers or logits not in self.rows | self.maps:
            raise ValueError(
                f"this {type(self.root).__name__} holds no linear layer and no global pooling after its features, so "
                f"that there is nothing to convert; {PLAN}"
            )
        if logits in self.rows:
            if hint(logits).ndim != 2 or len(hint(logits)) != BATCH or self.cut is None:
                raise ValueError(
                    f"convolutionize needs logits of shape (N, num_classes), got (N, "
                    f"{', '.join(map(str, hint(logits).shape[1:]))})"
                )
            source, size = self.cut
            node.args = (self._layer(node, Grid(size), "grid", (logits, source), hint(logits)),)

    def _refused(self, node: fx.Node, why: str) -> ValueError:
        return ValueError(f"convolutionize cannot convert {place(node)}: {why}; {PLAN}")


def _tensors(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, tuple | list) and any(map(_tensors, value)))


def _numbers(value: Any) -> bool:
    """Whether a value is a size or computed from sizes, and not a dtype, say."""
    return isinstance(value, int | float) or (isinstance(value, tuple | list) and all(map(_numbers, value)))


def _axes(size: fx.Node) -> list[int]:
    """The axes of a tensor whose lengths enter a size."""
    sources = [source for source in size.all_input_nodes if not _tensors(hint(source))]
    if not sources:
        axes = list(range(hint(size.all_input_nodes[0]).ndim))
        return [axes[cast(int, size.args[1])]] if name_of(size) == "size" and len(size.args) > 1 else axes
    axes = [axis for source in sources for axis in _axes(source)]
    if name_of(size) == "getitem":
        return axes[size.args[1]] if isinstance(size.args[1], slice) else [axes[cast(int, size.args[1])]]
    return axes


def _replace_by_value(node: fx.Node, size: fx.Node) -> None:
    def value(source: fx.Node) -> Any:
        return hint(source) if source is size else source

    node.args, node.kwargs = fx.node.map_arg(node.args, value), fx.node.map_arg(node.kwargs, value)


def _kind(value: Any) -> str:
    return type(hint(value) if isinstance(value, fx.Node) else value).__name__
