"""What a list has in common: the means by a second way, the shared values by hand, an interval that holds."""

from __future__ import annotations

import numpy as np
import pytest
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features, with_known
from scipy.stats import t as student
from term_workspace import random_term

from recsys_core.data.known import KnownItems
from recsys_core.errors import SettingError
from recsys_core.explain.black_box import TableModel
from recsys_core.explain.common import _half_widths, reasons_in_common
from recsys_core.explain.method import scores_of
from recsys_core.explain.shapley import solve_many
from recsys_core.metrics import logistic
from recsys_core.models.scorer import Pairs
from recsys_core.player import HISTORY, Player
from recsys_core.recommend import UserScores
from recsys_core.results.contrast import SharedValue

DATASET = tiny_dataset(n_items=60)
N_ITEMS = DATASET.n_items
SCORER = random_scorer(tiny_features(DATASET)).with_term(random_term(N_ITEMS))
ROWS = with_known(random_pairs(DATASET, 3, seed=2), N_ITEMS, earlier=8)
KNOWN = [7, 3, 9, 12, 15]
USER = Pairs(np.array([2]), np.array([0]), np.array([KNOWN[:4]]), KnownItems.of([KNOWN], N_ITEMS))
SMALL = random_scorer(tiny_features(DATASET).without({"user.city", "item.brand"})).with_term(SCORER.term)  # exact


def pairs_of(items: np.ndarray) -> Pairs:
    same = np.zeros(len(items), dtype=int)
    return Pairs(USER.users[same], items, USER.histories[same], USER.known[same])


def scored(model=SCORER, seen: tuple[int, ...] = tuple(KNOWN)) -> UserScores:
    scores = scores_of(model, pairs_of(np.arange(N_ITEMS)))
    return UserScores(2, scores, np.isin(np.arange(N_ITEMS), seen), np.zeros(0, dtype=int), np.arange(N_ITEMS))


@pytest.mark.parametrize("units", ["logit", "probability"])
def test_all_of_the_rest_is_the_difference_of_two_means(units):
    of_user = scored(SMALL)
    found = reasons_in_common(SMALL, DATASET, USER, ROWS, of_user, k=8, units=units)
    listed = of_user.top(8)
    others = np.setdiff1d(np.flatnonzero(~of_user.seen), listed)
    assert (found.n_listed, found.n_sampled, found.n_others, found.exact) == (8, 47, 47, True)
    in_units = of_user.scores.astype(float) if units == "logit" else logistic(of_user.scores)
    assert found.score_difference == pytest.approx(in_units[listed].mean() - in_units[others].mean(), abs=1e-6)
    assert abs(found.completeness_gap) < 1e-5
    if units == "logit":
        two = [solve_many(SMALL, pairs_of(items), ROWS) for items in (listed, others)]
        own = [s.contributions + (np.array([p == HISTORY for p in s.players]) * s.base_values[:, None]) for s in two]
        means = own[0].mean(0) - own[1].mean(0)
        assert [c.contribution for c in found.contributions] == pytest.approx(means, abs=1e-5)
        lifted = [
            int((np.sign(m) * (a - b) > 0).sum()) for m, a, b in zip(means, own[0].T, own[1].mean(0), strict=True)
        ]
        assert [c.n_lifted for c in found.contributions] == lifted
    for reason in found.contributions:
        assert reason.low == pytest.approx(reason.contribution, abs=1e-9), "nothing was drawn"


def test_a_drawn_rest_has_an_interval_that_holds_as_often_as_it_says():
    """Of 47 others 16 are looked at, with 60 seeds: the interval of each reason covers what all of them give."""
    of_user = scored(SMALL)
    whole = reasons_in_common(SMALL, DATASET, USER, ROWS, of_user, k=8)
    covered = []
    for seed in range(60):
        found = reasons_in_common(SMALL, DATASET, USER, ROWS, of_user, k=8, n_others=16, seed=seed)
        pairs = zip(found.contributions, whole.contributions, strict=True)
        covered.append([a.low <= b.contribution <= a.high for a, b in pairs if b.contribution])
        assert abs(found.completeness_gap) < 1e-5
    assert 0.90 < np.mean(covered) < 0.99
    again = reasons_in_common(SMALL, DATASET, USER, ROWS, of_user, k=8, n_others=16, seed=59)
    assert [c.contribution for c in again.contributions] == [c.contribution for c in found.contributions]


def test_the_interval_is_students_of_a_finite_population():
    values = np.array([[1.0], [2.0], [0.0], [4.0], [2.0]])  # two listed, three of six others drawn
    nothing = np.zeros((5, 1))
    expected = student.ppf(0.975, 2) * np.sqrt(4 / 3 * (1 - 3 / 6))
    assert _half_widths(values, nothing, 2, 6) == pytest.approx([expected])
    assert _half_widths(values, nothing, 2, 3) == pytest.approx([0.0], abs=1e-12)
    drawn = np.array([[0.3], [0.4], [1.0], [1.0], [1.0]])  # of orderings: it stays when all others are looked at
    error = np.sqrt((0.09 + 0.16) / 4 + 3 / 9)
    assert _half_widths(values, drawn, 2, 3) == pytest.approx([student.ppf(0.975, 2) * error])


def test_many_reasons_are_drawn_and_sum_all_the_same():
    data = tiny_dataset(n_items=N_ITEMS, extra=3)
    wide = random_scorer(tiny_features(data), seed=4).with_term(SCORER.term)
    found = reasons_in_common(wide, data, USER, ROWS, scored(wide), k=5, n_others=10, seed=1)
    assert not found.exact
    assert abs(found.completeness_gap) < 1e-5
    assert all(c.low < c.contribution < c.high for c in found.contributions if c.contribution)


def test_shared_values_by_hand():
    """Dear crime of Acme is what a formula likes, and nothing else."""
    data = tiny_dataset(n_items=8)
    data.items["genres"] = ["Crime", "Comedy|Crime", "Crime", "Drama", "Crime", "Comedy", "Drama", None]
    data.items["price"] = [10.0, 20.0, 30.0, 1.0, 2.0, 3.0, 4.0, np.nan]
    columns = (Player("user", "age"), Player("item", "title"), Player("item", "price"), Player("item", "genres"))
    model = TableModel(data, lambda table: table["item.price"].fillna(0).to_numpy(), columns=columns)
    user = Pairs(np.array([1]), np.array([0]), np.array([[5, -1]]))
    scores = UserScores(
        1, np.array([3.0, 2, 1, 0, 0, 0, 0, 0]), np.arange(8) == 5, np.zeros(0, dtype=int), np.arange(8)
    )
    found = reasons_in_common(model, data, user, Pairs(np.array([3]), np.array([7]), np.array([[6, -1]])), scores, k=3)
    shared = {c.feature: c.shared for c in found.contributions}
    assert shared["item.genres"] == SharedValue("Crime", None, 3, 0.25)
    assert shared["item.price"] == SharedValue(20.0, 2.0)
    assert [shared[key] for key in ("user.age", "history", "item.title")] == [None] * 3
    assert {c.feature: c.contribution for c in found.contributions}["item.price"] == pytest.approx(20 - 7 / 4)
    assert {c.feature: c.n_lifted for c in found.contributions}["item.price"] == 3


def test_nothing_to_compare_is_one_sentence():
    everything = tuple(range(N_ITEMS))
    for seen, k, key in ((everything, 10, "nothing_listed"), (everything[:-3], 10, "no_others")):
        with pytest.raises(SettingError) as caught:
            reasons_in_common(SCORER, DATASET, USER, ROWS, scored(seen=seen), k=k)
        assert caught.value.key == f"contrast.{key}"
    one_other = reasons_in_common(SMALL, DATASET, USER, ROWS, scored(SMALL, everything[:-3]), k=2)
    assert (one_other.n_sampled, one_other.n_others) == (1, 1)
    assert all(c.low == c.high for c in one_other.contributions)
    for how in ({"k": 0}, {"n_others": 1}, {"units": "points"}):
        with pytest.raises(SettingError):
            reasons_in_common(SCORER, DATASET, USER, ROWS, scored(), **how)
