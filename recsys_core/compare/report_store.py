"""Stored reports: one JSON file a variant in ``measurements/``, stamped with what it was measured on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from recsys_core.data.folder import atomic_write, read_checked_json
from recsys_core.errors import RecLensError
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results import CompressionReport
from recsys_core.results.dataclass_json import from_json, to_json
from recsys_core.variant import ModelVariant

FORMAT = "reclens-measurement-7"


def report_to_json(report: CompressionReport) -> dict[str, Any]:
    """The report as plain JSON, whole or with parts still missing.

    ``dense`` and ``variant`` figures, ``settings``, and every other part by name; ``top_10_overlap`` stands beside
    its ``list_overlap``, and ``group_gap`` is the gap of the watched column with the reason for watching it.
    """
    about = to_json(report)
    gap = to_json(report.gap() or {}) | (about["group_gap"] or {})
    derived = {"settings": _settings_json(report.variant), "top_10_overlap": report.top_10_overlap, "group_gap": gap}
    return about | derived


def _settings_json(variant: ModelVariant) -> dict[str, str]:
    """What a report says of its variant: the settings as an address writes them, and their key."""
    return variant.compression.to_query() | variant.reranking.to_query() | {"key": variant.settings_key}


def report_from_json(data: dict[str, Any], *, model: str = "") -> CompressionReport:
    """The report, of the model with this id, that ``report_to_json`` wrote.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` for anything else.
    """
    variant = replace(ModelVariant.from_query(data["settings"]), model=model)
    return from_json(CompressionReport, data | {"group_gap": data["group_gap"] or None}, variant=variant)


def measurement_file(model: TrainedModel, variant: ModelVariant) -> Path:
    """Where the report of a variant lies."""
    return model.path / "measurements" / f"{variant.settings_key}.json"


def save_report(model: TrainedModel, report: CompressionReport) -> None:
    """Write aside, then rename: a reader never sees half a report."""
    file = measurement_file(model, report.variant)
    file.parent.mkdir(exist_ok=True)
    stamped = {"format": FORMAT, "model": model.fingerprint, **report_to_json(report)}
    atomic_write(file, json.dumps(stamped, indent=1, allow_nan=False).encode())


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
