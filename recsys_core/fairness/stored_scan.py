"""Stored scan: the audit of every user column of a dense model, worked out once and kept beside the model.

``scan.json`` is a cache like the reports in ``measurements/``: stamped with the model and with the way audits are done;
whatever cannot be trusted counts as missing.
"""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import asdict
from typing import Any

from recsys_core.data.folder import atomic_write, read_checked_json
from recsys_core.errors import Phrase, RecLensError, phrase, values_from_json, values_to_json
from recsys_core.fairness.cohort import DEFAULT_SETTINGS
from recsys_core.fairness.metrics import METRICS
from recsys_core.fairness.scan import ScanResult, scan
from recsys_core.models.trained_model import TrainedModel
from recsys_core.progress import Progress, silent
from recsys_core.results import FairnessReport, Gap, LeftOut
from recsys_core.results.dataclass_json import from_json, to_json
from recsys_core.variant import ModelVariant

FORMAT = "reclens-scan-2"
FILE = "scan.json"
STATISTICS = 2  # raised where intervals or p-values are worked out in another way


def dense_scan(model: TrainedModel, *, progress: Progress = silent) -> ScanResult:
    """`scan` of the user columns under the dense model, all test users: as stored, else worked out and stored."""
    found = _load(model)
    if found is None:
        train = model.split_dataset.sequences()
        evaluation = model.evaluation(progress)
        found = scan(
            model.changes.audited(model.dataset), evaluation, train=train, variant=model.variant, progress=progress
        )
        with contextlib.suppress(OSError):  # a folder that cannot be written to is slower, not broken
            atomic_write(model.path / FILE, json.dumps(_written(model, found), allow_nan=False).encode())
    return found


def _stamp(model: TrainedModel) -> dict[str, Any]:
    """What a stored scan rests on beside the code: model and data, how audits are done, and the measures."""
    return {
        "format": FORMAT,
        "model": model.fingerprint,
        "how": asdict(DEFAULT_SETTINGS),
        "measures": [*METRICS],
        "statistics": STATISTICS,
    }


def _written(model: TrainedModel, found: ScanResult) -> dict[str, Any]:
    """Gaps stand in their reports; their order over all columns is a list of ``[column, place in the report]``."""
    place = {id(gap): at for report in found.reports.values() for at, gap in enumerate(report.gaps)}
    order = [[column, place[id(gap)]] for column, gap in found.gaps]
    reports = [_report_to_json(report) for report in found.reports.values()]
    about = {"side": found.side, "order": order, "n_tested": found.n_tested, "seconds": found.seconds}
    return _stamp(model) | about | {"reports": reports}


def _load(model: TrainedModel) -> ScanResult | None:
    if not (model.path / FILE).is_file():
        return None
    try:
        data = read_checked_json(model.path / FILE, FORMAT, "workspace")
        if {key: data.get(key) for key in _stamp(model)} != _stamp(model):
            return None
        reports = {r.by[0]: r for r in (_report_from_json(d, model.variant) for d in data["reports"])}
        gaps = tuple((column, reports[column].gaps[at]) for column, at in data["order"])
        return ScanResult(data["side"], reports, gaps, data["n_tested"], data["seconds"], model.variant)
    except (RecLensError, OSError, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def _report_to_json(report: FairnessReport) -> dict[str, Any]:
    left_out = [{"metric": out.metric, "reason": _phrase_to_json(out.reason)} for out in report.left_out]
    texts = {"left_out": left_out, "notes": [_phrase_to_json(note) for note in report.notes]}
    return {name: part for name, part in to_json(report).items() if name != "variant"} | texts


def _report_from_json(data: dict[str, Any], variant: ModelVariant) -> FairnessReport:
    left_out = tuple(LeftOut(out["metric"], _phrase_from_json(out["reason"])) for out in data["left_out"])
    gaps = tuple(from_json(Gap, _with_nan(gap)) for gap in data["gaps"])
    notes = tuple(map(_phrase_from_json, data["notes"]))
    return from_json(FairnessReport, data, variant=variant, left_out=left_out, notes=notes, gaps=gaps)


def _with_nan(gap: dict[str, Any]) -> dict[str, Any]:
    """A gap has no figure that is None but the ratio: null was NaN there."""
    return {name: math.nan if part is None and name != "ratio" else part for name, part in gap.items()}


def _phrase_to_json(said: Phrase) -> dict[str, Any]:
    return {"key": said.key, "values": values_to_json(dict(said.values))}


def _phrase_from_json(data: dict[str, Any]) -> Phrase:
    return phrase(data["key"], **values_from_json(data["values"]))
