"""A comparison on data that hold little: nobody to rank, no positives, one user: what is there is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_degenerate import TRAINED

from recsys_core.compare import (
    choose_presets,
    deltas,
    is_dead,
    load_report,
    measure_variant,
    measured_variants,
    report_from_json,
    report_to_json,
    stored_reports,
)
from recsys_core.compress.latency import LatencySettings
from recsys_core.models.fit import FitRequest, fit_workspace
from recsys_core.models.workspace import open_model
from recsys_core.variant import DENSE, ModelVariant

QUICK = LatencySettings(seconds=0.02, least=3)
HALF = ModelVariant.compressed(0.5, 8)


@pytest.mark.parametrize("name", TRAINED)
def test_little_data_are_measured(name: str, tmp_path: Path):
    dataset, task, known = TRAINED[name]
    fit_workspace(dataset, tmp_path / "w", FitRequest(task=task, epochs=1))
    model = open_model(tmp_path / "w")
    for variant in (DENSE, HALF):
        report = measure_variant(model, variant, latency=QUICK)
        found = json.loads(json.dumps(report_to_json(report), allow_nan=False))
        assert found["variant"]["size_bytes"] > 0
        for metric in ("auc", "ndcg@10", "recall@10"):
            assert (found["dense"][metric] is None) == (metric not in known), metric
            assert (found["variant"][metric] is None) == (metric not in known), metric
        assert report_from_json(found) == report
        assert found["n_users"] == found["n_test_users"]
        for delta in deltas(report).values():
            assert (delta.value is None) == (delta.verdict == "pending")
        assert not is_dead(report) or "auc" in known
        assert load_report(model, variant) is not None
    reports = stored_reports(model)
    assert len(measured_variants(reports)) == len(reports) == 2
    choose_presets(reports)
