"""Trained mendings one by one: weights, terms and projections by hand, by finite differences and by scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from recsys_core.mend.groups import UserGroups, user_groups
from recsys_core.mend.method import Change
from recsys_core.mend.methods.adversarial import AdversaryTerm
from recsys_core.mend.methods.distrust import excess_of
from recsys_core.mend.methods.project import erasing_matrix, projected
from recsys_core.mend.methods.regularise import KEPT, LAMBDA, VarianceTerm
from recsys_core.mend.methods.reweigh import balancing_weights, mixed
from recsys_core.mend.methods.worst_group import STEP, WorstGroupTerm
from recsys_core.mend.treatment import GroupTreatment
from recsys_core.models.representation import query_items, representation_of, user_representation
from recsys_core.models.scorer import Scorer
from recsys_core.models.treatment import BatchLosses, drawn_again
from recsys_core.models.workspace import open_model

TWO = UserGroups(("user.gender",), ("a", "b"), np.array([0, 0, 1, -1]))


def batch(each: torch.Tensor, users: list[int], representation: torch.Tensor | None = None) -> BatchLosses:
    return BatchLosses(each, np.array(users), np.arange(len(users)), lambda: representation, torch.zeros(()))


def test_weights_make_groups_one_size_and_labels_alike_in_each():
    """Group 0 has 1 of 4 positive, group 1 both: 6 rows, 3 positive; each cell is to hold a half of 3."""
    group, positive = np.array([0, 0, 0, 0, 1, 1, -1]), np.array([1, 0, 0, 0, 1, 1, 1], dtype=bool)
    weight = balancing_weights(group, positive, np.ones(7))
    np.testing.assert_allclose(weight, [1.5, 0.5, 0.5, 0.5, 0.75, 0.75, 1])
    np.testing.assert_allclose(mixed(weight, 0.5), (1 + weight) / 2)
    np.testing.assert_array_equal(mixed(weight, 0.0), np.ones(7))
    kamiran = {(0, 1): (4 * 3) / (6 * 1), (0, 0): (4 * 3) / (6 * 3)}  # P(g) P(y) / P(g, y), groups of their own size
    assert weight[0] / weight[1] == pytest.approx(kamiran[0, 1] / kamiran[0, 0])


def test_a_user_of_a_tiny_group_weighs_ten_times_at_most():
    assert balancing_weights(np.array([0] * 99 + [1]), None, np.ones(100)).max() == 10


@settings(max_examples=30)
@given(st.lists(st.floats(0, 5), min_size=1, max_size=30).filter(lambda w: sum(w) > 0.1), st.integers(0, 9))
def test_sampling_takes_each_as_often_as_its_weight_asks_for(weights, seed):
    weight = np.array(weights)
    drawn = drawn_again(weight, np.random.default_rng(seed))
    wanted = weight / weight.sum() * len(weight)
    assert len(drawn) == len(weight)
    assert (np.abs(np.bincount(drawn, minlength=len(weight)) - wanted) < 1 + 1e-9).all()


def test_the_variance_of_group_losses_costs_and_pulls_as_by_hand():
    """Means 1 and 3: variance 1 over a mean of 2; a step on group a's mean of 1 changes it by -1/2 and so on."""
    each = torch.tensor([0.5, 1.5, 3.0, 100.0], requires_grad=True)
    term = VarianceTerm(TWO, strength=0.5)
    value = term(batch(each, [0, 1, 2, 3]), each)
    assert value.item() == pytest.approx(0.5 * LAMBDA * 1 / 2)
    value.backward()
    np.testing.assert_allclose(each.grad, 0.5 * LAMBDA * np.array([-0.25, -0.25, 0.5, 0]))
    later = torch.tensor([2.0, 2.0])
    value = term(batch(later, [0, 2]), later)  # the running means are 1.1 and 2.9
    running = KEPT * np.array([1.0, 3.0]) + (1 - KEPT) * 2
    assert value.item() == pytest.approx(0.5 * LAMBDA * running.var() / running.mean(), rel=1e-5)
    assert term(batch(later, [0, 1]), later).item() == 0, "a batch of one group says nothing"


def test_worst_group_weights_are_exponentiated_losses():
    each = torch.tensor([1.0, 1.0, 4.0, 7.0], requires_grad=True)
    term = WorstGroupTerm(TWO, strength=1.0)
    value = term(batch(each, [0, 1, 2, 3]), each)
    expected = np.exp(STEP * np.array([1, 4]) / 2)
    expected /= expected.sum()
    np.testing.assert_allclose(term.weights, expected, rtol=1e-6)
    assert value.item() == pytest.approx(3 / 4 * (expected @ [1, 4] - 2), rel=1e-5)
    for _ in range(700):
        term(batch(each, [0, 1, 2, 3]), each)
    assert term.weights[1] > 0.99
    total = each.mean() + term(batch(each, [0, 1, 2, 3]), each)
    assert total.item() == pytest.approx(3 / 4 * 4 + 7 / 4, rel=1e-2), "the worst group leads, who is in none stays"


def test_the_probe_learns_and_the_ranker_unlearns_by_finite_differences():
    random = np.random.default_rng(0)
    start, each = random.normal(size=(4, 5)), torch.full((4,), 0.7)
    term = AdversaryTerm(TWO, 5, strength=1.0, seed=3)

    def loss(x: np.ndarray) -> torch.Tensor:
        return term(batch(each, [0, 1, 2, 3], torch.tensor(x, dtype=torch.float32)), each)

    x = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    term._batches = 10**6  # at full pull
    term(batch(each, [0, 1, 2, 3], x), each).backward()
    numeric = np.zeros_like(start)
    for at in np.ndindex(*start.shape):
        step = np.zeros_like(start)
        step[at] = 1e-2
        numeric[at] = (loss(start + step) - loss(start - step)).item() / 2e-2
    assert np.abs(numeric[:3]).max() > 1e-3
    np.testing.assert_allclose(x.grad, -0.7 * numeric, atol=2e-4)
    bias = term.parameters()[3]
    found = bias.grad.clone()
    with torch.no_grad():
        bias[0] += 1e-2
        above = loss(start).item()
        bias[0] -= 2e-2
        below = loss(start).item()
    assert found[0].item() == pytest.approx((above - below) / 2e-2, abs=2e-4)
    again = AdversaryTerm(TWO, 5, strength=1.0, seed=3).parameters()[0]
    assert torch.equal(again, term.parameters()[0]), "seeded"


def test_after_the_projection_no_linear_probe_tells_the_group():
    random = np.random.default_rng(1)
    group = random.integers(0, 3, 600)
    x = random.normal(size=(600, 8)) @ random.normal(size=(8, 8)) + np.eye(3, 8)[group] * 2
    away = erasing_matrix(x, group)
    erased = x - (x - x.mean(axis=0)) @ away.T
    one_hot = np.eye(3)[group]
    covariance = (erased - erased.mean(axis=0)).T @ (one_hot - one_hot.mean(axis=0)) / 600
    assert np.abs(covariance).max() < 1e-10
    np.testing.assert_allclose(away @ away, away, atol=1e-8)
    assert np.linalg.matrix_rank(away) == 2, "as few directions as the groups need"

    def auc(of: np.ndarray) -> float:
        return roc_auc_score(
            group, LogisticRegression(max_iter=500).fit(of, group).predict_proba(of), multi_class="ovr"
        )

    assert auc(x) > 0.8
    assert auc(erased) == pytest.approx(0.5, abs=0.03)
    assert not erasing_matrix(np.ones((5, 2)), np.array([0, 0, 1, 1, 1])).any(), "where nobody differs nothing is done"


def test_the_projection_is_folded_into_the_weights(grouped_workspace: Path):
    model = open_model(grouped_workspace)
    split_dataset = model.split_dataset
    groups = user_groups(split_dataset, ("user.gender",))
    users = np.flatnonzero(groups.code >= 0)
    before, code = representation_of(model.dense, split_dataset, users), groups.code[users]
    away = erasing_matrix(before, code)
    for share in (0.5, 1.0):
        other = projected(model.ranker, model.dense, split_dataset, groups, share)
        after = representation_of(Scorer(other, model.features), split_dataset, users)
        np.testing.assert_allclose(after, before - share * (before - before.mean(axis=0)) @ away.T, atol=1e-4)
    told = [LogisticRegression(max_iter=2000).fit(x, code == 0).predict_proba(x)[:, 1] for x in (before, after)]
    assert roc_auc_score(code == 0, told[0]) > 0.8
    assert roc_auc_score(code == 0, told[1]) == pytest.approx(0.5, abs=0.06)
    unchanged = model.ranker.state_dict()
    assert all(torch.equal(unchanged[k], v) for k, v in open_model(grouped_workspace).ranker.state_dict().items())


def test_the_representation_is_what_the_first_layer_reads_of_user_and_history(tiny_workspace: Path):
    """Against pair scores' own first layer: less the item's part, averaged over the items."""
    model = open_model(tiny_workspace)
    scorer, users = model.dense, np.arange(5)
    histories = model.split_dataset.histories.known(users, "test").newest()
    items = query_items(scorer.n_items, seed=0)
    past = scorer.history_vectors(histories)
    expected = []
    for user in range(5):
        keys, values, absent = (part[user : user + 1] for part in (past.keys, past.values, past.absent))
        pre = [
            scorer.user_base(users[user : user + 1])
            + scorer.runtime.history_part(scorer.item_query[[item]][None], keys, values, absent)[0]
            for item in items
        ]
        expected.append(torch.cat(pre).mean(0).numpy())
    np.testing.assert_allclose(user_representation(scorer, users, histories, items), expected, atol=1e-5)


def test_excess_is_tested_by_user():
    """Two users of cell 0 with sums 1 and 1 of label less probability: z = 2 / sqrt(2)."""
    users, cell = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 1])
    found = excess_of(users, np.array([1.0, 1, 1, 0]), np.array([0.5, 0.5, 0, 0.5]), cell, 3)
    np.testing.assert_allclose(found.observed, [3, 0, 0])
    np.testing.assert_allclose(found.expected, [1, 0.5, 0])
    np.testing.assert_allclose(found.p_value, [0.0786, 1 - 0.1587, 1], atol=1e-4)
    assert found.deviance == pytest.approx(3 * np.log(3) - 2 + 0.5)


def test_changes_multiply_their_weights_and_add_their_terms():
    each = torch.tensor([1.0, 2.0])
    found = BatchLosses(each, np.array([0, 2]), np.array([1, 3]), lambda: each, torch.tensor(0.25))
    changes = [Change(weight=np.array([1.0, 2, 1, 1])), Change(weight=np.array([1.0, 1, 1, 4]))]
    weight = np.array([1, 2, 1, 4]) / 2
    assert GroupTreatment(changes).loss(found).item() == pytest.approx((1 * weight[1] + 2 * weight[3]) / 2 + 0.25)
    term = WorstGroupTerm(TWO, 1.0)
    alone = WorstGroupTerm(TWO, 1.0)(found, each)
    assert GroupTreatment([Change(terms=(term,))]).loss(found).item() == pytest.approx(1.5 + alone.item() + 0.25)
