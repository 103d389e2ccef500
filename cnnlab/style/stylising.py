"""Photographs of any size through a `FastStyle`: whole, or in tiles that leave no seams.

A tile alone has other means and variances than the whole picture, so instance normalisation would give each tile its
own contrast. So the statistics of the whole picture are measured first, layer by layer: the maps at a quarter of the
resolution are kept, which takes a fraction of the memory, and the large ones on both sides are computed again for each
tile. The result is that of the whole picture, but for rounding.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple, cast

import torch
from PIL import Image
from torch import Tensor, nn

from cnnlab.data import Unreadable, UnreadablePictureError
from cnnlab.files import atomic
from cnnlab.inference import Runtime, choose
from cnnlab.style.fast import STRIDE, FastStyle, InstanceNorm, in_bfloat16, padded_to_stride, painted
from cnnlab.style.pictures import Picture, read, to_bytes, to_float, with_colours_of

WHOLE = 3_000_000  # pixels: larger pictures are painted in tiles
TILE = 1024  # pixels a side
HALO = 16  # pixels around a tile that are computed with it: the layers of encoder and decoder reach 8 at most


def shipped() -> list[str]:
    """The styles whose trained networks come with the package."""
    return sorted(
        file.name.removesuffix(".safetensors")
        for file in (files("cnnlab.style") / "weights").iterdir()
        if file.name.endswith(".safetensors")
    )


def fast_style(name: str) -> FastStyle:
    """The shipped `FastStyle` of a style, in eval mode.

    Raises:
        ValueError: for a style without one.
    """
    if name not in shipped():
        raise ValueError(
            f"no fast style is called {name!r}; there are {', '.join(shipped())}; style.train makes another, and "
            "style.transfer takes any picture"
        )
    with as_file(files("cnnlab.style") / "weights" / f"{name}.safetensors") as path:
        return FastStyle.load(path)


def stylise(
    photo: Picture,
    style: str | FastStyle,
    *,
    strength: float = 1.0,
    keep_colours: bool = False,
    tile: int | None = None,
    precision: str = "auto",
    device: torch.device | str | None = None,
) -> Tensor:
    """Paint a photograph in one pass, at its own size.

    ``photo`` is a picture (3, H, W) uint8 or a file, ``style`` the name of a shipped style or a network of `train`.
    ``strength``, 0 to 1, is how much of the painted picture is blended with the photograph; ``keep_colours`` keeps the
    photograph's colours and takes the luminance alone. Above three million pixels it is painted in tiles; ``tile``, in
    pixels a side, asks for them at any size.

    Shape: (3, H, W) uint8.

    Raises:
        ValueError: for an unknown style, a strength outside 0 to 1, or a picture below 16 pixels a side.

    >>> stylise(torch.zeros(3, 40, 60, dtype=torch.uint8), FastStyle()).shape
    torch.Size([3, 40, 60])
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be from 0 (the photograph) to 1 (the style), got {strength}")
    if tile is not None and tile < 64:
        raise ValueError(f"tile must be at least 64 pixels, got {tile}")
    picture = to_float(read(photo))
    network = fast_style(style) if isinstance(style, str) else style
    # As for many pictures: the rule for few avoids converting large weights, and these are small.
    shape = (64, *picture.shape[1:])
    runtime = choose(network, shape, precision=precision, device=device, training=False)
    network = cast(FastStyle, runtime.placed(network)).eval()
    if runtime.format.precision == "bfloat16":
        network = in_bfloat16(network)
    pixels = picture.shape[2] * picture.shape[3]
    with torch.inference_mode():
        if tile is None and pixels <= WHOLE:
            result = network(runtime.arrange(picture)).cpu()
        else:
            result = _tiled(network, picture, runtime, tile or TILE)
    if keep_colours:
        result = with_colours_of(result, picture)
    return to_bytes(picture + strength * (result - picture))


class Stylised(NamedTuple):
    """Files that `stylise_files` wrote, and those that could not be read."""

    written: list[Path]
    unreadable: list[Unreadable]


def stylise_files(
    photos: Sequence[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    paint: Callable[[Tensor], Tensor],
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> Stylised:
    """Paint files one after the other, and write each under its name into a folder, as PNG.

    ``paint`` maps a picture (3, H, W) uint8 to another: ``lambda photo: stylise(photo, network)``. A file that is no
    picture is listed, and the others are painted. A photograph is never overwritten: a name that is taken by one gets
    a number. ``progress`` is called with the number of files that are done.

    Raises:
        OSError: if the folder cannot be made or written.
    """
    folder, sources = Path(folder), [Path(photo) for photo in photos]
    folder.mkdir(parents=True, exist_ok=True)
    taken = {source.resolve() for source in sources}
    result = Stylised([], [])
    for done, source in enumerate(sources, start=1):
        try:
            picture = read(source)
        except (UnreadablePictureError, OSError) as error:
            result.unreadable.append(Unreadable(str(source), str(error).removeprefix(f"{source}: ")))
        else:
            target, number = folder / f"{source.stem}.png", 1
            while target.resolve() in taken:
                number += 1
                target = folder / f"{source.stem}-{number}.png"
            taken.add(target.resolve())
            write(target, paint(picture))
            result.written.append(target)
        progress(done)
    return result


def write(path: str | os.PathLike[str], picture: Tensor) -> None:
    """Write a picture (3, H, W) uint8 to a .png or .jpg file, whole or not at all.

    Raises:
        ValueError: for another ending.
        OSError: if the folder is missing or not writable.
    """
    kinds = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
    kind = kinds.get(Path(path).suffix.lower())
    if kind is None:
        raise ValueError(f"a picture is written as {', '.join(kinds)}, got {path}")
    with atomic(path) as draft:
        Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy()).save(draft, format=kind, quality=95)


def _tiled(network: FastStyle, picture: Tensor, runtime: Runtime, tile: int) -> Tensor:
    """What ``network`` paints, (1, 3, H, W) float32 on the CPU, tile by tile."""
    padded = padded_to_stride(picture)
    side = tile // STRIDE
    maps = _part(network.encoder, (2 * padded - 1).to(network.dtype), runtime, tile=side * STRIDE, halo=HALO)
    maps = network.residual(runtime.arrange(maps)).cpu()
    change = _part(network.decoder, maps, runtime, tile=side, halo=HALO // STRIDE)
    return painted(padded, change)[..., : picture.shape[2], : picture.shape[3]]


def _part(part: nn.Sequential, source: Tensor, runtime: Runtime, *, tile: int, halo: int) -> Tensor:
    """The output of encoder or decoder for the whole of ``source``, on the CPU."""
    layers = [layer for block in part for layer in cast(nn.Sequential, block)]
    norms = [place for place, layer in enumerate(layers) if isinstance(layer, InstanceNorm)]
    try:
        for place in norms:  # each needs the statistics of those before it
            total, squares, count = torch.zeros(()), torch.zeros(()), 0
            for core, _ in _tiles(nn.Sequential(*layers[:place]), source, runtime, tile, halo):
                values = core.double()
                total, squares = total + values.sum((2, 3), keepdim=True), squares + values.square().sum((2, 3), True)
                count += values.shape[2] * values.shape[3]
            mean = total / count
            cast(InstanceNorm, layers[place]).statistics = (
                mean.float(),
                (squares / count - mean.square()).clamp_min(0).float(),
            )
        rows: dict[int, list[Tensor]] = {}
        for core, top in _tiles(nn.Sequential(*layers), source, runtime, tile, halo):
            rows.setdefault(top, []).append(core.cpu())
        return torch.cat([torch.cat(row, dim=3) for row in rows.values()], dim=2)
    finally:
        for place in norms:
            cast(InstanceNorm, layers[place]).statistics = None


def _tiles(layers: nn.Module, source: Tensor, runtime: Runtime, tile: int, halo: int) -> Iterator[tuple[Tensor, int]]:
    """What ``layers`` compute for each tile, without the halo, with the tile's top row; row by row."""
    height, width = source.shape[2:]
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            bottom, right = min(top + tile, height), min(left + tile, width)
            y, x = max(0, top - halo), max(0, left - halo)
            window = source[..., y : bottom + halo, x : right + halo]
            maps = layers(runtime.arrange(window))
            down, along = (Fraction(maps.shape[axis], window.shape[axis]) for axis in (2, 3))  # 4, 2, 1, 1/2 or 1/4
            rows = slice(int((top - y) * down), int((bottom - y) * down))
            yield maps[:, :, rows, int((left - x) * along) : int((right - x) * along)], top
