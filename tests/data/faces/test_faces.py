"""Drawn faces: the same from the same numbers, a long tail, every identity in every part."""

import hashlib

import numpy as np
import pytest
import torch

from cnnlab import data
from cnnlab.data.faces.drawing import draw_face
from cnnlab.data.faces.drawn import pictures_per_identity
from cnnlab.data.faces.identity import new_identity


@pytest.fixture(scope="module")
def small() -> data.Splits:
    return data.faces(count=600, size=(32, 32))


def pixels(*numbers: int, seed: int = 0) -> np.ndarray:
    return np.asarray(draw_face(*numbers, seed=seed)).astype(np.int16)


def test_a_picture_depends_on_identity_number_and_seed_alone():
    first = pixels(5, 7)
    pixels(6, 1)
    assert np.array_equal(first, pixels(5, 7))
    for other in (pixels(5, 8), pixels(6, 7), pixels(5, 7, seed=1)):
        assert np.abs(first - other).mean() > 5


def test_pictures_are_the_same_on_every_platform():
    # Drawn on x86-64 Linux; another platform must arrive at the same bytes.
    content = b"".join(draw_face(identity, identity).tobytes() for identity in range(0, 200, 20))
    assert hashlib.sha256(content).hexdigest() == "3c521519975086c338bdab0f61b69f2aa0a3fb0bce2224b5b1b23efe4ca67c67"


def test_pictures_of_a_person_are_more_alike_than_those_of_two():
    """The hair, skin and shape are the person's: averages over moments differ less within than between."""
    means = [
        [np.mean([pixels(who, n) for n in range(start, start + 6)], axis=0) for start in (0, 6)] for who in range(8)
    ]
    within = np.mean([np.abs(one - other).mean() for one, other in means])
    between = np.mean([np.abs(means[a][0] - means[b][1]).mean() for a in range(8) for b in range(8) if a != b])
    assert between > 1.2 * within


def test_every_identity_is_in_every_part(small):
    assert sum(map(len, small[:3])) == 600
    for part in small[:3]:
        assert len(part.labels.unique()) == len(part.classes) == 200
        assert part.images.shape[1:] == (3, 32, 32)


def test_the_tail_is_long():
    counts = pictures_per_identity(10_000)
    assert counts.sum() == 10_000
    assert (np.diff(counts) <= 0).all()
    # The report's tables 4 and 7: recalls that fit 1 of 5 pictures and need 31 at least.
    assert counts[0] > 31 / 5 * counts[-1]
    assert counts[-1] >= 10
    assert (pictures_per_identity(600) == 3).all()


def test_pictures_on_demand_are_those_in_memory(small):
    train = data.faces(count=600, size=(32, 32), in_memory=False).train
    assert torch.equal(train.labels, small.train.labels)
    assert all(torch.equal(train.images[index], small.train.images[index]) for index in (0, 57, 199))


def test_people_differ_in_what_an_identity_is():
    people = [new_identity(number) for number in range(200)]
    assert len({person.skin for person in people}) == 200
    for name in ("cuts", "beard", "frame", "freckles"):
        assert len({getattr(person, name) for person in people}) > 1
    for name, spread in (("cheek", 0.15), ("jaw", 0.15), ("eye_distance", 0.08), ("nose_length", 0.15)):
        values = [getattr(person, name) for person in people]
        assert max(values) - min(values) > spread


def test_too_few_pictures_are_refused():
    with pytest.raises(ValueError, match="at least 600, three pictures of each person, got 599"):
        data.faces(count=599)
