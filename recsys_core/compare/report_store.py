"""Stored reports: one JSON file a variant in ``measurements/``, stamped with what it was measured on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from recsys_core.data.folder import read_checked_json, without_nan, write_file
from recsys_core.errors import RecLensError
from recsys_core.models.workspace import Workspace
from recsys_core.results import CompressionReport, Measurement
from recsys_core.variant import Variant

FORMAT = "reclens-measurement-3"
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
    return {"settings": asdict(report.variant) | {"key": report.variant.key}, **sides, **about}


def report_from_json(data: dict) -> CompressionReport:
    """The report that ``report_to_json`` wrote, NaN as None; ``KeyError`` or ``TypeError`` for anything else."""
    data = without_nan(data)
    settings = {name: value for name, value in data["settings"].items() if name != "key"}
    return CompressionReport(
        Variant(**settings),
        Measurement.from_json(data["dense"]),
        Measurement.from_json(data["variant"]),
        **{name: data[name] for name in PLAIN},
    )


def measurement_file(workspace: Workspace, variant: Variant) -> Path:
    """Where the report of a variant lies."""
    return workspace.path / "measurements" / f"{variant.key}.json"


def save_report(workspace: Workspace, report: CompressionReport) -> None:
    """Write aside, then rename: a reader never sees half a report."""
    file = measurement_file(workspace, report.variant)
    file.parent.mkdir(exist_ok=True)
    stamped = {"format": FORMAT, "workspace": workspace.fingerprint, **report_to_json(report)}
    write_file(file, json.dumps(without_nan(stamped), indent=1).encode())


def load_report(workspace: Workspace, variant: Variant, *, machine: str | None = None) -> CompressionReport | None:
    """The stored report, or None where there is none to be trusted: missing, damaged, or of another model or data.

    Given a ``machine``, a report that was measured elsewhere counts as missing, too.
    """
    report = _read(measurement_file(workspace, variant), workspace)
    is_ours = report is not None and report.variant == variant and machine in (None, report.machine)
    return report if is_ours else None


def read_reports(workspace: Workspace) -> list[CompressionReport]:
    """Every report in the workspace's folder that can be trusted and lies under its own name, in no order."""
    files = (workspace.path / "measurements").glob("*.json")
    found = ((file, _read(file, workspace)) for file in files)
    return [r for file, r in found if r is not None and file == measurement_file(workspace, r.variant)]


def _read(file: Path, workspace: Workspace) -> CompressionReport | None:
    if not file.is_file():
        return None
    try:
        data = read_checked_json(file, FORMAT, "workspace")
        return report_from_json(data) if data.get("workspace") == workspace.fingerprint else None
    except (RecLensError, KeyError, TypeError, ValueError, AttributeError):
        return None
