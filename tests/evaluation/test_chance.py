"""The chance level: by hand, as a sum over all guesses, and by simulation."""

import pytest
import torch

from cnnlab.evaluation import chance_level, simulate_chance

TAIL = torch.cat([torch.full((count,), label) for label, count in enumerate((50, 20, 10, 10, 5, 5))])


def test_the_chance_level_is_the_sum_of_squares():
    assert chance_level(TAIL) == pytest.approx(0.25 + 0.04 + 2 * 0.01 + 2 * 0.0025)
    assert chance_level(torch.arange(100)) == pytest.approx(0.01)
    assert chance_level(torch.full((7,), 3)) == 1


def test_it_is_the_share_of_equal_labels_among_all_pairs_of_pictures():
    assert chance_level(TAIL) == pytest.approx((TAIL[:, None] == TAIL).double().mean().item())


def test_classes_that_do_not_occur_add_nothing():
    assert chance_level(torch.tensor([0, 0, 9])) == chance_level(torch.tensor([0, 0, 1])) == pytest.approx(5 / 9)


@pytest.mark.parametrize("seed", range(3))
def test_the_simulation_agrees_within_its_error_which_is_that_of_a_proportion(seed):
    level = chance_level(TAIL)
    found = simulate_chance(TAIL, pictures=50, runs=400, seed=seed)
    assert abs(found.mean - level) < 3.5 * found.error
    assert found.error == pytest.approx((level * (1 - level) / (50 * 400)) ** 0.5, rel=0.15)
    assert found.accuracies.shape == (400,)
    assert found.mean == pytest.approx(found.accuracies.mean().item())
    assert found.error == pytest.approx(found.accuracies.numpy().std(ddof=1) / 20)


def test_a_seed_gives_the_same_runs_again():
    first, again, other = (simulate_chance(TAIL, seed=seed).accuracies for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (10,)
    assert torch.equal((first * 20).round(), first * 20)  # of 20 pictures a run, as in the report


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (torch.zeros(0).long(), {}, r"needs labels \(N,\), whole numbers, with N > 0"),
        (torch.rand(3), {}, "whole numbers, with N > 0, got torch.float32"),
        (TAIL, {"runs": 1}, "a picture and two runs at least, got pictures=20, runs=1"),
        (TAIL, {"pictures": 0}, "got pictures=0"),
    ],
)
def test_what_cannot_be_guessed_is_refused(labels, options, message):
    with pytest.raises(ValueError, match=message):
        simulate_chance(labels, **options)
