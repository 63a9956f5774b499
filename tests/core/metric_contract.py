"""What every fairness metric keeps: its hand-worked value, one value for a user set however it comes about, its words.

A test class inherits `MetricContract` and gives the metric and its values of the hand-worked case of
`fairness_data`. All classes of registered metrics share a handful of small audits.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from fairness_data import DATASET, EVALUATION, draw_case, ranked_rows, train_rows

from dashboard.presentation.texts import catalogue
from recsys_core.fairness import AuditSettings, audit
from recsys_core.fairness.metric import HIGHER_IS_BETTER, LIMITS, LOWER_IS_BETTER, ZERO_IS_BEST, Metric
from recsys_core.fairness.metrics import METRICS
from recsys_core.fairness.user_statistics import metric_values, user_statistics
from recsys_core.results import Evaluation, FairnessReport, GroupRow

K = 10  # of the drawn lists; those by hand have two places


@lru_cache(1)
def drawn_case() -> tuple:
    """Users of four regions, those of the North served worse, and a fifth region where nobody is evaluated."""
    dataset, evaluation = draw_case(160, noise={"N": 3.0})
    users = dataset.users.copy()
    users.loc[len(users)] = users.iloc[0].to_dict() | {"user_id": "nobody", "region": "X"}
    return replace(dataset, users=users), evaluation


def some_users(evaluation: Evaluation, kept: np.ndarray) -> Evaluation:
    """The evaluation of the users in ``kept`` alone."""
    ranking, pairs = evaluation.ranking, evaluation.pairs
    inside = np.isin(pairs.user_index, kept)
    fields = {name: getattr(pairs, name)[inside] for name in ("user_index", "item_index", "label", "score")}
    rows = np.flatnonzero(np.isin(ranking.user_index, kept))
    return replace(evaluation, ranking=ranked_rows(ranking, rows), pairs=replace(pairs, **fields))


def shuffled(evaluation: Evaluation) -> Evaluation:
    """The same users and pairs in another order."""
    random, ranking, pairs = np.random.default_rng(0), evaluation.ranking, evaluation.pairs
    order = random.permutation(len(pairs.label))
    fields = {name: getattr(pairs, name)[order] for name in ("user_index", "item_index", "label", "score")}
    lists = ranked_rows(ranking, random.permutation(len(ranking.user_index)))
    return replace(evaluation, ranking=lists, pairs=replace(pairs, **fields))


@lru_cache(64)
def report_of(case: str, _registered: tuple[str, ...]) -> FairnessReport:
    """``by hand``, ``drawn``, the same ``shuffled``, or one region ``alone``; once for all registered metrics."""
    settings = AuditSettings(n_bootstrap=40, least_size=1, most_shuffles=40)
    if case == "by hand":
        return audit(DATASET, EVALUATION, by=("gender",), train=train_rows(DATASET), settings=settings)
    dataset, evaluation = drawn_case()
    if case == "shuffled":
        evaluation = shuffled(evaluation)
    if case == "alone":
        evaluation = some_users(evaluation, np.flatnonzero(dataset.users["region"] == "N"))
    return audit(dataset, evaluation, by=("region",), train=train_rows(dataset), settings=settings)


class MetricContract:
    """Inherit and give `metric` and its values by hand of the women, the men (and everyone); None for no value."""

    metric: Metric
    women: float | None
    men: float | None
    everyone: float | None

    @pytest.fixture(autouse=True)
    def registered(self, monkeypatch) -> None:
        """A metric of the tests alone is in the registry while its tests run."""
        monkeypatch.setitem(METRICS, self.metric.name, self.metric)

    def report(self, case: str) -> FairnessReport:
        return report_of(case, tuple(METRICS))

    def rows(self, case: str) -> dict[str, GroupRow]:
        report = self.report(case)
        return {row.group.label: row for row in (report.overall, *report.groups)}

    def values(self, case: str) -> dict[str, float | None]:
        name = self.metric.full_name(2 if case == "by hand" else K)
        return {label: row.values.get(name) for label, row in self.rows(case).items()}

    def test_it_equals_the_hand_worked_case(self):
        found = self.values("by hand")
        assert [found["F"], found["M"]] == pytest.approx([self.women, self.men], abs=1e-9)
        if hasattr(self, "everyone"):
            assert found["(all)"] == pytest.approx(self.everyone, abs=1e-9)

    def test_the_order_of_users_and_pairs_does_not_matter(self):
        assert self.values("shuffled") == pytest.approx(self.values("drawn"), abs=1e-12)

    def test_a_group_alone_has_the_value_that_it_has_among_others(self):
        alone = self.values("alone")
        assert alone["N"] == alone["(all)"] == pytest.approx(self.values("drawn")["N"], abs=1e-12)

    def test_nobody_has_no_value_and_keeps_the_size(self):
        assert self.values("drawn")["X"] is None
        assert self.rows("drawn")["X"].n == 0
        dataset, evaluation = drawn_case()
        statistics = user_statistics(dataset, evaluation, train_rows(dataset))
        nobody = metric_values(statistics, np.zeros(statistics.n_users, dtype=int), np.array([[0.0, 0.0]]))
        assert np.isnan(nobody[0, statistics.metrics.index(self.metric.full_name(K))])

    def test_the_interval_holds_the_value_and_both_lie_within_the_unit(self):
        name, (least, most) = self.metric.full_name(K), LIMITS[self.metric.unit]
        known = [row for row in self.rows("drawn").values() if row.values[name] is not None]
        assert known
        for row in known:
            assert least <= row.low[name] <= row.values[name] <= row.high[name] <= most

    def test_the_worst_group_is_at_the_bad_end(self):
        gap = report_of("drawn", tuple(METRICS)).gap(self.metric.full_name(K))
        low, high = sorted((gap.worst, gap.best))
        expected = {HIGHER_IS_BETTER: low, LOWER_IS_BETTER: high, ZERO_IS_BEST: max(low, high, key=abs)}
        assert gap.worst == expected.get(self.metric.direction, low)  # neither end is bad: who gets less
        assert 0 < gap.p_value <= 1

    def test_both_languages_have_its_words(self):
        name = self.metric.full_name(K)
        for language in ("en", "zh"):
            assert {f"measure.{name}", f"measure.what.{name}"} <= catalogue(language).keys()
        assert catalogue("en")[f"measure.what.{name}"] != catalogue("zh")[f"measure.what.{name}"]
