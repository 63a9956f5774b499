"""Ranker and scorer: the factorised path equals the plain one, alone and in any batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.data.features import FeatureGroup, Features, hat_weights
from recsys_core.models.ranker import EMPTY, HistoryAttention, Ranker, RankerShape
from recsys_core.models.scorer import Pairs, Scorer

N_USERS, N_ITEMS = 7, 23
SHAPE = RankerShape(width=6, attention=5, first=11, second=8, history=9)


def make_scorer(seed: int = 0, shape: RankerShape = SHAPE, n_items: int = N_ITEMS) -> Scorer:
    """A ranker of random weights, large enough that logits differ, over random features."""
    random = np.random.default_rng(seed)
    groups = (
        FeatureGroup("user_id", "id", N_USERS + 1),
        FeatureGroup("user.age", "number", 4, knots=(0.0, 1.0, 2.0, 3.0)),
        FeatureGroup("item.category", "category", 5),
        FeatureGroup("item.title", "text", 12),
    )
    tables = {
        "user_id": np.arange(1, N_USERS + 1),
        "user.age": hat_weights(random.uniform(0, 3, N_USERS), np.arange(4.0)),
        "item.category": random.integers(0, 5, n_items),
        "item.title": random.normal(size=(n_items, 12)).astype(np.float32),
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        ranker = Ranker(groups, shape)
        for parameter in ranker.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
    return Scorer(ranker, Features(groups, tables, N_USERS, n_items))


def random_histories(n: int, length: int, seed: int, n_items: int = N_ITEMS) -> np.ndarray:
    random = np.random.default_rng(seed)
    histories = random.integers(0, n_items, (n, length))
    for row, used in enumerate(random.integers(0, length + 1, n)):
        histories[row, used:] = -1
    return histories


def plain_score(scorer: Scorer, user: int, item: int, history: np.ndarray) -> float:
    """Second implementation: the network as it reads on paper, one pair at a time, nothing factorised."""
    ranker, attention = scorer.ranker, scorer.ranker.adapter.attention
    with torch.inference_mode():
        users = scorer.embeddings("user", torch.tensor([user]))
        items = scorer.embeddings("item", torch.tensor([item]))
        present = torch.tensor([i for i in history if i >= 0], dtype=torch.long)
        past = scorer.embeddings("item", present) if len(present) else torch.zeros(0, items.shape[1])
        query = attention.query(items)[0]
        keys, values = attention.key(past), attention.value(past)
        logits = [float(k @ query) * attention.scale + float(attention.recency[j]) for j, k in enumerate(keys)]
        weight = torch.softmax(torch.tensor([*logits, float(attention.empty_logit)]), 0)
        pooled = weight[-1] * attention.empty_value + sum((w * v for w, v in zip(weight, values, strict=False)), 0)
        key = sum((w * k for w, k in zip(weight, keys, strict=False)), torch.zeros_like(query))
        return float(ranker(torch.cat([users[0], items[0], pooled, query * key])[None])[0])


def test_pairs_equal_the_plain_network():
    scorer = make_scorer()
    histories = random_histories(12, SHAPE.history, seed=1)
    users, items = np.arange(12) % N_USERS, np.arange(12) % N_ITEMS
    found = scorer.score_pairs(users, items, histories)
    expected = [plain_score(scorer, u, i, h) for u, i, h in zip(users, items, histories, strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.std(found) > 0.1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), length=st.integers(1, SHAPE.history))
def test_a_score_is_the_same_alone_and_in_any_batch(seed, length):
    scorer = make_scorer(seed % 3)
    histories = random_histories(4, length, seed)
    users = np.random.default_rng(seed).integers(0, N_USERS, 4)
    catalogue = scorer.score_catalogue(users, histories)
    items = np.arange(4) * 3
    together = scorer.score_pairs(users, items, histories)
    alone = [scorer.score_pairs(users[[r]], items[[r]], histories[[r]])[0] for r in range(4)]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(together, catalogue[np.arange(4), items], atol=1e-5)


def test_group_parts_add_up_to_the_first_layer():
    scorer = make_scorer()
    users, items = np.array([2, 5]), np.array([3, 11])
    first, query = scorer.group_parts(users, items)
    assert first.shape == (2, 4, SHAPE.first)
    bases = scorer.item_base[items] + scorer.user_base(users)
    torch.testing.assert_close(first.sum(1) + scorer.first_bias, bases)
    torch.testing.assert_close(query.sum(1) + scorer.query_bias, scorer.item_query[items])


def test_empty_history_is_the_learned_empty_slot():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        attention = HistoryAttention(6, SHAPE)
        torch.nn.init.normal_(attention.empty_value)
        query, nothing = torch.randn(1, 3, 5), torch.randn(1, 2, 5)
        pooled = attention(query, nothing, nothing, torch.full((1, 1, 2), EMPTY))
    torch.testing.assert_close(pooled[..., :5], attention.empty_value.expand(1, 3, 5))
    assert pooled[..., 5:].abs().max() == 0


def test_history_order_matters_only_through_recency():
    scorer = make_scorer()
    history = np.array([[3, 1, 8]])
    pair = (np.array([0]), np.array([4]))
    forwards, backwards = (scorer.score_pairs(*pair, h)[0] for h in (history, history[:, ::-1].copy()))
    assert forwards != pytest.approx(backwards, abs=1e-6)
    with torch.no_grad():
        scorer.ranker.adapter.attention.recency.zero_()
    assert scorer.score_pairs(*pair, history)[0] == pytest.approx(
        scorer.score_pairs(*pair, history[:, ::-1].copy())[0], abs=1e-6
    )


def test_unseen_user_and_item_get_a_finite_score():
    scorer = make_scorer()
    unseen = scorer.score_pairs(np.array([0]), np.array([1]), np.full((1, 4), -1))
    assert np.isfinite(unseen).all()


def test_hat_weights_interpolate():
    knots = np.array([1.0, 2.0, 5.0])
    x = np.array([1.0, 1.5, 3.5, 5.0, 0.0, 9.0])
    weights = hat_weights(x, knots)
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights @ knots, np.clip(x, 1, 5), rtol=1e-6)
    assert hat_weights(np.array([np.nan]), knots).sum() == 0


def test_pairs_slice():
    pairs = Pairs(np.arange(5), np.arange(5) * 2, np.zeros((5, 3), int))
    assert len(pairs[1:3]) == 2
    assert pairs[np.array([4])].items.tolist() == [8]
