"""The usual mistakes in exercise 05, by question."""

WRONG = {
    "check-q1": [
        # as many layers as make up the side
        """
def stack(kernel, channels):
    layers = kernel // 3
    return layers, layers * 9 * channels**2, kernel**2 * channels**2
""",
        # kernels without depth
        """
def stack(kernel, channels):
    layers = (kernel - 1) // 2
    return layers, layers * 9 * channels, kernel**2 * channels
""",
        # a fraction of a layer
        """
def stack(kernel, channels):
    layers = (kernel - 1) / 2
    return layers, layers * 9 * channels**2, kernel**2 * channels**2
""",
    ],
    "check-q2": [
        # counts what has a gradient, so that gaps are missing
        """
def seen(model, channels, side):
    picture = torch.randn(1, channels, side, side, requires_grad=True)
    output = model(picture)
    output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum().backward()
    marked = picture.grad[0].abs().sum(dim=0) > 0
    return marked.any(dim=1).sum().item(), marked.any(dim=0).sum().item()
""",
        # every output at once
        """
def seen(model, channels, side):
    picture = torch.randn(1, channels, side, side, requires_grad=True)
    model(picture).sum().backward()
    _, rows, columns = picture.grad[0].nonzero(as_tuple=True)
    return (rows.max() - rows.min() + 1).item(), (columns.max() - columns.min() + 1).item()
""",
        # the corner, where the frame cuts the field
        """
def seen(model, channels, side):
    picture = torch.randn(1, channels, side, side, requires_grad=True)
    model(picture)[0, :, 0, 0].sum().backward()
    _, rows, columns = picture.grad[0].nonzero(as_tuple=True)
    return (rows.max() - rows.min() + 1).item(), (columns.max() - columns.min() + 1).item()
""",
        # off by one
        """
def seen(model, channels, side):
    picture = torch.randn(1, channels, side, side, requires_grad=True)
    output = model(picture)
    output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum().backward()
    _, rows, columns = picture.grad[0].nonzero(as_tuple=True)
    return (rows.max() - rows.min()).item(), (columns.max() - columns.min()).item()
""",
    ],
    "check-q3": [
        # one of the kernels upside down
        """
def melt(first, second):
    (_, channels, h, w), (outputs, _, p, q) = first.shape, second.shape
    melted = torch.zeros(outputs, channels, h + p - 1, w + q - 1)
    for row in range(p):
        for column in range(q):
            both = torch.einsum("om,mchw->ochw", second[:, :, p - 1 - row, q - 1 - column], first)
            melted[:, :, row : row + h, column : column + w] += both
    return melted
""",
        # the channels between are not added up but averaged
        """
def melt(first, second):
    (middle, channels, h, w), (outputs, _, p, q) = first.shape, second.shape
    melted = torch.zeros(outputs, channels, h + p - 1, w + q - 1)
    for row in range(p):
        for column in range(q):
            both = torch.einsum("om,mchw->ochw", second[:, :, row, column], first) / middle
            melted[:, :, row : row + h, column : column + w] += both
    return melted
""",
        # the product of two kernels, place by place
        """
def melt(first, second):
    return torch.einsum("omhw,mchw->ochw", second, first)
""",
    ],
    "check-q4": [
        # no biases
        """
def column_parameters(convs, third_kernel=3, num_classes=1000, side=224):
    total, channels = 0, 3
    for count, maps in zip(convs, (64, 128, 256, 512, 512), strict=True):
        for conv in range(1, count + 1):
            kernel = third_kernel if conv == 3 else 3
            total += kernel**2 * channels * maps
            channels = maps
        side //= 2
    return total + side**2 * 512 * 4096 + 4096 * 4096 + 4096 * num_classes
""",
        # the 7×7 cells of 224 pixels, for any size
        """
def column_parameters(convs, third_kernel=3, num_classes=1000, side=224):
    total, channels = 0, 3
    for count, maps in zip(convs, (64, 128, 256, 512, 512), strict=True):
        for conv in range(1, count + 1):
            kernel = third_kernel if conv == 3 else 3
            total += (kernel**2 * channels + 1) * maps
            channels = maps
    return total + (49 * 512 + 1) * 4096 + 4097 * 4096 + 4097 * num_classes
""",
        # every convolution of a stage as wide at its input as at its output
        """
def column_parameters(convs, third_kernel=3, num_classes=1000, side=224):
    total = 0
    for count, maps in zip(convs, (64, 128, 256, 512, 512), strict=True):
        for conv in range(1, count + 1):
            kernel = third_kernel if conv == 3 else 3
            total += (kernel**2 * maps + 1) * maps
        side //= 2
    return total + (side**2 * 512 + 1) * 4096 + 4097 * 4096 + 4097 * num_classes
""",
    ],
    "check-q5": [
        # the poolings forgotten
        """
def column_operations(convs, third_kernel=3, num_classes=1000, side=224):
    total, channels = 0, 3
    for count, maps in zip(convs, (64, 128, 256, 512, 512), strict=True):
        for conv in range(1, count + 1):
            kernel = third_kernel if conv == 3 else 3
            total += kernel**2 * channels * maps * side**2
            channels = maps
    return total + (side // 32) ** 2 * channels * 4096 + 4096 * 4096 + 4096 * num_classes
""",
        # the linear layers forgotten
        """
def column_operations(convs, third_kernel=3, num_classes=1000, side=224):
    total, channels = 0, 3
    for count, maps in zip(convs, (64, 128, 256, 512, 512), strict=True):
        for conv in range(1, count + 1):
            kernel = third_kernel if conv == 3 else 3
            total += kernel**2 * channels * maps * side**2
            channels = maps
        side //= 2
    return total
""",
        # biases counted as if they were multiplied
        """
def column_operations(convs, third_kernel=3, num_classes=1000, side=224):
    total, channels = 0, 3
    for count, maps in zip(convs, (64, 128, 256, 512, 512), strict=True):
        for conv in range(1, count + 1):
            kernel = third_kernel if conv == 3 else 3
            total += (kernel**2 * channels + 1) * maps * side**2
            channels = maps
        side //= 2
    return total + (side**2 * channels + 1) * 4096 + 4097 * 4096 + 4097 * num_classes
""",
    ],
    "check-q6": [
        # α divided by n, as PyTorch does
        """
def normalise_across(a, n=5, k=2.0, alpha=1e-4, beta=0.75):
    b = torch.empty_like(a)
    for c in range(a.shape[1]):
        window = a[:, max(0, c - n // 2) : c + n // 2 + 1]
        b[:, c] = a[:, c] / (k + alpha / n * window.pow(2).sum(dim=1)) ** beta
    return b
""",
        # the channels form a ring
        """
def normalise_across(a, n=5, k=2.0, alpha=1e-4, beta=0.75):
    squares = sum(a.pow(2).roll(shift, dims=1) for shift in range(-(n // 2), n // 2 + 1))
    return a / (k + alpha * squares) ** beta
""",
        # normalised as it goes: a channel meets neighbours that are divided already
        """
def normalise_across(a, n=5, k=2.0, alpha=1e-4, beta=0.75):
    for c in range(a.shape[1]):
        window = a[:, max(0, c - n // 2) : c + n // 2 + 1]
        a[:, c] = a[:, c] / (k + alpha * window.pow(2).sum(dim=1)) ** beta
    return a
""",
    ],
    "check-q7": [
        # divided by the mean square and not by its root
        """
def settle(layers, x):
    with torch.no_grad():
        for layer in layers:
            layer.weight /= layer(x).pow(2).mean()
            x = layer(x).relu()
""",
        # measured first, mended afterwards
        """
def settle(layers, x):
    found = []
    with torch.no_grad():
        for layer in layers:
            x = layer(x)
            found.append(x.pow(2).mean().sqrt())
            x = x.relu()
        for layer, size in zip(layers, found, strict=True):
            layer.weight /= size
""",
        # no ReLU between the layers
        """
def settle(layers, x):
    with torch.no_grad():
        for layer in layers:
            layer.weight /= layer(x).pow(2).mean().sqrt()
            x = layer(x)
""",
        # every kernel by its own number
        """
def settle(layers, x):
    with torch.no_grad():
        for layer in layers:
            layer.weight /= layer(x).pow(2).mean(dim=(0, 2, 3)).sqrt()[:, None, None, None]
            x = layer(x).relu()
""",
    ],
    "check-q8": [
        # the same tensors in both networks
        """
def lend(shallow, deep):
    own, offered = dict(deep.named_parameters()), dict(shallow.named_parameters())
    fitting = {name: value for name, value in offered.items() if name in own and own[name].shape == value.shape}
    for name, value in fitting.items():
        own[name].data = value.data
    return sorted(fitting)
""",
        # by name alone, whatever the shape
        """
def lend(shallow, deep):
    own, offered = deep.state_dict(), shallow.state_dict()
    fitting = {name: value for name, value in offered.items() if name in own}
    deep.load_state_dict(fitting, strict=False)
    return sorted(fitting)
""",
        # by place: the first tensors of the one into the first of the other
        """
def lend(shallow, deep):
    lent = []
    with torch.no_grad():
        for (name, own), value in zip(deep.named_parameters(), shallow.parameters(), strict=False):
            if own.shape == value.shape:
                own.copy_(value)
                lent.append(name)
    return sorted(lent)
""",
        # only into a copy
        """
def lend(shallow, deep):
    own = {name: value.clone() for name, value in deep.state_dict().items()}
    fitting = [name for name, value in shallow.state_dict().items() if name in own and own[name].shape == value.shape]
    own.update({name: shallow.state_dict()[name] for name in fitting})
    return sorted(fitting)
""",
    ],
}
