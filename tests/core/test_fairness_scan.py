"""The scan of all columns and its corrected verdicts: Holm by hand, false alarms counted, planted gaps found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fairness_data import audit_of, draw_case, make_dataset, make_evaluation, train_rows
from hypothesis import given
from hypothesis import strategies as st

from recsys_core.data.schema import Column
from recsys_core.fairness import (
    AuditSettings,
    audit,
    exposure_changes,
    holm,
    relative_size,
    report_json,
    scan,
    scan_json,
)
from recsys_core.fairness.audit import audit_grouping
from recsys_core.fairness.cohort import user_cohort
from recsys_core.fairness.gaps import corrected
from recsys_core.fairness.groups import Grouping, make_grouping
from recsys_core.fairness.metrics import METRICS
from recsys_core.fairness.permutation import permutation_p, shuffled_p
from recsys_core.fairness.resamples import PERMUTATION, Resamples
from recsys_core.fairness.rotations import Rotations, _fast_length
from recsys_core.fairness.user_statistics import user_statistics
from recsys_core.results import Group
from recsys_core.variant import DENSE

QUICK = AuditSettings(n_bootstrap=99, least_size=10)
SCANNED = [metric for metric in METRICS.values() if metric.is_scanned]
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def scan_of(dataset, evaluation, **how):
    return scan(dataset, evaluation, train=train_rows(dataset), **{"settings": QUICK, **how})


def test_holm_by_hand():
    # 4 x .005, 3 x .01, 2 x .03, and .04 may not be smaller than the one before it
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1, 1]
    known = holm(np.array([0.01, np.nan, 0.5]))
    assert known[[0, 2]].tolist() == pytest.approx([0.02, 0.5])
    assert np.isnan(known[1])
    assert holm(np.array([])).tolist() == []


@given(p_values=P_VALUES)
def test_holm_is_never_smaller_and_keeps_the_order(p_values):
    p = np.array(p_values)
    found = holm(p)
    assert (found >= p).all()
    assert (found <= np.minimum(1, len(p) * p) + 1e-12).all()  # never above Bonferroni
    order = np.argsort(p, kind="stable")
    assert (np.diff(found[order]) >= -1e-12).all()
    np.testing.assert_allclose(holm(p[::-1]), found[::-1])


def random_columns(dataset, count: int) -> list[Grouping]:
    """Columns of five groups that mean nothing."""
    generator = np.random.default_rng(7)
    groups = tuple(Group("value", letter) for letter in "abcde")
    codes = generator.choice(5, (count, dataset.n_users))
    return [Grouping((f"user.column {i}",), "user", groups, np.eye(5)[code]) for i, code in enumerate(codes)]


def test_audits_of_meaningless_groups_are_seldom_called_real():
    """Of 80 audits about 4 may call a gap real; more than 11 happen once in a thousand. Uncorrected it is a third."""
    dataset, evaluation = draw_case(150)
    statistics = user_statistics(dataset, evaluation, train_rows(dataset), scanned=True)
    settings = AuditSettings(n_bootstrap=199, least_size=10, most_shuffles=2000)
    resamples = Resamples(statistics.n_users, settings.n_bootstrap, settings.seed)
    reports = [
        audit_grouping(evaluation, statistics, grouping, DENSE, settings, resamples=resamples)
        for grouping in random_columns(dataset, 80)
    ]
    assert all(report.n_tested == len(report.gaps) == len(SCANNED) for report in reports)
    raw = [any(gap.p_value <= 0.05 for gap in report.gaps) for report in reports]
    real = [any(not gap.within_noise for gap in report.gaps) for report in reports]
    assert sum(raw) >= 16, "without a correction many would be"
    assert sum(real) <= 11
    scans = [corrected(reports[i : i + 8]) for i in range(0, 80, 8)]  # eight columns each
    assert all(report.n_tested == 8 * len(SCANNED) for found in scans for report in found)
    assert sum(any(not gap.within_noise for r in found for gap in r.gaps) for found in scans) <= 4


def test_stages_of_shuffling_keep_the_level():
    """20,000 gaps that are noise: p <= alpha no more often than alpha, also where only few are shuffled on."""
    generator = np.random.default_rng(0)
    asked = []

    def draw(first, last, metrics):
        asked.append((last - first, len(metrics)))
        yield generator.random((last - first, len(metrics)))

    p = shuffled_p(generator.random(20_000), draw, n_draws=99, most=1584)
    for alpha in (0.001, 0.01, 0.02, 0.05, 0.3):
        spread = 4 * np.sqrt(alpha / len(p))
        assert (p <= alpha).mean() <= alpha + spread
        assert (p <= alpha).mean() >= 0.8 * alpha - spread
    assert [n for n, _ in asked] == [99, 297, 1188]
    assert asked[1][1] < 3000 > asked[2][1], "most gaps stop early"


def test_small_p_values_rest_on_more_shuffles():
    dataset, evaluation = draw_case(600, noise={"N": 6.0})
    few, many = (
        audit_of(dataset, evaluation, by=("region",), settings=replace(QUICK, most_shuffles=most)).gap("ndcg@10")
        for most in (99, 5000)
    )
    n = len(METRICS)  # of one column all are tested
    assert few.p_value == 1 / (100 * n + 1)  # a hundred for each measure, although 99 were asked for
    assert few.p_corrected == pytest.approx(n / (100 * n + 1))
    assert many.p_value == 1 / 5001
    assert not few.within_noise


def test_permutation_by_a_second_way_with_users_of_small_groups_left_out():
    dataset, evaluation = draw_case(60)
    train = train_rows(dataset)
    statistics = user_statistics(dataset, evaluation, train)
    grouping = make_grouping(dataset, ("region",), train=train)
    sizes = user_cohort(statistics, grouping, QUICK).size
    cohort = user_cohort(statistics, grouping, replace(QUICK, least_size=int(np.sort(sizes)[1])))
    n = len(cohort.reportable)
    assert n == 3, "the smallest region stays out"
    resamples = Resamples(statistics.n_users, 200, 3)
    found = permutation_p(statistics, cohort.code, n, resamples=resamples, most=200)
    inside = cohort.code < n
    at = statistics.metrics.index("ndcg@10")
    value = statistics.terms[at].numerator[inside]
    known = statistics.terms[at].denominator[inside] > 0

    def gap(code):
        means = [value[(code == g) & known].mean() for g in range(n)]
        return max(means) - min(means)

    code = cohort.code[inside]
    generator, reached = np.random.default_rng(0), 0
    for _ in range(2000):
        reached += gap(generator.permutation(code)) >= gap(code) - 1e-6
    assert found[at] == pytest.approx((1 + reached) / 2001, abs=0.06)


@pytest.mark.parametrize("per_group", [40, 59])  # the number of users has small factors, or large ones
def test_rotations_are_shuffles_of_the_groups_and_their_gaps_those_of_plain_means(per_group):
    dataset, evaluation = draw_case(per_group)
    statistics = user_statistics(dataset, evaluation, train_rows(dataset))
    assert (_fast_length(statistics.n_users) > statistics.n_users) == (per_group == 59)
    n, code = statistics.n_users, np.random.default_rng(0).choice(3, statistics.n_users)
    at = statistics.metrics.index("recall@10")
    terms, one = statistics.shuffled.only(np.array([at])), np.array([1.0])
    ratio = statistics.terms[at]
    found = np.concatenate([*Rotations(code, 3, seed=5).gaps(terms, 0, n, sign=one, metrics=np.array([0]))])[:, 0]
    generator = np.random.default_rng([5, PERMUTATION, 0])
    order = generator.permuted(np.arange(n)[None].repeat(-(-1000 // n), 0), axis=1)[0]
    mixed = generator.permutation(code)
    expected = []
    for first in range(n):
        of_user = np.empty(n, dtype=int)
        of_user[np.roll(order, -first)] = mixed
        means = [ratio.numerator[of_user == g].sum() / ratio.denominator[of_user == g].sum() for g in range(3)]
        expected.append(max(means) - min(means))
    np.testing.assert_allclose(found, expected, atol=1e-7)
    again = Rotations(code, 3, seed=5)
    parts = [
        *again.gaps(terms, 0, 7, sign=one, metrics=np.array([0])),
        *again.gaps(terms, 7, n, sign=one, metrics=np.array([0])),
    ]
    np.testing.assert_array_equal(np.concatenate(parts)[:, 0], found)


def test_rotations_have_little_in_common_where_the_groups_stand_in_blocks():
    """The same value of p, whether users of a group stand side by side or not."""
    dataset, evaluation = draw_case(300)
    statistics = user_statistics(dataset, evaluation, train_rows(dataset))
    n, at = statistics.n_users, np.array([statistics.metrics.index("recall@10")])
    terms, one, first = statistics.shuffled.only(at), np.array([1.0]), np.array([0])
    blocks = np.arange(n) * 4 // n
    gaps = np.concatenate([*Rotations(blocks, 4, seed=0).gaps(terms, 0, n, sign=one, metrics=first)])[:, 0]
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 0.25


def test_orders_are_those_of_the_seed_however_they_are_asked_for():
    whole = np.concatenate(list(Resamples(7, 10, 0).orders(0, 50)))
    parts = Resamples(7, 10, 0)
    again = np.concatenate([*parts.orders(0, 20), *parts.orders(20, 50)])
    np.testing.assert_array_equal(whole, again)
    np.testing.assert_array_equal(np.sort(whole, axis=1), np.broadcast_to(np.arange(7), whole.shape))
    assert not np.array_equal(whole, np.concatenate(list(Resamples(7, 10, 1).orders(0, 50))))


def test_the_planted_gap_is_the_largest_of_the_scan():
    dataset, evaluation = draw_case(900, noise={"N": 6.0})
    found = scan_of(dataset, evaluation)
    column, gap = found.largest_real
    assert (column, gap.worst_group.label) == ("user.region", "N")
    assert set(found.reports) == {
        "user.gender", "user.age", "user.region", "training.activity", "training.popular_taste",
    }  # fmt: skip
    assert found.n_tested == len(found.gaps) == sum(len(r.gaps) for r in found.reports.values())
    noise = [gap.within_noise for _, gap in found.gaps]
    assert noise == sorted(noise), "real ones first"
    alone = audit_of(dataset, evaluation, by=("region",), settings=QUICK)
    of_region = [gap for gap in alone.gaps if gap.metric != "coverage@10"]  # not scanned
    for one, scanned in zip(of_region, found.reports["user.region"].gaps, strict=True):
        assert (one.metric, one.difference) == (scanned.metric, scanned.difference)
        assert one.low == pytest.approx(scanned.low, abs=1e-6)
        assert one.p_corrected <= scanned.p_corrected  # more was looked at
    assert not [g.metric for c, g in found.gaps if c == "user.gender" and not g.within_noise]


def test_scan_of_noise_finds_nothing():
    found = scan_of(*draw_case(200, seed=3))
    assert found.largest_real is None or found.largest_real[0].startswith("training.")


def test_size_is_relative_to_everyone():
    report = audit_of(*draw_case(200), by=("region",), settings=QUICK)
    everyone = report.overall.values
    ndcg, auc, lift = (report.gap(m) for m in ("ndcg@10", "auc", "popularity_lift@10"))
    assert relative_size(ndcg, report) == pytest.approx(ndcg.difference / everyone["ndcg@10"])
    assert relative_size(auc, report) == pytest.approx(auc.difference / (everyone["auc"] - 0.5))
    assert relative_size(lift, report) == pytest.approx(lift.difference / (everyone["popularity_lift@10"] + 1))


def test_a_dead_model_is_scanned_and_has_no_infinite_gap():
    dataset, evaluation = draw_case(100)
    nothing = replace(evaluation.ranking, ndcg=0 * evaluation.ranking.ndcg, recall=0 * evaluation.ranking.recall)
    found = scan_of(dataset, replace(evaluation, ranking=nothing))
    assert all(np.isfinite(relative_size(gap, found.reports[column])) for column, gap in found.gaps)


def test_scan_of_items_and_of_nobody():
    dataset, evaluation = draw_case(150)
    items = scan_of(dataset, evaluation, side="item")
    assert set(items.reports) == {"item.category", "training.popularity"}
    nobody = scan_of(dataset, make_evaluation([], [], []))
    assert (nobody.reports, nobody.gaps, nobody.largest_real, nobody.n_tested) == ({}, (), None, 0)
    assert scan_json(nobody)["gaps"] == []


def test_data_without_attributes_are_audited_by_their_history():
    dataset, evaluation = draw_case(120)
    bare = replace(dataset, schema=replace(dataset.schema, users=(), items=()))
    found = scan_of(bare, evaluation)
    assert set(found.reports) == {"training.activity", "training.popular_taste"}
    assert all(len(report.gaps) == len(SCANNED) - 2 for report in found.reports.values())  # two need categories
    assert set(scan_of(bare, evaluation, side="item").reports) == {"training.popularity"}


def test_an_audit_must_be_told_what_was_training():
    dataset, evaluation = draw_case(60)
    with pytest.raises(TypeError, match="train"):
        audit(dataset, evaluation, by=("activity",))
    train = train_rows(dataset)
    groups = audit(dataset, evaluation, by=("activity",), train=train, settings=QUICK).groups
    scanned = scan_of(dataset, evaluation).reports["training.activity"].groups
    assert [(g.group, g.n) for g in groups] == [(g.group, g.n) for g in scanned]


def case_of_many(columns: dict[str, list], kinds: dict[str, str]):
    """700 items with these columns, twenty users of two groups."""
    item_columns = tuple(Column(name, kinds[name]) for name in columns)
    dataset = make_dataset(
        {"gender": list("FM") * 10, "age": [1.0] * 20},
        columns,
        item_columns=item_columns,
        taken=[(u, u) for u in range(20)],
    )
    pairs = [(u, u + 20, u % 3 > 0, 0.1 * u) for u in range(20)]
    return dataset, make_evaluation([[u + 20, u + 21] for u in range(20)], [[u + 20] for u in range(20)], pairs)


@pytest.mark.parametrize("kind", ["category", "set"])
def test_a_figure_of_too_many_categories_is_left_out_and_takes_no_other_with_it(kind):
    maker = [f"maker {i}" for i in range(700)]
    report = audit_of(*case_of_many({"maker": maker}, {"maker": kind}), by=("gender",), settings=QUICK)
    reasons = {x.metric: x.reason.key for x in report.left_out}
    of_categories = dict.fromkeys(("diversity@2", "miscalibration@2"), "fairness.reason.many_values")
    by_item = dict.fromkeys(
        (f"{kind}_unfairness" for kind in ("value", "absolute", "underestimation", "overestimation")),
        "fairness.reason.no_shared_item",
    )  # every item has a pair of one user
    assert reasons == of_categories | by_item
    assert "maker has 700 different values" in str(report.left_out[0].reason)
    assert len(report.overall.values) == len(report.gaps) + len(report.together) == len(METRICS) - 6
    both = {"maker": maker, "shape": list("ab") * 350}
    other = audit_of(*case_of_many(both, {"maker": kind, "shape": "category"}), by=("gender",), settings=QUICK)
    assert {x.metric for x in other.left_out} == by_item.keys()
    assert other.overall.values["diversity@2"] == 1.0
    items = audit_of(*case_of_many({"maker": maker}, {"maker": kind}), by=("maker",), settings=QUICK)
    assert [note.key for note in items.notes] == ["fairness.note.rest"]
    assert sum(row.n for row in items.groups) == 700


def test_nobody_to_rank_leaves_the_measures_of_pairs():
    dataset, evaluation = draw_case(100)
    empty = make_evaluation([], [], []).ranking
    none = replace(evaluation.ranking, user_index=empty.user_index, top=np.zeros((0, 10), int), ndcg=empty.ndcg,
                   recall=empty.recall, held_out=empty.held_out)  # fmt: skip
    report = audit_of(dataset, replace(evaluation, ranking=none), by=("region",), settings=QUICK)
    of_lists = {metric.full_name(10) for metric in METRICS.values() if "lists" in metric.needs}
    assert {"ndcg@10", "recall@10", "hit_rate@10", "tail_exposure@10", "popularity_lift@10"} < of_lists
    assert set(report.overall.values) == {metric.name for metric in METRICS.values() if "pairs" in metric.needs}
    assert sum(row.n for row in report.groups) == report.overall.n == 100
    reasons = {x.metric: x.reason.key for x in report.left_out}
    assert set(reasons) == of_lists
    assert set(reasons.values()) == {"fairness.reason.nobody_ranked"}


def test_one_class_in_a_group_leaves_its_auc_alone():
    dataset, evaluation = draw_case(80)
    region = dataset.users["region"].to_numpy()[evaluation.pairs.user_index]
    kept = (region != "N") | (evaluation.pairs.label > 0)
    pairs = replace(
        evaluation.pairs,
        **{name: getattr(evaluation.pairs, name)[kept] for name in ("user_index", "item_index", "label", "score")},
    )
    report = audit_of(dataset, replace(evaluation, pairs=pairs), by=("region",), settings=QUICK)
    by_group = {row.group.label: row.values["auc"] for row in report.groups}
    assert by_group["N"] is None
    assert all(by_group[group] > 0.5 for group in "ESW")
    assert "N" not in {report.gap("auc").worst_group.label, report.gap("auc").best_group.label}
    assert report.left_out == ()


def test_json_tells_missing_cells_from_values_that_look_so():
    segment = ["(missing)"] * 20 + [None] * 20 + ["(all)"] * 20
    dataset, evaluation = draw_case(60)
    users = dataset.users.assign(segment=segment)
    schema = replace(dataset.schema, users=(*dataset.schema.users, Column("segment", "category")))
    data = report_json(
        audit_of(replace(dataset, users=users, schema=schema), evaluation, by=("segment",), settings=QUICK)
    )
    assert [(row["group"], row["kind"], row["missing"]) for row in data["groups"]] == [
        ('"(all)"', "value", False),
        ('"(missing)"', "value", False),
        ("(missing)", "missing", True),
    ]
    assert data["overall"]["group"] == "(all)"
    assert {"p_value", "p_corrected", "within_noise", "good"} <= set(data["gaps"][0])
    assert data["n_tested"] == len(data["gaps"]) + len(data["together"])


def test_exposure_changes_are_paired_and_corrected():
    dataset, evaluation = draw_case(200, n_items=90)
    train = train_rows(dataset)
    for change in exposure_changes(dataset, evaluation, evaluation, by=("category",), train=train, settings=QUICK):
        assert (change.change, change.low, change.high, change.within_noise) == (0, 0, 0, True)
    shown = np.flatnonzero(dataset.items["category"].to_numpy() != "c")
    pushed = replace(evaluation, ranking=replace(evaluation.ranking, top=shown[evaluation.ranking.top % len(shown)]))
    settings = replace(QUICK, n_bootstrap=499)
    found = exposure_changes(dataset, evaluation, pushed, by=("category",), train=train, settings=settings)
    before, after = (
        {row.group: row.values["exposure_to_relevance"] for row in audit_of(dataset, e, by=("category",)).groups}
        for e in (evaluation, pushed)
    )
    for change in found:
        assert (change.dense, change.compressed) == pytest.approx((before[change.group], after[change.group]))
        assert change.low <= change.change <= change.high
        assert change.p_value <= change.p_corrected
    assert [c.p_corrected for c in found] == pytest.approx(holm(np.array([c.p_value for c in found])).tolist())
    assert max(c.p_corrected / c.p_value for c in found) >= 2
    lost = next(change for change in found if change.group.label == "c")
    assert lost.compressed == 0
    assert not lost.within_noise
