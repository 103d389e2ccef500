"""Photographs that come with scikit-image and scikit-learn."""

from importlib.resources import as_file, files

from torch import Tensor

from cnnlab.data.decoding import decode

PHOTOS = {
    "astronaut": ("skimage.data", "astronaut.png"),
    "chelsea": ("skimage.data", "chelsea.png"),
    "coffee": ("skimage.data", "coffee.png"),
    "rocket": ("skimage.data", "rocket.jpg"),
    "china": ("sklearn.datasets.images", "china.jpg"),
    "flower": ("sklearn.datasets.images", "flower.jpg"),
}


def photo(name: str, *, size: tuple[int, int] | None = None) -> Tensor:
    """A sample photograph: astronaut, chelsea (a cat), coffee, rocket, china (the Summer Palace) or flower.

    With ``size`` (height, width), in pixels, it is scaled to cover that size and cropped at the centre.

    Shape: (3, H, W) uint8.

    Raises:
        ValueError: for a name that is not among these.

    >>> photo("chelsea", size=(64, 96)).shape
    torch.Size([3, 64, 96])
    """
    if name not in PHOTOS:
        raise ValueError(f"no photograph is called {name!r}; there are {', '.join(PHOTOS)} (data.decode reads a file)")
    package, file = PHOTOS[name]
    with as_file(files(package) / file) as path:
        return decode(path, size=size)
