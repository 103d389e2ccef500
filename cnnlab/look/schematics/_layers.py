"""The layout of a graph with branches: it runs downward, layer by layer.

A box stands a layer below the lowest of its sources, and an arrow that passes by a layer takes a place of its own in
it, so that it crosses no box. Boxes and passing arrows that follow one another without a branch form a chain, which
stands on one vertical line. A fork stands over the middle of its branches, a join under it; only a shortcut into a sum
or product leaves and enters the straight line at its side, as He et al. 2016 draw it (figure 2).
"""

from graphlib import TopologicalSorter
from itertools import pairwise
from statistics import mean
from typing import NamedTuple

from cnnlab.look.drawing import span, written
from cnnlab.look.schematics._graph import CIRCLES, Graph
from cnnlab.look.schematics._layout import Label, Layout, Place, size_of

GAP = 44  # CSS pixels: between layers; a shape, the horizontal part of arrows and their heads
BUS = 24  # CSS pixels: from a layer to the horizontal part of its arrows
BESIDE = 18  # CSS pixels: between boxes of a layer
LANE = 7  # CSS pixels: half the width of a passing arrow
SWEEPS = 20


class Item(NamedTuple):
    """A box in its layer (``start == end``), or where an arrow from ``start`` to ``end`` passes a layer."""

    start: int
    end: int
    layer: int


def layered(graph: Graph) -> Layout:
    """The layout of any graph, downward.

    >>> from cnnlab.look.schematics._notation import described
    >>> layout = layered(described("x → (3×3 64 | identity) → +"))
    >>> len({place.x for number, place in layout.places.items() if number != 2})  # all but the shortcut
    1
    """
    return _Layers(graph).layout()


class _Layers:
    """The items of each layer in their order, and the chains that they belong to."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.sizes = [size_of(box) for box in graph.boxes]
        self.depth: dict[int, int] = {}
        for number in graph.order():
            self.depth[number] = max((self.depth[source] + 1 for source in graph.sources(number)), default=0)
        self.boxes = {number: Item(number, number, depth) for number, depth in self.depth.items()}
        self.courses = {arrow: self._course(*arrow) for arrow in graph.arrows}
        self.before: dict[Item, list[Item]] = {}
        self.after: dict[Item, list[Item]] = {}
        for course in self.courses.values():
            for first, second in pairwise(course):
                self.after.setdefault(first, []).append(second)
                self.before.setdefault(second, []).append(first)
        self.layers = self._ordered()
        self.chain = self._chains()

    def layout(self) -> Layout:
        """Places, courses and labels."""
        x = self._across()
        layout = Layout()
        top = 0.0
        bottoms = []
        for items in self.layers:
            tall = max((self.sizes[item.start][1] for item in items if item.start == item.end), default=0)
            for item in items:
                if item.start == item.end:
                    wide, high = self.sizes[item.start]
                    layout.places[item.start] = Place(x[item], top + tall - high / 2, wide, high)
            bottoms.append(top + tall)
            top += tall + GAP
        layout.height = top - GAP
        self._centre_ellipses(layout)
        for arrow, course in self.courses.items():
            if "ellipsis" not in (self.graph.boxes[number].kind for number in arrow):
                layout.arrows[arrow] = self._line(course, x, layout, bottoms)
        for number, box in enumerate(self.graph.boxes):
            place = layout.places[number]
            if box.shape and any(start == number for start, _ in layout.arrows) and box.kind != "identity":
                layout.labels.append(Label(place.x + 6, place.y + place.height / 2 + 12, written(box.shape), False))
        layout.move_to_the_corner()
        return layout

    def _course(self, start: int, end: int) -> list[Item]:
        """The items of an arrow, from box to box; a shortcut also takes a place beside its sum."""
        last = self.depth[end] + self._from_the_side(start, end)
        passing = [Item(start, end, layer) for layer in range(self.depth[start] + 1, last)]
        return [self.boxes[start], *passing, self.boxes[end]]

    def _from_the_side(self, start: int, end: int) -> bool:
        """Whether an arrow enters a circle from its side: the shorter one of two."""
        sources = self.graph.sources(end)
        if self.graph.boxes[end].kind not in CIRCLES or len(sources) != 2:
            return False
        return start != max(sources, key=lambda source: self.depth[source])

    def _ordered(self) -> list[list[Item]]:
        """The items of each layer from left to right: each below the middle of those that lead to it."""
        layers: list[list[Item]] = []
        items = dict.fromkeys([*self.boxes.values(), *self.before])
        for layer in range(max(self.depth.values()) + 1):
            above = {item: place for place, item in enumerate(layers[-1])} if layers else {}
            keys = {}
            for item in items:
                if item.layer == layer:
                    parents = [parent for parent in self.before.get(item, []) if parent in above]
                    keys[item] = mean([above[parent] for parent in parents]) if parents else 0
            layers.append(self._with_shortcuts_at_their_circles(sorted(keys, key=keys.__getitem__)))
        return layers

    def _with_shortcuts_at_their_circles(self, items: list[Item]) -> list[Item]:
        """A layer in which nothing stands between a circle and the arrow that enters it from the side."""
        for item in [item for item in items if self.boxes[item.end] in items and item.start != item.end]:
            right = items.index(item) > items.index(self.boxes[item.end])
            items.remove(item)
            items.insert(items.index(self.boxes[item.end]) + right, item)
        return items

    def _chains(self) -> dict[Item, Item]:
        """The first item of the chain of each item."""
        chain: dict[Item, Item] = {}
        for items in self.layers:
            for item in items:
                parents = [parent for parent in self.before.get(item, []) if parent.layer < item.layer]
                straight = len(parents) == 1 and self._straight_on(parents[0]) == item
                chain[item] = chain[parents[0]] if straight else item
        return chain

    def _straight_on(self, item: Item) -> Item | None:
        """The item that follows on the same vertical line, if there is one."""
        after = [child for child in self.after.get(item, []) if not self._is_shortcut(item, child)]
        return after[0] if len(after) == 1 else None

    def _is_shortcut(self, first: Item, second: Item) -> bool:
        """Whether a branch, from its second item on, is a chain that enters a circle from the side."""
        if len(self.after.get(first, [])) == 1 and second.layer > first.layer:
            return False
        while second.layer > first.layer:
            after = self.after.get(second, [])
            if len(after) != 1 or len(self.before[second]) != 1:
                return False
            first, second = second, after[0]
        return True

    def _across(self) -> dict[Item, float]:
        """The x of every item."""
        wishes = self._wishes()
        for _ in range(4):  # a concatenation is as wide as what it joins
            distances = self._distances()
            position = self._packed(distances)
            for _ in range(SWEEPS):
                for chain, others in wishes:
                    wanted = _middle([position[self.chain[other]] for other in others])
                    low = max((position[a] + d for (a, b), d in distances.items() if b == chain), default=-1e9)
                    high = min((position[b] - d for (a, b), d in distances.items() if a == chain), default=1e9)
                    position[chain] = min(max(wanted, low), high)
            for number, box in enumerate(self.graph.boxes):
                if box.kind == "concat":
                    middle = position[self.chain[self.boxes[number]]]
                    ends = [position[self.chain[parent]] for parent in self.before[self.boxes[number]]]
                    reach = max(abs(end - middle) for end in ends) + 24
                    self.sizes[number] = (max(size_of(box)[0], 2 * reach), self.sizes[number][1])
        return {item: position[chain] for item, chain in self.chain.items()}

    def _distances(self) -> dict[tuple[Item, Item], float]:
        """How far apart neighbouring chains must stand."""
        distances: dict[tuple[Item, Item], float] = {}
        for items in self.layers:
            for left, right in pairwise(items):
                pair = self.chain[left], self.chain[right]
                needed = self._reach(left, right=True) + BESIDE + self._reach(right, right=False)
                distances[pair] = max(distances.get(pair, 0), needed)
        return distances

    def _reach(self, item: Item, *, right: bool) -> float:
        """How far an item extends from its line; at the right, with the shape below it."""
        if item.start != item.end:
            return LANE
        half, shape = self.sizes[item.start][0] / 2, self.graph.boxes[item.start].shape
        return max(half, span(written(shape)) - 4) if right and shape and self.after.get(item) else half

    def _packed(self, distances: dict[tuple[Item, Item], float]) -> dict[Item, float]:
        """Each chain as far to the left as the distances allow."""
        position: dict[Item, float] = {}
        order = TopologicalSorter({chain: [a for a, b in distances if b == chain] for chain in self.chain.values()})
        for chain in order.static_order():
            position[chain] = max((position[a] + d for (a, b), d in distances.items() if b == chain), default=0)
        return position

    def _wishes(self) -> list[tuple[Item, list[Item]]]:
        """Chains, and the items over, under or beside whose middle they should stand: forks, joins and shortcuts."""
        wishes = []
        for item, chain in self.chain.items():
            above = [parent for parent in self.before.get(item, []) if parent.layer < item.layer]
            below = [child for child in self.after.get(item, []) if not self._is_shortcut(item, child)]
            beside = [child for child in self.after.get(item, []) if child.layer == item.layer]
            joins = len(above) > 1 or any(self._is_shortcut(parent, item) for parent in above)
            wishes += [(chain, above)] * (joins and item == chain)
            wishes += [(chain, below)] * (bool(below) and self._straight_on(item) is None)
            wishes += [(chain, beside)] * bool(beside)
        return wishes

    def _line(
        self, course: list[Item], x: dict[Item, float], layout: Layout, bottoms: list[float]
    ) -> list[tuple[float, float]]:
        """The corners of an arrow."""
        start, end = (layout.places[item.start] for item in (course[0], course[-1]))
        line = [(start.x, start.y + start.height / 2)]
        for first, second in pairwise(course):
            if second.layer == first.layer:  # into a circle, from the side
                line += [(x[first], end.y), (end.x + (end.width / 2 if x[first] > end.x else -end.width / 2), end.y)]
                return line
            target = x[second]
            inside = second is course[-1] and abs(x[first] - end.x) < end.width / 2 - 8
            if inside and self.graph.boxes[second.start].kind == "concat":
                target = x[first]
            if abs(target - x[first]) > 0.5:
                bus = bottoms[first.layer] + BUS
                line += [(x[first], bus), (target, bus)]
        return [*line, (target, end.y - end.height / 2)]

    def _centre_ellipses(self, layout: Layout) -> None:
        """Branches that are not drawn stand half-way between their fork and their join."""
        for number, box in enumerate(self.graph.boxes):
            if box.kind == "ellipsis":
                around = [*self.graph.sources(number), *self.graph.targets(number)]
                middle = mean(layout.places[other].y for other in around)
                layout.places[number] = layout.places[number]._replace(y=middle)


def _middle(places: list[float]) -> float:
    return (min(places) + max(places)) / 2
