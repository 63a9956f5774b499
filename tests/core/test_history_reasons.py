"""History reasons: they sum to the history's part, the term's share is exact, and attention is no explanation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys_core.compress.variants import VariantCache
from recsys_core.errors import SettingError
from recsys_core.explain.explain import explain
from recsys_core.explain.history_reasons import attended_history, left_out_history, shared_history
from recsys_core.explain.leave_one_out import leave_one_out_effects
from recsys_core.metrics import probability
from recsys_core.models.scorer import Pairs
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.workspace import open_model
from recsys_core.recommend import user_pairs
from recsys_core.results import Explanation
from recsys_core.variant import Compression

USER, ITEM = 5, 7


@pytest.fixture(scope="module")
def model(term_workspace) -> TrainedModel:
    return open_model(term_workspace)


def pair_of(model: TrainedModel, *, read: int | None = None) -> Pairs:
    """The user's pair; ``read``: attention reads so many of the positives, the others count in the term alone."""
    pair = user_pairs(model.split_dataset, USER, np.array([ITEM]))
    if read is None:
        return pair
    histories = pair.histories.copy()
    histories[:, read:] = -1
    return Pairs(pair.users, pair.items, histories, pair.known)


def both(model: TrainedModel, pair: Pairs, **how) -> tuple[Explanation, Explanation]:
    background = model.split_dataset.background(4, seed=0)
    return tuple(explain(model.dense, model.dataset, pair, background, history=h, **how) for h in ("one", "each"))


def bar(explanation: Explanation) -> float:
    return next(c.contribution for c in explanation.contributions if c.feature == "history")


@pytest.mark.parametrize("read", [None, 4, 1])
def test_items_sum_to_the_historys_part_and_hold_the_terms_exact_share(model, read):
    pair = pair_of(model, read=read)
    one, each = both(model, pair)
    found = shared_history(each, pair, model.dataset)
    positives = pair.known.csr().indices
    assert sorted(item.item_index for item in found.items) == sorted(positives.tolist())
    assert found.total == found.history + found.gap == pytest.approx(bar(one), abs=1e-5)
    assert sum(not item.is_read for item in found.items) == (0 if read is None else len(positives) - read)
    shares = model.dense.term.shares(pair.items, pair.known).toarray()[0]
    assert found.term == pytest.approx(each.item_item.difference, abs=1e-6)
    n_players = sum(c.player.side == "history" for c in each.contributions)
    for item in found.items:
        if item.is_read:
            assert item.term == pytest.approx(shares[item.item_index] - each.item_item.background / n_players, abs=1e-6)
        else:
            assert item.network == pytest.approx(0, abs=1e-6)
    newest = [item.item_index for item in found.items][: len(pair.histories[0])]
    assert newest[0] == pair.histories[0, 0]


def test_in_points_the_items_sum_too_and_nothing_is_apart(model):
    pair = pair_of(model, read=3)
    one, each = both(model, pair, units="probability")
    found = shared_history(each, pair, model.dataset)
    assert found.units == "probability"
    assert found.term is None
    assert found.n_earlier == len(pair.known.csr().indices) - 3
    assert found.total == pytest.approx(bar(one), abs=1e-5)


def test_leave_one_out_is_the_score_without_each_item(model):
    pair = pair_of(model)
    for units in ("logit", "probability"):
        one, _ = both(model, pair, units=units)
        found = left_out_history(model.dense, pair, model.dataset, one)
        effects = leave_one_out_effects(model.dense, pair)
        for item in found.items:
            lost = effects[item.item_index]
            without = one.logit - lost
            expected = lost if units == "logit" else probability(one.logit) - probability(without)
            assert item.contribution == pytest.approx(expected, abs=1e-6)
        assert found.history == pytest.approx(bar(one), abs=1e-9)
        assert (found.term is None) == (units == "probability")


def test_attention_weights_are_the_networks_own(model):
    """The pooled value is the weighted mean of the items' values and the empty slot's."""
    pair = pair_of(model)
    one, _ = both(model, pair)
    found = attended_history(model.dense, pair, model.dataset, one)
    weights = np.array([item.contribution for item in found.items])
    assert (weights > 0).all()
    assert weights.sum() < 1
    past = model.dense.history_vectors(pair.histories)
    attention = model.dense.ranker.adapter.attention
    with torch.inference_mode():
        pooled = attention(model.dense.item_query[pair.items][None], past.keys, past.values, past.absent)[0, 0]
    values = past.values[0, : len(weights)].numpy()
    own = weights @ values + (1 - weights.sum()) * attention.empty_value.detach().numpy()
    assert own == pytest.approx(pooled[: len(own)].numpy(), abs=1e-5)
    with pytest.raises(SettingError, match="attention"):
        attended_history(VariantCache(model).scorer(Compression(bits=8)), pair, model.dataset, one)


def test_an_item_taken_twice_is_one_reason(model):
    network, pair = model.dense.with_term(None), pair_of(model)
    twice = pair.histories.copy()
    twice[0, 2] = twice[0, 0]
    repeated = Pairs(pair.users, pair.items, twice)
    one, each = (
        explain(network, model.dataset, repeated, model.split_dataset.background(3, seed=0), history=h)
        for h in ("one", "each")
    )
    n_items = len(set(twice[0][twice[0] >= 0].tolist()))
    for found in (
        shared_history(each, repeated, model.dataset),
        left_out_history(network, repeated, model.dataset, one),
        attended_history(network, repeated, model.dataset, one),
    ):
        assert len(found.items) == n_items
    assert shared_history(each, repeated, model.dataset).total == pytest.approx(bar(one), abs=1e-5)


def test_nobody_without_a_history_has_a_reason(model):
    pair = pair_of(model)
    none = Pairs(pair.users, pair.items, np.full_like(pair.histories, -1))
    network = model.dense.with_term(None)
    one = explain(network, model.dataset, none, model.split_dataset.background(3, seed=0))
    for split in (left_out_history, attended_history):
        assert split(network, none, model.dataset, one).items == ()
