"""Stored reports: one JSON file a variant in ``measurements/``, stamped with what it was measured on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from recsys_core.data.folder import read_checked_json, without_nan, write_file
from recsys_core.errors import RecLensError
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import CompressionReport, Measurement
from recsys_core.variant import ModelVariant

FORMAT = "reclens-measurement-4"
PLAIN = (
    "top_10_overlap",
    "explanation_drift",
    "group_gap",
    "before_training",
    "noise",
    "n_users",
    "n_test_users",
    "group_gaps",
    "ties",
    "auc_interval",
    "same_runtime_ms",
    "seed",
    "measured_at",
    "machine",
    "extra",
)


def report_to_json(report: CompressionReport) -> dict:
    """The report as plain JSON: ``dense`` and ``variant`` figures, ``settings``, and everything else by name."""
    about = {name: getattr(report, name) for name in PLAIN}
    sides = {"dense": report.dense.to_json(), "variant": report.compressed.to_json()}
    return {"settings": settings_json(report.variant), **sides, **about}


def settings_json(variant: ModelVariant) -> dict[str, str]:
    """What a report says of its variant: the settings as an address writes them, and their key."""
    return variant.compression.to_query() | variant.reranking.to_query() | {"key": variant.settings_key}


def report_from_json(data: dict, *, model: str = "") -> CompressionReport:
    """The report that ``report_to_json`` wrote, of the model with this id; NaN as None.

    Raises ``KeyError`` or ``TypeError`` for anything else.
    """
    data = without_nan(data)
    return CompressionReport(
        replace(ModelVariant.from_query(data["settings"]), model=model),
        Measurement.from_json(data["dense"]),
        Measurement.from_json(data["variant"]),
        **{name: data[name] for name in PLAIN},
    )


def measurement_file(model: TrainedModel, variant: ModelVariant) -> Path:
    """Where the report of a variant lies."""
    return model.path / "measurements" / f"{variant.settings_key}.json"


def save_report(model: TrainedModel, report: CompressionReport) -> None:
    """Write aside, then rename: a reader never sees half a report."""
    file = measurement_file(model, report.variant)
    file.parent.mkdir(exist_ok=True)
    stamped = {"format": FORMAT, "model": model.fingerprint, **report_to_json(report)}
    write_file(file, json.dumps(without_nan(stamped), indent=1).encode())


def load_report(model: TrainedModel, variant: ModelVariant, *, machine: str | None = None) -> CompressionReport | None:
    """The stored report, or None where there is none to be trusted: missing, damaged, or of another model or data.

    Given a ``machine``, a report that was measured elsewhere counts as missing, too.
    """
    report = _read(measurement_file(model, variant), model)
    is_ours = report is not None and report.variant == variant and machine in (None, report.machine)
    return report if is_ours else None


def read_reports(model: TrainedModel) -> list[CompressionReport]:
    """Every report in the workspace's folder that can be trusted and lies under its own name, in no order."""
    files = (model.path / "measurements").glob("*.json")
    found = ((file, _read(file, model)) for file in files)
    return [r for file, r in found if r is not None and file == measurement_file(model, r.variant)]


def _read(file: Path, model: TrainedModel) -> CompressionReport | None:
    if not file.is_file():
        return None
    try:
        data = read_checked_json(file, FORMAT, "workspace")
        is_ours = data.get("model") == model.fingerprint
        return report_from_json(data, model=model.variant.model) if is_ours else None
    except (RecLensError, KeyError, TypeError, ValueError, AttributeError):
        return None
