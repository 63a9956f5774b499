"""Moments against own and shared candidates equal the plain path over all of them side by side, dropout included."""

from __future__ import annotations

import pytest
import torch
from test_objective import FEATURES, random_ranker
from torch.nn import functional as F

from recsys_core.architectures.networks import make_network
from recsys_core.models.moment_logits import Past, candidate_logits, moment_logits
from recsys_core.models.ranker import EMPTY, RankerShape
from recsys_core.results.architectures import KINDS
from recsys_core.seeds import torch_stream


@pytest.mark.parametrize(("dropout", "n_own", "n_shared"), [(0.0, 2, 5), (0.4, 3, 2), (0.4, 1, 1)])
def test_logits_and_gradients_are_those_of_all_candidates_side_by_side(dropout, n_own, n_shared):
    shape = RankerShape(width=4, attention=3, first=6, second=5, history=7, input_dropout=dropout, dropout=dropout)
    ranker, random = random_ranker(1, FEATURES, shape).train(), torch_stream(0, "inputs")
    b, length = 4, 6
    users, past, own, shared = (
        torch.randn(*size, generator=random)
        for size in ((b, ranker.n_user), (9, ranker.n_item), (b, n_own, ranker.n_item), (n_shared, ranker.n_item))
    )
    rows = torch.randint(9, (b, length), generator=random)
    absent = torch.where(torch.rand(b, 1, length, generator=random) < 0.3, EMPTY, 0.0)
    attention = ranker.adapter.attention

    def plain():
        every = torch.cat([own, shared.expand(b, -1, -1)], 1)
        part, query = ranker.item_parts(every)
        noise = torch_stream(3, "noise")
        histories = (F.embedding(rows, attention.key(past)), F.embedding(rows, attention.value(past)), absent)
        pooled = ranker.pooled(query, histories, noise=noise)
        return ranker.grid(users, part, pooled, noise=noise), pooled

    def apart():
        kinds = [ranker.item_parts(own), ranker.item_parts(shared)]
        read = Past.of(ranker, past, rows, absent)
        logits, pooled = moment_logits(ranker, users, read, kinds, noise=torch_stream(3, "noise"))
        return torch.cat(logits, 1), torch.cat(pooled, 1)

    weight = torch.randn(b, n_own + n_shared, generator=random)
    found = []
    for logits, pooled in (plain(), apart()):
        ranker.zero_grad()
        ((logits * weight).sum() + pooled.square().sum()).backward()
        gradients = {name: p.grad.clone() for name, p in ranker.named_parameters() if p.grad is not None}
        found.append((logits.detach(), pooled.detach(), gradients))
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=1e-4)
    assert found[0][2].keys() >= {"adapter.attention.empty_value", "adapter.attention.recency", "body.first.weight"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_design_is_asked_for_own_and_shared_candidates(kind):
    """Each design's logits are those of its pairs one by one, whatever pools its histories."""
    random = torch_stream(0, "inputs")
    ranker = make_network(kind, FEATURES.groups, 6, random).eval()
    users, past, own, shared = (
        torch.randn(*size, generator=random)
        for size in ((4, ranker.n_user), (9, ranker.n_item), (4, 3, ranker.n_item), (5, ranker.n_item))
    )
    rows, absent = torch.randint(9, (4, 6), generator=random), torch.zeros(4, 1, 6)
    absent[1], absent[2, :, 3:] = EMPTY, EMPTY
    parts = [ranker.item_parts(own), ranker.item_parts(shared)]
    with torch.no_grad():
        logits, pooled = candidate_logits(ranker, users, (past, rows, absent), parts, noise=random)
        assert [x.shape[:2] for x in (*logits, *pooled)] == [(4, 3), (4, 5)] * 2
        attention = ranker.adapter.attention
        read = F.embedding(rows, attention.key(past)), F.embedding(rows, attention.value(past)), absent
        for user in range(4):
            histories = tuple(x[user : user + 1] for x in read)
            for items, found in ((own[user], logits[0][user]), (shared, logits[1][user])):
                for item, logit in zip(items, found, strict=True):
                    part, query = ranker.item_parts(item.unsqueeze(0))
                    plain = ranker.grid(users[user : user + 1], part, ranker.pooled(query, histories))
                    torch.testing.assert_close(plain[0, 0], logit, rtol=1e-4, atol=1e-4)
