"""Measures against the libraries and formulas that define them: Fairlearn, scikit-learn, and slow second ways."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import fairlearn.metrics as fairlearn
import numpy as np
import pytest
from fairness_data import audit_of, draw_case, make_dataset, make_evaluation, train_rows
from sklearn.metrics import brier_score_loss, log_loss

from recsys_core.fairness import AuditSettings
from recsys_core.fairness.metrics import METRICS
from recsys_core.fairness.terms import Members, WeightedTerms
from recsys_core.fairness.user_statistics import user_statistics
from recsys_core.metrics import expected_calibration_error, gini

QUICK = AuditSettings(n_bootstrap=20, least_size=1, most_shuffles=20)
EXACT = {"abs": 1e-9}


@pytest.fixture(scope="module", params=["region", "gender"])
def case(request):
    """Data, evaluation, report, and of every pair its group, label, probability and item."""
    dataset, evaluation = draw_case(120, seed=3, noise={"N": 2.0})
    report = audit_of(dataset, evaluation, by=(request.param,), settings=QUICK)
    pairs = evaluation.pairs
    group = dataset.users[request.param].to_numpy()
    probability = 1 / (1 + np.exp(-pairs.score))
    return dataset, evaluation, report, (group[pairs.user_index], pairs.label, probability, pairs.item_index, group)


def test_gaps_of_decisions_are_fairlearns(case):
    _, _, report, (group, label, probability, _, _) = case
    how = {"y_true": label, "y_pred": probability >= 0.5, "sensitive_features": group}
    for name in (
        "demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference",
        "equalized_odds_difference", "equalized_odds_ratio", "false_positive_rate_difference",
    ):  # fmt: skip
        assert report.figure(name).value == pytest.approx(getattr(fairlearn, name)(**how), **EXACT), name
    rates = fairlearn.MetricFrame(metrics=fairlearn.false_positive_rate, **how).by_group.to_dict()
    found = {row.group.label: row.values["false_positive_rate"] for row in report.groups}
    assert found == pytest.approx(rates, **EXACT)
    assert report.gap("selection_rate").difference == report.figure("demographic_parity_difference").value


def test_probabilities_are_scikit_learns(case):
    _, _, report, (group, label, probability, _, _) = case
    for row in (report.overall, *report.groups):
        own = np.ones(len(group), dtype=bool) if row is report.overall else group == row.group.label
        assert row.values["logloss"] == pytest.approx(log_loss(label[own], probability[own]), **EXACT)
        assert row.values["brier"] == pytest.approx(brier_score_loss(label[own], probability[own]), **EXACT)
        assert row.values["ece"] == pytest.approx(expected_calibration_error(label[own], probability[own]), **EXACT)


@pytest.mark.parametrize("column", ["region", "gender"])
@pytest.mark.parametrize("is_shuffled", [False, True])
def test_many_resamples_at_once_are_each_alone(column, is_shuffled):
    """What is no sum over users (coverage, the four by item): of drawn users, and of shuffled groups."""
    dataset, evaluation = draw_case(60, seed=4, noise={"N": 2.0})
    statistics = user_statistics(dataset, evaluation, train_rows(dataset))
    terms, generator, n, b = statistics.resampled, np.random.default_rng(0), statistics.n_users, 21
    labels, code = np.unique(dataset.users[column].to_numpy()[statistics.user_index], return_inverse=True)
    weights = np.ones((1, n)) if is_shuffled else generator.multinomial(n, np.full(n, 1 / n), size=b)
    codes = np.array([generator.permutation(code) for _ in range(b)]) if is_shuffled else code[None]
    sets = np.vstack([np.eye(len(labels), len(labels) + 1), np.ones(len(labels) + 1)])

    def members(at: slice) -> Members:
        w, c = (x if len(x) == 1 else x[at] for x in (weights, codes))
        return Members(w.astype(np.float32), c, sets.astype(np.float32))

    found = 0
    for part in (part for part in terms.terms if isinstance(part, WeightedTerms)):
        work = part.together if part.of_set is None else part.of_sets
        at_once, one_by_one = work(members(slice(None))), [work(members(slice(i, i + 1)))[0] for i in range(b)]
        np.testing.assert_allclose(at_once, one_by_one, atol=1e-6)
        found += not np.isnan(at_once).any()
    assert found == 5


def test_yao_and_huangs_five_from_the_formulas(case):
    """Item by item and group by group; of more than two groups each against all others, the largest."""
    _, _, report, (group, label, probability, item, _) = case

    def mean_error(side: np.ndarray, i: int) -> float:
        own = side & (item == i)
        return probability[own].mean() - label[own].mean()

    found = dict.fromkeys(("value", "absolute", "underestimation", "overestimation", "non_parity"), 0.0)
    for g in np.unique(group):
        own, rest = group == g, group != g
        shared = [i for i in np.unique(item) if (own & (item == i)).any() and (rest & (item == i)).any()]
        pairs = [(mean_error(own, i), mean_error(rest, i)) for i in shared]
        of_group = {
            "value": np.mean([abs(a - b) for a, b in pairs]),
            "absolute": np.mean([abs(abs(a) - abs(b)) for a, b in pairs]),
            "underestimation": np.mean([abs(max(0, -a) - max(0, -b)) for a, b in pairs]),
            "overestimation": np.mean([abs(max(0, a) - max(0, b)) for a, b in pairs]),
            "non_parity": abs(probability[own].mean() - probability[rest].mean()),
        }
        found = {name: max(found[name], value) for name, value in of_group.items()}
    for name, value in found.items():
        metric = name if name == "non_parity" else f"{name}_unfairness"
        assert report.figure(metric).value == pytest.approx(value, **EXACT), name


def test_differential_fairness_and_ndcg_over_pairs_of_groups(case):
    _, evaluation, report, (group, _, probability, _, of_user) = case
    ndcg, owner = evaluation.ranking.ndcg, of_user[evaluation.ranking.user_index]
    largest, differences = 0.0, []
    for a, b in combinations(np.unique(group), 2):
        chosen = [(probability[group == g] >= 0.5) for g in (a, b)]
        rates = [(c.sum() + 0.5) / (len(c) + 1) for c in chosen]
        largest = max(largest, abs(np.log(rates[0] / rates[1])), abs(np.log((1 - rates[0]) / (1 - rates[1]))))
        differences.append(abs(ndcg[owner == a].mean() - ndcg[owner == b].mean()))
    assert report.figure("differential_fairness").value == pytest.approx(largest, **EXACT)
    assert report.figure("ndcg_pair_difference@10").value == pytest.approx(np.mean(differences), **EXACT)
    worst = min(ndcg[owner == g].mean() for g in np.unique(group))
    assert report.figure("worst_group_ndcg@10").value == pytest.approx(worst, **EXACT)


def test_lists_by_a_slow_second_way(case):
    dataset, evaluation, report, (_, _, _, _, of_user) = case
    ranking, train = evaluation.ranking, train_rows(dataset).toarray()
    category, taken = dataset.items["category"].to_numpy(), train.sum(axis=0)
    n_users = (train.sum(axis=1) > 0).sum()
    for row in report.groups:
        own = np.flatnonzero(of_user[ranking.user_index] == row.group.label)
        lists = ranking.top[own]
        assert row.values["coverage@10"] == pytest.approx(len(np.unique(lists)) / dataset.n_items, **EXACT)
        assert row.values["average_popularity@10"] == pytest.approx(taken[lists].mean(), **EXACT)
        novelty = [-np.log2(max(taken[i], 1) / n_users) for places in lists for i in places]
        assert row.values["novelty@10"] == pytest.approx(np.mean(novelty), **EXACT)
        assert row.values["ndcg_gini@10"] == pytest.approx(gini(ranking.ndcg[own]), **EXACT)
        held_out = ranking.held_out.toarray()[own] > 0
        precision = [held_out[at][places].mean() for at, places in enumerate(lists)]
        assert row.values["precision@10"] == pytest.approx(np.mean(precision), **EXACT)
        divergences = []
        for at, user in enumerate(ranking.user_index[own]):
            history = category[np.flatnonzero(train[user])]
            if not len(history):
                continue
            total = 0.0
            for c in np.unique(category):
                p, q = np.mean(history == c), np.mean(category[lists[at]] == c)
                total += p * np.log(p / (0.99 * q + 0.01 * p)) if p > 0 else 0.0
            divergences.append(total)
        assert row.values["miscalibration@10"] == pytest.approx(np.mean(divergences), **EXACT)


def of_groups(label: list[list[int]], logit: list[list[float]]):
    """Two groups, a user each, with pairs of these outcomes and scores."""
    pairs = [(u, i, y, z) for u in (0, 1) for i, (y, z) in enumerate(zip(label[u], logit[u], strict=True))]
    dataset = make_dataset({"gender": ["F", "M"], "age": [1.0, 2.0]}, {"price": [1.0] * 4}, taken=[(0, 0), (1, 1)])
    return audit_of(dataset, make_evaluation([[2], [3]], [[2], [3]], pairs), by=("gender",), settings=QUICK)


def test_no_positive_in_a_group_leaves_its_rate_out_and_the_gaps_without_a_figure():
    report = of_groups([[0, 0, 0], [1, 0, 1]], [[1, -1, 2], [1, -1, 0.5]])
    rows = {row.group.label: row.values for row in report.groups}
    assert rows["F"]["true_positive_rate"] is None
    assert rows["F"]["false_positive_rate"] == pytest.approx(2 / 3)
    left_out = {out.metric for out in report.left_out}
    assert {"equal_opportunity_difference", "equalized_odds_difference", "equalized_odds_ratio"} <= left_out
    assert report.figure("false_positive_rate_difference").value == pytest.approx(2 / 3)


def test_perfect_separation_is_the_largest_gap_there_is():
    report = of_groups([[1, 1, 0], [0, 1, 0]], [[9, 9, 9], [-9, -9, -9]])
    assert report.figure("demographic_parity_difference").value == 1
    assert report.figure("demographic_parity_ratio").value == 0
    assert report.figure("equalized_odds_difference").value == 1
    expected = np.log((3 + 0.5) / 4) - np.log(0.5 / 4)
    assert report.figure("differential_fairness").value == pytest.approx(expected)


@pytest.mark.parametrize("n_values", [500, 5000])
def test_columns_of_many_values_have_their_figures_or_one_reason(n_values):
    dataset, evaluation = draw_case(150)
    users = dataset.users.assign(region=[f"city {u * 37 % n_values}" for u in range(150)])
    report = audit_of(replace(dataset, users=users), evaluation, by=("region",), settings=QUICK)
    named = report.overall.values.keys() | {out.metric for out in report.left_out}
    assert named == {metric.full_name(10) for metric in METRICS.values()}
    by_item = [out for out in report.left_out if out.metric.endswith("_unfairness")]
    assert len(by_item) in (0, 4)
    assert len({str(out.reason) for out in by_item}) <= 1


def test_all_missing_is_one_group_and_says_so_once():
    dataset, evaluation = draw_case(80)
    users = dataset.users.assign(region=None)
    report = audit_of(replace(dataset, users=users), evaluation, by=("region",), settings=QUICK)
    assert [row.group.kind for row in report.groups] == ["missing"]
    assert report.gaps == report.together == ()
    assert {out.reason.key for out in report.left_out} == {"fairness.reason.one_group"}
    assert report.groups[0].values["ndcg@10"] == pytest.approx(report.overall.values["ndcg@10"])
