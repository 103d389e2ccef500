"""The usual mistakes in exercise 09: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # no minimum
        """
def quotas(sizes, total, least):
    return largest_remainders(sizes, total)
""",
        # the minimum is put on top of the proportions: more than the total
        """
def quotas(sizes, total, least):
    return np.maximum(largest_remainders(sizes, total), np.minimum(sizes, least))
""",
        # a class gets more pictures than it has
        """
def quotas(sizes, total, least):
    return least + largest_remainders(sizes, total - least * len(sizes))
""",
        # the rest is divided by the sizes at the start, with classes that have nothing left
        """
def quotas(sizes, total, least):
    first = np.minimum(sizes, least)
    return first + largest_remainders(sizes, total - int(first.sum()))
""",
    ],
    "check-q2": [
        # the majority class in place of guessing
        """
on_paper = {"frequency": 0.6, "majority": 0.6, "uniform": 0.25, "balanced": 0.25, "wrong pair": 0.62}
""",
        # the pair that stays together
        """
on_paper = {"frequency": 0.42, "majority": 0.6, "uniform": 0.25, "balanced": 0.25, "wrong pair": 0.38}
""",
        # the smallest class in place of a uniform guess
        """
on_paper = {"frequency": 0.42, "majority": 0.6, "uniform": 0.42, "balanced": 0.25, "wrong pair": 0.62}
""",
    ],
    "check-q3": [
        # the attempts after a 503 are taken for the fault
        """
broken = {"A", "C"}
unnecessary = 3
""",
        # the waits between the attempts for c are 1, 2 and 4 seconds: they grow
        """
broken = {"A", "B", "D"}
unnecessary = 3
""",
        # the first request for b is counted as well
        """
broken = {"A", "B"}
unnecessary = 4
""",
        # the wait after 429 is looked at for the picture alone
        """
broken = {"A"}
unnecessary = 3
""",
    ],
    "check-q4": [
        # all groups with several pictures
        """
def leaking_groups(pictures):
    sizes = pictures.groupby("group").size()
    return set(sizes.index[sizes > 1])


def repaired(pictures):
    return pictures.assign(part=pictures.part.where(~pictures.group.isin(leaking_groups(pictures)), "train"))
""",
        # the copies are deleted instead of moved
        """
def leaking_groups(pictures):
    parts = pictures.groupby("group").part.nunique()
    return set(parts.index[parts > 1])


def repaired(pictures):
    return pictures.drop_duplicates("group")
""",
        # everything is moved to the training set
        """
def leaking_groups(pictures):
    parts = pictures.groupby("group").part.nunique()
    return set(parts.index[parts > 1])


def repaired(pictures):
    return pictures.assign(part="train")
""",
        # only the test pictures of leaking groups are moved
        """
def leaking_groups(pictures):
    parts = pictures.groupby("group").part.nunique()
    return set(parts.index[parts > 1])


def repaired(pictures):
    leaks = pictures.group.isin(leaking_groups(pictures)) & (pictures.part == "test")
    return pictures.assign(part=pictures.part.where(~leaks, "train"))
""",
    ],
    "check-q5": [
        # no mirror image
        """
def distance(a, b):
    return int((a ^ b).sum())
""",
        # the order is reversed, the bits are not
        """
def distance(a, b):
    return int(min((a ^ b).sum(), (a ^ b[:, ::-1]).sum()))
""",
        # rows are reversed: the picture is upside down
        """
def distance(a, b):
    return int(min((a ^ b).sum(), (a ^ ~b[::-1]).sum()))
""",
    ],
    "check-q6": [
        # the right cause, and the function as it was
        """
cause = "B"


def repaired_margins(features, labels):
    return classmates_margins(features, labels)
""",
        # squared distances
        """
cause = "A"


def repaired_margins(features, labels):
    centres = np.array([features[labels == label].mean(axis=0) for label in np.unique(labels)])
    away = ((features[:, None] - centres) ** 2).sum(axis=2)
    own = away[np.arange(len(labels)), labels].copy()
    away[np.arange(len(labels)), labels] = np.inf
    return away.min(axis=1) - own
""",
        # left out of the centre of its own class, but the sign is exchanged
        """
cause = "B"


def repaired_margins(features, labels):
    margins = np.empty(len(labels))
    for i in range(len(labels)):
        others = np.arange(len(labels)) != i
        centres = [features[others & (labels == label)].mean(axis=0) for label in np.unique(labels)]
        away = np.linalg.norm(features[i] - np.array(centres), axis=1)
        own = away[labels[i]]
        away[labels[i]] = np.inf
        margins[i] = own - away.min()
    return margins
""",
    ],
}
