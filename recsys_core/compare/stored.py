"""Stored reports: one JSON file a variant in ``measurements/``, stamped with what it was measured on."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

from recsys_core.data.folder import read_checked_json, write_file
from recsys_core.errors import RecLensError
from recsys_core.models.workspace import Workspace
from recsys_core.results import CompressionReport, Measurement
from recsys_core.variant import Variant

FORMAT = "reclens-measurement-1"
PLAIN = (
    "top_10_overlap",
    "explanation_drift",
    "group_gap",
    "before_training",
    "noise",
    "n_users",
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
    """The report that ``report_to_json`` wrote; ``KeyError`` or ``TypeError`` for anything else."""
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
    write_file(file, json.dumps(_without_nan(stamped), indent=1).encode())


def load_report(workspace: Workspace, variant: Variant, *, machine: str | None = None) -> CompressionReport | None:
    """The stored report, or None where there is none to be trusted: missing, damaged, or of another model or data.

    Given a ``machine``, a report that was measured elsewhere counts as missing, too.
    """
    file = measurement_file(workspace, variant)
    if not file.is_file():
        return None
    try:
        data = read_checked_json(file, FORMAT, "workspace")
        if data.get("workspace") != workspace.fingerprint:
            return None
        report = report_from_json(data)
    except (RecLensError, KeyError, TypeError, ValueError, AttributeError):
        return None
    is_ours = report.variant == variant and machine in (None, report.machine)
    return report if is_ours else None


def _without_nan(value: object) -> object:
    """NaN as null: JSON has no NaN."""
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value
