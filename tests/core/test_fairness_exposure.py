"""Item side: exposure of item groups against relevance and catalogue share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fairness_data import audit_of, draw_case, make_dataset, make_evaluation, train_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_core.data.schema import Column
from recsys_core.fairness import AuditSettings

QUICK = AuditSettings(n_bootstrap=100, least_size=1)
ITEM_COLUMNS = (Column("category", "category"), Column("tags", "set"))
DATASET = make_dataset(
    {"gender": list("FM"), "age": [20.0, 30.0]},
    {"category": ["a", "a", "b", "b"], "tags": ["x", "x|y", "y", None]},
    item_columns=ITEM_COLUMNS,
)
EVALUATION = make_evaluation(
    [[0, 2], [1, 0]], [[0, 3], [2]], [(0, 0, 1, 1.0), (0, 3, 1, 0.5), (1, 2, 1, 0.1), (0, 1, 0, 0.0)]
)
SECOND = 0.63093


def rows(by, evaluation=EVALUATION):
    report = audit_of(DATASET, evaluation, by=(by,), settings=QUICK)
    return report, {row.group.label: row for row in report.groups}


def test_exposure_by_hand():
    report, groups = rows("item.category")
    assert report.side == "item"
    a, b = groups["a"].values, groups["b"].values
    total = 2 + 2 * SECOND
    assert (a["catalogue_share"], b["catalogue_share"]) == (0.5, 0.5)
    assert a["exposure_share"] == pytest.approx((2 + SECOND) / total, abs=1e-5)
    # user 0 wanted half a and half b, user 1 only b
    assert (a["relevance_share"], b["relevance_share"]) == (0.25, 0.75)
    assert b["exposure_to_relevance"] == pytest.approx(SECOND / total / 0.75, abs=1e-5)
    assert b["exposure_to_catalogue"] == pytest.approx(SECOND / total / 0.5, abs=1e-5)
    assert (a["recall@2"], b["recall@2"]) == (1.0, 0.0)
    assert report.overall.values["recall@2"] == pytest.approx(1 / 3)
    assert (report.overall.n, groups["a"].n) == (4, 2)


def test_item_in_two_groups_counts_half_in_each():
    _, groups = rows("tags")
    assert {g: r.n for g, r in groups.items()} == {"x": 2, "y": 2, "(missing)": 1}
    assert {g: r.values["catalogue_share"] for g, r in groups.items()} == {"x": 0.375, "y": 0.375, "(missing)": 0.25}
    exposed = {g: r.values["exposure_share"] * (2 + 2 * SECOND) for g, r in groups.items()}
    assert exposed == pytest.approx({"x": 1 + SECOND + 0.5, "y": SECOND + 0.5, "(missing)": 0}, abs=1e-4)
    assert groups["(missing)"].values["exposure_to_relevance"] == 0


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_shares_add_up_to_one(seed):
    dataset, evaluation = draw_case(40, seed=seed)
    report = audit_of(dataset, evaluation, by=("category",), settings=QUICK)
    for metric in ("catalogue_share", "exposure_share", "relevance_share"):
        assert sum(r.values[metric] for r in report.groups) == pytest.approx(1)
    for row in (report.overall, *report.groups):
        assert all(v is None or row.low[m] <= v <= row.high[m] for m, v in row.values.items())
    of_lists = {f"{name}@10" for name in ("recall", "item_coverage", "tail_share", "list_rate")}
    assert {g.metric for g in report.gaps} == {"exposure_to_relevance", "exposure_to_catalogue"} | of_lists
    assert {figure.metric for figure in report.together} == {"rsp@10", "reo@10"}


def test_group_that_is_never_shown_is_found():
    dataset, evaluation = draw_case(200, n_items=90)
    ranking = evaluation.ranking
    category = dataset.items["category"].to_numpy()
    shown = np.flatnonzero(category != "c")
    pushed = replace(ranking, top=shown[ranking.top % len(shown)])
    report = audit_of(dataset, replace(evaluation, ranking=pushed), by=("category",))
    gap = next(g for g in report.gaps if g.metric == "exposure_to_relevance")
    assert (gap.worst_group.label, gap.ratio, gap.within_noise) == ("c", 0, False)
    fair = next(g for g in audit_of(dataset, evaluation, by=("category",)).gaps if g.metric == "exposure_to_catalogue")
    assert fair.within_noise  # the truth does not know categories


def test_items_looked_for_are_the_rankings_not_the_pairs():
    # user 1 also took item 0 in the test part, but knew it before: no candidate, so nobody looks for it
    again = make_evaluation(
        [[0, 2], [1, 3]], [[0, 3], [2]], [(0, 0, 1, 1.0), (0, 3, 1, 0.5), (1, 2, 1, 0.1), (1, 0, 1, 0.0)]
    )
    _, groups = rows("item.category", again)
    assert (groups["a"].values["relevance_share"], groups["b"].values["relevance_share"]) == (0.25, 0.75)
    assert (groups["a"].values["recall@2"], groups["b"].values["recall@2"]) == (1.0, 0.0)


def test_small_groups_of_items_are_suppressed():
    few = audit_of(DATASET, EVALUATION, by=("category",))
    assert [note.key for note in few.notes] == ["fairness.no_item_groups"]
    assert few.overall.values["recall@2"] == pytest.approx(1 / 3)
    report = audit_of(DATASET, EVALUATION, by=("tags",), settings=replace(QUICK, least_size=2))
    assert [(r.group.label, r.suppressed) for r in report.groups] == [("x", False), ("y", False), ("(missing)", True)]


def test_nothing_held_out_leaves_relevance_undefined():
    nothing = make_evaluation([[0, 2], [1, 0]], [[], []], [])
    _, groups = rows("category", nothing)
    assert groups["a"].values["relevance_share"] is None
    assert groups["a"].values["exposure_to_relevance"] is None
    assert groups["a"].values["exposure_share"] > 0


def test_rates_inequality_and_coverage_by_a_slow_second_way():
    """Straight from the formulas of Zhu, Wang & Caverlee 2020 and of Gini, item by item."""
    dataset, evaluation = draw_case(60, n_items=90)
    train = train_rows(dataset).toarray() > 0
    report = audit_of(dataset, evaluation, by=("category",), settings=QUICK)
    category, ranking = dataset.items["category"].to_numpy(), evaluation.ranking
    held_out, weight = ranking.held_out.toarray() > 0, 1 / np.log2(np.arange(2, 12))
    exposure = np.zeros(dataset.n_items)
    for places in ranking.top:
        np.add.at(exposure, places, weight)
    popular = set(np.argsort(-train.sum(axis=0), kind="stable")[: int(np.ceil(0.2 * dataset.n_items))].tolist())
    rates, recalls = [], []
    for row in report.groups:
        own = np.flatnonzero(category == row.group.label)
        listed = sum(np.isin(places, own).sum() for places in ranking.top)
        could = sum(np.count_nonzero(~train[user][own]) for user in ranking.user_index)
        hits = sum(held_out[at][places][np.isin(places, own)].sum() for at, places in enumerate(ranking.top))
        rates.append(listed / could)
        recalls.append(hits / held_out[:, own].sum())
        x = exposure[own]
        gini = np.abs(x[:, None] - x).sum() / (2 * len(x) ** 2 * x.mean())
        tail = sum(exposure[i] for i in own if i not in popular) / x.sum()
        expected = {"list_rate": rates[-1], "recall": recalls[-1], "item_coverage": (x > 0).mean(),
                    "exposure_gini": gini, "tail_share": tail}  # fmt: skip
        assert {name: row.values[f"{name}@10"] for name in expected} == pytest.approx(expected, abs=1e-9)
        assert row.values["rsp@10"] is None
    for name, values in (("rsp@10", rates), ("reo@10", recalls)):
        figure = report.figure(name)
        assert figure.value == pytest.approx(np.std(values) / np.mean(values), abs=1e-9)
        assert figure.low <= figure.value <= figure.high
        assert 0 < figure.p_value <= figure.p_corrected
