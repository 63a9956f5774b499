"""The item-item term's weights are EASE's, the strongest of each column."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scorer_contract import material_of
from test_baselines import with_rows

from recsys_core.models import item_item_fit
from recsys_core.models.baselines import Ease, TrainingPositives
from recsys_core.models.baselines.ease import ItemGram
from recsys_core.models.evaluation import rank_users
from recsys_core.models.item_item import strongest
from recsys_core.models.item_item_fit import fit_item_item_term, strongest_of, weighted_ease


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No weighting, but where a test is about it."""
    monkeypatch.setattr(item_item_fit, "LEAST_GAIN", np.inf)


def ease_of_base(**bound) -> Ease:
    return Ease.fit(TrainingPositives.of(material_of("base")), 5.0, **bound)


@pytest.mark.parametrize("bound", [{}, {"most_items": 20}])
def test_all_entries_equal_the_dense_weights(bound):
    split_dataset, ease = material_of("base"), ease_of_base(**bound)
    term = fit_item_item_term(ease, split_dataset)  # 50 of 30 items: all of them
    dense = np.zeros((ease.n_items,) * 2, dtype=np.float32)
    dense[np.ix_(ease.items, ease.items)] = ease.weights
    np.testing.assert_array_equal(term.weights.toarray(), dense)
    assert (term.alpha, term.penalty) == (1, 5)
    assert term.n_least == (ease.n_least if bound else 0)
    task = split_dataset.ranking("test")
    expected = ease.score_catalogue(task.users, task.histories, task.known)
    np.testing.assert_allclose(term.catalogue(task.known), expected, atol=1e-5)


def test_few_entries_are_the_strongest_of_each_column(monkeypatch):
    monkeypatch.setattr(item_item_fit, "COLUMNS", 7)
    ease = ease_of_base(most_items=20)
    found = strongest_of(ease, 4).weights(4).toarray()
    dense = np.zeros((ease.n_items,) * 2, dtype=np.float32)
    dense[np.ix_(ease.items, ease.items)] = ease.weights
    np.testing.assert_array_equal(found, strongest(csr_array(dense), 4).toarray())
    assert (found < 0).any(), "those against an item too"


def test_the_fewest_entries_that_keep_the_lists(monkeypatch):
    split_dataset, ease = material_of("base"), ease_of_base()
    task = split_dataset.ranking("validation")
    monkeypatch.setattr(item_item_fit, "NEIGHBOURS", (1, 3, 6, 12))

    def lists(n: int) -> list[set[int]]:
        weights = strongest_of(ease, n).weights(n)
        return [
            set(row) for row in rank_users(lambda u, h, known: (known.csr() @ weights).toarray(), task).top.tolist()
        ]

    whole = [set(row) for row in rank_users(ease.score_catalogue, task).top.tolist()]
    kept = {n: np.mean([len(a & b) / len(a) for a, b in zip(whole, lists(n), strict=True)]) for n in (1, 3, 6)}
    assert kept[1] < kept[6]
    for least in (0.1, (kept[1] + kept[6]) / 2, 1.0):
        monkeypatch.setattr(item_item_fit, "LEAST_KEPT", least)
        enough = [n for n, share in kept.items() if share >= least]
        assert fit_item_item_term(ease, split_dataset).neighbours == min(enough, default=12)


def test_without_anybody_to_rank_the_default_stands():
    split_dataset = with_rows([(u % 4, 0) for u in range(12)], 5, 1)
    term = fit_item_item_term(Ease.fit(TrainingPositives.of(split_dataset), 5.0), split_dataset)
    assert term.n_entries == 0
    assert term.neighbours == item_item_fit.NEIGHBOURS[0]


@pytest.mark.parametrize(("user", "penalty"), [(0.5, 0.0), (0.0, 0.5), (0.7, 0.3)])
def test_weighted_ease_is_the_closed_form_of_weighted_least_squares(user, penalty):
    positives = TrainingPositives.of(material_of("base"))
    found = ItemGram.of(positives, 100, user).ease(5.0, penalty_exponent=penalty)
    taken = positives.taken.toarray()[:, found.items].astype(float)
    n = taken.sum(axis=1, keepdims=True)
    weight = np.where(n > 0, np.maximum(n, 1) ** -user, 0)
    weight *= n.sum() / (n * weight).sum()
    gram = taken.T @ (weight * taken)
    assert np.trace(gram) == pytest.approx(taken.sum())
    inverse = np.linalg.inv(gram + 5 * np.diag((np.diag(gram) / np.diag(gram).mean()) ** penalty))
    np.testing.assert_allclose(found.weights, np.eye(len(inverse)) - inverse / np.diag(inverse), atol=1e-5)
    assert (found.user_exponent, found.penalty_exponent) == (user, penalty)


def test_a_weighting_is_taken_where_validation_gains_by_it(monkeypatch):
    monkeypatch.setattr(item_item_fit, "LEAST_GAIN", 0.005)
    positives, ease = TrainingPositives.of(material_of("base")), ease_of_base()

    def figure(values):
        return lambda scores: values(scores.__self__)

    assert weighted_ease(ease, positives, figure(lambda e: 1.0)) is ease
    assert weighted_ease(ease, positives, figure(lambda e: 1 + 0.004 * e.user_exponent)) is ease
    assert weighted_ease(ease, positives, figure(lambda e: float("nan"))) is ease
    found = weighted_ease(ease, positives, figure(lambda e: 1 + e.user_exponent - e.penalty_exponent + e.penalty / 100))
    assert (found.user_exponent, found.penalty_exponent, found.penalty) == (0.5, 0, 10)
    again = ItemGram.of(positives, 100, 0.5).ease(10.0)
    np.testing.assert_allclose(found.weights, again.weights, atol=1e-6)
    found = weighted_ease(ease, positives, figure(lambda e: 1 + e.penalty_exponent), most_items=12)
    assert (found.user_exponent, found.penalty_exponent) == (0, 0.5)
    assert len(found.items) <= 12
    monkeypatch.setattr(item_item_fit, "PENALTY_ITEMS", 12)
    popular_alone = figure(lambda e: 1 + e.user_exponent * (len(e.items) <= 12))
    assert weighted_ease(ease, positives, popular_alone) is ease, "no gain with all items"
