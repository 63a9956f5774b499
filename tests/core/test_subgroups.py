"""The search for the worst-served subgroups: what it finds, by a loop as judge, and how seldom it is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fairness_data import make_dataset, make_evaluation, train_rows

from recsys_core.data.schema import Column
from recsys_core.data.segments import segment_users
from recsys_core.errors import RecLensError
from recsys_core.fairness import AuditSettings, make_grouping
from recsys_core.fairness.subgroup_conditions import column_conditions, subgroup_segment, users_meeting
from recsys_core.fairness.subgroups import (
    find_subgroups,
    make_candidates,
    search,
    searchable_metrics,
    shuffles,
    subgroups_json,
)
from recsys_core.fairness.terms import RatioTerms
from recsys_core.results import RankingResult

COLUMNS = (
    Column("gender", "category", sensitive=True),
    Column("region", "category"),
    Column("age", "number", unit="years"),
    Column("likes", "set"),
)
NAMES = ("gender", "region", "age")


class Split:
    """What segments ask of a split."""

    def __init__(self, train):
        self.train = train

    def sequences(self):
        return self.train


def people(n: int, random: np.random.Generator) -> dict[str, list]:
    age = random.integers(18, 80, n).astype(float)
    age[random.random(n) < 0.1] = np.nan
    return {
        "gender": random.choice(["F", "M", None], n, p=[0.45, 0.45, 0.1]).tolist(),
        "region": random.choice(list("abcd"), n).tolist(),
        "age": age.tolist(),
        "likes": random.choice(["x|y", "x", None], n).tolist(),
    }


def case(n: int, random: np.random.Generator, *, served: np.ndarray | None = None):
    """A dataset and an evaluation whose NDCG is drawn, or given."""
    dataset = make_dataset(people(n, random), {"kind": list("ab")}, columns=COLUMNS, taken=[(u, 0) for u in range(n)])
    evaluation = make_evaluation([[1]] * n, [[1]] * n, [(u, 1, u % 2, 0.0) for u in range(n)])
    ndcg = random.beta(0.5, 1.0, n) if served is None else served
    return dataset, replace(evaluation, ranking=_with(evaluation.ranking, ndcg))


def _with(ranking: RankingResult, ndcg: np.ndarray) -> RankingResult:
    return RankingResult(ranking.k, ranking.user_index, ranking.top, ndcg, ranking.recall, ranking.held_out)


def find(dataset, evaluation, **how):
    return find_subgroups(dataset, evaluation, train=train_rows(dataset), **how)


QUICK = AuditSettings(n_bootstrap=60, least_size=12, seed=4)


def test_every_statistic_and_corrected_p_value_agrees_with_a_loop():
    dataset, evaluation = case(160, np.random.default_rng(1))
    ndcg, n = evaluation.ranking.ndcg, 160
    met = [c for name in NAMES for c in column_conditions(dataset, name, train=train_rows(dataset))]
    seen: dict[tuple, tuple] = {}
    for a in range(len(met)):
        for b in (a, *range(a + 1, len(met))):
            inside = met[a].inside & met[b].inside
            same_column = a != b and met[a].condition.column == met[b].condition.column
            if not same_column and 12 <= inside.sum() <= n - 12:
                seen.setdefault(tuple(inside), (a, b if b != a else -1))
    candidates = make_candidates(met, np.arange(n), least_size=12)
    single_first = sorted(seen, key=lambda who: (seen[who][1] >= 0, seen[who]))
    assert {tuple(row > 0) for row in candidates.members.toarray()} == set(single_first)
    assert candidates.n_found == len(seen)

    def statistic(values: np.ndarray, inside: np.ndarray) -> float:
        m = inside.sum()
        difference = values[~inside].mean() - values[inside].mean()
        return difference / np.sqrt(values.var() * n * n / ((n - 1) * m * (n - m)))

    rows = [row > 0 for row in candidates.members.toarray()]
    worse, p = search(RatioTerms(ndcg, np.ones(n)), candidates, sign=-1.0, settings=QUICK)
    np.testing.assert_allclose(worse, [statistic(ndcg, row) for row in rows], rtol=1e-9)
    orders = np.concatenate(list(shuffles(n, QUICK)))
    largest = np.array([max(statistic(ndcg[order], row) for row in rows) for order in orders])
    np.testing.assert_allclose(p, [(1 + (largest >= w - 1e-5).sum()) / 61 for w in worse])


def test_a_planted_subgroup_is_the_worst_and_opens_as_a_group_and_as_a_segment():
    random = np.random.default_rng(2)
    users = people(600, random)
    planted = (np.array(users["region"]) == "c") & (np.array(users["age"]) < 50)
    dataset = make_dataset(users, {"kind": list("ab")}, columns=COLUMNS, taken=[(u, 0) for u in range(600)])
    evaluation = make_evaluation([[1]] * 600, [[1]] * 600, [(0, 1, 1, 0.0), (1, 1, 0, 0.0)])
    ndcg = np.clip(random.normal(0.5, 0.15, 600) - 0.3 * planted, 0, 1)
    found = find(dataset, replace(evaluation, ranking=_with(evaluation.ranking, ndcg)))
    worst = found.subgroups[0]
    assert {c.column for c in worst.conditions} == {"user.region", "user.age"}
    assert worst.p_corrected < 0.01
    assert worst.high < 0
    train = train_rows(dataset)
    inside = np.zeros(600, dtype=bool)
    inside[users_meeting(dataset, worst.conditions, train=train)] = True
    assert (inside & planted).sum() / (inside | planted).sum() > 0.8
    assert worst.value == pytest.approx(ndcg[inside].mean())
    assert worst.difference == pytest.approx(ndcg[inside].mean() - ndcg[~inside].mean())
    grouping = make_grouping(dataset, tuple(c.spelled for c in worst.conditions), train=train)
    assert inside.tolist() in (grouping.membership.T > 0).tolist(), "a cell of the crossed columns is this subgroup"
    for subgroup in found.subgroups:
        segment = subgroup_segment("mine", subgroup.conditions, dataset, Split(train))
        users = segment_users(segment, dataset, Split(train))
        assert users.tolist() == users_meeting(dataset, subgroup.conditions, train=train).tolist()
        assert len(users) == subgroup.n
        said = all(c.group.kind != "missing" and c.column[5:] in NAMES for c in subgroup.conditions)
        assert (segment.users is None) == said, "conditions cannot say empty cells, nor a set as a whole"
    text = subgroups_json(found)
    assert text["subgroups"][0]["group"] == worst.label
    assert text["n_found"] == len(found.found) <= len(text["subgroups"]) == 10


def test_no_effect_is_seldom_flagged_and_a_planted_one_is_seldom_missed():
    """As often as chance may and as rarely as it must."""
    settings = AuditSettings(n_bootstrap=99)
    random = np.random.default_rng(7)
    dataset, _ = case(500, random)
    met = [c for name in NAMES for c in column_conditions(dataset, name, train=train_rows(dataset))]
    candidates = make_candidates(met, np.arange(500), least_size=20)
    planted = (dataset.users["region"] == "b").to_numpy() & (dataset.users["gender"] == "F").to_numpy()
    flagged, hit = 0, 0
    for run in range(300):
        how = {"sign": -1.0, "settings": replace(settings, seed=run)}
        ndcg = random.beta(0.6, 1.2, 500)
        flagged += search(RatioTerms(ndcg, np.ones(500)), candidates, **how)[1].min() <= 0.05
        if run < 100:
            lower = np.where(planted, 0.4 * ndcg, ndcg)
            worse, p = search(RatioTerms(lower, np.ones(500)), candidates, **how)
            hit += p.min() <= 0.05 and bool(
                candidates.members[[int(worse.argmax())]].toarray()[0][planted].mean() > 0.5
            )
    assert flagged <= 0.07 * 300
    assert hit >= 0.9 * 100


def test_a_measure_of_ratios_weighs_users_by_their_denominators():
    dataset, evaluation = case(200, np.random.default_rng(3))
    found = find(dataset, evaluation, metric="popularity_lift@1", settings=QUICK)
    assert found.metric == "popularity_lift@1"
    assert {"ndcg", "recall", "mrr"} <= set(searchable_metrics())
    assert find(dataset, evaluation, metric="ndcg").metric == "ndcg@1"


def test_a_sensible_answer_where_there_is_little_to_search():
    dataset, evaluation = case(60, np.random.default_rng(5))
    for columns in (("gender",), ("age=40", "region=a")):
        found = find(dataset, evaluation, columns=columns, settings=replace(QUICK, least_size=25))
        assert all(s.n >= 25 and 60 - s.n >= 25 for s in found.subgroups)
    none = find(dataset, evaluation, settings=replace(QUICK, least_size=31))
    assert (none.subgroups, none.found, none.n_candidates) == ((), (), 0)
    same = replace(evaluation, ranking=_with(evaluation.ranking, np.full(60, 0.3)))
    flat = find(dataset, same, settings=QUICK)
    assert flat.found == ()
    assert {s.p_corrected for s in flat.subgroups} == {1.0}
    empty = make_dataset({"void": [None] * 60}, {"x": [1]}, columns=(Column("void", "category"),))
    found = find_subgroups(empty, evaluation, train=train_rows(empty), columns=("void",), settings=QUICK)
    assert found.subgroups == ()


def test_many_values_are_searched_by_the_most_frequent():
    random = np.random.default_rng(6)
    city = [f"v{i}" for i in random.integers(5000, size=800)]
    dataset = make_dataset(
        {"city": city, "zip": [f"z{i % 500}" for i in range(800)]},
        {"x": [1, 2]},
        columns=(Column("city", "category"), Column("zip", "category")),
        taken=[(u, 0) for u in range(800)],
    )
    conditions = column_conditions(dataset, "city", train=train_rows(dataset))
    assert len(conditions) == 20
    evaluation = make_evaluation([[1]] * 800, [[1]] * 800, [])
    assert find(dataset, evaluation, settings=replace(QUICK, least_size=1)).n_candidates > 20


@pytest.mark.parametrize(
    ("how", "key"),
    [
        ({"metric": "auc"}, "subgroups.metric"),
        ({"metric": "nothing"}, "subgroups.metric"),
        ({"columns": ("item.kind",)}, "column.unknown"),
        ({"columns": ("item.popularity",)}, "subgroups.columns"),
        ({"columns": ("shoe",)}, "column.unknown"),
    ],
)
def test_what_cannot_be_searched_is_refused(how, key):
    dataset, evaluation = case(60, np.random.default_rng(5))
    with pytest.raises(RecLensError) as caught:
        find(dataset, evaluation, settings=QUICK, **how)
    assert caught.value.key == key


def test_nobody_with_a_figure_is_said():
    dataset, _ = case(60, np.random.default_rng(5))
    with pytest.raises(RecLensError, match="nobody has a figure"):
        find(dataset, make_evaluation([], [], []), settings=QUICK)
