"""A layer of the body may be a product of matrices: parts are summed inside it, and every path gives its score."""

from __future__ import annotations

import copy
from collections import OrderedDict

import numpy as np
import pytest
import torch
from explain_model import random_pairs, random_scorer, scores_by_parts, tiny_dataset, tiny_features
from torch import nn

from recsys_core.compress.cost import count_macs
from recsys_core.compress.levers.unstructured import prunable
from recsys_core.compress.onnx_runtime import OnnxScorer
from recsys_core.compress.quantize import matrices, quantise_ranker, unquantised, vectors
from recsys_core.models.ranker import Ranker
from recsys_core.models.scorer import Scorer
from recsys_core.variant import ModelVariant

DATASET = tiny_dataset()
FEATURES = tiny_features(DATASET)
DENSE = random_scorer(FEATURES)
PAIRS = random_pairs(DATASET, 30)
RANK = 5


def product(layer: nn.Linear, rank: int) -> nn.Sequential:
    inner, outer = nn.Linear(layer.in_features, rank, bias=False), nn.Linear(rank, layer.out_features)
    return nn.Sequential(OrderedDict(inner=inner, outer=outer))


@pytest.fixture(scope="module")
def factorised() -> Ranker:
    """Both layers of the body as products; the matrices are drawn."""
    torch.manual_seed(1)
    ranker = copy.deepcopy(DENSE.ranker)
    for name in ("first", "second"):
        setattr(ranker.body, name, product(getattr(ranker.body, name), RANK))
    return ranker.requires_grad_(False)


@pytest.fixture(scope="module")
def multiplied(factorised) -> Scorer:
    """The same function with each product multiplied out."""
    ranker = copy.deepcopy(DENSE.ranker)
    with torch.no_grad():
        for layer, parts in ((ranker.body.first, factorised.body.first), (ranker.body.second, factorised.body.second)):
            layer.weight.copy_(parts.outer.weight @ parts.inner.weight)
            layer.bias.copy_(parts.outer.bias)
    return Scorer(ranker, FEATURES)


def scores(scorer: Scorer) -> np.ndarray:
    return scorer.score_pairs(PAIRS.users, PAIRS.items, PAIRS.histories)


@pytest.mark.parametrize("onnx", [False, True])
def test_a_product_scores_as_the_matrix_it_stands_for(factorised, multiplied, onnx):
    scorer = Scorer(factorised, FEATURES)
    if onnx:
        scorer = OnnxScorer(unquantised(factorised), FEATURES, variant=ModelVariant.compressed(bits=8))
    expected = scores(multiplied)
    np.testing.assert_allclose(scores(scorer), expected, atol=1e-5)
    np.testing.assert_allclose(scores_by_parts(scorer, PAIRS), expected, atol=1e-5)
    lists = scorer.score_catalogue(PAIRS.users, PAIRS.histories)
    np.testing.assert_allclose(lists[np.arange(len(PAIRS)), PAIRS.items], expected, atol=1e-5)
    assert scorer.item_base.shape[1] == RANK  # parts are summed inside the product


@pytest.mark.parametrize("bits", [8, 4])
def test_packed_products_run_as_what_they_unpack_to(factorised, bits):
    quantised = quantise_ranker(factorised, bits)
    packed = OnnxScorer(quantised, FEATURES, variant=ModelVariant.compressed(bits=bits), unpacked=False)
    np.testing.assert_allclose(scores(packed), scores(Scorer(quantised.ranker, FEATURES)), atol=1e-5)


def test_every_matrix_of_a_product_is_stored_counted_and_prunable(factorised):
    n_parameters = sum(p.numel() for p in factorised.parameters())
    assert sum(x.numel() for x in (matrices(factorised) | vectors(factorised)).values()) == n_parameters
    shape, n_sums = factorised.shape, factorised.n_user + 2 * factorised.shape.attention
    dense = n_sums * shape.first + shape.first * shape.second
    thin = RANK * (n_sums + shape.first + shape.first + shape.second)
    assert count_macs(DENSE.ranker) - count_macs(factorised) == dense - thin
    assert len(prunable(factorised)) == len(prunable(DENSE.ranker)) + 2


def test_the_chain_names_its_layers(factorised):
    dense = [("first", False), ("second", True), ("head", True)]
    assert [(x.name, x.rectified) for x in DENSE.ranker.layers()] == dense
    names = ["first.inner", "first.outer", "second.inner", "second.outer", "head"]
    assert [x.name for x in factorised.layers()] == names
    assert [x.rectified for x in factorised.layers()] == [False, False, True, False, True]
