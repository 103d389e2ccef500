"""From a module to the boxes and arrows of its schematic, by following its ``forward``."""

from collections.abc import Sequence
from typing import Any

from torch import fx, nn

from cnnlab.look.schematics._graph import Box, Graph, convolution, join, linear, pooling
from cnnlab.models.inspect.tracing import traced

MOST = 30  # boxes; where more would be needed, modules stay closed
SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "/"}
IN_THE_BOX = {  # what may stand in the box of the layer before it
    "batchnorm1d": "batch norm",
    "batchnorm2d": "batch norm",
    "dropout": "dropout",
    "gelu": "GELU",
    "localresponsenorm": "local response norm",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "sigmoid": "sigmoid",
    "silu": "SiLU",
    "softmax": "softmax",
    "tanh": "tanh",
}
PARTS = ("features.", "classifier.")  # of a network: the names in them are unique without


def followed(module: nn.Module, input_shape: Sequence[int]) -> Graph:
    """The graph of a module for an input of ``input_shape``, without the batch.

    Modules are opened as long as 30 boxes are enough. What follows a layer directly, batch normalisation or an
    activation, stands in the layer's box.

    Raises:
        ValueError: if the module does not take such an input, or even closed modules make more than 30 boxes.

    >>> from cnnlab.models.families.resnet import Block
    >>> [box.text[0] for box in followed(Block(64, 64), (64, 56, 56)).boxes]
    ['input', '3×3 conv, 64', '3×3 conv, 64', 'identity', '+', 'ReLU', 'output']
    """
    trace = traced(module, tuple(input_shape))
    for opened in (True, False):
        graph = _Follower(module, trace, opened).drawn()
        if len(graph.boxes) <= MOST:
            return graph
    raise ValueError(
        f"a schematic holds {MOST} boxes, and this {type(module).__name__} needs {len(graph.boxes)}; draw one of its "
        f"blocks, or the whole network with look.architecture"
    )


class _Follower:
    """Turns the nodes of a trace into boxes, one after the other."""

    def __init__(self, module: nn.Module, trace: fx.Graph, opened: bool) -> None:
        self.module, self.opened = module, opened
        self.graph = Graph()
        self.kept = _between(trace)
        self.numbers: dict[fx.Node, int] = {}  # the box of each node
        self.paths: dict[int, list[str]] = {}  # the modules of each box

    def drawn(self) -> Graph:
        """The graph of all boxes."""
        groups: list[tuple[str, list[fx.Node]]] = []
        for node in self.kept:
            owner = self._owner(node)
            if owner and groups and groups[-1][0] == owner:
                groups[-1][1].append(node)
            else:
                groups.append((owner, [node]))
        for owner, nodes in groups:
            number = self._box(owner, nodes)
            self.numbers.update(dict.fromkeys(nodes, number))
        for number, paths in self.paths.items():
            self.graph.boxes[number].name = self._name(paths)
        return _with_flat_concatenations(self.graph)

    def _owner(self, node: fx.Node) -> str:
        """The module as whose box a node is drawn: the outermost that stays closed; none for an operation."""
        for path in node.meta.get("modules", ()):
            module = self.module.get_submodule(path)
            if not list(module.children()) or not (self.opened or isinstance(module, nn.Sequential)):
                return str(path)
        return ""

    def _box(self, owner: str, nodes: list[fx.Node]) -> int:
        """The number of the box that stands for ``nodes``, which may be that of the layer before them."""
        last = nodes[-1]
        inputs = [source for node in nodes for source in self._sources(node) if source not in nodes]
        sources = list(dict.fromkeys(self.numbers[source] for source in inputs))
        if last.op == "output":
            return self.graph.add(Box("output", ("output",), shape=self.graph.boxes[sources[0]].shape), sources)
        shape = last.meta["shape"]
        if last.op == "placeholder":
            return self.graph.add(Box("input", ("input",), shape=shape))
        module = self.module.get_submodule(owner) if owner else None
        box = _of_function(last, len(sources)) if module is None else _of_module(module)
        if box.kind == "identity" and not self._is_shortcut(last, inputs[0]):
            return sources[0]  # among other layers it is not drawn
        if box.kind == "attached" and self._has_room(inputs[0], sources[0]):
            number = sources[0]
            self.graph.boxes[number] = self.graph.boxes[number].with_more(box.text[0])
        else:
            box.kind = "operation" if box.kind == "attached" else box.kind
            number = self.graph.add(box, sources)
        if owner:
            self.paths.setdefault(number, []).append(owner)
        self.graph.boxes[number].shape = shape
        return number

    def _sources(self, node: fx.Node) -> list[fx.Node]:
        return [source for source in node.all_input_nodes if source in self.kept]

    def _users(self, node: fx.Node) -> list[fx.Node]:
        return [user for user in node.users if user in self.kept]

    def _is_shortcut(self, node: fx.Node, source: fx.Node) -> bool:
        """Whether an identity leads around other layers, from a fork to a join."""
        users = self._users(node)
        return len(self._users(source)) > 1 and len(users) == 1 and len(self._sources(users[0])) > 1

    def _has_room(self, source: fx.Node, number: int) -> bool:
        """Whether an activation may stand in the box of its source."""
        return len(self._users(source)) == 1 and self.graph.boxes[number].kind in (
            "convolution",
            "pooling",
            "linear",
            "module",
        )

    def _name(self, paths: list[str]) -> str:
        """The names of the modules in a box; the parent's, if these are all that it holds."""
        parent = paths[0].rpartition(".")[0]
        last_words = [path.rpartition(".")[2] for path in paths]
        whole = parent and [f"{parent}.{name}" for name, _ in self.module.get_submodule(parent).named_children()]
        name = parent if whole == paths else ", ".join([paths[0], *last_words[1:]])
        for part in PARTS:
            name = name.removeprefix(part)
        return name


def _between(trace: fx.Graph) -> dict[fx.Node, None]:
    """The nodes on a path of tensors from the input to the output, in their order."""
    ahead: dict[fx.Node, None] = {}
    for node in trace.nodes:
        reached = any(source in ahead for source in node.all_input_nodes)
        first = node.op == "placeholder" and not ahead
        if first or reached:
            ahead[node] = None
    wanted: set[fx.Node] = set()
    for node in reversed(ahead):
        if node.op == "output" or any(user in wanted for user in node.users):
            wanted.add(node)
    return {node: None for node in ahead if node in wanted}


def _of_module(module: nn.Module) -> Box:
    kind, parameters = type(module).__name__, list(module.parameters())
    if isinstance(module, nn.Conv2d):
        box = convolution(_pair(module.kernel_size), module.out_channels, stride=module.stride[0], groups=module.groups)
    elif isinstance(module, nn.Linear):
        box = linear(module.out_features)
    elif isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        operation = "max" if isinstance(module, nn.MaxPool2d) else "average"
        box = pooling(_pair(module.kernel_size), operation, stride=_pair(module.stride)[0])
    elif isinstance(module, nn.AdaptiveAvgPool2d) and _pair(module.output_size) == (1, 1):
        box = Box("pooling", ("global average",), "global average pooling")
    elif isinstance(module, nn.Identity):
        box = Box("identity", ("identity",))
    elif isinstance(module, nn.Flatten):
        box = Box("operation", ("flatten",))
    elif kind.lower() in IN_THE_BOX:
        box = Box("attached", (IN_THE_BOX[kind.lower()],))
    else:
        box = Box("module", (kind,))
    box.frozen = bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
    return box


def _of_function(node: fx.Node, inputs: int) -> Box:
    """The box of an operation in ``forward``."""
    called = getattr(node.target, "__name__", str(node.target)).strip("_")  # "relu_" changes its input
    if called in ("cat", "concat"):
        return join("concat")
    if called in IN_THE_BOX:
        return Box("attached", (IN_THE_BOX[called],))
    sign = SIGNS.get(called)
    if sign is None or (sign == "/" and inputs > 1):
        return Box("operation", (called,))
    if inputs > 1:
        return join(sign)
    first, second = (_number(argument) for argument in node.args[:2])
    turned = first and sign in ("−", "/")  # the number stands before the sign
    return Box("operation", (f"{first} {sign} …" if turned else f"{sign} {first or second}",))


def _number(argument: Any) -> str:
    """A number, or a parameter's name; nothing for the data."""
    if isinstance(argument, fx.Node):
        return str(argument.target) if argument.op == "get_attr" else ""
    return f"{argument:g}"


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


def _with_flat_concatenations(graph: Graph) -> Graph:
    """The graph with a single concatenation where one only leads into another."""
    inner = {
        number: graph.targets(number)[0]
        for number, box in enumerate(graph.boxes)
        if box.kind == "concat" and [graph.boxes[target].kind for target in graph.targets(number)] == ["concat"]
    }
    kept = [number for number in range(len(graph.boxes)) if number not in inner]
    place = {number: index for index, number in enumerate(kept)}

    def outer(number: int) -> int:
        return outer(inner[number]) if number in inner else place[number]

    def arrows(end: int) -> list[tuple[int, int]]:
        return [
            arrow
            for source in graph.sources(end)
            for arrow in (arrows(source) if source in inner else [(place[source], outer(end))])
        ]

    return Graph([graph.boxes[number] for number in kept], [arrow for number in kept for arrow in arrows(number)])
