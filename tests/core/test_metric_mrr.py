"""Mean reciprocal rank by hand, under the contract, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from fairness_data import audit_of, draw_case, make_dataset, make_evaluation
from metric_contract import MetricContract
from sklearn.metrics import label_ranking_average_precision_score

from recsys_core.fairness import AuditSettings
from recsys_core.fairness.metrics import METRICS

QUICK = AuditSettings(n_bootstrap=20, least_size=1)


class TestMrr(MetricContract):
    """Women: first hit at rank 1, none; men: at rank 2, at rank 2."""

    metric = METRICS["mrr"]
    women = (1 + 0) / 2
    men = (1 / 2 + 1 / 2) / 2


def test_only_the_first_of_several_hits_counts():
    dataset = make_dataset({"gender": ["F"], "age": [1.0]}, {"price": [1.0] * 5})
    report = audit_of(dataset, make_evaluation([[0, 1, 2, 3]], [[2, 3, 4]], []), by=("gender",), settings=QUICK)
    assert report.overall.values["mrr@4"] == pytest.approx(1 / 3)


def test_it_equals_scikit_learn_in_every_region():
    """With only the best placed of the hits called relevant, average precision of the ranking is 1 / rank."""
    dataset, evaluation = draw_case(120, noise={"N": 2.0})
    top, held_out = evaluation.ranking.top, evaluation.ranking.held_out
    expected = np.zeros(len(top))
    for user, items in enumerate(top):
        is_hit = np.isin(items, held_out[[user]].indices)
        if is_hit.any():
            first = np.arange(len(items)) == is_hit.argmax()
            expected[user] = label_ranking_average_precision_score(first[None], -np.arange(len(items))[None])
    region = dataset.users["region"].to_numpy()[evaluation.ranking.user_index]
    report = audit_of(dataset, evaluation, by=("region",), settings=QUICK)
    for row in report.groups:
        assert row.values["mrr@10"] == pytest.approx(expected[region == row.group.label].mean(), abs=1e-12)
