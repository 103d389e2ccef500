"""The usual mistakes in exercise 06: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # no bias
        """
def pixelwise(x, weight, bias):
    channels, height, width = x.shape
    return (weight @ x.reshape(channels, height * width)).reshape(-1, height, width)
""",
        # a reshape where axes have to be moved: pixels and channels are mixed up
        """
def pixelwise(x, weight, bias):
    channels, height, width = x.shape
    rows = x.reshape(height * width, channels)
    return (rows @ weight.T + bias).T.reshape(-1, height, width)
""",
        # height and width exchanged
        """
def pixelwise(x, weight, bias):
    channels, height, width = x.shape
    return (weight @ x.reshape(channels, -1) + bias[:, None]).reshape(-1, width, height)
""",
        # right, but with the layer that was to be written
        """
def pixelwise(x, weight, bias):
    return F.conv2d(x, weight[:, :, None, None], bias)
""",
    ],
    "check-q2": [
        # the right cause, and a network that keeps it
        """
cause = "C"


def repaired_nin():
    return classmates_nin()
""",
        # the right network, and another cause
        """
cause = "A"


def repaired_nin():
    layers = list(classmates_nin())
    del layers[-3]
    return nn.Sequential(*layers)
""",
        # all ReLUs taken out of the last MLP convolution
        """
cause = "C"


def repaired_nin():
    layers = list(classmates_nin())
    return nn.Sequential(*layers[:14], *[layer for layer in layers[14:] if not isinstance(layer, nn.ReLU)])
""",
        # a dense layer in place of the average, for cause D
        """
cause = "D"


def repaired_nin():
    layers = list(classmates_nin())[:-2]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(10 * 7 * 7, 10))
""",
        # moved behind the average, where it still cuts negative logits
        """
cause = "C"


def repaired_nin():
    layers = list(classmates_nin())
    del layers[-3]
    return nn.Sequential(*layers, nn.ReLU())
""",
    ],
    "check-q3": [
        # the reductions are taken to cost nothing
        """
on_paper = {"1×1": 400_000, "3×3": 540_000, "5×5": 500_000, "pooling": 100_000}
on_paper |= {"5×5 without reduction": 5_000_000, "twice the sides": 4, "twice the channels": 4}
""",
        # at one position only
        """
on_paper = {"1×1": 4_000, "3×3": 7_400, "5×5": 6_000, "pooling": 1_000}
on_paper |= {"5×5 without reduction": 50_000, "twice the sides": 4, "twice the channels": 4}
""",
        # the side of the kernel, not its square
        """
on_paper = {"1×1": 400_000, "3×3": 380_000, "5×5": 200_000, "pooling": 100_000}
on_paper |= {"5×5 without reduction": 1_000_000, "twice the sides": 4, "twice the channels": 4}
""",
        # twice the channels are taken to cost twice as much
        """
on_paper = {"1×1": 400_000, "3×3": 740_000, "5×5": 600_000, "pooling": 100_000}
on_paper |= {"5×5 without reduction": 5_000_000, "twice the sides": 4, "twice the channels": 2}
""",
    ],
    "check-q4": [
        # only the fault that raises an error
        """
def repaired_module():
    module = ClassmatesModule()
    module.branch3[2] = nn.Conv2d(16, 32, 5, padding=2)
    return module
""",
        # only the fault that raises none
        """
def repaired_module():
    module = ClassmatesModule()
    module.branch4[0] = nn.MaxPool2d(3, stride=1, padding=1)
    module.branch4[1] = nn.Conv2d(192, 32, 1)
    return module
""",
        # the size made right by a smaller kernel
        """
def repaired_module():
    module = ClassmatesModule()
    module.branch3[2] = nn.Conv2d(16, 32, 3, padding=1)
    module.branch4[0] = nn.MaxPool2d(3, stride=1, padding=1)
    module.branch4[1] = nn.Conv2d(192, 32, 1)
    return module
""",
        # the padding of the reduction instead of that of the 5×5
        """
def repaired_module():
    module = ClassmatesModule()
    module.branch3[0] = nn.Conv2d(192, 16, 1, padding=1)
    module.branch4[0] = nn.MaxPool2d(3, stride=1, padding=1)
    module.branch4[1] = nn.Conv2d(192, 32, 1)
    return module
""",
    ],
    "check-q5": [
        # the two rows are exchanged, and nothing is computed
        """
wrong_branch = ("b", "5×5")
corrected = listed.copy()
rows = corrected.index[(corrected.module == "b") & (corrected.branch == "5×5")]
columns = ["parameters", "multiply-adds"]
corrected.loc[rows, columns] = corrected.loc[rows[::-1], columns].values
""",
        # no biases
        """
wrong_branch = ("b", "5×5")
corrected = listed.copy()
rows = corrected.index[(corrected.module == "b") & (corrected.branch == "5×5")]
corrected.loc[rows, "parameters"] = [64 * 8, 25 * 8 * 16]
corrected.loc[rows, "multiply-adds"] = [7 * 7 * 64 * 8, 7 * 7 * 25 * 8 * 16]
""",
        # the branch with the most multiply-adds, and nothing corrected
        """
wrong_branch = ("a", "3×3")
corrected = listed.copy()
""",
        # multiply-adds as they were
        """
wrong_branch = ("b", "5×5")
corrected = listed.copy()
rows = corrected.index[(corrected.module == "b") & (corrected.branch == "5×5")]
corrected.loc[rows, "parameters"] = [64 * 8 + 8, 25 * 8 * 16 + 16]
""",
    ],
    "check-q6": [
        # no bias
        """
def class_maps(features, linear):
    return torch.einsum("kc,nchw->nkhw", linear.weight, features)
""",
        # the bias divided by the number of positions
        """
def class_maps(features, linear):
    positions = features.shape[2] * features.shape[3]
    maps = torch.einsum("kc,nchw->nkhw", linear.weight, features)
    return maps + linear.bias[:, None, None] / positions
""",
        # the logits at every position
        """
def class_maps(features, linear):
    logits = linear(features.mean(dim=(2, 3)))
    return logits[:, :, None, None].expand(-1, -1, *features.shape[2:])
""",
        # only the evidence for a class
        """
def class_maps(features, linear):
    return linear(features.movedim(1, -1)).movedim(-1, 1).relu()
""",
    ],
}
