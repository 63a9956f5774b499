"""The audit of user groups: figures by hand and against Fairlearn, sizes, suppression, edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate
from fairness_data import DATASET, EVALUATION, audit_of, draw_case, make_dataset, make_evaluation, ranked_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from recsys_core.errors import RecLensError, SettingError
from recsys_core.fairness import AuditSettings, report_json
from recsys_core.fairness.metrics import METRICS
from recsys_core.results import FairnessReport
from recsys_core.variant import ModelVariant

QUICK = AuditSettings(n_bootstrap=50, least_size=1)


def rows(report: FairnessReport) -> dict:
    return {row.group.label: row for row in report.groups}


def left_out(report: FairnessReport) -> dict[str, str]:
    return {out.metric: out.reason.key for out in report.left_out}


def small(**settings) -> FairnessReport:
    return audit_of(DATASET, EVALUATION, by=("gender",), settings=replace(QUICK, **settings))


def test_gap_by_hand():
    gap = next(g for g in small().gaps if g.metric == "recall@2")
    assert (gap.worst_group.label, gap.best_group.label) == ("F", "M")
    assert (gap.difference, gap.ratio) == (pytest.approx(0.25), pytest.approx(2 / 3))
    lift = next(g for g in small().gaps if g.metric == "popularity_lift@2")
    assert (lift.worst_group.label, lift.best_group.label) == ("M", "F")  # more pushed towards popular items is worse
    assert lift.ratio is None  # of negative figures


def frames(dataset, evaluation) -> tuple[MetricFrame, MetricFrame]:
    """Fairlearn over pairs and over users of region."""
    pairs, ranking = evaluation.pairs, evaluation.ranking
    region = dataset.users["region"].to_numpy()
    measures = {
        "selection_rate": selection_rate,
        "true_positive_rate": true_positive_rate,
        "auc": lambda y_true, y_pred: np.nan,
    }
    of_pairs = MetricFrame(
        metrics=measures,
        y_true=pairs.label,
        y_pred=(1 / (1 + np.exp(-pairs.score)) >= 0.5).astype(int),
        sensitive_features=region[pairs.user_index],
    )
    of_users = MetricFrame(
        metrics={"ndcg@10": lambda y_true, y_pred: y_pred.mean()},
        y_true=np.zeros(len(ranking.ndcg)),
        y_pred=ranking.ndcg,
        sensitive_features=region[ranking.user_index],
    )
    return of_pairs, of_users


def test_figures_and_gaps_equal_fairlearn():
    dataset, evaluation = draw_case(noise={"N": 2.0})
    report = audit_of(dataset, evaluation, by=("region",), settings=QUICK)
    gaps = {g.metric: g for g in report.gaps}
    of_pairs, of_users = frames(dataset, evaluation)
    for frame, metric in ((of_pairs, "selection_rate"), (of_pairs, "true_positive_rate"), (of_users, "ndcg@10")):
        by_group = {g: row.values[metric] for g, row in rows(report).items()}
        assert by_group == pytest.approx(frame.by_group[metric].to_dict(), abs=1e-12)
        assert report.overall.values[metric] == pytest.approx(frame.overall[metric])
        assert gaps[metric].difference == pytest.approx(frame.difference()[metric])
        assert gaps[metric].ratio == pytest.approx(frame.ratio()[metric])


def test_auc_equals_sklearn_in_every_group_and_overall():
    dataset, evaluation = draw_case()
    report = audit_of(dataset, evaluation, by=("region",), settings=QUICK)
    region = dataset.users["region"].to_numpy()[evaluation.pairs.user_index]
    for group, row in rows(report).items():
        inside = region == group
        expected = roc_auc_score(evaluation.pairs.label[inside], evaluation.pairs.score[inside])
        assert row.values["auc"] == pytest.approx(expected, abs=1e-12)
    assert report.overall.values["auc"] == evaluation.auc
    assert report.overall.values["ndcg@10"] == pytest.approx(evaluation.ndcg)


@given(seed=st.integers(0, 10**6), column=st.sampled_from(["gender", "region", "age", "activity"]))
@settings(max_examples=15, deadline=None)
def test_sizes_add_up_and_groups_average_to_everyone(seed, column):
    dataset, evaluation = draw_case(60, seed=seed)
    report = audit_of(dataset, evaluation, by=(column,), settings=QUICK)
    assert sum(r.n for r in report.groups) == report.overall.n == len(evaluation.ranking.user_index)
    for metric in ("ndcg@10", "recall@10", "hit_rate@10"):
        mean = sum(r.n * r.values[metric] for r in report.groups) / report.overall.n
        assert mean == pytest.approx(report.overall.values[metric])
    for row in (report.overall, *report.groups):
        for metric, value in row.values.items():
            assert value is None or row.low[metric] <= value <= row.high[metric]
    for gap in report.gaps:
        assert gap.difference >= 0
        assert gap.low <= gap.difference <= gap.high
        assert 0 < gap.p_value <= 1


def test_calibration_is_worst_furthest_from_zero():
    sure = make_evaluation([[3, 1]] * 4, [[3]] * 4, [(0, 3, 1, 0.1), (1, 1, 0, 0.0), (2, 3, 0, 3.0), (3, 1, 0, 2.0)])
    gap = next(g for g in audit_of(DATASET, sure, by=("gender",), settings=QUICK).gaps if g.metric == "calibration_gap")
    assert (gap.worst_group.label, gap.best_group.label) == ("M", "F")
    timid = make_evaluation([[3, 1]] * 4, [[3]] * 4, [(0, 3, 1, -3.0), (1, 1, 1, -2.0), (2, 3, 0, 0.0), (3, 1, 1, 0.2)])
    gap = next(
        g for g in audit_of(DATASET, timid, by=("gender",), settings=QUICK).gaps if g.metric == "calibration_gap"
    )
    assert (gap.worst_group.label, gap.best_group.label) == ("F", "M")


def test_same_seed_same_report_and_another_seed_another_interval():
    first, again, other = (small(seed=s, n_bootstrap=20) for s in (3, 3, 4))
    assert report_json(first)["groups"] == report_json(again)["groups"]
    assert report_json(first)["groups"] != report_json(other)["groups"]


def test_small_groups_are_shown_with_their_size_and_no_figure():
    dataset, evaluation = draw_case(200)
    users = dataset.users.assign(gender=["X"] * 3 + ["F", "M"] * 98 + [None])
    report = audit_of(replace(dataset, users=users), evaluation, by=("gender",), settings=replace(QUICK, least_size=20))
    assert [r.group.label for r in report.groups] == ["F", "M", "X", "(missing)"]
    for row in report.groups[2:]:
        assert row.suppressed
        assert row.n > 0
        assert set(row.values.values()) == set(row.low.values()) == set(row.high.values()) == {None}
    assert sum(r.n for r in report.groups) == report.overall.n
    assert {g for gap in report.gaps for g in (gap.worst_group.label, gap.best_group.label)} == {"F", "M"}
    assert report.overall.values["ndcg@10"] == pytest.approx(evaluation.ndcg)  # the small ones count here


def test_group_without_evaluated_users_stays_in_the_table():
    ranking = EVALUATION.ranking
    women = replace(EVALUATION, ranking=ranked_rows(ranking, np.arange(2)))
    report = audit_of(DATASET, women, by=("gender",), settings=QUICK)
    assert [(r.group.label, r.n, r.suppressed) for r in report.groups] == [("F", 2, False), ("M", 0, True)]
    assert report.gaps == ()


def test_all_groups_too_small_is_said_and_everyone_still_has_a_figure():
    report = small(least_size=20)
    assert [str(note) for note in report.notes] == [
        "column user.gender: no group has 20 users or more; choose another column."
    ]
    assert all(row.suppressed for row in report.groups)
    assert (report.gaps, report.n_tested) == ((), 0)
    assert report.overall.values["ndcg@2"] == pytest.approx(EVALUATION.ndcg)


def test_empty_evaluation_is_said():
    with pytest.raises(RecLensError, match="no group"):
        audit_of(DATASET, make_evaluation([], [], []), by=("gender",), settings=QUICK)


def test_one_user_in_one_group():
    one = make_evaluation([[3, 1]], [[3]], [(0, 3, 1, 1.0)])
    report = audit_of(DATASET, one, by=("gender",), settings=QUICK)
    values = rows(report)["F"].values
    assert (values["ndcg@2"], values["true_positive_rate"]) == (1.0, 1.0)
    assert left_out(report)["auc"] == "fairness.reason.one_class"  # nobody has it, so it is no figure
    assert rows(report)["F"].low["ndcg@2"] == rows(report)["F"].high["ndcg@2"] == 1.0


def test_equal_groups_have_no_gap():
    same = make_evaluation(
        [[3, 1]] * 4, [[3]] * 4, [(u, i, y, s) for u in range(4) for i, y, s in ((3, 1, 1.0), (1, 0, 1.0))]
    )
    for gap in audit_of(DATASET, same, by=("gender",), settings=QUICK).gaps:
        if not gap.metric.startswith("popularity"):  # the profiles differ
            assert (gap.difference, gap.p_value, gap.within_noise) == (0, 1, True)
            assert gap.worst_group != gap.best_group


def test_constant_column_is_one_group_without_gaps():
    dataset = replace(DATASET, users=DATASET.users.assign(gender="F"))
    report = audit_of(dataset, EVALUATION, by=("gender",), settings=QUICK)
    assert [(r.group.label, r.n) for r in report.groups] == [("F", 4)]
    assert report.groups[0].values == pytest.approx(report.overall.values)
    assert report.gaps == ()


def test_scorer_without_probabilities_has_no_decisions():
    report = audit_of(DATASET, replace(EVALUATION, logloss=None), by=("gender",), settings=QUICK)
    assert {"auc", "ndcg@2"} <= set(report.overall.values)
    names = {metric.name for metric in METRICS.values() if "probabilities" in metric.needs}
    assert {"calibration_gap", "selection_rate", "true_positive_rate", "equalized_odds_difference"} < names
    assert not names & set(report.overall.values)
    assert left_out(report) == dict.fromkeys(names, "fairness.reason.no_probabilities")


def test_dataset_without_categories_has_no_diversity():
    dataset = make_dataset({"gender": list("FFMM"), "age": [1.0] * 4}, {"price": [1.0] * 5})
    report = audit_of(dataset, EVALUATION, by=("gender",), settings=QUICK)
    assert "diversity@2" not in report.overall.values
    assert left_out(report)["diversity@2"] == "fairness.reason.no_category"


def test_lists_shorter_than_k_and_users_without_a_profile():
    short = make_evaluation([[3, -1], [-1, -1], [3, 4], [0, 1]], [[3], [4], [4], [1]], [(0, 3, 1, 1.0), (2, 4, 0, 1.0)])
    dataset = replace(DATASET, interactions=DATASET.interactions.iloc[2:])
    report = audit_of(dataset, short, by=("gender",), settings=QUICK)
    values = rows(report)["F"].values
    assert values["popularity_lift@2"] is None
    assert values["diversity@2"] is None
    assert values["tail_exposure@2"] == 1.0  # the empty list exposes nothing


def test_two_columns_crossed():
    report = audit_of(*draw_case(), by=("gender", "user.region"), settings=QUICK)
    assert report.by == ("user.gender", "user.region")
    assert [r.group.label for r in report.groups] == [f"{g} × {r}" for g in "FM" for r in "ENSW"]


def test_order_of_users_in_the_evaluation_does_not_matter():
    ranking, pairs = EVALUATION.ranking, EVALUATION.pairs
    backwards = {f: getattr(pairs, f)[::-1] for f in ("user_index", "item_index", "label", "score")}
    turned = ranked_rows(ranking, np.arange(len(ranking.top))[::-1])
    other = replace(EVALUATION, ranking=turned, pairs=replace(pairs, **backwards))
    first, second = (report_json(audit_of(DATASET, e, by=("gender",), settings=QUICK)) for e in (EVALUATION, other))
    for one, two in zip([first["overall"], *first["groups"]], [second["overall"], *second["groups"]], strict=True):
        assert one == pytest.approx(two)


def test_json_follows_the_contract():
    data = report_json(
        audit_of(DATASET, EVALUATION, by=("gender",), variant=ModelVariant.compressed(bits=8), settings=QUICK)
    )
    assert {"group", "n", "ndcg@2", "ndcg@2_low", "ndcg@2_high"} <= set(data["groups"][0])
    assert {"metric", "worst_group", "best_group", "difference", "ratio", "low", "high"} <= set(data["gaps"][0])
    assert pd.notna([g["p_value"] for g in data["gaps"]]).all()


@pytest.mark.parametrize("setting", ["n_bootstrap", "least_size", "seed"])
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(SettingError, match=f"{setting} must be at least"):
        AuditSettings(**{setting: -1})
