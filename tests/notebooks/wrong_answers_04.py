"""The usual mistakes in exercise 04: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # the channels taken for the last axis
        """
def as_convolution(linear, height, width):
    channels = linear.in_features // (height * width)
    conv = nn.Conv2d(channels, linear.out_features, (height, width), bias=linear.bias is not None)
    weight = linear.weight.detach().reshape(linear.out_features, height, width, channels)
    conv.weight, conv.bias = nn.Parameter(weight.permute(0, 3, 1, 2)), linear.bias
    return conv
""",
        # height and width exchanged
        """
def as_convolution(linear, height, width):
    channels = linear.in_features // (height * width)
    conv = nn.Conv2d(channels, linear.out_features, (width, height), bias=linear.bias is not None)
    conv.weight = nn.Parameter(linear.weight.detach().reshape(conv.weight.shape))
    conv.bias = linear.bias
    return conv
""",
        # no bias
        """
def as_convolution(linear, height, width):
    channels = linear.in_features // (height * width)
    conv = nn.Conv2d(channels, linear.out_features, (height, width), bias=False)
    conv.weight = nn.Parameter(linear.weight.detach().reshape(conv.weight.shape))
    return conv
""",
        # new weights
        """
def as_convolution(linear, height, width):
    return nn.Conv2d(linear.in_features // (height * width), linear.out_features, (height, width))
""",
    ],
    "check-q2": [
        # the steps between the windows counted, not the windows
        """
def grid(height, width, window, stride):
    return (height - window[0]) // stride[0], (width - window[1]) // stride[1]


def box(row, column, window, stride):
    top, left = row * stride[0], column * stride[1]
    return top, left, top + window[0], left + window[1]
""",
        # rounded up
        """
def grid(height, width, window, stride):
    return -((window[0] - height) // stride[0]) + 1, -((window[1] - width) // stride[1]) + 1


def box(row, column, window, stride):
    top, left = row * stride[0], column * stride[1]
    return top, left, top + window[0], left + window[1]
""",
        # windows side by side
        """
def grid(height, width, window, stride):
    return (height - window[0]) // stride[0] + 1, (width - window[1]) // stride[1] + 1


def box(row, column, window, stride):
    top, left = row * window[0], column * window[1]
    return top, left, top + window[0], left + window[1]
""",
        # x before y
        """
def grid(height, width, window, stride):
    return (height - window[0]) // stride[0] + 1, (width - window[1]) // stride[1] + 1


def box(row, column, window, stride):
    left, top = row * stride[0], column * stride[1]
    return top, left, top + window[0], left + window[1]
""",
    ],
    "check-q3": [
        # the layer's own stride counted before its kernel
        """
def field(layers):
    sees, step = 1, 1
    for kernel, stride in layers:
        step = step * stride
        sees = sees + (kernel - 1) * step
    return sees, step
""",
        # strides forgotten
        """
def field(layers):
    sees, step = 1, 1
    for kernel, stride in layers:
        sees, step = sees + kernel - 1, step * stride
    return sees, step
""",
        # k steps in the place of k − 1
        """
def field(layers):
    sees, step = 1, 1
    for kernel, stride in layers:
        sees, step = sees + kernel * step, step * stride
    return sees, step
""",
    ],
    "check-q4": [
        # n steps between n cells
        """
def window(cells, layers):
    for kernel, stride, padding in reversed(layers):
        cells = cells * stride + kernel - 2 * padding
    return cells
""",
        # forwards
        """
def window(cells, layers):
    for kernel, stride, padding in layers:
        cells = (cells - 1) * stride + kernel - 2 * padding
    return cells
""",
        # padding at one side only
        """
def window(cells, layers):
    for kernel, stride, padding in reversed(layers):
        cells = (cells - 1) * stride + kernel - padding
    return cells
""",
        # padding forgotten
        """
def window(cells, layers):
    for kernel, stride, padding in reversed(layers):
        cells = (cells - 1) * stride + kernel
    return cells
""",
    ],
    "check-q5": [
        # still flattens
        """
def slide(layers, input_size):
    x, result = torch.zeros(1, *input_size), []
    for layer in layers:
        if isinstance(layer, nn.Linear):
            conv = nn.Conv2d(layer.in_features, layer.out_features, 1)
            conv.weight = nn.Parameter(layer.weight.detach().reshape(conv.weight.shape))
            conv.bias = layer.bias
            layer, x = conv, x[:, :, None, None] if x.ndim == 2 else x
        result.append(layer)
        x = layer(x)
    return nn.Sequential(*result)
""",
        # the map is taken for a square
        """
def slide(layers, input_size):
    x, result = torch.zeros(1, *input_size), []
    for layer in layers:
        if isinstance(layer, nn.Flatten):
            continue
        if isinstance(layer, nn.Linear):
            side = int((layer.in_features // x.shape[1]) ** 0.5)
            conv = nn.Conv2d(layer.in_features // side**2, layer.out_features, side)
            conv.weight = nn.Parameter(layer.weight.detach().reshape(conv.weight.shape))
            conv.bias = layer.bias
            layer = conv
        result.append(layer)
        x = layer(x)
    return nn.Sequential(*result)
""",
        # new weights
        """
def slide(layers, input_size):
    x, result = torch.zeros(1, *input_size), []
    for layer in layers:
        if isinstance(layer, nn.Flatten):
            continue
        if isinstance(layer, nn.Linear):
            layer = nn.Conv2d(x.shape[1], layer.out_features, x.shape[2:])
        result.append(layer)
        x = layer(x)
    return nn.Sequential(*result)
""",
        # the ReLUs between the linear layers are lost
        """
def slide(layers, input_size):
    x, result, flat = torch.zeros(1, *input_size), [], False
    for layer in layers:
        if isinstance(layer, nn.Flatten):
            flat = True
            continue
        if isinstance(layer, nn.Linear):
            conv = nn.Conv2d(x.shape[1], layer.out_features, x.shape[2:])
            conv.weight = nn.Parameter(layer.weight.detach().reshape(conv.weight.shape))
            conv.bias = layer.bias
            layer = conv
        elif flat:
            continue
        result.append(layer)
        x = layer(x)
    return nn.Sequential(*result)
""",
    ],
    "check-q6": [
        # one answer for the whole map
        """
def answers(maps, linear, cells):
    return linear(maps.mean((2, 3)))[:, :, None, None]
""",
        # windows side by side
        """
def answers(maps, linear, cells):
    return linear(F.avg_pool2d(maps, cells).movedim(1, -1)).movedim(-1, 1)
""",
        # a maximum
        """
def answers(maps, linear, cells):
    return linear(F.max_pool2d(maps, cells, stride=1).movedim(1, -1)).movedim(-1, 1)
""",
        # the sum
        """
def answers(maps, linear, cells):
    sums = F.avg_pool2d(maps, cells, stride=1) * cells**2
    return linear(sums.movedim(1, -1)).movedim(-1, 1)
""",
    ],
    "check-q7": [
        # the size that comes in, not the one that goes out
        """
def work(convs, side):
    total = 0
    for in_channels, out_channels, kernel, stride in convs:
        total += in_channels * out_channels * kernel**2 * side**2
        side = (side - kernel) // stride + 1
    return total


def saved(convs, side, window, stride):
    return ((side - window) // stride + 1) ** 2 * work(convs, window) / work(convs, side)
""",
        # a kernel has one layer
        """
def work(convs, side):
    total = 0
    for in_channels, out_channels, kernel, stride in convs:
        side = (side - kernel) // stride + 1
        total += out_channels * kernel**2 * side**2
    return total


def saved(convs, side, window, stride):
    return ((side - window) // stride + 1) ** 2 * work(convs, window) / work(convs, side)
""",
        # windows in one direction
        """
def work(convs, side):
    total = 0
    for in_channels, out_channels, kernel, stride in convs:
        side = (side - kernel) // stride + 1
        total += in_channels * out_channels * kernel**2 * side**2
    return total


def saved(convs, side, window, stride):
    return ((side - window) // stride + 1) * work(convs, window) / work(convs, side)
""",
        # upside down
        """
def work(convs, side):
    total = 0
    for in_channels, out_channels, kernel, stride in convs:
        side = (side - kernel) // stride + 1
        total += in_channels * out_channels * kernel**2 * side**2
    return total


def saved(convs, side, window, stride):
    return work(convs, side) / (((side - window) // stride + 1) ** 2 * work(convs, window))
""",
    ],
    "check-q8": [
        # stride one, and then a head that sees neighbouring cells
        """
def finer(features, head, t):
    return head(F.max_pool2d(features, t, stride=1))
""",
        # set side by side, not interleaved
        """
def finer(features, head, t):
    rows = []
    for d in range(t):
        rows.append(torch.cat([head(F.max_pool2d(features[:, :, d:, e:], t)) for e in range(t)], dim=3))
    return torch.cat(rows, dim=2)
""",
        # offsets down and across exchanged
        """
def finer(features, head, t):
    result = None
    for d in range(t):
        for e in range(t):
            part = head(F.max_pool2d(features[:, :, d:, e:], t))
            if result is None:
                result = part.new_zeros(*part.shape[:2], t * part.shape[2], t * part.shape[3])
            result[:, :, e::t, d::t] = part
    return result
""",
        # the same offset in both directions
        """
def finer(features, head, t):
    result = None
    for d in range(t):
        part = head(F.max_pool2d(features[:, :, d:, d:], t))
        if result is None:
            result = part.new_zeros(*part.shape[:2], t * part.shape[2], t * part.shape[3])
        result[:, :, d::t, d::t] = part
    return result
""",
    ],
    "check-q9": [
        # the dots left out first, so that double digits are joined
        """
def read(scores, blank=10):
    best = [k for k in scores.argmax(dim=0).tolist() if k != blank]
    return [k for i, k in enumerate(best) if i == 0 or k != best[i - 1]]
""",
        # nothing joined
        """
def read(scores, blank=10):
    return [k for k in scores.argmax(dim=0).tolist() if k != blank]
""",
        # the dots read aloud
        """
def read(scores, blank=10):
    best = scores.argmax(dim=0).tolist()
    return [k for i, k in enumerate(best) if i == 0 or k != best[i - 1]]
""",
        # the best window of each class
        """
def read(scores, blank=10):
    best = scores.argmax(dim=1).tolist()
    joined = [k for i, k in enumerate(best) if i == 0 or k != best[i - 1]]
    return [k for k in joined if k != blank]
""",
    ],
}
