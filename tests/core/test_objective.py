"""What training minimises, by hand on 2 users and 3 items: losses, masked negatives, the penalty on ids, hidden ids."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from small_data import item_table
from test_training import two_tastes
from torch import Tensor
from torch.nn import functional as F

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features
from recsys_core.data.schema import Column, Schema
from recsys_core.models.objective import IdRegulation, LabelledObjective, SequenceObjective
from recsys_core.models.ranker import Ranker, RankerShape, module_name
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.training import TrainingSettings, train_ranker
from recsys_core.seeds import random_stream, torch_stream

SHAPE = RankerShape(width=4, attention=3, first=6, second=5, history=3, input_dropout=0, dropout=0)
PLAIN = IdRegulation(dropout=0, penalty=0)
SEQUENCES = item_table([[0, 1], [2]], 3)
BOTH = np.array([0, 1])


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


def sequences(ranker: Ranker, ids: IdRegulation = PLAIN, *, targets: int = 4, negatives: int = 3) -> SequenceObjective:
    return SequenceObjective(ranker, FEATURES, ids, SEQUENCES, negatives=negatives, targets=targets)


def logits(ranker: Ranker, user: int, history: Iterable[int]) -> Tensor:
    """Logits of all items by the scorer, a path of its own."""
    row = np.full((1, 3), -1)
    row[0, : len(history)] = history
    return torch.from_numpy(Scorer(ranker, FEATURES).score_catalogue(np.array([user]), row)[0])


def softmax_loss(ranker: Ranker, user: int, history: list[int], targets: list[int], negatives: list[int]) -> float:
    """Mean cross-entropy of each target against the negatives, as PyTorch computes it."""
    score = logits(ranker, user, history)
    each = [F.cross_entropy(score[[t, *negatives]][None], torch.tensor([0])) for t in targets]
    return float(torch.stack(each).mean())


# user 0's two moments: before the first item both are targets, before the second the first is history
MOMENTS = {"first": ([], [0, 1]), "second": ([0], [1])}


def losses_by_moment(ranker: Ranker) -> dict[str, float]:
    of_other = softmax_loss(ranker, 1, [], [2], [0, 1])
    return {n: (softmax_loss(ranker, 0, h, t, [2]) + of_other) / 2 for n, (h, t) in MOMENTS.items()}


def drawn_moment(loss: Tensor, expected: dict[str, float]) -> str:
    near = [name for name, value in expected.items() if float(loss.detach()) == pytest.approx(value, abs=1e-5)]
    assert len(near) == 1, (float(loss.detach()), expected)
    return near[0]


def test_sampled_softmax_equals_cross_entropy():
    ranker = random_ranker()
    expected = losses_by_moment(ranker)
    objective = sequences(ranker)
    ranker.train()
    seen = {drawn_moment(objective.loss(BOTH, np.random.default_rng(seed)), expected) for seed in range(20)}
    assert seen == {"first", "second"}


def test_negatives_are_drawn_without_repetition_and_masked_where_taken():
    """With one negative a user whose own item is drawn has nothing to tell apart: no loss, no gradient."""
    ranker = random_ranker()
    objective = sequences(ranker, negatives=1)
    only = np.array([1])  # took item 2, of whose three draws one is masked
    possible = {n: softmax_loss(ranker, 1, [], [2], [n]) for n in (0, 1)}
    seen = set()
    for seed in range(30):
        ranker.zero_grad()
        loss = objective.loss(only, np.random.default_rng(seed))
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


def test_an_item_that_was_taken_but_is_no_target_gets_no_gradient():
    ranker = random_ranker()
    objective = sequences(ranker, targets=1)
    expected = {
        "0": softmax_loss(ranker, 0, [], [0], [2]),
        "1": softmax_loss(ranker, 0, [], [1], [2]),
        "1 after 0": softmax_loss(ranker, 0, [0], [1], [2]),
    }
    moved = {"0": {0, 2}, "1": {1, 2}, "1 after 0": {0, 1, 2}}
    seen = set()
    for seed in range(30):
        ranker.zero_grad()
        loss = objective.loss(np.array([0]), np.random.default_rng(seed))
        loss.backward()
        outcome = drawn_moment(loss, expected)
        assert touched(ranker, "item") == moved[outcome]
        assert touched(ranker, "user") == {0}
        seen.add(outcome)
    assert seen == set(expected)


@pytest.mark.parametrize("weight", [0.01, 2.0])
def test_penalty_is_the_mean_over_real_targets_and_over_users(weight):
    ranker = random_ranker()
    with torch.no_grad():
        users, items = (id_table(ranker, side)[1:].square().sum(1) for side in ("user", "item"))
    objective = sequences(ranker, IdRegulation(dropout=0, penalty=weight))
    plain, expected = sequences(ranker), losses_by_moment(ranker)
    for seed in range(6):
        without = plain.loss(BOTH, np.random.default_rng(seed))
        _, targets = MOMENTS[drawn_moment(without, expected)]
        added = objective.loss(BOTH, np.random.default_rng(seed)) - without
        wanted = weight * (users.mean() + items[[*targets, 2]].mean())
        torch.testing.assert_close(added, wanted, atol=1e-5, rtol=1e-5)


def test_padding_pulls_no_embedding():
    """After its own moment, item 0 is history only: the penalty may not move it, however many slots are empty."""
    ranker = random_ranker()
    penalised, plain = sequences(ranker, IdRegulation(0, 1.0), targets=50), sequences(ranker, targets=50)
    expected, seen = losses_by_moment(ranker), set()
    for seed in range(6):
        loss = plain.loss(BOTH, np.random.default_rng(seed))
        moment = drawn_moment(loss, expected)
        seen.add(moment)
        difference = penalised.loss(BOTH, np.random.default_rng(seed)) - loss
        (pull,) = torch.autograd.grad(difference, id_table(ranker, "item"))
        slots = [*MOMENTS[moment][1], 2]
        wanted = torch.zeros_like(pull)
        wanted[[i + 1 for i in slots]] = 2 * id_table(ranker, "item").detach()[[i + 1 for i in slots]] / len(slots)
        torch.testing.assert_close(pull, wanted, atol=1e-5, rtol=1e-4)
    assert seen == {"first", "second"}


def labelled(ranker: Ranker, ids: IdRegulation = PLAIN, *, squared: bool = False) -> LabelledObjective:
    pairs = Pairs(np.array([0, 0, 1]), np.array([1, 2, 1]), np.array([[0, -1, -1], [1, 0, -1], [-1, -1, -1]]))
    return LabelledObjective(ranker, FEATURES, ids, pairs, np.array([1.0, 0.0, 0.25]), squared=squared)


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


def test_labelled_penalty_is_the_mean_over_the_rows_of_a_batch():
    ranker = random_ranker()
    users, items = id_table(ranker, "user"), id_table(ranker, "item")
    rows = np.arange(3)
    losses = [labelled(ranker, IdRegulation(0, p)).loss(rows, np.random.default_rng(0)) for p in (0.0, 0.5)]
    with torch.no_grad():
        expected = 0.5 * (users[[1, 1, 2]].square().sum(1).mean() + items[[2, 3, 2]].square().sum(1).mean())
    torch.testing.assert_close(losses[1] - losses[0], expected)


@pytest.mark.parametrize("make", [sequences, labelled])
def test_hidden_ids_give_their_tables_no_gradient(make):
    ranker = random_ranker()
    make(ranker, IdRegulation(dropout=1.0, penalty=1.0)).loss(BOTH, np.random.default_rng(0)).backward()
    for side in ("user", "item"):
        assert touched(ranker, side) == {-1}, "only the embedding that stands for an unknown id learns"


@pytest.mark.parametrize("make", [sequences, labelled])
def test_the_embedding_of_hidden_ids_bears_no_penalty(make):
    ranker = random_ranker()
    losses = [make(ranker, IdRegulation(1.0, p)).loss(BOTH, np.random.default_rng(0)) for p in (0.0, 1.0)]
    assert float((losses[1] - losses[0]).detach()) == 0


def test_a_share_of_ids_is_hidden_and_the_penalty_is_of_the_others():
    features = features_of(n_users=4000)
    ranker = random_ranker(features=features)
    sequence, ids = item_table([[0]] * 4000, 3), IdRegulation(dropout=0.3, penalty=1.0)
    objective = SequenceObjective(ranker, features, ids, sequence, negatives=1, targets=1)
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
    first = objective.loss(BOTH, np.random.default_rng(3))
    torch.rand(5)
    again, other = (objective.loss(BOTH, np.random.default_rng(seed)) for seed in (3, 4))
    assert float(first.detach()) == float(again.detach()) != float(other.detach())
    torch.set_rng_state(state)
    objective.loss(BOTH, np.random.default_rng(3))
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(ValueError, match="generator"):
        ranker(torch.zeros(2, ranker.body.first.in_features))


def test_every_moment_has_its_history_and_later_targets():
    """Each target comes after the moment and is drawn once where there are few; the history is what came before."""
    sequence = item_table([list(range(7)), []], 7)
    objective = SequenceObjective(random_ranker(), FEATURES, PLAIN, sequence, negatives=1, targets=5)
    seen = set()
    for seed in range(60):
        (history,), (targets,) = objective._moments(np.array([0]), np.random.default_rng(seed))
        start = int(history[0]) + 1  # -1 where nothing came before
        assert history.tolist() == [max(start - back, -1) for back in (1, 2, 3)]
        if 7 - start <= 5:
            assert targets.tolist() == list(range(start, 7)) + [-1] * (5 - (7 - start)), "few are taken once each"
        else:
            assert all(start <= t < 7 for t in targets)
        seen.add(start)
    assert seen == set(range(7))


def test_an_item_taken_again_stands_once_in_the_history_and_is_no_target():
    """As at evaluation: what a user has had is not asked for, however often it is taken."""
    taken = [0, 1, 0, 2, 1, 0, 2, 2]
    sequence = item_table([taken, []], 7)
    objective = SequenceObjective(random_ranker(), FEATURES, PLAIN, sequence, negatives=1, targets=4)
    seen = set()
    for seed in range(40):
        (history,), (targets,) = objective._moments(np.array([0]), np.random.default_rng(seed))
        seen.add((tuple(i for i in history.tolist() if i >= 0), tuple(t for t in targets.tolist() if t >= 0)))
    assert seen == {((), (0, 1, 2)), ((0,), (1, 2)), ((0, 1), (2,))}


SETTINGS = TrainingSettings(epochs=2, batch_size=64, shape=RankerShape(width=8, attention=8, first=16, second=8))


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
