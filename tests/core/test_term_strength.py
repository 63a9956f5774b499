"""Strength of the item-item term: planted strengths are found again, noise gets none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from scipy.special import log_softmax
from test_training import two_tastes

from recsys_core.data.features import make_features
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.ranker import Ranker, RankerShape
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.term_strength import LEAST_USERS, MOST_GROWTH, STRONGEST, _Cells, stronger_beside, term_strength
from recsys_core.seeds import torch_stream

SPLIT_DATASET = SplitDataset.build(two_tastes(outcome="taken"), task="implicit", kind="time", seed=0)


def term_of(weights: np.ndarray, alpha: float = 1.0) -> ItemItemTerm:
    weights = weights * (1 - np.eye(len(weights)))
    return ItemItemTerm(alpha, 100.0, csr_array(weights.astype(np.float32)), len(weights))


def planted(alpha: float, beta: float, n_users: int = 4000, n_items: int = 30) -> _Cells:
    """Two held-out items a user, drawn by the softmax over what is not seen."""
    random = np.random.default_rng(1)
    term, popularity = random.normal(size=(n_users, n_items)), random.normal(size=n_items) + 3
    seen = random.random(term.shape) < 0.2
    logits = np.where(seen, -np.inf, alpha * term + beta * popularity)
    drawn = logits[:, None, :] + random.gumbel(size=(n_users, 2, n_items))
    target = np.zeros(term.shape, dtype=np.float32)
    for place in (0, 1):
        target[np.arange(n_users), drawn[:, place].argmax(axis=1)] += 0.5
    return _Cells(term.astype(np.float32), 1.0, popularity.astype(np.float32), seen, target)


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.5), (0.3, 1.2)])
def test_planted_weights_are_found_again(alpha, beta):
    cells = planted(alpha, beta)
    np.testing.assert_allclose(cells.best(strongest=STRONGEST), [alpha, beta], atol=0.06)
    assert cells.best(strongest=0.0)[0] == 0


def test_log_likelihood_equals_that_of_scipy():
    cells = planted(1.0, 1.0, n_users=5)
    logits = np.where(cells.seen, -np.inf, 0.7 * cells.term + 0.2 * cells.popularity)
    expected = [sum(log_softmax(z)[t > 0] * t[t > 0]) for z, t in zip(logits, cells.target, strict=True)]
    np.testing.assert_allclose(cells.log_likelihood(np.array([0.7, 0.2])), expected, atol=1e-5)


def test_a_term_that_knows_the_taste_counts_and_noise_does_not():
    even = np.arange(40) % 2 == 0
    knows = term_strength(term_of(np.equal.outer(even, even).astype(float)), SPLIT_DATASET)
    assert knows.alpha > 0
    assert knows.gain > 5 * knows.standard_error
    assert (knows.n_users, knows.seed) == (80, 0)
    noise = term_strength(term_of(np.random.default_rng(0).normal(size=(40, 40))), SPLIT_DATASET)
    against = term_strength(term_of(np.not_equal.outer(even, even).astype(float)), SPLIT_DATASET)
    assert noise.alpha == against.alpha == 0, "what says the contrary is not turned round"


def test_strength_does_not_depend_on_the_scale_of_the_weights():
    even = np.arange(40) % 2 == 0
    same = np.equal.outer(even, even) * 0.01
    found, other = (term_strength(term_of(w, a), SPLIT_DATASET) for w, a in ((same, 1.0), (1000 * same, 7.0)))
    assert found.alpha == pytest.approx(1000 * other.alpha, rel=1e-3)


def test_too_few_users_or_no_entries_give_no_weight():
    few = SplitDataset.build(two_tastes(n_users=LEAST_USERS - 1, outcome="taken"), task="implicit", kind="time", seed=0)
    even = np.arange(40) % 2 == 0
    found = term_strength(term_of(np.equal.outer(even, even).astype(float)), few)
    assert (found.alpha, found.n_users) == (0, LEAST_USERS - 1)
    empty = replace(term_of(np.zeros((40, 40))), neighbours=0)
    assert term_strength(empty, SPLIT_DATASET).alpha == 0


def test_a_term_beside_a_network_that_knows_nothing_grows_where_lists_gain():
    even = np.arange(40) % 2 == 0
    features = make_features(two_tastes(outcome="taken"))
    noise = Ranker(features.groups, RankerShape(width=4, attention=4, first=8, second=4), weights=torch_stream(0, "x"))
    with torch.no_grad():
        noise.head.weight.mul_(30)
    knows = term_of(np.equal.outer(even, even).astype(float), 0.01)
    network = Scorer(noise, features)
    grown = stronger_beside(network, knows, SPLIT_DATASET)
    assert 2 * knows.alpha <= grown.alpha <= MOST_GROWTH * knows.alpha
    against = term_of(np.not_equal.outer(even, even).astype(float), 5.0)
    assert stronger_beside(network, against, SPLIT_DATASET).alpha == 5.0
    assert stronger_beside(network.with_term(knows), replace(knows, alpha=0.0), SPLIT_DATASET).alpha == 0.0
