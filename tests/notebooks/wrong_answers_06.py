"""The usual mistakes in exercise 06: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # no bias
        """
def pixelwise(maps, weight, bias):
    channels, height, width = maps.shape
    return (weight @ maps.reshape(channels, height * width)).reshape(-1, height, width)
""",
        # reshaped where axes had to be moved: pixels and channels are mixed up
        """
def pixelwise(maps, weight, bias):
    channels, height, width = maps.shape
    rows = maps.reshape(height * width, channels)
    return (rows @ weight.T + bias).reshape(-1, height, width)
""",
        # height and width exchanged
        """
def pixelwise(maps, weight, bias):
    channels, height, width = maps.shape
    return (weight @ maps.reshape(channels, -1) + bias[:, None]).reshape(-1, width, height)
""",
    ],
    "check-q2": [
        # what the reductions cost themselves is forgotten
        """
def module_multiply_adds(in_channels, size, widths):
    ones, three_reduce, threes, five_reduce, fives, pool_proj = widths
    products = in_channels * (ones + pool_proj)
    products += 9 * (three_reduce or in_channels) * threes + 25 * (five_reduce or in_channels) * fives
    return size * size * products
""",
        # the kernels see all maps, as if nothing had been reduced
        """
def module_multiply_adds(in_channels, size, widths):
    ones, three_reduce, threes, five_reduce, fives, pool_proj = widths
    products = ones + three_reduce + 9 * threes + five_reduce + 25 * fives + pool_proj
    return size * size * in_channels * products
""",
        # without a reduction nothing comes in
        """
def module_multiply_adds(in_channels, size, widths):
    ones, three_reduce, threes, five_reduce, fives, pool_proj = widths
    products = in_channels * (ones + three_reduce + five_reduce + pool_proj)
    return size * size * (products + 9 * three_reduce * threes + 25 * five_reduce * fives)
""",
        # parameters instead of operations
        """
def module_multiply_adds(in_channels, size, widths):
    ones, three_reduce, threes, five_reduce, fives, pool_proj = widths
    products = in_channels * (ones + three_reduce + five_reduce + pool_proj)
    return products + 9 * (three_reduce or in_channels) * threes + 25 * (five_reduce or in_channels) * fives
""",
    ],
    "check-q3": [
        # equal is not cheaper
        """
def largest_reduction(in_channels, out_channels, kernel):
    return kernel**2 * in_channels * out_channels // (in_channels + kernel**2 * out_channels)
""",
        # the 1×1 is taken to cost nothing
        """
def largest_reduction(in_channels, out_channels, kernel):
    return in_channels - 1
""",
        # the kernel's side, not its square
        """
def largest_reduction(in_channels, out_channels, kernel):
    return (kernel * in_channels * out_channels - 1) // (in_channels + kernel * out_channels)
""",
        # a fraction
        """
def largest_reduction(in_channels, out_channels, kernel):
    return kernel**2 * in_channels * out_channels / (in_channels + kernel**2 * out_channels)
""",
    ],
    "check-q4": [
        # no ReLU behind the reductions
        """
def inception(x, convs):
    pooled = F.max_pool2d(x, 3, stride=1, padding=1)
    reduced = convs["3×3"](convs["3×3 reduce"](x)), convs["5×5"](convs["5×5 reduce"](x))
    return torch.cat([convs["1×1"](x), *reduced, convs["projection"](pooled)], dim=1).relu()
""",
        # the pooling's edge filled with zeros, which are larger than what is there
        """
def inception(x, convs):
    pooled = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, stride=1)
    three = convs["3×3"](convs["3×3 reduce"](x).relu())
    five = convs["5×5"](convs["5×5 reduce"](x).relu())
    return torch.cat([convs["1×1"](x), three, five, convs["projection"](pooled)], dim=1).relu()
""",
        # the pooled branch in front
        """
def inception(x, convs):
    pooled = F.max_pool2d(x, 3, stride=1, padding=1)
    three = convs["3×3"](convs["3×3 reduce"](x).relu())
    five = convs["5×5"](convs["5×5 reduce"](x).relu())
    return torch.cat([convs["projection"](pooled), convs["1×1"](x), three, five], dim=1).relu()
""",
        # a mean for the maximum
        """
def inception(x, convs):
    pooled = F.avg_pool2d(x, 3, stride=1, padding=1)
    three = convs["3×3"](convs["3×3 reduce"](x).relu())
    five = convs["5×5"](convs["5×5 reduce"](x).relu())
    return torch.cat([convs["1×1"](x), three, five, convs["projection"](pooled)], dim=1).relu()
""",
    ],
    "check-q5": [
        # no bias
        """
def class_maps(features, linear):
    return torch.einsum("kc,nchw->nkhw", linear.weight, features)
""",
        # the bias shared out over the places
        """
def class_maps(features, linear):
    places = features.shape[2] * features.shape[3]
    maps = torch.einsum("kc,nchw->nkhw", linear.weight, features)
    return maps + linear.bias[:, None, None] / places
""",
        # the logits at every place
        """
def class_maps(features, linear):
    logits = linear(features.mean(dim=(2, 3)))
    return logits[:, :, None, None].expand(-1, -1, *features.shape[2:])
""",
        # only what speaks for a class
        """
def class_maps(features, linear):
    return linear(features.movedim(1, -1)).movedim(-1, 1).relu()
""",
    ],
    "check-q6": [
        # everything weighted
        """
def total_loss(outputs, labels, weight=0.3):
    if isinstance(outputs, torch.Tensor):
        return F.cross_entropy(outputs, labels)
    return sum(weight * F.cross_entropy(part, labels) for part in outputs if part is not None)
""",
        # a tensor taken apart, row by row
        """
def total_loss(outputs, labels, weight=0.3):
    logits, *heads = outputs
    loss = F.cross_entropy(logits, labels)
    for head in heads:
        if head is not None:
            loss = loss + weight * F.cross_entropy(head, labels)
    return loss
""",
        # a head that is not there
        """
def total_loss(outputs, labels, weight=0.3):
    if isinstance(outputs, torch.Tensor):
        return F.cross_entropy(outputs, labels)
    logits, *heads = outputs
    return F.cross_entropy(logits, labels) + weight * sum(F.cross_entropy(head, labels) for head in heads)
""",
        # numbers, through which no gradient flows
        """
def total_loss(outputs, labels, weight=0.3):
    if isinstance(outputs, torch.Tensor):
        return F.cross_entropy(outputs, labels)
    logits, *heads = outputs
    extra = [F.cross_entropy(head, labels).item() for head in heads if head is not None]
    return F.cross_entropy(logits, labels) + weight * sum(extra)
""",
    ],
    "check-q7": [
        # the singular value forgotten
        """
def factorise(kernel):
    u, s, vh = torch.linalg.svd(kernel)
    return u[:, 0], vh[0]
""",
        # a column of V^T instead of its row
        """
def factorise(kernel):
    u, s, vh = torch.linalg.svd(kernel)
    return s[0] * u[:, 0], vh[:, 0]
""",
        # the middle of the kernel
        """
def factorise(kernel):
    n, m = kernel.shape
    return kernel[:, m // 2], kernel[n // 2]
""",
        # the singular value twice
        """
def factorise(kernel):
    u, s, vh = torch.linalg.svd(kernel)
    return s[0] * u[:, 0], s[0] * vh[0]
""",
    ],
    "check-q8": [
        # windows of two: right for 35 cells by accident
        """
def halve(x, conv):
    pooled = F.max_pool2d(x, 2)
    maps = conv(x)
    return torch.cat([maps, pooled[:, :, : maps.shape[2], : maps.shape[3]]], dim=1)
""",
        # the pooled maps first
        """
def halve(x, conv):
    return torch.cat([F.max_pool2d(x, 3, stride=2), conv(x)], dim=1)
""",
        # one after the other, and not side by side
        """
def halve(x, conv):
    pooled = F.max_pool2d(x, 3, stride=2)
    return torch.cat([F.conv2d(pooled, conv.weight, conv.bias, padding=1), pooled], dim=1)
""",
        # padded
        """
def halve(x, conv):
    return torch.cat([F.conv2d(x, conv.weight, conv.bias, 2, 1), F.max_pool2d(x, 3, 2, padding=1)], dim=1)
""",
    ],
    "check-q9": [
        # a ReLU on what is added, so that nothing can ever be taken away
        """
def residual(x, branches, linear, scaling):
    stacked = torch.cat([branch(x) for branch in branches], dim=1)
    return x + scaling * linear(stacked).relu()
""",
        # the whole sum scaled
        """
def residual(x, branches, linear, scaling):
    stacked = torch.cat([branch(x) for branch in branches], dim=1)
    return (scaling * (x + linear(stacked))).relu()
""",
        # no ReLU at the end
        """
def residual(x, branches, linear, scaling):
    stacked = torch.cat([branch(x) for branch in branches], dim=1)
    return x + scaling * linear(stacked)
""",
        # the scale in front of the 1×1, whose bias it then misses
        """
def residual(x, branches, linear, scaling):
    stacked = torch.cat([branch(x) for branch in branches], dim=1)
    return (x + linear(scaling * stacked)).relu()
""",
    ],
}
