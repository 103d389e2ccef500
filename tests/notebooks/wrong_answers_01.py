"""The usual mistakes in exercise 01: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # one mean for all channels
        """
def normalise(pictures, mean, std):
    pictures = pictures.float()
    return (pictures - pictures.mean()) / pictures.std() * std + mean
""",
        # every picture for itself
        """
def normalise(pictures, mean, std):
    pictures = pictures.float()
    centred = pictures - pictures.mean(dim=(1, 2, 3), keepdim=True)
    return centred / pictures.std(dim=(1, 2, 3), keepdim=True).clamp(min=1e-6) * std + mean
""",
        # divided by the variance
        """
def normalise(pictures, mean, std):
    pictures = pictures.float()
    centred = pictures - pictures.mean(dim=(0, 2, 3), keepdim=True)
    return centred / pictures.var(dim=(0, 2, 3), keepdim=True) * std + mean
""",
        # float() does not copy what is float already
        """
def normalise(pictures, mean, std):
    pictures = pictures.float()
    pictures -= pictures.mean(dim=(0, 2, 3), keepdim=True)
    return pictures / pictures.std(dim=(0, 2, 3), keepdim=True) * std + mean
""",
    ],
    "check-q2": [
        # off by one
        """
def output_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride
""",
        # padded on one side only
        """
def output_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + padding - dilation * (kernel - 1) - 1) // stride + 1
""",
        # a fraction where the stride leaves pixels over
        """
def output_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
""",
        # rounded to the nearest, not down
        """
def output_size(size, kernel, stride=1, padding=0, dilation=1):
    return round((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1
""",
    ],
    "check-q3": [
        # no bias
        """
def convolve(picture, weight, bias):
    outputs, _, h, w = weight.shape
    result = torch.zeros(outputs, picture.shape[1] - h + 1, picture.shape[2] - w + 1)
    for o in range(outputs):
        for i in range(result.shape[1]):
            for j in range(result.shape[2]):
                result[o, i, j] = (weight[o] * picture[:, i : i + h, j : j + w]).sum()
    return result
""",
        # flipped, as in mathematics
        """
def convolve(picture, weight, bias):
    outputs, _, h, w = weight.shape
    weight = weight.flip(2, 3)
    result = torch.zeros(outputs, picture.shape[1] - h + 1, picture.shape[2] - w + 1)
    for o in range(outputs):
        for i in range(result.shape[1]):
            for j in range(result.shape[2]):
                result[o, i, j] = bias[o] + (weight[o] * picture[:, i : i + h, j : j + w]).sum()
    return result
""",
        # the last place left out, in both directions
        """
def convolve(picture, weight, bias):
    outputs, _, h, w = weight.shape
    result = torch.zeros(outputs, picture.shape[1] - h, picture.shape[2] - w)
    for o in range(outputs):
        for i in range(result.shape[1]):
            for j in range(result.shape[2]):
                result[o, i, j] = bias[o] + (weight[o] * picture[:, i : i + h, j : j + w]).sum()
    return result
""",
    ],
    "check-q4": [
        # the other diagonal
        "falling = torch.tensor([[-1.0, -1, 2], [-1, 2, -1], [2, -1, -1]])",
        # answers to every bright thing
        "falling = torch.eye(3)",
        # a line upright
        "falling = torch.tensor([[-1.0, 2, -1], [-1, 2, -1], [-1, 2, -1]])",
    ],
    "check-q5": [
        # the mean
        """
def max_pool(maps):
    return F.avg_pool2d(maps, 2)
""",
        # starts at zero, which is larger than any negative value
        """
def max_pool(maps):
    channels, height, width = maps.shape
    result = torch.zeros(channels, height // 2, width // 2)
    for i in (0, 1):
        for j in (0, 1):
            corner = maps[:, i : height // 2 * 2 : 2, j : width // 2 * 2 : 2]
            result = torch.maximum(result, corner)
    return result
""",
        # every second value, and no maximum
        """
def max_pool(maps):
    return maps[:, : maps.shape[1] // 2 * 2 : 2, : maps.shape[2] // 2 * 2 : 2]
""",
    ],
    "check-q6": [
        # no biases
        """
def conv_parameters(in_channels, out_channels, kernel, bias=True):
    return out_channels * in_channels * kernel * kernel


def linear_parameters(inputs, outputs, bias=True):
    return inputs * outputs
""",
        # a bias for every pair of channels
        """
def conv_parameters(in_channels, out_channels, kernel, bias=True):
    return out_channels * in_channels * (kernel * kernel + bias)


def linear_parameters(inputs, outputs, bias=True):
    return outputs * (inputs + bias)
""",
        # kernels without depth
        """
def conv_parameters(in_channels, out_channels, kernel, bias=True):
    return out_channels * (kernel * kernel + bias)


def linear_parameters(inputs, outputs, bias=True):
    return outputs * (inputs + bias)
""",
    ],
    "check-q7": [
        # the 256 of 28×28, for any size
        """
def lenet5_parameters(in_channels, side):
    return 6 * (25 * in_channels + 1) + 16 * (25 * 6 + 1) + 120 * (256 + 1) + 84 * 121 + 10 * 85
""",
        # half pixels
        """
def lenet5_parameters(in_channels, side):
    side = ((side - 4) / 2 - 4) / 2
    convolutions = 6 * (25 * in_channels + 1) + 16 * (25 * 6 + 1)
    return convolutions + 120 * (16 * side * side + 1) + 84 * 121 + 10 * 85
""",
        # grey, whatever comes in
        """
def lenet5_parameters(in_channels, side):
    side = ((side - 4) // 2 - 4) // 2
    return 6 * 26 + 16 * (25 * 6 + 1) + 120 * (16 * side * side + 1) + 84 * 121 + 10 * 85
""",
    ],
    "check-q8": [
        # uphill
        """
def sgd_step(model, images, labels, learning_rate):
    loss = F.cross_entropy(model(images), labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += learning_rate * parameter.grad
    return loss.item()
""",
        # gradients add up from step to step
        """
def sgd_step(model, images, labels, learning_rate):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= learning_rate * parameter.grad
    return loss.item()
""",
        # a new tensor for the name, and the network as it was
        """
def sgd_step(model, images, labels, learning_rate):
    loss = F.cross_entropy(model(images), labels)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter = parameter - learning_rate * parameter.grad
    return loss.item()
""",
    ],
    "check-q9": [
        # rows and columns exchanged
        """
def accuracy(logits, labels):
    return (logits.argmax(dim=1) == labels).float().mean().item()


def confusion(labels, predictions, num_classes):
    counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        counts[prediction, label] += 1
    return counts
""",
        # indexing with += counts a pair that occurs twice only once
        """
def accuracy(logits, labels):
    return (logits.argmax(dim=1) == labels).float().mean().item()


def confusion(labels, predictions, num_classes):
    counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    counts[labels, predictions] += 1
    return counts
""",
        # the number of right answers, not their share
        """
def accuracy(logits, labels):
    return float((logits.argmax(dim=1) == labels).sum())


def confusion(labels, predictions, num_classes):
    counts = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    for label, prediction in zip(labels.tolist(), predictions.tolist(), strict=True):
        counts[label, prediction] += 1
    return counts
""",
    ],
}
