"""Pruning: cutting units is exact, refitting helps, single weights go to zero by size, the original stays."""

from __future__ import annotations

import copy

import pytest
import torch
from explain_model import random_pairs, random_scorer, tiny_dataset, tiny_features
from torch.nn import functional as F

from recsys_core.compress.levers.unstructured import prunable, prune_unstructured
from recsys_core.compress.units import (
    cut_units,
    prune_structured,
    shrink_body,
    units_left,
)
from recsys_core.models.body_inputs import body_inputs
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
SCORER = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 300)


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    with torch.no_grad():
        return body_inputs(SCORER, PAIRS, PAIRS.items[:, None])


def masked(ranker: Ranker, inputs: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The dense ranker with the outputs of all other units set to zero."""
    hidden = F.relu(ranker.body.first(inputs))
    keep = torch.zeros(hidden.shape[1]).index_fill(0, first, 1.0)
    hidden = F.relu(ranker.body.second(hidden * keep))
    keep = torch.zeros(hidden.shape[1]).index_fill(0, second, 1.0)
    return ranker.head(hidden * keep).squeeze(-1)


def test_half_the_units_are_left(inputs):
    cut = prune_structured(SCORER.ranker, 0.5, inputs)
    assert (cut.ranker.shape.first, cut.ranker.shape.second) == (12, 6)
    assert cut.ranker.body.first.weight.shape == (12, SCORER.ranker.body.first.in_features)
    assert cut.ranker.body.second.weight.shape == (6, 12)
    assert (cut.ranker.body.second.in_features, cut.ranker.head.in_features) == (12, 6)


@torch.no_grad()
def test_cutting_is_the_same_function_as_masking(inputs):
    cut = prune_structured(SCORER.ranker, 0.5, inputs)
    expected = masked(SCORER.ranker, inputs, cut.first, cut.second)
    torch.testing.assert_close(cut.ranker(inputs), expected, atol=1e-5, rtol=0)
    alone = Scorer(cut.ranker, FEATURES).score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories)
    torch.testing.assert_close(torch.from_numpy(alone), expected, atol=1e-5, rtol=0)


def test_keeping_every_unit_keeps_every_score(inputs):
    cut = cut_units(SCORER.ranker, torch.arange(24), torch.arange(12))
    assert torch.equal(cut.ranker(inputs), SCORER.ranker(inputs))


def test_four_units_are_always_left(inputs):
    cut = prune_structured(SCORER.ranker, 0.95, inputs)
    assert (len(cut.first), len(cut.second)) == (4, 4)
    assert units_left(3, 0.9) == 3


def test_a_narrow_ranker_has_the_width_asked_for(inputs):
    cut = shrink_body(SCORER.ranker, 10, inputs)
    assert (cut.ranker.shape.first, cut.ranker.shape.second) == (10, 5)


@torch.no_grad()
def test_of_equal_units_one_is_kept(inputs):
    """Twelve units are copied over the other twelve: the copies add nothing, and nothing is lost without them."""
    doubled = copy.deepcopy(SCORER.ranker)
    doubled.body.first.weight[12:] = doubled.body.first.weight[:12]
    doubled.body.first.bias[12:] = doubled.body.first.bias[:12]
    cut = prune_structured(doubled, 0.5, inputs)
    assert sorted((cut.first % 12).tolist()) == list(range(12))


@torch.no_grad()
def test_refitting_comes_closer_than_cutting(inputs):
    cut = prune_structured(SCORER.ranker, 0.5, inputs)
    dense = SCORER.ranker(inputs)
    before = F.mse_loss(cut.ranker(inputs), dense)
    after = F.mse_loss(cut.refitted(inputs)(inputs), dense)
    assert after < before / 2


@torch.no_grad()
def test_refitting_what_lost_nothing_changes_nothing(inputs):
    whole = cut_units(SCORER.ranker, torch.arange(24), torch.arange(12))
    refitted = whole.refitted(inputs)
    torch.testing.assert_close(refitted(inputs), SCORER.ranker(inputs), atol=1e-4, rtol=0)


@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.95])
def test_the_share_of_zeros_is_the_sparsity(sparsity):
    weights = prunable(prune_unstructured(SCORER.ranker, sparsity))
    zeros, total = sum(int((w == 0).sum()) for w in weights), sum(w.numel() for w in weights)
    assert zeros == round(total * sparsity)


def test_the_smallest_weights_go_and_the_others_stay():
    pruned = prune_unstructured(SCORER.ranker, 0.5)
    before = torch.cat([w.flatten() for w in prunable(SCORER.ranker)])
    after = torch.cat([w.flatten() for w in prunable(pruned)])
    gone = after == 0
    assert before[gone].abs().max() <= before[~gone].abs().min()
    assert torch.equal(after[~gone], before[~gone])
    for name, table in SCORER.ranker.adapter.tables.items():
        if isinstance(table, torch.nn.Embedding):
            assert torch.equal(pruned.adapter.tables[name].weight, table.weight)


def test_the_original_and_the_random_state_are_not_touched(inputs):
    before, state = copy.deepcopy(SCORER.ranker.state_dict()), torch.get_rng_state()
    cut = prune_structured(SCORER.ranker, 0.5, inputs)
    cut.refitted(inputs)
    prune_unstructured(SCORER.ranker, 0.5)
    assert all(torch.equal(x, before[name]) for name, x in SCORER.ranker.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
