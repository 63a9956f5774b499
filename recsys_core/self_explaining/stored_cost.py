"""Stored cost of explaining: what was found for a model is kept beside it, stamped with model and data.

``cost_of_explaining.json`` is a cache like ``scan.json``: whatever cannot be trusted counts as missing.
"""

from __future__ import annotations

import json

from recsys_core.data.folder import atomic_write, read_checked_json
from recsys_core.errors import RecLensError
from recsys_core.models.trained_model import TrainedModel
from recsys_core.results.dataclass_json import from_json, to_json
from recsys_core.results.self_explaining import CostOfExplaining

FORMAT = "reclens-cost-of-explaining-1"
FILE = "cost_of_explaining.json"


def save_cost(model: TrainedModel, cost: CostOfExplaining) -> None:
    """Keep what was found in the model's folder. Raises ``OSError`` where that cannot be written to."""
    written = {"format": FORMAT, "model": model.fingerprint} | to_json(cost)
    atomic_write(model.path / FILE, json.dumps(written, allow_nan=False).encode())


def load_cost(model: TrainedModel) -> CostOfExplaining | None:
    """What was found last for this model, None where nothing is stored or it is of another one."""
    if not (model.path / FILE).is_file():
        return None
    try:
        data = read_checked_json(model.path / FILE, FORMAT, "workspace")
        return from_json(CostOfExplaining, data) if data["model"] == model.fingerprint else None
    except (RecLensError, OSError, KeyError, TypeError, ValueError):
        return None
