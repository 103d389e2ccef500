"""The usual mistakes in exercise 07: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # the two gates exchanged
        """
def highway(x, weight_h, bias_h, weight_t, bias_t):
    work = F.linear(x, weight_h, bias_h).relu()
    gate = F.linear(x, weight_t, bias_t).sigmoid()
    return work * (1 - gate) + x * gate
""",
        # the ReLU over the sum: what is carried loses its negative values
        """
def highway(x, weight_h, bias_h, weight_t, bias_t):
    gate = F.linear(x, weight_t, bias_t).sigmoid()
    return (F.linear(x, weight_h, bias_h) * gate + x * (1 - gate)).relu()
""",
        # weights not transposed, which a square matrix does not betray
        """
def highway(x, weight_h, bias_h, weight_t, bias_t):
    work = (x @ weight_h + bias_h).relu()
    gate = (x @ weight_t + bias_t).sigmoid()
    return work * gate + x * (1 - gate)
""",
        # no gate: a residual layer
        """
def highway(x, weight_h, bias_h, weight_t, bias_t):
    return F.linear(x, weight_h, bias_h).relu() + x
""",
    ],
    "check-q2": [
        # means of squares instead of every second pixel
        """
def zero_padded(x, maps, stride):
    x = F.avg_pool2d(x, stride, ceil_mode=True)
    return F.pad(x, (0, 0, 0, 0, 0, maps - x.shape[1]))
""",
        # begins with the second row and column
        """
def zero_padded(x, maps, stride):
    x = x[:, :, stride - 1 :: stride, stride - 1 :: stride]
    return F.pad(x, (0, 0, 0, 0, 0, maps - x.shape[1]))
""",
        # zeros in front
        """
def zero_padded(x, maps, stride):
    x = x[:, :, ::stride, ::stride]
    return F.pad(x, (0, 0, 0, 0, maps - x.shape[1], 0))
""",
        # the maps repeated instead of zeros
        """
def zero_padded(x, maps, stride):
    x = x[:, :, ::stride, ::stride]
    return x.repeat(1, -(-maps // x.shape[1]), 1, 1)[:, :maps]
""",
    ],
    "check-q3": [
        # one convolution instead of two
        """
def basic_weights(maps):
    return 3 * 3 * maps * maps


def bottleneck_weights(wide, narrow):
    return wide * narrow + 3 * 3 * narrow * narrow + narrow * wide
""",
        # with a bias in every 3×3, as the slides count
        """
def basic_weights(maps):
    return 2 * (3 * 3 * maps + 1) * maps


def bottleneck_weights(wide, narrow):
    return wide * narrow + (3 * 3 * narrow + 1) * narrow + narrow * wide
""",
        # the way back forgotten
        """
def basic_weights(maps):
    return 2 * 3 * 3 * maps * maps


def bottleneck_weights(wide, narrow):
    return wide * narrow + 3 * 3 * narrow * narrow
""",
        # the 3×3 on the wide end
        """
def basic_weights(maps):
    return 2 * 3 * 3 * maps * maps


def bottleneck_weights(wide, narrow):
    return wide * narrow + 3 * 3 * wide * wide + narrow * wide
""",
    ],
    "check-q4": [
        # everything on the small grid, wherever the stride is
        """
def bottleneck_operations(in_channels, narrow, size, stride, stride_in):
    after = (size // stride) ** 2
    return after * (in_channels * narrow + 9 * narrow * narrow + 4 * narrow * narrow)
""",
        # everything on the grid that comes in
        """
def bottleneck_operations(in_channels, narrow, size, stride, stride_in):
    return size**2 * (in_channels * narrow + 9 * narrow * narrow + 4 * narrow * narrow)
""",
        # the 3×3 with a stride still counted on the grid that it reads
        """
def bottleneck_operations(in_channels, narrow, size, stride, stride_in):
    after = (size // stride) ** 2
    middle = after if stride_in == "1x1" else size**2
    return middle * in_channels * narrow + middle * 9 * narrow * narrow + after * 4 * narrow * narrow
""",
        # the side divided, the area not: half instead of a quarter
        """
def bottleneck_operations(in_channels, narrow, size, stride, stride_in):
    after = size * size // stride
    first = after if stride_in == "1x1" else size**2
    return first * in_channels * narrow + after * 9 * narrow * narrow + after * 4 * narrow * narrow
""",
    ],
    "check-q5": [
        # normalised with the variance divided by n - 1
        """
def batch_norm(x, gamma, beta, running_mean, running_variance, training):
    mean, variance = running_mean, running_variance
    if training:
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
        running_mean = 0.9 * running_mean + 0.1 * mean
        running_variance = 0.9 * running_variance + 0.1 * variance
    c = (1, -1, 1, 1)
    normal = (x - mean.reshape(c)) / (variance.reshape(c) + 1e-5).sqrt()
    return gamma.reshape(c) * normal + beta.reshape(c), running_mean, running_variance
""",
        # the batch's own values in prediction, too
        """
def batch_norm(x, gamma, beta, running_mean, running_variance, training):
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
    if training:
        running_mean = 0.9 * running_mean + 0.1 * mean
        running_variance = 0.9 * running_variance + 0.1 * x.var((0, 2, 3))
    c = (1, -1, 1, 1)
    normal = (x - mean.reshape(c)) / (variance.reshape(c) + 1e-5).sqrt()
    return gamma.reshape(c) * normal + beta.reshape(c), running_mean, running_variance
""",
        # every picture for itself
        """
def batch_norm(x, gamma, beta, running_mean, running_variance, training):
    c = (1, -1, 1, 1)
    if not training:
        normal = (x - running_mean.reshape(c)) / (running_variance.reshape(c) + 1e-5).sqrt()
        return gamma.reshape(c) * normal + beta.reshape(c), running_mean, running_variance
    mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
    running_mean = 0.9 * running_mean + 0.1 * x.mean((0, 2, 3))
    running_variance = 0.9 * running_variance + 0.1 * x.var((0, 2, 3))
    normal = (x - mean) / (variance + 1e-5).sqrt()
    return gamma.reshape(c) * normal + beta.reshape(c), running_mean, running_variance
""",
        # the momentum the wrong way round
        """
def batch_norm(x, gamma, beta, running_mean, running_variance, training):
    mean, variance = running_mean, running_variance
    if training:
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        running_mean = 0.1 * running_mean + 0.9 * mean
        running_variance = 0.1 * running_variance + 0.9 * x.var((0, 2, 3))
    c = (1, -1, 1, 1)
    normal = (x - mean.reshape(c)) / (variance.reshape(c) + 1e-5).sqrt()
    return gamma.reshape(c) * normal + beta.reshape(c), running_mean, running_variance
""",
        # the running values changed in place
        """
def batch_norm(x, gamma, beta, running_mean, running_variance, training):
    y = F.batch_norm(x, running_mean, running_variance, gamma, beta, training)
    return y, running_mean, running_variance
""",
    ],
    "check-q6": [
        # every fourth map instead of neighbours
        """
def grouped(x, weight, groups):
    parts = [F.conv2d(x[:, g::groups], w, padding=1) for g, w in enumerate(weight.chunk(groups))]
    return torch.cat(parts, dim=1)
""",
        # added up instead of stacked
        """
def grouped(x, weight, groups):
    pairs = zip(x.chunk(groups, dim=1), weight.chunk(groups))
    return sum(F.conv2d(part, kernels, padding=1) for part, kernels in pairs)
""",
        # the option itself
        """
def grouped(x, weight, groups):
    return F.conv2d(x, weight, padding=1, groups=groups)
""",
        # and the option without its name
        """
def grouped(x, weight, groups):
    return F.conv2d(x, weight, None, 1, 1, 1, groups)
""",
        # the groups in the wrong order
        """
def grouped(x, weight, groups):
    pairs = zip(x.chunk(groups, dim=1), reversed(weight.chunk(groups)))
    return torch.cat([F.conv2d(part, kernels, padding=1) for part, kernels in pairs], dim=1)
""",
    ],
    "check-q7": [
        # the 64 maps dealt out among the paths: far fewer weights
        """
def path_width(cardinality):
    return 64 // cardinality
""",
        # the nearest from below only
        """
def path_width(cardinality):
    return max(d for d in range(1, 65) if cardinality * (512 * d + 9 * d * d) <= 69_632)
""",
        # the nearest from above only
        """
def path_width(cardinality):
    return min(d for d in range(1, 65) if cardinality * (512 * d + 9 * d * d) >= 69_632)
""",
        # a root, and no whole number
        """
def path_width(cardinality):
    return (-512 + (512**2 + 4 * 9 * 69_632 / cardinality) ** 0.5) / 18
""",
    ],
    "check-q8": [
        # backward writes into .grad and adds up
        """
def gradient_norms(model, images, labels):
    F.cross_entropy(model(images), labels).backward()
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
    return {name: layer.weight.grad.norm().item() for name, layer in layers.items()}
""",
        # cleaned up so thoroughly that others' gradients are gone
        """
def gradient_norms(model, images, labels):
    model.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
    norms = {name: layer.weight.grad.norm().item() for name, layer in layers.items()}
    model.zero_grad()
    return norms
""",
        # all layers with weights
        """
def gradient_norms(model, images, labels):
    layers = {name: layer for name, layer in model.named_modules() if hasattr(layer, "weight")}
    loss = F.cross_entropy(model(images), labels)
    gradients = torch.autograd.grad(loss, [layer.weight for layer in layers.values()])
    return {name: gradient.norm().item() for name, gradient in zip(layers, gradients, strict=True)}
""",
        # the mean size of an entry instead of the norm
        """
def gradient_norms(model, images, labels):
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
    loss = F.cross_entropy(model(images), labels)
    gradients = torch.autograd.grad(loss, [layer.weight for layer in layers.values()])
    return {name: gradient.abs().mean().item() for name, gradient in zip(layers, gradients, strict=True)}
""",
        # the norm of the weights
        """
def gradient_norms(model, images, labels):
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
    return {name: layer.weight.norm().item() for name, layer in layers.items()}
""",
    ],
    "check-q9": [
        # into the start itself
        """
def between(start, end, t):
    with torch.no_grad():
        for weight, target in zip(start.parameters(), end.parameters(), strict=True):
            weight.lerp_(target, t)
    return start
""",
        # the other way round
        """
def between(start, end, t):
    walker = copy.deepcopy(start)
    with torch.no_grad():
        for weight, target in zip(walker.parameters(), end.parameters(), strict=True):
            weight.mul_(t).add_(target, alpha=1 - t)
    return walker
""",
        # answers are mixed, not weights
        """
def between(start, end, t):
    return lambda x: (1 - t) * start(x) + t * end(x)
""",
        # kept between the two ends
        """
def between(start, end, t):
    walker = copy.deepcopy(start)
    with torch.no_grad():
        for weight, target in zip(walker.parameters(), end.parameters(), strict=True):
            weight.lerp_(target, min(max(t, 0.0), 1.0))
    return walker
""",
        # only the weights, not the biases
        """
def between(start, end, t):
    walker = copy.deepcopy(start)
    with torch.no_grad():
        for (name, weight), target in zip(walker.named_parameters(), end.parameters(), strict=True):
            if name.endswith("weight"):
                weight.lerp_(target, t)
    return walker
""",
    ],
}
