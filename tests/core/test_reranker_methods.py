"""What re-rankers compute, against a linear programme, a slow second implementation, a published table, Fairlearn."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.stats import binom

from recsys_core.metrics import exposure_weights, logistic
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.workspace import open_model
from recsys_core.rerankers import Served
from recsys_core.rerankers.calibrated import ALPHA, ByCalibration, Shares, known_shares, rescaled
from recsys_core.rerankers.calibrated import prepare as prepare_calibrated
from recsys_core.rerankers.exposure import ByShiftedRelevance, exposure_targets, multipliers
from recsys_core.rerankers.exposure import prepare as prepare_exposure
from recsys_core.rerankers.fair import adjusted_table, fail_probability, minimum_table
from recsys_core.rerankers.first_places import FirstPlaces
from recsys_core.rerankers.guaranteed import ByGuarantee
from recsys_core.rerankers.minimum_share import whole_places
from recsys_core.rerankers.threshold import prepare as prepare_threshold
from recsys_core.rerankers.validation import ValidationLists
from recsys_core.variant import Reranking


@pytest.fixture(scope="module")
def served(grouped_workspace):
    model = open_model(grouped_workspace)
    return Served(model.split_dataset, model.dense)


def small_validation(n_users: int, width: int, n_items: int, seed: int) -> ValidationLists:
    random = np.random.default_rng(seed)
    items = np.array([random.choice(n_items, width, replace=False) for _ in range(n_users)])
    scores = -np.sort(-random.normal(0, 1.5, items.shape), axis=1)
    taken = csr_array(
        (np.full(n_users, 1.0), (np.arange(n_users), random.integers(0, n_items, n_users))), (n_users, n_items)
    )
    return ValidationLists(FirstPlaces(np.arange(n_users), items, scores), taken)


# --- exposure


def linear_programme(validation: ValidationLists, membership: np.ndarray, target: np.ndarray) -> float:
    """The best relevance of doubly stochastic rankings of all users under the constraints on exposure."""
    n, width = validation.first.items.shape
    weights, relevance = exposure_weights(width), logistic(validation.first.scores)
    cells = list(product(range(n), range(width), range(width)))  # user, candidate, place
    gain = np.array([-relevance[u, i] * weights[j] for u, i, j in cells])
    once = [(u * width + i, n * width + u * width + j) for u, i, j in cells]
    rows = np.array(once).ravel()
    stochastic = csr_array(
        (np.ones(len(rows)), (rows, np.repeat(np.arange(len(cells)), 2))), (2 * n * width, len(cells))
    )
    share = np.array([weights[j] * membership[validation.first.items[u, i]] for u, i, j in cells]).T
    equal = np.vstack([stochastic.toarray(), share])
    wanted = np.concatenate([np.ones(2 * n * width), target * n * weights.sum()])
    found = linprog(gain, A_eq=equal, b_eq=wanted, bounds=(0, 1), method="highs")
    assert found.status == 0
    return -found.fun


@pytest.mark.parametrize(("seed", "sets"), [(0, False), (1, True)])
def test_a_shift_of_each_group_solves_the_linear_programme(seed, sets):
    """Strong duality: the Lagrangian's value at the shifts is the programme's, and their lists meet its constraints."""
    random = np.random.default_rng(seed)
    validation = small_validation(24, 6, 15, seed)
    membership = random.dirichlet(np.ones(3), 15) if sets else np.eye(3)[random.integers(0, 3, 15)]
    last_first = np.argsort(-membership[validation.first.items, 2], axis=1)  # so the target can be reached
    target = 0.5 * validation.exposure(membership) + 0.5 * validation.exposure(membership, last_first)
    shift = multipliers(validation, membership, target)
    weights, relevance = exposure_weights(6), logistic(validation.first.scores)
    shifted = relevance + (membership @ shift)[validation.first.items]
    total = 24 * weights.sum()
    dual = (-np.sort(-shifted, axis=1) @ weights).sum() - target @ shift * total
    best = linear_programme(validation, membership, target)
    assert dual >= best - 1e-9  # weak duality, whatever the shifts
    assert dual == pytest.approx(best, rel=2e-4)
    order = ByShiftedRelevance(membership @ shift).order(validation.first, 6)
    assert np.abs(validation.exposure(membership, order) - target).max() < 0.5 / 24  # half a list of one user
    unconstrained = (relevance @ weights).sum()
    assert best < unconstrained - 1e-3  # the constraints bind


def test_lists_meet_their_targets_and_pay_steadily(served):
    prepared = prepare_exposure(served, "item.category")
    validation, membership = served.validation, prepared.membership
    target = exposure_targets(validation, membership)
    assert target.sum() == pytest.approx(1)
    relevance, weights = logistic(validation.first.scores), exposure_weights(10)
    lifted, paid, far = [], [], []
    for strength in np.linspace(0, 1, 11):
        order = prepared.at(Reranking("exposure", strength)).arranger.order(validation.first, 10)
        shares = validation.exposure(membership, order)
        lifted.append(shares @ prepared.multipliers)
        paid.append((np.take_along_axis(relevance, order, axis=1) @ weights).sum())
        far.append(np.abs(shares - target).sum())
    assert (np.diff(lifted) >= -1e-12).all()
    assert (np.diff(paid) <= 1e-9).all()
    assert far[-1] < 0.02 < far[0]


def test_a_group_that_nobody_took_keeps_its_exposure():
    validation = small_validation(30, 6, 12, 3)
    membership = np.eye(3)[np.arange(12) % 3]
    nobody = ValidationLists(validation.first, csr_array(np.eye(12)[np.full(30, 1)]))  # all took of the second group
    target = exposure_targets(nobody, membership)
    exposure = nobody.exposure(membership)
    np.testing.assert_allclose(target, [exposure[0], 1 - exposure[0] - exposure[2], exposure[2]])
    away = np.column_stack([membership, np.zeros(12)])  # a group without an item in reach
    assert multipliers(validation, away, np.array([0.3, 0.3, 0.3, 0.1]))[3] == 0


# --- calibrated


def slow_calibrated(strength, scores, membership, wanted, k):
    """Steck's greedy list of one user, the divergence of every list worked out from its definition."""
    listed: list[int] = []
    for _ in range(k):
        best, best_value = -1, -math.inf
        for item in range(len(scores)):
            if item in listed:
                continue
            shares = np.mean([membership[i] for i in [*listed, item]], axis=0)
            divergence = sum(
                p * math.log(p / ((1 - ALPHA) * q + ALPHA * p)) for p, q in zip(wanted, shares, strict=True) if p > 0
            )
            value = (1 - strength) * sum(scores[i] for i in [*listed, item]) - strength * divergence
            if value > best_value + 1e-12:
                best, best_value = item, value
        listed.append(best)
    return listed


@pytest.mark.parametrize("strength", [0.2, 0.7, 1.0])
def test_calibrated_lists_are_those_of_the_definition(served, strength):
    random = np.random.default_rng(0)
    n_items = served.split_dataset.dataset.n_items
    values = random.random((n_items, 5)) < 0.4
    values[values.sum(axis=1) == 0, 0] = True
    membership = values / values.sum(axis=1, keepdims=True)
    users = np.arange(12)
    items = np.array([random.choice(n_items, 20, replace=False) for _ in users])
    first = FirstPlaces(users, items, -np.sort(-random.normal(size=items.shape), axis=1))
    order = ByCalibration(strength, Shares(membership), served.split_dataset).order(first, 6)
    wanted, scores = known_shares(served.split_dataset.histories.known(users), membership), rescaled(first)
    for row in users:
        assert order[row].tolist() == slow_calibrated(strength, scores[row], membership[items[row]], wanted[row], 6)


def test_calibration_falls_with_strength(served):
    prepared = prepare_calibrated(served, "item.category")
    first, membership = served.validation.first, prepared.shares.membership
    wanted = known_shares(served.split_dataset.histories.known(first.users), membership)
    taken = served.split_dataset.histories.known(first.users[:1], "test").csr().indices
    np.testing.assert_allclose(wanted[0], membership[taken].mean(axis=0))
    found = []
    for strength in (0.0, 0.5, 1.0):
        top = prepared.at(Reranking("calibrated", strength)).top(first, 10)
        mixed = (1 - ALPHA) * membership[top].mean(axis=1) + ALPHA * wanted
        found.append(
            np.sum(
                np.where(wanted > 0, wanted * np.log(np.where(wanted > 0, wanted / np.maximum(mixed, 1e-300), 1)), 0),
                axis=1,
            ).mean()
        )
    assert found[0] > found[1] > found[2]


# --- guaranteed places


@pytest.mark.parametrize(
    ("p", "table"),
    [
        (0.1, "000000000000"), (0.2, "000000000011"), (0.3, "000000111112"), (0.4, "000011112223"),
        (0.5, "000111223334"), (0.6, "001122334455"), (0.7, "011223345566"),
    ],
)  # fmt: skip
def test_the_published_table(p, table):
    """Zehlike et al. 2017, table 2 (alpha 0.1), against the binomial distribution itself."""
    found = minimum_table(12, p, 0.1)
    by_hand = [next(m for m in range(n + 1) if binom.cdf(m, n, p) >= 0.1) for n in range(1, 13)]
    assert found.tolist() == by_hand == [int(m) for m in table]


@pytest.mark.parametrize(
    ("k", "p", "alpha", "table", "fails"),
    [
        (10, 0.2, 0.15, "0000000011", 0.134217728),
        (20, 0.25, 0.1, "00000000111111122222", 0.105152473),
        (30, 0.3, 0.05, "000000000011111122222333344444", 0.048777308),
    ],
)
def test_the_corrected_table_of_the_published_code(k, p, alpha, table, fails):
    found = adjusted_table(k, p, alpha)
    assert found.tolist() == [int(m) for m in table]
    assert fail_probability(found, p) == pytest.approx(fails, abs=1e-7)


def test_fail_probability_by_every_list():
    least, p = np.array([0, 1, 1, 2]), 0.6
    lists = list(product([0, 1], repeat=4))
    failed = [1 for some in lists if (np.cumsum(some) < least).any()]
    assert failed
    by_hand = sum(p ** sum(some) * (1 - p) ** (4 - sum(some)) for some in lists if (np.cumsum(some) < least).any())
    assert fail_probability(least, p) == pytest.approx(by_hand, abs=1e-12)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_guarantees_hold_at_the_least_cost(seed, share):
    """Each beginning has the places that it must have (where there are members); both queues stay in order of score."""
    random = np.random.default_rng(seed)
    n_items, width = 30, int(random.integers(1, 25))
    items = np.array([random.choice(n_items, width, replace=False) for _ in range(4)])
    items[0, int(random.integers(0, width + 1)) :] = -1
    first = FirstPlaces(np.arange(4), items, -np.sort(-random.normal(size=items.shape), axis=1))
    member, least = random.random(n_items) < 0.3, whole_places(share)
    order = ByGuarantee(member, least).order(first, width)
    for row, own in enumerate(order):
        is_item = items[row] >= 0
        is_member = np.where(is_item, member[items[row]], False)
        listed = np.cumsum(is_member[own])
        assert sorted(own.tolist()) == list(range(width))
        assert (listed >= np.minimum(least[:width], is_member.sum())).all()
        assert (np.diff(own[is_member[own]]) > 0).all()
        assert (np.diff(own[~is_member[own]]) > 0).all()
        needed = np.flatnonzero(is_member[own] & (own > np.arange(width)))
        assert all(listed[place] == least[place] or own[place] < own[place + 1 :].min(initial=99) for place in needed)


# --- thresholds


def test_thresholds_are_fairlearns(served):
    """Chances at strength 1 are those of ``ThresholdOptimizer`` itself; between, a mixture with one half."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, true_positive_rate
    from fairlearn.postprocessing import ThresholdOptimizer
    from sklearn.linear_model import LogisticRegression

    split_dataset, scorer = served.split_dataset, served.scorer
    prepared = prepare_threshold(served, "user.gender")
    valid = evaluate_pairs(scorer, split_dataset.labelled("validation"))
    as_column = LogisticRegression(C=np.inf)  # its predicted probability of the logit, set to be the model's own
    as_column.classes_, as_column.coef_, as_column.intercept_ = np.array([0, 1]), np.array([[1.0]]), np.array([0.0])
    valid = valid[np.isin(prepared.code[valid.user_index], list(prepared.rules))]
    group = prepared.code[valid.user_index]
    fitted = ThresholdOptimizer(
        estimator=as_column, constraints="equalized_odds", objective="accuracy_score", prefit=True,
        predict_method="predict_proba",
    ).fit(valid.score[:, None].astype(float), valid.label.astype(int), sensitive_features=group)  # fmt: skip
    test = evaluate_pairs(scorer, split_dataset.labelled("test"))
    small = ~np.isin(prepared.code[test.user_index], list(prepared.rules))
    untouched = prepared.at(Reranking("threshold", 1.0)).decisions(test.user_index[small], test.score[small])
    np.testing.assert_array_equal(untouched, test.score[small] >= 0)  # groups of too few pairs
    test = test[~small]
    wanted = fitted._pmf_predict(test.score[:, None].astype(float), sensitive_features=prepared.code[test.user_index])[
        :, 1
    ]
    found = prepared.at(Reranking("threshold", 1.0)).decisions(test.user_index, test.score)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)
    half = prepared.at(Reranking("threshold", 0.5)).decisions(test.user_index, test.score)
    np.testing.assert_allclose(half, (wanted + (test.score >= 0)) / 2, rtol=0, atol=1e-9)

    chance = prepared.at(Reranking("threshold", 1.0)).decisions(valid.user_index, valid.score)
    drawn = (np.linspace(0, 1, 400, endpoint=False)[:, None] < chance).astype(int)  # each pair by its chance
    rates = MetricFrame(
        metrics={"tpr": true_positive_rate, "fpr": false_positive_rate},
        y_true=np.tile(valid.label.astype(int), 400), y_pred=drawn.ravel(), sensitive_features=np.tile(group, 400),
    )  # fmt: skip
    assert (rates.difference() < 0.01).all()
