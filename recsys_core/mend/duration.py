"""How long a mending will take, from how long its base's training took."""

from __future__ import annotations

from collections.abc import Sequence

from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.training_log import read_log
from recsys_core.results.mending import TRAINED, Mending

DEARER = {"adversarial": 1.3}  # than a plain epoch
AFTERWARDS = 0.5  # evaluation, audits and reasons, in plain epochs


def expected_seconds(model: TrainedModel, mendings: Sequence[Mending]) -> float:
    """Seconds that a training of these mendings will take on the machine that trained ``model``; 0 where none trains.

    As many epochs as the base had at most: a mended training may stop earlier, and later by no more than the settings
    allow.
    """
    methods = [m.method for m in mendings if m.method in TRAINED and m.strength > 0]
    if not methods:
        return 0.0
    log = read_log(model.path / "log")
    epoch = sum(line.seconds for line in log) / max(1, len(log))
    if methods == ["project"]:
        return AFTERWARDS * epoch
    factor = max(DEARER.get(method, 1.0) for method in methods)
    return epoch * (factor * len(log) + AFTERWARDS)
