"""Reweigh: every group counts alike, and every outcome alike often within each.

Kamiran & Calders 2012: a row of group ``g`` and label ``y`` weighs ``P(g) P(y) / P(g, y)``, which makes the two
independent. Here the groups are in addition of one size: ``P(y) / (n_groups P(g, y))``. Task ``implicit`` has no
labels: a user's moments weigh ``1 / (n_groups P(g))``.
"""

from __future__ import annotations

import numpy as np

from recsys_core.mend.groups import ALONE
from recsys_core.mend.method import Change, Situation, TrainedMethod

MOST = 10.0  # times a plain training's weight: one user of a tiny group does not lead it


def balancing_weights(group: np.ndarray, positive: np.ndarray | None, size: np.ndarray) -> np.ndarray:
    """Weights ``(n,)`` under which the groups (and group and label) count alike; 1 for units in no group.

    Their mean, each unit counted ``size`` times, is 1 where none is capped at 10.

    >>> balancing_weights(np.array([0, 0, 0, 1]), None, np.ones(4)).tolist()
    [0.6666666666666666, 0.6666666666666666, 0.6666666666666666, 2.0]
    """
    label = np.zeros(len(group), dtype=np.int64) if positive is None else positive.astype(np.int64)
    treated = group != ALONE
    n_groups = int(group.max(initial=0)) + 1
    mass = np.zeros((n_groups, 2))
    np.add.at(mass, (group[treated], label[treated]), size[treated])
    total, n_there = mass.sum(), np.count_nonzero(mass.sum(axis=1))
    wanted = np.broadcast_to(mass.sum(axis=0) / max(n_there, 1), mass.shape)
    factor = np.divide(wanted, mass, out=np.ones_like(mass), where=mass > 0)
    weight = np.ones(len(group))
    if total:
        weight[treated] = np.minimum(factor[group[treated], label[treated]], MOST)
    return weight


def mixed(weight: np.ndarray, strength: float) -> np.ndarray:
    """From a plain training's weight of 1 to these."""
    return 1 + strength * (weight - 1)


def _change(found: Situation, strength: float) -> Change:
    return Change(weight=mixed(balancing_weights(found.unit_group, found.unit_positive, found.unit_size), strength))


METHOD = TrainedMethod("reweigh", _change)
