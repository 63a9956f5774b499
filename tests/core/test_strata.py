"""A gap within strata: hand-worked, and whether it stays or was something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fairness_data import audit_of, make_dataset, make_evaluation, train_rows

from recsys_core.data.schema import Column
from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness import AuditSettings
from recsys_core.fairness.strata import strata_json, stratified_gap
from recsys_core.results import RankingResult

COLUMNS = (Column("group", "category"), Column("level", "number"), Column("town", "category"))
QUICK = AuditSettings(n_bootstrap=200, least_size=5)


def case(group, level, ndcg, *, town=None):
    n = len(group)
    users = {"group": list(group), "level": list(level), "town": town or ["t"] * n}
    dataset = make_dataset(users, {"kind": list("ab")}, columns=COLUMNS, taken=[(u, 0) for u in range(n)])
    evaluation = make_evaluation([[1]] * n, [[1]] * n, [(u, 1, u % 2, 0.0) for u in range(n)])
    old = evaluation.ranking
    ranking = RankingResult(old.k, old.user_index, old.top, np.asarray(ndcg, dtype=float), old.recall, old.held_out)
    return dataset, replace(evaluation, ranking=ranking)


def gap_within(dataset, evaluation, within, *, by=("group",), metric="ndcg", settings=QUICK):
    report = audit_of(dataset, evaluation, by=by, settings=settings)
    return stratified_gap(dataset, evaluation, report, metric=metric, within=within, train=train_rows(dataset))


def test_two_strata_by_hand():
    """Ten and thirty users at level 1 (0.2 against 0.5), twenty and ten at level 2 (0.1 against 0.2)."""
    group = ["a"] * 10 + ["b"] * 30 + ["a"] * 20 + ["b"] * 10
    ndcg = [0.2] * 10 + [0.5] * 30 + [0.1] * 20 + [0.2] * 10
    found = gap_within(*case(group, [1.0] * 40 + [2.0] * 30, ndcg), "level")
    assert (found.worst_group.value, found.best_group.value, found.within) == ("a", "b", "user.level")
    assert [(s.group.label, s.n_worst, s.n_best) for s in found.strata] == [("1", 10, 30), ("2", 20, 10)]
    first, second = 300 / 40, 200 / 30
    assert [s.weight for s in found.strata] == pytest.approx([first / (first + second), second / (first + second)])
    assert [s.difference.value for s in found.strata] == pytest.approx([0.3, 0.1])
    assert found.adjusted.value == pytest.approx((0.3 * first + 0.1 * second) / (first + second))
    assert found.raw.value == pytest.approx((30 * 0.5 + 10 * 0.2) / 40 - (10 * 0.2 + 20 * 0.1) / 30)
    assert found.verdict == "in_every"
    text = strata_json(found)
    assert text["adjusted"]["difference"] == found.adjusted.value
    assert [row["n_worst"] for row in text["strata"]] == [10, 20]


def test_fifths_agree_with_a_loop_over_users():
    random = np.random.default_rng(0)
    level, group, ndcg = random.normal(size=600), random.choice(list("abc"), 600), random.random(600)
    dataset, evaluation = case(group, level, ndcg)
    found = gap_within(dataset, evaluation, "level")
    cut = np.searchsorted(np.quantile(level, [0.2, 0.4, 0.6, 0.8]), level, side="right")
    weights, differences = [], []
    for s, row in enumerate(found.strata):
        worst = (group == found.worst_group.value) & (cut == s)
        best = (group == found.best_group.value) & (cut == s)
        assert (row.n_worst, row.n_best) == (worst.sum(), best.sum())
        differences.append(ndcg[best].mean() - ndcg[worst].mean())
        weights.append(worst.sum() * best.sum() / (worst.sum() + best.sum()))
        assert row.difference.value == pytest.approx(differences[-1], abs=1e-12)
        assert row.difference.low <= differences[-1] <= row.difference.high
    assert found.adjusted.value == pytest.approx(np.average(differences, weights=weights), abs=1e-12)


@pytest.mark.parametrize(("effect", "verdict"), [(0.0, ("disappears",)), (0.3, ("stays", "in_every"))])
def test_a_gap_that_is_activity_disappears_and_one_that_is_the_group_stays(effect, verdict):
    random = np.random.default_rng(3)
    group = random.choice(list("ab"), 2000)
    level = random.normal(size=2000) + 1.0 * (group == "b")
    ndcg = np.clip(0.5 + 0.1 * level + effect * (group == "b") + 0.1 * random.normal(size=2000), 0, 2)
    bought = np.digitize(level, np.linspace(-2, 3, 40)).astype(float)  # fifths of a number adjust for it roughly
    found = gap_within(*case(group, bought, ndcg), "level=" + "/".join(map(str, range(4, 40))))
    assert found.raw.low > 0.08
    assert found.verdict in verdict
    assert found.adjusted.value == pytest.approx(effect, abs=0.02)
    assert found.adjusted.low <= effect + 0.01
    assert found.adjusted.high >= effect - 0.01


def test_a_gap_that_turns_and_one_of_a_measure_where_more_is_worse():
    group = (["a"] * 40 + ["b"] * 10) + (["a"] * 10 + ["b"] * 40)
    ndcg = [0.3] * 40 + [0.2] * 10 + [0.8] * 10 + [0.7] * 40
    noise = np.random.default_rng(0).normal(0, 0.01, 100)
    found = gap_within(*case(group, [1.0] * 50 + [2.0] * 50, ndcg + noise), "level")
    assert found.verdict == "turns"
    assert found.raw.value > 0 > found.adjusted.value
    lift = gap_within(*case(group, [1.0] * 50 + [2.0] * 50, ndcg + noise), "level", metric="popularity_lift")
    assert lift.raw.value == pytest.approx(0, abs=1e-9)
    assert lift.verdict == "no_gap"


def test_awkward_strata_have_an_answer():
    random = np.random.default_rng(1)
    group = random.choice(list("ab"), 200)
    level = np.where(random.random(200) < 0.2, np.nan, random.integers(0, 9, 200))
    ndcg = random.random(200) + 0.5 * (group == "b")
    town = np.where(group == "a", "x", "y").tolist()
    dataset, evaluation = case(group, level, ndcg, town=town)
    missing = gap_within(dataset, evaluation, "level")
    assert [s.group.kind for s in missing.strata] == ["range"] * 5 + ["missing"]
    assert sum(s.n_worst + s.n_best for s in missing.strata) == 200
    alone = gap_within(dataset, evaluation, "town")
    assert (alone.verdict, alone.adjusted, alone.with_figure) == ("unknown", None, ())
    assert strata_json(alone)["adjusted"]["difference"] is None
    few = gap_within(dataset, evaluation, "level", settings=replace(QUICK, least_size=18))
    assert 0 < len(few.with_figure) < 6
    assert few.verdict in ("stays", "disappears")
    assert gap_within(dataset, evaluation, "interactions").strata[0].group.label == "1"
    with pytest.raises(SettingError, match="fewer than two groups have 150 users or more"):
        gap_within(dataset, evaluation, "level", settings=replace(QUICK, least_size=150))
    for within, metric, by, key in (
        ("shoe", "ndcg", ("group",), "column.unknown"), ("item.popularity", "ndcg", ("group",), "strata.users"),
        ("level", "nothing", ("group",), "strata.metric"), ("level", "ndcg", ("popularity",), "strata.users"),
    ):  # fmt: skip
        with pytest.raises(RecLensError) as caught:
            gap_within(dataset, evaluation, within, metric=metric, by=by)
        assert caught.value.key == key
