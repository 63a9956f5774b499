"""Low rank: the closest matrices of a rank, thin where that is smaller, with pruning and bits, and what they cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from lever_contract import DENSE, LeverContract, built, costs
from torch import nn

from recsys_core.compress.build import shape_only
from recsys_core.compress.cost import count_macs
from recsys_core.compress.levers.low_rank import factorise, most_rank
from recsys_core.errors import SettingError
from recsys_core.variant import Compression


class TestLowRank(LeverContract):
    name = "low_rank"
    compression = Compression(rank=4)


@torch.no_grad()
@pytest.mark.parametrize("rank", [1, 3, 7])
def test_the_product_is_the_closest_matrix_of_its_rank(rank):
    """What it misses are the singular values left out (Eckart & Young 1936)."""
    torch.manual_seed(rank)
    layer = nn.Linear(20, 12)
    thin = factorise(layer, rank)
    missed = (thin.outer.weight @ thin.inner.weight - layer.weight).square().sum()
    torch.testing.assert_close(missed, torch.linalg.svdvals(layer.weight)[rank:].square().sum())
    assert torch.equal(thin.outer.bias, layer.bias)


@torch.no_grad()
def test_a_matrix_of_a_low_rank_is_kept_whole():
    torch.manual_seed(0)
    layer, inputs = nn.Linear(20, 12), torch.randn(9, 20)
    layer.weight.copy_(torch.randn(12, 2) @ torch.randn(2, 20))
    torch.testing.assert_close(factorise(layer, 2)(inputs), layer(inputs), atol=1e-4, rtol=0)


def test_only_what_gets_smaller_is_a_product():
    layer = nn.Linear(24, 12)  # 7 * 36 numbers against 24 * 12, but 8 * 36 is as many
    assert most_rank(layer) == 7
    assert factorise(layer, 8) is layer
    assert isinstance(factorise(layer, 7), nn.Sequential)


def test_costs_by_hand():
    """Of the body of 24 and 12 units, what reads the history and the user, and what comes behind the sums."""
    thin, n_sums = built(Compression(rank=4)), DENSE.ranker.n_user + 2 * DENSE.ranker.shape.attention
    saved = n_sums * 24 + 24 * 12 - 4 * (n_sums + 24 + 24 + 12)
    assert count_macs(DENSE.ranker) - count_macs(thin.ranker) == saved
    n_inputs = n_sums + DENSE.ranker.n_item
    fewer = n_inputs * 24 + 24 * 12 - 4 * (n_inputs + 24 + 24 + 12)
    dense, found = costs(DENSE), costs(thin)
    assert dense["n_parameters"] - found["n_parameters"] == fewer
    assert abs(dense["size_bytes"] - found["size_bytes"] - 4 * fewer) < 500  # names of the arrays


@pytest.mark.parametrize("pruning", ["structured", "unstructured"])
@pytest.mark.parametrize("bits", [32, 8, 4])
def test_it_combines_with_pruning_and_bits(pruning, bits):
    compression = Compression(sparsity=0.3, pruning=pruning, bits=bits, rank=3)
    scorer = built(compression)
    assert [x.name for x in scorer.ranker.layers()][:2] == ["first.inner", "first.outer"]
    drawn, found = (costs(s) for s in (shape_only(DENSE, compression), scorer))
    if pruning == "unstructured" or bits == 4:  # zeros lie elsewhere in a matrix that was not trained
        drawn["size_bytes"] = pytest.approx(drawn["size_bytes"], rel=0.03)
    assert drawn == found
    assert found["size_bytes"] < costs(built(replace(compression, rank=None)))["size_bytes"]


def test_a_rank_that_makes_nothing_smaller_is_refused():
    most = most_rank(DENSE.ranker.body.first)
    with pytest.raises(SettingError, match=f"between 1 and {most}"):
        built(Compression(rank=most + 1))
