"""Agreement of explanations, removal curves and the randomisation check, on cases that can be worked out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features
from scipy.stats import spearmanr

from recsys_core.explain.agreement import compare_contributions, compare_explanations, largest
from recsys_core.explain.explain import explain
from recsys_core.explain.faithfulness import randomisation_check, removal_curves, shuffled
from recsys_core.models.scorer import Pairs
from recsys_core.player import Player
from recsys_core.results import Contribution, Explanation

DATASET = tiny_dataset()
SCORER = random_scorer(tiny_features(DATASET))
BACKGROUND = random_pairs(DATASET, 5, seed=2)
PAIR = Pairs(np.array([2]), np.array([4]), np.array([[7, 3, 9, -1, -1]]))


def explanation(**contributions: float) -> Explanation:
    parts = tuple(Contribution(Player("user", name), "", value) for name, value in contributions.items())
    return Explanation("u", "i", "t", "shapley", 0.0, 0.0, parts, 1, 0, 0.0)


def test_agreement_by_hand():
    """Ranks 4 1 3 2 and 4 2 1 3: Spearman 1 - 6 * (0 + 1 + 4 + 1) / (4 * 15) = 0.4."""
    found = compare_contributions(np.array([3.0, -2.0, 1.0, 0.1]), np.array([5.0, 0.2, -0.6, 0.4]))
    assert found.rank_correlation == pytest.approx(0.4)
    assert found.top_3_overlap == pytest.approx(2 / 3)
    assert found.same_signs == pytest.approx(1 / 3)
    assert found.n_common == 4


def test_an_explanation_agrees_with_itself_and_not_with_its_opposite():
    values = np.array([0.5, -0.2, 0.1, 0.0, -0.7])
    same, opposite = compare_contributions(values, values), compare_contributions(values, -values)
    assert (same.rank_correlation, same.top_3_overlap, same.same_signs) == pytest.approx((1, 1, 1))
    assert (opposite.rank_correlation, opposite.top_3_overlap, opposite.same_signs) == pytest.approx((-1, 1, 0))


def test_only_common_reasons_are_compared_whatever_their_order():
    found = compare_explanations(explanation(a=1, b=2, history=3), explanation(other=9, b=20, a=10))
    assert found.n_common == 2
    assert found.rank_correlation == pytest.approx(1)


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0]])
def test_rank_correlation_is_nan_where_it_means_nothing(values):
    assert math.isnan(compare_contributions(np.array(values), np.array(values)).rank_correlation)


def test_largest_goes_by_size_and_ties_by_place():
    assert largest(np.array([1.0, -3.0, 3.0, 0.5])).tolist() == [1, 2, 0]


def curves(method: str = "shapley", history: str = "one"):
    found = explain(SCORER, DATASET, PAIR, BACKGROUND, method=method, history=history)
    return found, removal_curves(SCORER, DATASET, found, PAIR, BACKGROUND)


@pytest.mark.parametrize("history", ["one", "each"])
def test_curves_run_between_score_and_base(history):
    found, curve = curves(history=history)
    n_reasons = len(found.contributions)
    assert len(curve.deletion) == len(curve.insertion) == len(curve.random_deletion) == n_reasons + 1
    for values, first, last in (
        (curve.deletion, found.score, found.base_value),
        (curve.insertion, found.base_value, found.score),
        (curve.random_deletion, found.score, found.base_value),
    ):
        assert values[[0, -1]] == pytest.approx([first, last], abs=1e-5)
    by_hand = sorted(found.contributions, key=lambda c: -c.contribution)
    assert curve.order == tuple(c.player for c in by_hand)


def test_first_step_takes_the_strongest_reason_away():
    _, curve = curves()
    strongest = curve.order[0]
    assert strongest.column is not None
    others = []
    for row in range(len(BACKGROUND)):
        user = BACKGROUND.users[row] if strongest.side == "user" else PAIR.users[0]
        item = BACKGROUND.items[row] if strongest.side == "item" else PAIR.items[0]
        others.append(mixed_score(strongest, int(user), int(item)))
    assert curve.deletion[1] == pytest.approx(np.mean(others), abs=1e-5)


def mixed_score(player: Player, user: int, item: int) -> float:
    """The pair's score with one group looked up in another user's or item's row."""
    features = tiny_features(DATASET)
    tables = {name: table.copy() for name, table in features.tables.items()}
    own, other = (PAIR.users[0], user) if player.side == "user" else (PAIR.items[0], item)
    tables[player.key][own] = tables[player.key][other]
    changed = type(features)(features.groups, tables, features.n_users, features.n_items)
    scorer = type(SCORER)(SCORER.ranker, changed)
    assert PAIR.items[0] not in PAIR.histories
    return float(scorer.score_pairs(PAIR.users, PAIR.items, PAIR.histories)[0])


def test_an_informed_order_beats_random_ones_and_a_wrong_one():
    found, curve = curves()
    assert curve.deletion_area < curve.random_area < curve.insertion_area
    backwards = Explanation(
        *(getattr(found, n) for n in ("user_id", "item_id", "title", "method", "score", "base_value")),
        tuple(Contribution(c.player, c.value, -c.contribution) for c in found.contributions),
        *(getattr(found, n) for n in ("background", "seed", "seconds")),
    )
    wrong = removal_curves(SCORER, DATASET, backwards, PAIR, BACKGROUND)
    assert wrong.deletion_area > wrong.random_area > wrong.insertion_area


@pytest.mark.parametrize("method", ["shapley", "ig"])
def test_shuffled_weights_change_the_explanation(method):
    found = explain(SCORER, DATASET, PAIR, BACKGROUND, method=method)
    check = randomisation_check(SCORER, DATASET, found, PAIR, BACKGROUND)
    assert len(check.rank_correlations) == 5
    assert abs(check.mean) < 0.5
    again = randomisation_check(SCORER, DATASET, found, PAIR, BACKGROUND)
    assert (again.rank_correlations == check.rank_correlations).all()


def test_shuffling_keeps_the_weights_of_the_copy_and_leaves_the_scorer_alone():
    before = {name: weights.clone() for name, weights in SCORER.ranker.named_parameters()}
    other = shuffled(SCORER, seed=1)
    for name, weights in SCORER.ranker.named_parameters():
        assert torch.equal(weights, before[name])
    for name, weights in other.ranker.named_parameters():
        assert torch.equal(weights.flatten().sort().values, before[name].flatten().sort().values)
    assert not torch.equal(other.ranker.body.first.weight, SCORER.ranker.body.first.weight)


def test_rank_correlation_is_scipys():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=9), rng.normal(size=9)
    assert compare_contributions(first, second).rank_correlation == pytest.approx(spearmanr(first, second).statistic)
