"""Sample: what `reweigh` weighs is seen as many times as often instead (Kamiran & Calders 2012, sampling).

Every epoch draws as many rows (of task ``implicit`` moments) as a plain one, each as often as its weight asks for, to
within one (`recsys_core.models.treatment.drawn_again`).
"""

from __future__ import annotations

from recsys_core.mend.method import Change, Situation, TrainedMethod
from recsys_core.mend.methods.reweigh import balancing_weights, mixed


def _change(found: Situation, strength: float) -> Change:
    return Change(draw=mixed(balancing_weights(found.unit_group, found.unit_positive, found.unit_size), strength))


METHOD = TrainedMethod("sample", _change)
