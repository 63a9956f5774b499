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
from recsys_core.fairness import AuditSettings
from recsys_core.fairness.bootstrap import bootstrap
from recsys_core.fairness.cohort import user_cohort
from recsys_core.fairness.groups import make_grouping
from recsys_core.fairness.metric import GroupingMetric, RatioMetric, StatisticMetric
from recsys_core.fairness.metrics import ITEM_METRICS, METRICS, direction
from recsys_core.fairness.permutation import permutation_p
from recsys_core.fairness.resamples import Resamples
from recsys_core.fairness.user_statistics import metric_values, user_statistics

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


class TestPrecision(MetricContract):
    metric = METRICS["precision"]
    women = (0.5 + 0) / 2
    men = 0.5


class TestInequality(MetricContract):
    """NDCG 1 and 0: |1 - 0| both ways / (2 * 4 * .5)."""

    metric = METRICS["ndcg_gini"]
    women = 0.5
    men = 2 * (SECOND - SECOND / (1 + SECOND)) / (2 * 4 * (SECOND + SECOND / (1 + SECOND)) / 2)


class TestAveragePopularity(MetricContract):
    metric = METRICS["average_popularity"]
    women = (0.5 + 1) / 2
    men = (0 + 2) / 2


class TestNovelty(MetricContract):
    """Four users; items are taken 3, 1, 1, 0 and 0 times, and none counts as once."""

    metric = METRICS["novelty"]
    women = 2.0
    men = (2 + (np.log2(4 / 3) + 2) / 2) / 2


class TestMiscalibration(MetricContract):
    """Histories a, a, a, b; lists half and half, half and half, b, a."""

    metric = METRICS["miscalibration"]
    women = np.log(1 / (0.99 * 0.5 + 0.01))
    men = np.log(1 / 0.01)


class TestCoverage(MetricContract):
    """Lists of the women: items 3, 1, 2 of five; of the men 3, 4, 0, 1."""

    metric = METRICS["coverage"]
    women = 3 / 5
    men = 4 / 5
    everyone = 1.0


def logistic(logits):
    return 1 / (1 + np.exp(-np.array(logits, dtype=float)))


WOMEN, MEN = logistic([2, -1, -0.5, 1]), logistic([0, 3, -1, -3])
TAKEN_BY_WOMEN, TAKEN_BY_MEN = np.array([1, 0, 1, 0]), np.array([1, 1, 1, 0])


class TestExpectedCalibrationError(MetricContract):
    """No two of a group's four pairs are in one tenth of probability."""

    metric = METRICS["ece"]
    women = np.abs(WOMEN - TAKEN_BY_WOMEN).mean()
    men = np.abs(MEN - TAKEN_BY_MEN).mean()


class TestLogLoss(MetricContract):
    metric = METRICS["logloss"]
    women = -np.log(np.where(TAKEN_BY_WOMEN, WOMEN, 1 - WOMEN)).mean()
    men = -np.log(np.where(TAKEN_BY_MEN, MEN, 1 - MEN)).mean()


class TestBrier(MetricContract):
    metric = METRICS["brier"]
    women = ((WOMEN - TAKEN_BY_WOMEN) ** 2).mean()
    men = ((MEN - TAKEN_BY_MEN) ** 2).mean()


class TestFalsePositiveRate(MetricContract):
    metric = METRICS["false_positive_rate"]
    women = 1 / 2
    men = 0.0


def mean_difference_of_ndcg(inputs):
    """Mean absolute difference of the mean NDCG over pairs of groups: one value for all groups together."""
    ndcg, known = inputs.of_lists(inputs.ranking.ndcg)

    def mean_difference(members):
        with np.errstate(invalid="ignore"):
            means = np.stack([(inside @ ndcg) / (inside @ known) for inside in members.groups() if inside.any()])
        first, second = np.triu_indices(len(means), k=1)
        return np.abs(means[first] - means[second]).mean(axis=0)

    return mean_difference


class OfAllGroups(MetricContract):
    """Values by hand of all groups together; no group has one."""

    women = None
    men = None
    test_a_group_alone_has_the_value_that_it_has_among_others = None

    def test_the_worst_group_is_at_the_bad_end(self):
        report = self.report("drawn")
        name = self.metric.full_name(10)
        assert all(value is None for label, value in self.values("drawn").items() if label != "(all)")
        assert report.gap(name) is None
        figure = report.figure(name)
        assert figure.value == report.overall.values[name] >= 0
        assert figure.low <= figure.value <= figure.high
        assert 0 < figure.p_value <= figure.p_corrected <= 1

    def test_one_group_alone_has_none_and_says_why(self):
        report = self.report("alone")
        assert report.figure(self.metric.full_name(10)) is None
        assert {out.metric: out.reason.key for out in report.left_out}[self.metric.full_name(10)] == (
            "fairness.reason.one_group"
        )


class TestDemographicParityDifference(OfAllGroups):
    metric = METRICS["demographic_parity_difference"]
    everyone = 0.0


class TestDemographicParityRatio(OfAllGroups):
    metric = METRICS["demographic_parity_ratio"]
    everyone = 1.0


class TestEqualOpportunityDifference(OfAllGroups):
    metric = METRICS["equal_opportunity_difference"]
    everyone = 2 / 3 - 1 / 2


class TestFalsePositiveRateDifference(OfAllGroups):
    metric = METRICS["false_positive_rate_difference"]
    everyone = 1 / 2


class TestEqualizedOddsDifference(OfAllGroups):
    metric = METRICS["equalized_odds_difference"]
    everyone = 1 / 2


class TestEqualizedOddsRatio(OfAllGroups):
    metric = METRICS["equalized_odds_ratio"]
    everyone = 0.0


class TestDifferentialFairness(OfAllGroups):
    metric = METRICS["differential_fairness"]
    everyone = 0.0


# items 1, 3 and 4 have pairs of both: errors of the women -> of the men
ERRORS = [(WOMEN[1], MEN[1] - 1), (WOMEN[0] - 1, MEN[2] - 1), (WOMEN[2] - 1, MEN[0] - 1)]


class TestValueUnfairness(OfAllGroups):
    metric = METRICS["value_unfairness"]
    everyone = np.mean([abs(a - b) for a, b in ERRORS])


class TestAbsoluteUnfairness(OfAllGroups):
    metric = METRICS["absolute_unfairness"]
    everyone = np.mean([abs(abs(a) - abs(b)) for a, b in ERRORS])


class TestUnderestimationUnfairness(OfAllGroups):
    metric = METRICS["underestimation_unfairness"]
    everyone = np.mean([abs(max(0, -a) - max(0, -b)) for a, b in ERRORS])


class TestOverestimationUnfairness(OfAllGroups):
    metric = METRICS["overestimation_unfairness"]
    everyone = np.mean([abs(max(0, a) - max(0, b)) for a, b in ERRORS])


class TestNonParity(OfAllGroups):
    metric = METRICS["non_parity"]
    everyone = abs(WOMEN.mean() - MEN.mean())


class TestNdcgPairDifference(OfAllGroups):
    metric = METRICS["ndcg_pair_difference"]
    everyone = abs(0.5 - (SECOND + SECOND / (1 + SECOND)) / 2)


class TestWorstGroupNdcg(OfAllGroups):
    metric = METRICS["worst_group_ndcg"]
    everyone = 0.5


class TestStatisticOfAllGroups(OfAllGroups):
    metric = GroupingMetric(
        name="ndcg_difference", by_group="ndcg", place=2010, **ABOUT, direction="lower", unit="difference",
        needs=("lists",), at_k=True, statistic=mean_difference_of_ndcg,
    )  # fmt: skip
    everyone = abs(0.5 - (SECOND + SECOND / (1 + SECOND)) / 2)
    test_both_languages_have_its_words = None


@pytest.mark.parametrize("n_suppressed", [0, 1])
def test_a_ratio_declared_as_a_statistic_has_the_same_draws_and_nearly_the_same_test(monkeypatch, n_suppressed):
    """The two ways of resampling against one another; also with a region that is too small and stays out."""

    def mean_ndcg(inputs):
        ndcg, known = inputs.of_lists(inputs.ranking.ndcg)
        return lambda inside, everyone: (inside @ ndcg) / (inside @ known)

    about = {"direction": "higher", "unit": "share", "needs": ("lists",), **ABOUT}
    monkeypatch.setitem(METRICS, "again", StatisticMetric(name="again", place=2020, statistic=mean_ndcg, **about))
    dataset, evaluation = draw_case(120, noise={"N": 1.5})
    train = train_rows(dataset)
    region = dataset.users["region"].iloc[evaluation.ranking.user_index]
    least_size = int(region.value_counts().iloc[-1]) + n_suppressed
    statistics = user_statistics(dataset, evaluation, train)
    grouping = make_grouping(dataset, ("region",), train=train)
    cohort = user_cohort(statistics, grouping, AuditSettings(least_size=least_size))
    assert len(cohort.reportable) == 4 - n_suppressed
    value = metric_values(statistics, cohort.code, cohort.group_sets)
    resamples = Resamples(statistics.n_users, 999, 0)
    found = bootstrap(statistics, cohort.code, cohort.group_sets, value=value, resamples=resamples)
    ndcg, again = (statistics.metrics.index(name) for name in ("ndcg@10", "again"))
    np.testing.assert_allclose(value[:, again], value[:, ndcg], atol=1e-12)
    shift = found.draws[..., again] - found.draws[..., ndcg]  # a statistic's draws are moved to the figure
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-6)
    assert np.isnan(found.error[:, again]).all()
    spread = found.draws[..., ndcg].std(axis=0)
    np.testing.assert_allclose(found.error[:, ndcg], spread, rtol=0.12)
    p = permutation_p(statistics, cohort.code, len(cohort.reportable), resamples=resamples, most=999)
    assert p[again] == pytest.approx(p[ndcg], abs=0.05)


def test_every_metric_is_under_the_contract():
    sources = [path.read_text() for path in sorted(Path(__file__).parent.glob("test_*.py"))]
    tested = {name for text in sources if "MetricContract" in text for name in re.findall(r'METRICS\["(\w+)"\]', text)}
    assert sorted(METRICS.keys() - tested) == []


def test_metrics_stand_in_the_order_of_their_places():
    places = [metric.place for metric in METRICS.values()]
    assert places == sorted(places)
    assert list(METRICS)[:3] == ["ndcg", "recall", "precision"]


def test_every_metric_says_its_formula_and_source():
    for metric in (*METRICS.values(), *ITEM_METRICS.values()):
        assert len(metric.formula) > 10, metric.name
        assert len(metric.source) > 5, metric.name


def test_item_metrics_have_words_and_a_good_end():
    for metric in ITEM_METRICS.values():
        assert f"measure.{metric.full_name(10)}" in catalogue("en").keys() & catalogue("zh").keys()
    assert (direction("exposure_to_relevance"), direction("recall@10")) == ("higher", "higher")
    assert RatioMetric.kind == "ratio"
