"""The usual mistakes in exercise 03: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # every kernel sees all channels
        """
def grouped_parameters(in_channels, out_channels, kernel, groups=1):
    return out_channels * (in_channels * kernel * kernel + 1)
""",
        # maps divided as well, so that only one tower is counted
        """
def grouped_parameters(in_channels, out_channels, kernel, groups=1):
    return out_channels // groups * (in_channels // groups * kernel * kernel + 1)
""",
        # no biases
        """
def grouped_parameters(in_channels, out_channels, kernel, groups=1):
    return out_channels * in_channels // groups * kernel * kernel
""",
    ],
    "check-q2": [
        # one short in each direction, as the paper counts
        """
def samples(height, width, side, mirrored=True):
    return (height - side) * (width - side) * (2 if mirrored else 1)
""",
        # a square picture, whatever comes in
        """
def samples(height, width, side, mirrored=True):
    return (height - side + 1) ** 2 * (2 if mirrored else 1)
""",
        # the mirror always counted
        """
def samples(height, width, side, mirrored=True):
    return (height - side + 1) * (width - side + 1) * 2
""",
    ],
    "check-q3": [
        # turned upside down instead of mirrored
        """
def ten(picture, side):
    _, height, width = picture.shape
    bottom, right = height - side, width - side
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    five = torch.stack([picture[:, top : top + side, left : left + side] for top, left in corners])
    return torch.cat([five, five.flip(-2)])
""",
        # the whole picture mirrored first, so that left and right change places
        """
def ten(picture, side):
    _, height, width = picture.shape
    bottom, right = height - side, width - side
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    views = (picture, picture.flip(-1))
    return torch.stack([view[:, top : top + side, left : left + side] for view in views for top, left in corners])
""",
        # height and width exchanged
        """
def ten(picture, side):
    _, width, height = picture.shape
    bottom, right = height - side, width - side
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right), (bottom // 2, right // 2)]
    five = torch.stack([picture[:, top : top + side, left : left + side] for top, left in corners])
    return torch.cat([five, five.flip(-1)])
""",
    ],
    "check-q4": [
        # ascending order, as eigh gives them
        """
def axes(pictures):
    return torch.linalg.eigh(torch.cov(pictures.movedim(1, 0).flatten(1)))


def relight(picture, values, vectors, alphas):
    return picture + (vectors @ (alphas * values))[:, None, None]
""",
        # values turned round, vectors left as they were
        """
def axes(pictures):
    values, vectors = torch.linalg.eigh(torch.cov(pictures.movedim(1, 0).flatten(1)))
    return values.flip(0), vectors


def relight(picture, values, vectors, alphas):
    return picture + (vectors @ (alphas * values))[:, None, None]
""",
        # rows of the eigenvectors in the place of columns
        """
def axes(pictures):
    values, vectors = torch.linalg.eigh(torch.cov(pictures.movedim(1, 0).flatten(1)))
    return values.flip(0), vectors.flip(1)


def relight(picture, values, vectors, alphas):
    return picture + ((alphas * values) @ vectors)[:, None, None]
""",
        # pictures and channels mixed up by a reshape
        """
def axes(pictures):
    values, vectors = torch.linalg.eigh(torch.cov(pictures.reshape(3, -1)))
    return values.flip(0), vectors.flip(1)


def relight(picture, values, vectors, alphas):
    return picture + (vectors @ (alphas * values))[:, None, None]
""",
        # the eigenvalues forgotten
        """
def axes(pictures):
    values, vectors = torch.linalg.eigh(torch.cov(pictures.movedim(1, 0).flatten(1)))
    return values.flip(0), vectors.flip(1)


def relight(picture, values, vectors, alphas):
    return picture + (vectors @ alphas)[:, None, None]
""",
    ],
    "check-q5": [
        # nothing scaled
        """
def switch_off(x, p, training):
    if not training:
        return x
    return x * (torch.rand(x.shape) >= p)
""",
        # p is taken for the probability to stay
        """
def switch_off(x, p, training):
    if not training:
        return x
    return x * (torch.rand(x.shape) < p) / max(p, 0.01)
""",
        # one coin for a whole column
        """
def switch_off(x, p, training):
    if not training:
        return x
    return x * (torch.rand(x.shape[-1]) >= p) / (1 - p)
""",
        # switches off at test time, too
        """
def switch_off(x, p, training):
    return x * (torch.rand(x.shape) >= p) / (1 - p)
""",
    ],
    "check-q6": [
        # the first normalisation is not undone
        """
def translate(pictures, from_mean, from_std, to_mean, to_std):
    return (pictures - to_mean[:, None, None]) / to_std[:, None, None]
""",
        # undone in the wrong order
        """
def translate(pictures, from_mean, from_std, to_mean, to_std):
    from_mean, from_std, to_mean, to_std = (v[:, None, None] for v in (from_mean, from_std, to_mean, to_std))
    return ((pictures + from_mean) * from_std - to_mean) / to_std
""",
        # one mean for all channels
        """
def translate(pictures, from_mean, from_std, to_mean, to_std):
    x = pictures * from_std.mean() + from_mean.mean()
    return (x - to_mean.mean()) / to_std.mean()
""",
    ],
    "check-q7": [
        # the accuracy
        """
def top_error(logits, labels, k=5):
    best = logits.topk(k, dim=1).indices
    return (best == labels[:, None]).any(dim=1).float().mean().item()
""",
        # always the first answer
        """
def top_error(logits, labels, k=5):
    return (logits.argmax(dim=1) != labels).float().mean().item()
""",
        # the smallest scores
        """
def top_error(logits, labels, k=5):
    best = logits.argsort(dim=1)[:, :k]
    return 1 - (best == labels[:, None]).any(dim=1).float().mean().item()
""",
    ],
    "check-q8": [
        # the mean of the scores, then softmax
        """
def averaged(logits):
    return logits.mean(dim=0).softmax(dim=0)


def cam(maps, gradients):
    heat = (gradients.mean(dim=(1, 2), keepdim=True) * maps).sum(dim=0).clamp(min=0)
    return heat / heat.max().clamp(min=1e-12)
""",
        # softmax over the crops
        """
def averaged(logits):
    return logits.softmax(dim=0).mean(dim=0)


def cam(maps, gradients):
    heat = (gradients.mean(dim=(1, 2), keepdim=True) * maps).sum(dim=0).clamp(min=0)
    return heat / heat.max().clamp(min=1e-12)
""",
        # negative parts dropped before they are added up
        """
def averaged(logits):
    return logits.softmax(dim=1).mean(dim=0)


def cam(maps, gradients):
    heat = (gradients.mean(dim=(1, 2), keepdim=True) * maps).clamp(min=0).sum(dim=0)
    return heat / heat.max().clamp(min=1e-12)
""",
        # negative weights dropped
        """
def averaged(logits):
    return logits.softmax(dim=1).mean(dim=0)


def cam(maps, gradients):
    heat = (gradients.mean(dim=(1, 2), keepdim=True).clamp(min=0) * maps).sum(dim=0)
    return heat / heat.max().clamp(min=1e-12)
""",
        # gradients cell by cell, not averaged
        """
def averaged(logits):
    return logits.softmax(dim=1).mean(dim=0)


def cam(maps, gradients):
    heat = (gradients * maps).sum(dim=0).clamp(min=0)
    return heat / heat.max().clamp(min=1e-12)
""",
        # the size of a value for its sign
        """
def averaged(logits):
    return logits.softmax(dim=1).mean(dim=0)


def cam(maps, gradients):
    heat = (gradients.mean(dim=(1, 2), keepdim=True) * maps).sum(dim=0).abs()
    return heat / heat.max().clamp(min=1e-12)
""",
        # zero divided by zero
        """
def averaged(logits):
    return logits.softmax(dim=1).mean(dim=0)


def cam(maps, gradients):
    heat = (gradients.mean(dim=(1, 2), keepdim=True) * maps).sum(dim=0).clamp(min=0)
    return heat / heat.max()
""",
    ],
}
