"""Stored runs: every training of a design is kept beside the model whose features it read, stamped with it."""

from __future__ import annotations

import json
from typing import Any

from recsys_core.data.folder import atomic_write, read_checked_json
from recsys_core.errors import RecLensError
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results.architectures import DesignRun
from recsys_core.results.dataclass_json import from_json, to_json

FORMAT = "reclens-architectures-4"
FILE = "architectures.json"


def save_runs(model: TrainedModel, epochs: int, runs: list[DesignRun]) -> None:
    """Write aside, then rename. Raises ``OSError`` where the folder cannot be written to."""
    written = {"format": FORMAT, "model": model.fingerprint, "epochs": epochs, "runs": [to_json(run) for run in runs]}
    atomic_write(model.path / FILE, json.dumps(written, allow_nan=False).encode())


def load_runs(model: TrainedModel) -> tuple[int, list[DesignRun]]:
    """Epochs of the runs that are kept, and the runs; none where nothing of this model can be read."""
    if not (model.path / FILE).is_file():
        return 0, []
    try:
        data: dict[str, Any] = read_checked_json(model.path / FILE, FORMAT, "workspace")
        runs = [from_json(DesignRun, run) for run in data["runs"]]
        return (int(data["epochs"]), runs) if data["model"] == model.fingerprint else (0, [])
    except (RecLensError, OSError, KeyError, TypeError, ValueError, AttributeError):
        return 0, []


def compared_columns(runs: list[DesignRun]) -> list[str]:
    """The user columns whose gap the runs know."""
    return list(runs[0].gaps) if runs else []
