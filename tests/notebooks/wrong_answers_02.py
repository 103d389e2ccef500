"""The usual mistakes in exercise 02: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # stretched from the smallest to the largest weight: zero lands anywhere
        """
def for_display(kernels):
    return (kernels - kernels.min()) / (kernels.max() - kernels.min())
""",
        # every kernel on a scale of its own
        """
def for_display(kernels):
    end = kernels.abs().amax(dim=(1, 2, 3), keepdim=True)
    return 0.5 + 0.5 * kernels / end.clamp(min=1e-12)
""",
        # the largest weight, not the largest |weight|, and what is below black is clipped
        """
def for_display(kernels):
    return (0.5 + 0.5 * kernels / kernels.max().clamp(min=1e-12)).clamp(0, 1)
""",
        # in place: the network's weights become grey values
        """
def for_display(kernels):
    end = kernels.abs().max()
    if end > 0:
        kernels /= 2 * end
    kernels += 0.5
    return kernels
""",
    ],
    "check-q2": [
        # channels first, as PyTorch has them
        """
def rgba(kernel, end):
    return torch.cat([0.5 + 0.5 * kernel / end, kernel.abs().amax(dim=0, keepdim=True) / end])
""",
        # the largest weight, so that a negative one is transparent
        """
def rgba(kernel, end):
    opacity = kernel.amax(dim=0, keepdim=True) / end
    return torch.cat([0.5 + 0.5 * kernel / end, opacity]).permute(1, 2, 0)
""",
        # the kernel's own largest weight as the scale
        """
def rgba(kernel, end):
    end = kernel.abs().max()
    opacity = kernel.abs().amax(dim=0, keepdim=True) / end
    return torch.cat([0.5 + 0.5 * kernel / end, opacity]).permute(1, 2, 0)
""",
    ],
    "check-q3": [
        # never removed
        """
def record(model, name, images):
    seen = []
    model.get_submodule(name).register_forward_hook(lambda layer, inputs, output: seen.append(output.detach()))
    model(images)
    return seen[-1]
""",
        # removed only if nothing goes wrong
        """
def record(model, name, images):
    seen = []
    hook = model.get_submodule(name).register_forward_hook(lambda layer, inputs, output: seen.append(output.detach()))
    model(images)
    hook.remove()
    return seen[-1]
""",
        # still part of the graph
        """
def record(model, name, images):
    seen = []
    hook = model.get_submodule(name).register_forward_hook(lambda layer, inputs, output: seen.append(output))
    try:
        model(images)
    finally:
        hook.remove()
    return seen[-1]
""",
        # swept out with everybody else's
        """
def record(model, name, images):
    seen = []
    layer = model.get_submodule(name)
    layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.detach()))
    try:
        model(images)
    finally:
        layer._forward_hooks.clear()
    return seen[-1]
""",
    ],
    "check-q4": [
        # the same for every list
        """
def receptive_field(layers):
    return 1, 1
""",
        # a layer's own stride already counts for its kernel
        """
def receptive_field(layers):
    field, steps = 1, 1
    for kernel, stride, dilation in layers:
        steps *= stride
        field += dilation * (kernel - 1) * steps
    return field, steps
""",
        # kernel instead of kernel - 1
        """
def receptive_field(layers):
    field, steps = 0, 1
    for kernel, stride, dilation in layers:
        field += dilation * kernel * steps
        steps *= stride
    return field, steps
""",
        # strides add up instead of multiplying
        """
def receptive_field(layers):
    field, steps = 1, 1
    for kernel, stride, dilation in layers:
        field += dilation * (kernel - 1) * steps
        steps += stride - 1
    return field, steps
""",
        # dilation forgotten
        """
def receptive_field(layers):
    field, steps = 1, 1
    for kernel, stride, _ in layers:
        field += (kernel - 1) * steps
        steps *= stride
    return field, steps
""",
    ],
    "check-q5": [
        # the diagonal counted: every kernel is most like itself
        """
def most_alike(kernels):
    r = torch.corrcoef(kernels.flatten(1))
    a, b = divmod(r.abs().argmax().item(), len(r))
    return a, b, r[a, b].item()
""",
        # opposite kernels overlooked
        """
def most_alike(kernels):
    r = torch.corrcoef(kernels.flatten(1)).fill_diagonal_(-1)
    a, b = sorted(divmod(r.argmax().item(), len(r)))
    return a, b, r[a, b].item()
""",
        # cosine instead of correlation: the means are not taken off
        """
def most_alike(kernels):
    rows = F.normalize(kernels.flatten(1), dim=1)
    cosine = (rows @ rows.T).fill_diagonal_(0)
    a, b = sorted(divmod(cosine.abs().argmax().item(), len(cosine)))
    return a, b, cosine[a, b].item()
""",
        # the sign lost
        """
def most_alike(kernels):
    r = torch.corrcoef(kernels.flatten(1)).abs().fill_diagonal_(0)
    a, b = sorted(divmod(r.argmax().item(), len(r)))
    return a, b, r[a, b].item()
""",
    ],
    "check-q6": [
        # a map's mean instead of its largest value
        """
def strongest(activations, unit, k):
    return activations[:, unit].reshape(len(activations), -1).mean(dim=1).topk(k).indices
""",
        # the weakest first
        """
def strongest(activations, unit, k):
    return activations[:, unit].reshape(len(activations), -1).amax(dim=1).argsort()[-k:]
""",
        # the activations, not whose they are
        """
def strongest(activations, unit, k):
    return activations[:, unit].reshape(len(activations), -1).amax(dim=1).topk(k).values
""",
        # pictures and units mixed up
        """
def strongest(activations, unit, k):
    return activations[unit].reshape(activations.shape[1], -1).amax(dim=1).topk(k).indices
""",
    ],
    "check-q7": [
        # everybody is his own nearest neighbour
        """
def neighbour_accuracy(features, labels):
    directions = F.normalize(features.flatten(1), dim=1)
    cosines = directions @ directions.T
    return (labels[cosines.argmax(dim=1)] == labels).double().mean().item()
""",
        # not normalised: long vectors are everybody's neighbours
        """
def neighbour_accuracy(features, labels):
    rows = features.flatten(1)
    products = (rows @ rows.T).fill_diagonal_(-torch.inf)
    return (labels[products.argmax(dim=1)] == labels).double().mean().item()
""",
        # distance, as in the lecture: the length matters
        """
def neighbour_accuracy(features, labels):
    rows = features.flatten(1)
    distances = torch.cdist(rows, rows).fill_diagonal_(torch.inf)
    return (labels[distances.argmin(dim=1)] == labels).double().mean().item()
""",
        # the farthest instead of the nearest
        """
def neighbour_accuracy(features, labels):
    directions = F.normalize(features.flatten(1), dim=1)
    cosines = (directions @ directions.T).fill_diagonal_(torch.inf)
    return (labels[cosines.argmin(dim=1)] == labels).double().mean().item()
""",
        # normalised along the pictures
        """
def neighbour_accuracy(features, labels):
    directions = F.normalize(features.flatten(1), dim=0)
    cosines = (directions @ directions.T).fill_diagonal_(-torch.inf)
    return (labels[cosines.argmax(dim=1)] == labels).double().mean().item()
""",
    ],
}
