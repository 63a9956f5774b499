"""Every registered fairness metric by hand and under the contract, and the third kind: any statistic of users.

The case by hand (`fairness_data`): of the women one has her item at rank 1, one misses; of the men one has it at
rank 2, one has the first of two at rank 2.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from fairness_data import draw_case, train_rows
from metric_contract import MetricContract

from dashboard.presentation.texts import catalogue
from recsys_core.fairness import AuditSettings, audit
from recsys_core.fairness.metric import GroupingMetric, RatioMetric, StatisticMetric
from recsys_core.fairness.metrics import ITEM_METRICS, METRICS, direction

ABOUT = {"family": "lists", "formula": "of the tests", "source": "the tests"}
SECOND = 1 / np.log2(3)  # the weight of the second place, 0.63093


class TestNdcg(MetricContract):
    metric = METRICS["ndcg"]
    women = (1 + 0) / 2
    men = (SECOND + SECOND / (1 + SECOND)) / 2


class TestRecall(MetricContract):
    metric = METRICS["recall"]
    women = (1 + 0) / 2
    men = (1 + 0.5) / 2


class TestHitRate(MetricContract):
    metric = METRICS["hit_rate"]
    women = 0.5
    men = 1.0


class TestTailExposure(MetricContract):
    metric = METRICS["tail_exposure"]
    women = 1.0
    men = (1 + SECOND + SECOND) / (2 * (1 + SECOND))


class TestPopularityLift(MetricContract):
    """Lists: (0 + 1) / 2 and 1, profiles: 3 and 3; of the men 0 and (3 + 1) / 2, (3 + 1) / 2 and 1."""

    metric = METRICS["popularity_lift"]
    women = (0.5 + 1) / (3 + 3) - 1
    men = (0 + 2) / (2 + 1) - 1


class TestDiversity(MetricContract):
    """Categories ba and ab; bb and aa."""

    metric = METRICS["diversity"]
    women = 1.0
    men = 0.0


class TestCalibrationGap(MetricContract):
    """Mean probability less the share taken: two of the women's four pairs, three of the men's four."""

    metric = METRICS["calibration_gap"]
    women = (1 / (1 + np.exp(-np.array([2, -1, -0.5, 1])))).mean() - 0.5
    men = (1 / (1 + np.exp(-np.array([0, 3, -1, -3.0])))).mean() - 0.75


class TestSelectionRate(MetricContract):
    """A logit of 0 is a probability of 0.5: selected."""

    metric = METRICS["selection_rate"]
    women = 2 / 4
    men = 2 / 4


class TestTruePositiveRate(MetricContract):
    metric = METRICS["true_positive_rate"]
    women = 1 / 2
    men = 2 / 3


class TestAuc(MetricContract):
    metric = METRICS["auc"]
    women = 3 / 4
    men = 1.0


def coverage_of_lists(inputs):
    """Share of the catalogue in at least one list of the group: no sum over users."""
    listed = np.zeros((inputs.n_users, inputs.dataset.n_items))
    listed[np.repeat(inputs.list_user, inputs.ranking.k), inputs.ranking.top.ravel()] = 1

    def coverage(inside, everyone):
        return np.where(inside.any(axis=1), ((inside @ listed) > 0).mean(axis=1), np.nan)

    return coverage


class TestStatistic(MetricContract):
    """Lists of the women: items 3, 1, 2 of five; of the men 3, 4, 0, 1."""

    metric = StatisticMetric(
        name="coverage", place=2000, **ABOUT, direction="higher", unit="share", needs=("lists",), at_k=True,
        statistic=coverage_of_lists,
    )  # fmt: skip
    women = 3 / 5
    men = 4 / 5
    everyone = 1.0
    test_both_languages_have_its_words = None  # it is the tests' own


def mean_difference_of_ndcg(inputs):
    """Mean absolute difference of the mean NDCG over pairs of groups: one value for all groups together."""
    ndcg, known = inputs.of_lists(inputs.ranking.ndcg)

    def mean_difference(groups, everyone):
        with np.errstate(invalid="ignore"):
            means = np.stack([(inside @ ndcg) / (inside @ known) for inside in groups if inside.any()])
        first, second = np.triu_indices(len(means), k=1)
        return np.abs(means[first] - means[second]).mean(axis=0) if len(first) else np.full(len(everyone), np.nan)

    return mean_difference


class TestStatisticOfAllGroups(MetricContract):
    metric = GroupingMetric(
        name="ndcg_difference", place=2010, **ABOUT, direction="lower", unit="difference", needs=("lists",), at_k=True,
        statistic=mean_difference_of_ndcg,
    )  # fmt: skip
    women = None
    men = None
    everyone = abs(0.5 - (SECOND + SECOND / (1 + SECOND)) / 2)
    test_a_group_alone_has_the_value_that_it_has_among_others = None  # no group has one
    test_both_languages_have_its_words = None

    def test_the_worst_group_is_at_the_bad_end(self):
        assert all(value is None for label, value in self.values("drawn").items() if label != "(all)")
        assert self.values("drawn")["(all)"] > 0


@pytest.mark.parametrize("n_suppressed", [0, 1])
def test_a_ratio_declared_as_a_statistic_has_the_same_values_intervals_and_tests(monkeypatch, n_suppressed):
    """The two ways of resampling against one another; also with a region that is too small and stays out."""

    def mean_ndcg(inputs):
        ndcg, known = inputs.of_lists(inputs.ranking.ndcg)
        return lambda inside, everyone: (inside @ ndcg) / (inside @ known)

    about = {
        "direction": "higher",
        "unit": "share",
        "needs": ("lists",),
        "family": "quality",
        "formula": "",
        "source": "",
    }
    monkeypatch.setitem(METRICS, "again", StatisticMetric(name="again", place=2020, statistic=mean_ndcg, **about))
    dataset, evaluation = draw_case(120, noise={"N": 3.0})
    region = dataset.users["region"].iloc[evaluation.ranking.user_index]
    least_size = int(region.value_counts().iloc[-1]) + n_suppressed
    settings = AuditSettings(n_bootstrap=60, least_size=least_size, most_shuffles=60)
    report = audit(dataset, evaluation, by=("region",), train=train_rows(dataset), settings=settings)
    assert sum(row.suppressed for row in report.groups) == n_suppressed
    for row in (report.overall, *report.groups):
        if not row.suppressed:
            ends = (row.low, row.values, row.high)
            assert [x["again"] for x in ends] == pytest.approx([x["ndcg@10"] for x in ends], abs=1e-6)
    again, ndcg = report.gap("again"), report.gap("ndcg@10")
    assert again.p_value == ndcg.p_value
    assert (again.worst_group, again.low, again.high) == (
        ndcg.worst_group, pytest.approx(ndcg.low, abs=1e-6), pytest.approx(ndcg.high, abs=1e-6)
    )  # fmt: skip


def test_every_metric_is_under_the_contract():
    sources = [path.read_text() for path in sorted(Path(__file__).parent.glob("test_*.py"))]
    tested = {name for text in sources if "MetricContract" in text for name in re.findall(r'METRICS\["(\w+)"\]', text)}
    assert sorted(METRICS.keys() - tested) == []


def test_metrics_stand_in_the_order_of_their_places():
    places = [metric.place for metric in METRICS.values()]
    assert places == sorted(places)
    assert list(METRICS)[:3] == ["ndcg", "recall", "hit_rate"]


def test_every_metric_says_its_formula_and_source():
    for metric in (*METRICS.values(), *ITEM_METRICS.values()):
        assert len(metric.formula) > 10, metric.name
        assert len(metric.source) > 5, metric.name


def test_item_metrics_have_words_and_a_good_end():
    for metric in ITEM_METRICS.values():
        assert f"measure.{metric.full_name(10)}" in catalogue("en").keys() & catalogue("zh").keys()
    assert (direction("exposure_to_relevance"), direction("recall@10")) == ("higher", "higher")
    assert RatioMetric.kind == "ratio"
