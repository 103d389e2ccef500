"""What a network looked at: Grad-CAM and occlusion, computed by captum, for any network with convolutions.

Selvaraju et al. 2017, *Grad-CAM*, arXiv:1610.02391, section 3; Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnlab.models.inspect.hooks import hooked
from cnnlab.models.inspect.modes import evaluating


def grad_cam(
    model: nn.Module, images: Tensor, targets: int | Sequence[int] | Tensor, *, layer: nn.Module | None = None
) -> Tensor:
    """Where a convolution finds evidence for a class: its channels, weighted by the class's mean gradient in each.

    ``images`` are prepared as the network takes them; ``targets`` is a class for all pictures, or one for each.
    ``layer`` is the convolution, the last one that runs unless given. Negative values, which are evidence against the
    class, become 0.

    Shape: (N, C, H, W) -> (N, H, W), each picture's values scaled to a maximum of 1, and interpolated from the
    convolution's own, coarser positions to the pictures' size.

    Raises:
        ValueError: for a network without convolutions, a layer that is none of them, a class that it does not have,
            pictures that are no batch of floats, or within ``torch.inference_mode()``.

    >>> from cnnlab.models import build
    >>> grad_cam(build("lenet5"), torch.rand(2, 1, 28, 28), targets=3).shape
    torch.Size([2, 28, 28])
    """
    from captum.attr import LayerAttribution, LayerGradCam

    if torch.is_inference_mode_enabled():
        raise ValueError("Grad-CAM needs gradients, which torch.inference_mode() forbids; call it outside of it")
    classes = _classes(model, images, targets)
    with evaluating(model):
        convolutions = _convolutions(model, images)
        if layer is not None and not any(layer is convolution for convolution in convolutions):
            raise ValueError(
                f"layer must be a convolution that runs in this {type(model).__name__}, got {layer}; without a layer, "
                f"Grad-CAM takes the last"
            )
        maps = LayerGradCam(model, layer or convolutions[-1]).attribute(images, target=classes, relu_attributions=True)
        maps = LayerAttribution.interpolate(maps, tuple(images.shape[2:]), interpolate_mode="bilinear")[:, 0].detach()
    return maps / maps.amax(dim=(1, 2), keepdim=True).clamp(min=torch.finfo(maps.dtype).tiny)


def occlusion(
    model: nn.Module,
    images: Tensor,
    targets: int | Sequence[int] | Tensor,
    *,
    window: int = 32,
    stride: int = 16,
) -> Tensor:
    """How much probability a class loses when a grey square covers a part of the picture.

    The square has ``window`` pixels a side and moves by ``stride``; where squares overlap, the mean counts. Grey is the
    picture's own mean colour. Positive: what was covered was evidence for the class.

    Shape: (N, C, H, W) -> (N, H, W), in points of probability from −1 to 1.

    Raises:
        ValueError: for a window larger than the pictures, a class that the network does not have, or pictures that are
            no batch of floats.

    >>> from cnnlab.models import build
    >>> occlusion(build("lenet5"), torch.rand(1, 1, 28, 28), targets=3, window=14, stride=7).shape
    torch.Size([1, 28, 28])
    """
    from captum.attr import Occlusion

    classes = _classes(model, images, targets)
    if not 1 <= stride <= window <= min(images.shape[2:]):
        raise ValueError(
            f"1 ≤ stride ≤ window ≤ {min(images.shape[2:])} (the pictures' shorter side) must hold, "
            f"got stride={stride}, window={window}"
        )
    grey = images.mean(dim=(2, 3), keepdim=True).expand_as(images)
    with evaluating(model), torch.no_grad():
        falls = Occlusion(lambda x: model(x).softmax(dim=1)).attribute(
            images,
            sliding_window_shapes=(images.shape[1], window, window),
            strides=(images.shape[1], stride, stride),
            baselines=grey,
            target=classes,
        )
    return falls[:, 0]


def _classes(model: nn.Module, images: Tensor, targets: int | Sequence[int] | Tensor) -> Tensor:
    """A class for each picture, checked against the network's outputs."""
    if images.ndim != 4 or not images.is_floating_point():
        raise ValueError(
            f"pictures must come as a batch (N, C, H, W) of floats, as the network takes them, got "
            f"{tuple(images.shape)} {images.dtype}; a single one becomes a batch with picture[None]"
        )
    if len(images) == 0:
        raise ValueError(f"an explanation needs at least one picture, got {tuple(images.shape)}")
    classes = torch.as_tensor(targets)
    if classes.is_floating_point() or classes.is_complex() or classes.dtype == torch.bool:
        raise ValueError(f"targets must be numbers of classes, whole ones, got {targets!r}; argmax gives such numbers")
    classes = classes.expand(len(images)) if classes.ndim == 0 else classes
    if classes.shape != (len(images),):
        raise ValueError(f"targets must be one class, or one for each of {len(images)} pictures, got {targets!r}")
    with evaluating(model), torch.inference_mode():
        count = model(images[:1]).shape[1]
    if not 0 <= int(classes.min()) <= int(classes.max()) < count:
        raise ValueError(f"the network has classes 0 to {count - 1}, got {targets!r}")
    return classes.to(images.device)


def _convolutions(model: nn.Module, images: Tensor) -> list[nn.Module]:
    """The convolutions in the order in which they run, whatever the order in which they were defined."""
    ran: list[nn.Module] = []
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    with torch.inference_mode(), hooked(convolutions, after=lambda module, inputs, output: ran.append(module)):
        model(images[:1])
    if not ran:
        raise ValueError(
            f"this {type(model).__name__} runs no convolution, whose channels Grad-CAM weights; use occlusion"
        )
    return ran
