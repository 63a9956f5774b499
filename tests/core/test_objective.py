"""What training minimises, by hand on 2 users and 3 items: losses, masked negatives, penalty and hiding of ids."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from test_training import two_tastes
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features
from recsys_core.data.known import KnownItems, PositiveRows
from recsys_core.data.schema import Column, Schema
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.objective import IdRegulation, LabelledObjective
from recsys_core.models.ranker import Ranker, RankerShape, module_name
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.sequence_objective import Moments, SequenceObjective, SequenceSampling, target_blocks
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings, train_ranker
from recsys_core.seeds import random_stream, torch_stream

SHAPE = RankerShape(width=4, attention=3, first=6, second=5, history=3, input_dropout=0, dropout=0)
PLAIN = IdRegulation(dropout=0, penalty=0)


def features_of(n_users: int = 2, n_items: int = 3) -> Features:
    users = pd.DataFrame({"user_id": [f"u{i}" for i in range(n_users)], "age": np.linspace(20, 60, n_users)})
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(n_items)], "title": [f"T{i}" for i in range(n_items)]})
    items["kind"] = [("x", "y")[i % 2] for i in range(n_items)]
    log = pd.DataFrame({"user_index": [0], "item_index": [0], "value": [1.0], "time": [0]})
    schema = Schema((Column("age", "number"),), (Column("kind", "category"),), "click")
    return make_features(Dataset("hand", schema, users, items, log))


FEATURES = features_of()


def random_ranker(seed: int = 0, features: Features = FEATURES, shape: RankerShape = SHAPE) -> Ranker:
    """Weights of order 1, so that no two outcomes have the same loss."""
    weights = torch_stream(seed, "test")
    ranker = Ranker(features.groups, shape, weights=weights)
    with torch.no_grad():
        for parameter in ranker.parameters():
            parameter.normal_(std=0.7, generator=weights)
    return ranker


def id_table(ranker: Ranker, side: str) -> Tensor:
    """Id embeddings; row 0 is that of an unknown or hidden id, row i + 1 of user or item i."""
    (key,) = (g.key for g in FEATURES.side(side) if g.kind == "id")
    return ranker.adapter.tables[module_name(key)].weight


def sequences(ranker: Ranker, ids: IdRegulation = PLAIN, **more) -> SequenceObjective:
    """User 0 took 0 and 1, user 1 took 2."""
    return SequenceObjective(ranker, FEATURES, ids, rows_of([[0, 1], [2]], 3), SequenceSampling(least=1), **more)


def rows_of(sequences: list[list[int]], n_items: int, length: int = 3) -> PositiveRows:
    """Rows with a positive of users who took these items, in this order."""
    item = np.array([i for row in sequences for i in row], dtype=np.int64)
    user = np.repeat(np.arange(len(sequences)), [len(row) for row in sequences])
    shape = (len(sequences), n_items, len(item))
    return PositiveRows.build(user, item, np.arange(len(item)), shape=shape, length=length)


def moments(*blocks: tuple[int, int], negatives: int = 3) -> Moments:
    """A batch of blocks ``[begin, end)`` of first takings."""
    begin, end = np.array(blocks).T
    return Moments(begin, end, negatives)


def logits(ranker: Ranker, user: int, history: Iterable[int]) -> Tensor:
    """Logits of all items by the scorer, a path of its own."""
    row = np.full((1, 3), -1)
    row[0, : len(history)] = history
    return torch.from_numpy(Scorer(ranker, FEATURES).score_catalogue(np.array([user]), row)[0])


def softmax_loss(
    ranker: Ranker, user: int, history: list[int], targets: list[int], negatives: list[int], *, offset=None
) -> float:
    """Mean cross-entropy of each target against the negatives, as PyTorch computes it.

    ``offset[h, i]``: what having taken h adds to the logit of item i.
    """
    score = logits(ranker, user, history)
    if offset is not None:
        score = score + offset[history].sum(0)
    each = [F.cross_entropy(score[[t, *negatives]][None], torch.tensor([0])) for t in targets]
    return float(torch.stack(each).mean())


BLOCKS = ((0, 1), (1, 2), (2, 3))


def three_losses(ranker: Ranker, offset: Tensor | None = None) -> float:
    """Of item 0 from nothing, of 1 after 0, of 2 from nothing; what the same user takes too is no negative."""
    each = [(0, [], [0], [2]), (0, [0], [1], [2]), (1, [], [2], [0, 1])]
    return float(np.mean([softmax_loss(ranker, *moment, offset=offset) for moment in each]))


def test_sampled_softmax_equals_cross_entropy():
    ranker = random_ranker()
    objective, expected = sequences(ranker), three_losses(ranker)
    found = objective.loss(moments(*BLOCKS), np.random.default_rng(0))
    assert float(found.detach()) == pytest.approx(expected, abs=1e-5)


def test_moments_with_more_and_with_fewer_targets_count_alike():
    ranker = random_ranker()
    found = sequences(ranker).loss(moments((0, 2), (2, 3)), np.random.default_rng(0))
    both = softmax_loss(ranker, 0, [], [0, 1], [2])
    expected = (both + softmax_loss(ranker, 1, [], [2], [0, 1])) / 2
    assert float(found.detach()) == pytest.approx(expected, abs=1e-5)


def test_the_term_is_added_to_every_logit_and_learns_nothing():
    """Its offset is of all positives known at the moment, though attention may read the newest only."""
    ranker, table = random_ranker(), np.array([[0, 2.0, -1.0], [0.5, 0, 3.0], [1.0, 0, 0]], dtype=np.float32)
    term = ItemItemTerm(1.5, 100.0, csr_array(table), 3)
    objective = sequences(ranker, term=term)
    found = objective.loss(moments(*BLOCKS), np.random.default_rng(0))
    assert float(found.detach()) == pytest.approx(three_losses(ranker, 1.5 * torch.from_numpy(table)), abs=1e-5)
    none = ItemItemTerm(1.5, 100.0, csr_array((3, 3), dtype=np.float32), 0)
    same = sequences(ranker, term=none).loss(moments(*BLOCKS), np.random.default_rng(0))
    assert float(same.detach()) == pytest.approx(three_losses(ranker), abs=1e-5)
    assert float(found.detach()) != pytest.approx(float(same.detach()), abs=1e-3)


def test_negatives_are_drawn_without_repetition_and_masked_where_taken():
    """With one negative a user whose own item is drawn has nothing to tell apart: no loss, no gradient."""
    ranker = random_ranker()
    objective = sequences(ranker)
    possible = {n: softmax_loss(ranker, 1, [], [2], [n]) for n in (0, 1)}
    seen = set()
    for seed in range(30):
        ranker.zero_grad()
        loss = objective.loss(moments((2, 3), negatives=1), np.random.default_rng(seed))
        loss.backward()
        if float(loss.detach()) == 0:
            assert all(p.grad is None or not p.grad.any() for p in ranker.parameters())
            seen.add(2)
        else:
            (negative,) = (n for n, value in possible.items() if float(loss.detach()) == pytest.approx(value, abs=1e-5))
            assert touched(ranker, "item") == {negative, 2}
            seen.add(negative)
    assert seen == {0, 1, 2}


def touched(ranker: Ranker, side: str) -> set[int]:
    """Users or items whose id embedding the last backward pass would move."""
    rows = id_table(ranker, side).grad.abs().sum(1) > 0
    return {int(i) - 1 for i in torch.nonzero(rows)}


@pytest.mark.parametrize(("block", "history", "moved"), [((0, 1), [], {0, 2}), ((1, 2), [0], {0, 1, 2})])
def test_an_item_that_was_taken_but_is_no_target_gets_no_gradient(block, history, moved):
    ranker = random_ranker()
    loss = sequences(ranker).loss(moments(block), np.random.default_rng(0))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(softmax_loss(ranker, 0, history, [block[0]], [2]), abs=1e-5)
    assert touched(ranker, "item") == moved
    assert touched(ranker, "user") == {0}


@pytest.mark.parametrize("weight", [0.01, 2.0])
def test_penalty_is_the_mean_over_moments_and_over_the_items_that_are_scored(weight):
    """Each item of the batch counts once, padding never; one that is history only is pulled by nothing."""
    ranker = random_ranker()
    users, items = (id_table(ranker, side) for side in ("user", "item"))
    for seed in range(6):
        batch = moments((1, 2), (2, 3), negatives=1)
        losses = [sequences(ranker, IdRegulation(0, w)).loss(batch, np.random.default_rng(seed)) for w in (0, weight)]
        added = losses[1] - losses[0]
        drawn = int(np.random.default_rng(seed).choice(3, 1, replace=False)[0])
        scored = sorted({1, 2, drawn})
        wanted = weight * (users[1:].square().sum(1).mean() + items[[i + 1 for i in scored]].square().sum(1).mean())
        torch.testing.assert_close(added, wanted, atol=1e-5, rtol=1e-4)
        (pull,) = torch.autograd.grad(added, items)
        assert {int(i) - 1 for i in torch.nonzero(pull.abs().sum(1) > 1e-6)} == set(scored)


def labelled(
    ranker: Ranker, ids: IdRegulation = PLAIN, *, squared: bool = False, term: ItemItemTerm | None = None
) -> LabelledObjective:
    pairs = Pairs(np.array([0, 0, 1]), np.array([1, 2, 1]), HISTORIES, KnownItems.of([[0], [1, 0], []], 3))
    return LabelledObjective(ranker, FEATURES, ids, (pairs, np.array([1.0, 0.0, 0.25])), squared=squared, term=term)


HISTORIES = np.array([[0, -1, -1], [1, 0, -1], [-1, -1, -1]])


def by_hand(objective: LabelledObjective, ranker: Ranker, rows: list[int]) -> Tensor:
    pairs = objective.pairs[np.array(rows)]
    return torch.from_numpy(Scorer(ranker, FEATURES).score_pairs(pairs.users, pairs.items, pairs.histories))


@pytest.mark.parametrize("rows", [[0, 1, 2], [2, 1]])
def test_labelled_losses_equal_those_of_torch(rows):
    ranker = random_ranker()
    target = torch.tensor([1.0, 0.0, 0.25])[rows]
    for squared in (False, True):
        objective = labelled(ranker, squared=squared)
        score = by_hand(objective, ranker, rows)
        expected = (
            F.mse_loss(torch.sigmoid(score), target) if squared else F.binary_cross_entropy(score.sigmoid(), target)
        )
        torch.testing.assert_close(objective.loss(np.array(rows), np.random.default_rng(0)), expected)


def test_the_term_is_added_to_labelled_pairs_too():
    ranker, rows = random_ranker(), np.arange(3)
    table = np.array([[0, 2.0, -1.0], [0.5, 0, 3.0], [1.0, 0, 0]], dtype=np.float32)
    objective = labelled(ranker, term=ItemItemTerm(2.0, 100.0, csr_array(table), 3))
    score = by_hand(objective, ranker, [0, 1, 2]) + 2 * torch.tensor([2.0, 3.0 - 1.0, 0.0])
    expected = F.binary_cross_entropy_with_logits(score, objective.target)
    torch.testing.assert_close(objective.loss(rows, np.random.default_rng(0)), expected)


def test_labelled_penalty_is_the_mean_over_the_rows_of_a_batch():
    ranker = random_ranker()
    users, items = id_table(ranker, "user"), id_table(ranker, "item")
    rows = np.arange(3)
    losses = [labelled(ranker, IdRegulation(0, p)).loss(rows, np.random.default_rng(0)) for p in (0.0, 0.5)]
    with torch.no_grad():
        expected = 0.5 * (users[[1, 1, 2]].square().sum(1).mean() + items[[2, 3, 2]].square().sum(1).mean())
    torch.testing.assert_close(losses[1] - losses[0], expected)


BATCHES = {sequences: moments(*BLOCKS), labelled: np.arange(2)}


@pytest.mark.parametrize("make", [sequences, labelled])
def test_hidden_ids_give_their_tables_no_gradient(make):
    ranker = random_ranker()
    make(ranker, IdRegulation(dropout=1.0, penalty=1.0)).loss(BATCHES[make], np.random.default_rng(0)).backward()
    for side in ("user", "item"):
        assert touched(ranker, side) == {-1}, "only the embedding that stands for an unknown id learns"


@pytest.mark.parametrize("make", [sequences, labelled])
def test_the_embedding_of_hidden_ids_bears_no_penalty(make):
    ranker = random_ranker()
    losses = [make(ranker, IdRegulation(1.0, p)).loss(BATCHES[make], np.random.default_rng(0)) for p in (0.0, 1.0)]
    assert float((losses[1] - losses[0]).detach()) == 0


def test_a_share_of_ids_is_hidden_and_the_penalty_is_of_the_others():
    features = features_of(n_users=4000)
    ranker = random_ranker(features=features)
    sequence, ids = rows_of([[0]] * 4000, 3), IdRegulation(dropout=0.3, penalty=1.0)
    objective = SequenceObjective(ranker, features, ids, sequence, SequenceSampling())
    embedded, penalty = objective.users(np.arange(4000), torch_stream(0, "noise"))
    (key,) = (g.key for g in features.side("user") if g.kind == "id")
    table = ranker.adapter.tables[module_name(key)].weight
    hidden = (embedded[:, : SHAPE.width] == table[0]).all(1)
    assert float(hidden.float().mean()) == pytest.approx(0.3, abs=0.03)
    torch.testing.assert_close(penalty, table[1:][~hidden].square().sum(1).mean())


def test_dropout_draws_from_the_generator_it_is_given():
    shape = RankerShape(width=4, attention=3, first=6, second=5, history=3, input_dropout=0.5, dropout=0.5)
    ranker = random_ranker(shape=shape).train()
    objective, state = sequences(ranker, IdRegulation(0.5, 0.1)), torch.get_rng_state()
    first = objective.loss(moments(*BLOCKS), np.random.default_rng(3))
    torch.rand(5)
    again, other = (objective.loss(moments(*BLOCKS), np.random.default_rng(seed)) for seed in (3, 4))
    assert float(first.detach()) == float(again.detach()) != float(other.detach())
    torch.set_rng_state(state)
    objective.loss(moments(*BLOCKS), np.random.default_rng(3))
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(ValueError, match="generator"):
        ranker(torch.zeros(2, ranker.body.first.in_features))


def epoch(
    sequences: list[list[int]], n_items: int, sampling: SequenceSampling, seed: int = 0, *, ordered: bool = True
) -> list[tuple]:
    """User, known items and targets of every moment of an epoch."""
    features = features_of(len(sequences), n_items)
    rows = rows_of(sequences, n_items)
    objective = SequenceObjective(random_ranker(features=features), features, PLAIN, rows, sampling, ordered=ordered)
    found = []
    for batch in objective.batches(40, np.random.default_rng(seed)):
        known, history = objective.known(batch)
        table, users = known.csr(), objective.user[batch.begin]
        for row, (user, newest, targets) in enumerate(zip(users, history, objective.targets(batch), strict=True)):
            of_row = table.indices[slice(*table.indptr[row : row + 2])].tolist()
            assert {i for i in newest.tolist() if i >= 0} <= set(of_row)
            found.append((int(user), of_row, [i for i in targets.tolist() if i >= 0]))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_every_positive_is_a_target_once_a_pass_told_from_what_came_before(seed):
    sequences = [list(range(7)), [], [8], [5, 2, 9], list(range(9, -1, -1))]
    found = epoch(sequences, 10, SequenceSampling(targets=4, least=60), seed)  # 21 positives: three passes
    for user, sequence in enumerate(sequences):
        moments = [(known, targets) for u, known, targets in found if u == user]
        assert sorted(t for _, targets in moments for t in targets) == sorted(3 * sequence)
        for known, targets in moments:
            at = sequence.index(targets[0])
            assert (sorted(known), targets) == (sorted(sequence[:at]), sequence[at : at + len(targets)])
            assert len(targets) <= min(4, -(-len(sequence) // 2))


def test_an_item_taken_again_stands_once_in_the_history_and_is_no_target():
    """As at evaluation: what a user has had is not asked for, however often it is taken."""
    seen = set()
    for seed in range(20):
        found = epoch([[0, 1, 0, 2, 1, 0, 2, 2], []], 7, SequenceSampling(least=1), seed)
        seen |= {(tuple(sorted(known)), tuple(targets)) for _, known, targets in found}
    assert seen == {((), (0,)), ((), (0, 1)), ((0,), (1, 2)), ((0, 1), (2,))}


@pytest.mark.parametrize("seed", range(3))
def test_without_an_order_all_else_that_the_user_took_is_known(seed):
    sequences = [list(range(7)), [], [8], [5, 2, 9, 5], list(range(9, -1, -1))]
    found = epoch(sequences, 10, SequenceSampling(targets=4, least=1), seed, ordered=False)
    for user, sequence in enumerate(sequences):
        moments = [(known, targets) for u, known, targets in found if u == user]
        assert sorted(t for _, targets in moments for t in targets) == sorted(set(sequence))
        for known, targets in moments:
            assert sorted(known) == sorted(set(sequence) - set(targets))


def test_an_epoch_of_many_positives_takes_a_share_of_the_users():
    sequences = [[u % 5, 5 + u % 3] for u in range(400)]
    found = epoch(sequences, 8, SequenceSampling(least=1, most=200))
    assert sum(len(targets) for _, _, targets in found) == pytest.approx(200, rel=0.25)
    other = epoch(sequences, 8, SequenceSampling(least=1, most=200), seed=1)
    assert {user for user, _, _ in found} != {user for user, _, _ in other}


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 20), st.integers(0, 2**32))
def test_blocks_hold_every_place_once(lengths, most, seed):
    start = np.concatenate([[0], np.cumsum(lengths)])
    begin, end = target_blocks(start, most, np.random.default_rng(seed))
    assert [p for b, e in zip(begin, end, strict=True) for p in range(b, e)] == list(range(start[-1]))
    owner = np.searchsorted(start, begin, side="right") - 1
    assert (end <= start[owner + 1]).all()
    assert (end - begin <= np.minimum(most, -(-np.diff(start)[owner] // 2))).all()


class Counting(SequenceObjective):
    """Counts candidates that are scored and item rows that are embedded."""

    scored = embedded = 0

    def items(self, items, noise):
        self.embedded += len(items)
        return super().items(items, noise)

    def loss(self, batch, random):
        self.scored += len(batch.begin) * (batch.n_negatives + int((batch.end - batch.begin).max()))
        return super().loss(batch, random)


def work_of(n_users: int, n_items: int, n_rows: int) -> Counting:
    random = np.random.default_rng(0)
    taken = [random.choice(n_items, n_rows // n_users, replace=False).tolist() for _ in range(n_users)]
    features = features_of(n_users, n_items)
    rows, sampling = rows_of(taken, n_items), SequenceSampling(least=1)
    objective = Counting(random_ranker(features=features), features, PLAIN, rows, sampling)
    for batch in objective.batches(4096, random):
        objective.loss(batch, random)
    return objective


def test_work_follows_the_interactions_not_users_times_catalogue():
    few, wide, more = work_of(200, 300, 9600), work_of(1200, 1500, 9600), work_of(400, 300, 19_200)
    assert wide.scored < 2 * few.scored, "the same interactions of six times the users"
    assert 1.8 < more.scored / few.scored < 2.2, "twice the interactions"
    assert wide.embedded < 3 * few.embedded


SETTINGS = TrainingSettings(epochs=2, batch_size=512, shape=RankerShape(width=8, attention=8, first=16, second=8))


@pytest.mark.parametrize(("outcome", "task"), [("click", "like"), ("taken", "implicit")])
def test_a_second_training_beside_it_changes_no_weight(outcome, task):
    dataset = two_tastes(n_users=20, outcome=outcome)
    split_dataset = SplitDataset.build(dataset, task=task, kind="time", seed=0)

    def train(progress=lambda stage, share: None) -> list[Tensor]:
        trained = train_ranker(
            make_features(dataset), split_dataset, SETTINGS, validate=lambda ranker: 0.0, progress=progress
        )
        return list(trained.ranker.state_dict().values())

    alone = train()
    disturbed = train(lambda stage, share: torch.rand(3))  # as another thread would, between any two batches
    with ThreadPoolExecutor(2) as threads:
        beside = [job.result() for job in [threads.submit(train) for _ in range(2)]]
    for first, second in pairwise([alone, disturbed, *beside]):
        assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_streams_of_other_names_and_seeds_are_apart():
    draws = {(s, n): tuple(random_stream(s, n).integers(2**60, size=2)) for s in (0, 1, 2**40) for n in ("a", "b", "")}
    assert len(set(draws.values())) == len(draws)
    assert draws[1, "a"] == tuple(random_stream(1, "a").integers(2**60, size=2))
    tensors = {(s, n): float(torch.rand(1, generator=torch_stream(s, n))) for s in (0, 1) for n in ("a", "b")}
    assert len(set(tensors.values())) == len(tensors)
