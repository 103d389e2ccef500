"""From crops to dense prediction: a classifier that slides over a larger picture.

Sermanet, Eigen, Zhang, Mathieu, Fergus and LeCun 2013, *OverFeat*, arXiv:1312.6229, section 3.5: where windows overlap,
their convolutions compute the same numbers. So the features are computed once, for the whole picture. The feature map
is then cut into windows as large as the one that the classifier was made for, and the classifier takes all windows as
one batch. As a convolution PyTorch would rearrange the weights of a linear layer at every call, which for AlexNet's 38
million takes longer than the product itself; so the weights stay as they are.
"""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnlab.models.families.classifier import Flattened
from cnnlab.models.inspect.meta import meta_input, meta_run
from cnnlab.models.inspect.two_parts import Parts, features_and_classifier, picture_shape

FARTHER = 1_000_000  # pixels added to a side to measure the stride: exact to stride²/FARTHER pixels
WINDOWS = 1 << 24  # values that are copied into windows at a time: 64 MiB in float32
WEIGHTS = 1 << 22  # weights that are converted at a time: 8 MiB in bfloat16
Size = tuple[int, int, int]  # channels, height, width


def convolutionize(model: nn.Module, input_size: Sequence[int]) -> "Convolutionized":
    """Let a classifier slide over larger pictures, so that it gives its logits for every window.

    The features run over the whole picture, and the classifier over every window of the feature map that is as large as
    the one it was made for; a global pooling becomes a pooling over every window. The layers are the model's own: what
    trains, moves or changes its mode in the one does so in the other. Auxiliary classifiers are left out. How the two
    parts are found in networks of torchvision, of timm or of your own: `features_and_classifier`.

    ``input_size`` is (H, W) in pixels, or (C, H, W) for a network without convolutions. At this size the logits are
    equal. Without padding (``ceil_mode`` pads too) each output equals the network's for the crop that begins at a
    multiple of ``stride``. With padding, or averages over the whole picture as in squeeze-and-excitation, an output
    also depends on pixels outside its window. Sermanet et al. 2013, arXiv:1312.6229, section 3.5.

    Shape: (N, C, H, W) -> (N, num_classes, H', W'), with H' = W' = 1 at ``input_size``.

    Raises:
        ValueError: for an ``input_size`` that the model does not take, and a model whose two parts are not found or
            whose features cannot run over a larger picture; later, for a picture smaller than ``input_size``.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 6 * 6, 10))
    >>> dense = convolutionize(net, input_size=(8, 8))
    >>> dense(torch.zeros(1, 3, 16, 16)).shape
    torch.Size([1, 10, 9, 9])
    >>> dense.input_size, dense.stride
    ((8, 8), (1, 1))
    """
    shape = picture_shape(model, input_size)
    return Convolutionized(model, features_and_classifier(model, shape), shape)


class Convolutionized(nn.Module):
    """What `convolutionize` returns: the layers of the network under their names, and how they slide.

    ``input_size`` (height, width) is the window, ``stride`` the distance from one window to the next, both in pixels.
    """

    def __init__(self, model: nn.Module, parts: Parts, shape: Size) -> None:
        super().__init__()
        for name, layer in model.named_children():
            self.add_module(name, layer)
        self.training = model.training
        self._parts, self._shape = parts, shape  # layers in a tuple are not registered: the state dict is the network's
        (_, *self._window), self.stride = maps_and_stride(parts.features, shape)
        self.input_size = shape[1:]
        self._layers = tuple(layers_of(parts.classifier))
        first = self._layers[0]
        self._averages = isinstance(first, nn.AdaptiveAvgPool2d) and first.output_size in (1, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The logits of every window."""
        require_size(x, self._shape)
        maps, (height, width) = self._parts.features(x), self._window
        if self._averages:  # a sum for each window, instead of a copy of it
            maps, height, width = F.avg_pool2d(maps, (height, width), stride=1), 1, 1
        windows = maps.unfold(2, height, 1).unfold(3, width, 1).permute(0, 2, 3, 1, 4, 5)  # (N, H', W', C, h, w)
        blocks = windows.split(max(1, WINDOWS // max(1, windows[:, :1].numel())), dim=1)
        logits = [self._classified(block.flatten(0, 2)).unflatten(0, block.shape[:3]) for block in blocks]
        return torch.cat(logits, dim=1).permute(0, 3, 1, 2).contiguous()

    def _classified(self, x: Tensor) -> Tensor:
        """The logits of feature maps of the window's size."""
        reduced = x.is_cpu and torch.is_autocast_enabled("cpu") and not torch.is_grad_enabled()
        for layer in self._layers:
            x = linear_in_blocks(layer, x) if reduced and type(layer) is nn.Linear and x.ndim == 2 else layer(x)
        return x


def layers_of(part: nn.Module) -> Iterator[nn.Module]:
    """The layers of an ``nn.Sequential``, and of those in it, in order; another layer as it is.

    >>> list(layers_of(nn.Sequential(nn.ReLU(), nn.Sequential(nn.Flatten()))))
    [ReLU(), Flatten(start_dim=1, end_dim=-1)]
    """
    if isinstance(part, Flattened):
        yield nn.Flatten()
    if isinstance(part, nn.Sequential) and type(part).forward in (nn.Sequential.forward, Flattened.forward):
        for layer in part:  # unlike children(), twice for a layer that runs twice
            yield from layers_of(layer)
    else:
        yield part


def linear_in_blocks(layer: nn.Linear, x: Tensor) -> Tensor:
    """``layer(x)`` in the reduced precision of autocast, with a part of the weights converted at a time.

    Without gradients autocast converts all weights at every call. For AlexNet's that takes longer than the product with
    a few windows, because the copy needs fresh memory; a part of it stays in the processor's cache.

    Shape: (N, in_features) -> (N, out_features).

    >>> with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
    ...     linear_in_blocks(nn.Linear(3, 2), torch.zeros(4, 3)).shape
    torch.Size([4, 2])
    """
    x, step = x.to(torch.get_autocast_dtype("cpu")), max(1, WEIGHTS // layer.in_features)
    converted, output = x.new_empty(step, layer.in_features), x.new_empty(len(x), layer.out_features)
    for begin in range(0, layer.out_features, step):
        weight = layer.weight[begin : begin + step]
        output[:, begin : begin + step] = F.linear(x, converted[: len(weight)].copy_(weight))
    return output if layer.bias is None else output.add_(layer.bias)


def require_size(x: Tensor, shape: Size) -> None:
    """Refuse pictures that are smaller than the window, or of other channels.

    >>> require_size(torch.zeros(1, 3, 200, 300), (3, 224, 224))
    Traceback (most recent call last):
    ValueError: this network slides a window of 224×224 pixels over pictures (N, 3, H, W) that are at least as large,
    got (1, 3, 200, 300); enlarge the pictures
    """
    channels, height, width = shape
    if x.ndim != 4 or x.shape[1] != channels or x.shape[2] < height or x.shape[3] < width:
        raise ValueError(
            f"this network slides a window of {height}×{width} pixels over pictures (N, {channels}, H, W) that are at "
            f"least as large, got {tuple(x.shape)}; enlarge the pictures"
        )


def maps_and_stride(features: nn.Module, shape: Size) -> tuple[Size, tuple[int, int]]:
    """Shape of the feature maps of a picture of ``shape`` (C, H, W), and pixels from one position to the next.

    Measured on the meta device, where tensors have shapes and no content, with a very large picture.

    Raises:
        ValueError: for features that do not run over a larger picture, or give no more positions for it.

    >>> maps_and_stride(nn.Conv2d(3, 8, 5, stride=2), (3, 32, 32))
    ((8, 14, 14), (2, 2))
    """
    found = []
    for more in (0, FARTHER):
        try:
            picture = meta_input(features, (1, shape[0], shape[1] + more, shape[2] + more))
            _, *size = meta_run(features, picture).shape
        except ValueError as error:
            raise ValueError(f"the features of this network do not slide over a larger picture: {error}") from error
        found.append((size[0], size[1], size[2]))
    near, far = found
    steps = far[1] - near[1], far[2] - near[2]
    if min(steps) < 1:
        raise ValueError(
            f"the features of this network do not slide: they give maps of {near[1]}×{near[2]} positions for a picture "
            f"of {shape[1]}×{shape[2]} pixels, and {far[1]}×{far[2]} for one that is {FARTHER} pixels larger"
        )
    return near, (round(FARTHER / steps[0]), round(FARTHER / steps[1]))
