r"""Exposure in proportion to relevance (Singh & Joachims 2018, disparate treatment), amortised over users.

Their linear programme asks for the rankings of all users that are most relevant among those that give every group of
items its share of the exposure:

.. math:: \max \sum_u \sum_j v_j\, r_{u,i(u,j)} \quad\text{so that}\quad
          \sum_u \sum_j v_j\, M_{i(u,j),g} = t_g \sum_u \sum_j v_j

with :math:`v_j = 1 / \log_2(1 + j)`, relevance :math:`r` (the predicted probability), the membership :math:`M` of items
in groups, and :math:`t_g` the group's share of what users took. With one multiplier a group the constraints go into the
objective, which then falls apart into one sorting a user: by :math:`r_{u,i} + \sum_g M_{i,g} \lambda_g`. So the optimum
of the whole is a shift of each group, the same for every user, found on the validation part. A strength scales the
shifts, which moves the lists steadily from the one optimum to the other: :math:`\lambda`-weighted exposure grows and
relevance falls with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_core.metrics import logistic
from recsys_core.models.evaluation import K
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.rerankers.columns import groups_of, require_validation
from recsys_core.rerankers.first_places import FirstPlaces, PlacesReranker, QuickReranker
from recsys_core.rerankers.prepared import Served
from recsys_core.rerankers.validation import ValidationLists
from recsys_core.variant import Reranking

METHOD = "exposure"
MOST_ROUNDS = 120
CLOSE = 5e-4  # of a share: near enough to its target
FIRST_STEP, FASTER, SLOWER = 0.02, 1.3, 0.5
MOST_SHIFT = 1.0  # of a probability: a larger one only sorts by group


@dataclass(frozen=True, slots=True, eq=False)
class ByShiftedRelevance:
    """Sort by probability and the shift of each item ``(n_items,)``; equal ones stay in order of score."""

    shift: np.ndarray

    def order(self, places: FirstPlaces, k: int) -> np.ndarray:
        shifted = logistic(places.scores.astype(float)) + places.column(self.shift, empty=-np.inf)
        return np.argsort(-shifted, axis=1, kind="stable")[:, :k]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedExposure:
    """The shift of every group at strength 1, and the items' membership."""

    multipliers: np.ndarray
    membership: np.ndarray
    favoured: tuple = ()

    def at(self, settings: Reranking) -> QuickReranker:
        return PlacesReranker(settings, ByShiftedRelevance(settings.strength * (self.membership @ self.multipliers)))


def check(by: str, split_dataset: SplitDataset) -> None:
    """Raise ``RecLensError`` where there is nothing that it could do."""
    groups_of(METHOD, by, split_dataset, side="item")
    require_validation(METHOD, split_dataset)


def prepare(served: Served, by: str) -> PreparedExposure:
    """Find the shifts with which validation users' lists meet the targets."""
    check(by, served.split_dataset)
    membership = groups_of(METHOD, by, served.split_dataset, side="item").membership
    target = exposure_targets(served.validation, membership)
    return PreparedExposure(multipliers(served.validation, membership, target), membership)


def exposure_targets(validation: ValidationLists, membership: np.ndarray) -> np.ndarray:
    """Each group's share of relevance ``(n_groups,)``; a group that nobody took anything of keeps its exposure.

    Nothing is known of such a group's merit, so it neither gains nor loses; the others share what is left.
    """
    relevance, exposure = validation.relevance(membership), validation.exposure(membership)
    unknown = relevance == 0
    kept = np.where(unknown, exposure, 0.0)
    return kept + relevance * (1 - kept.sum())


def multipliers(validation: ValidationLists, membership: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The shift of each group ``(n_groups,)`` whose lists give the shares that lie nearest to ``target``.

    A group's exposure grows with its own shift, so every shift goes its own way by the sign of what is missing: longer
    steps while that stays, half as long where it turns (Riedmiller & Braun 1993). Groups that are nowhere in the first
    places cannot be moved.
    """
    first = validation.first
    here = np.bincount(first.items[first.is_item], minlength=len(membership)) > 0
    movable = membership[here].any(axis=0)
    shift, step, sign = np.zeros(len(target)), np.full(len(target), FIRST_STEP), np.zeros(len(target))
    best, nearest = shift, np.inf
    for _ in range(MOST_ROUNDS):
        order = ByShiftedRelevance(membership @ shift).order(first, K)
        missing = np.where(movable, target - validation.exposure(membership, order), 0.0)
        if np.abs(missing).sum() < nearest:
            best, nearest = shift, float(np.abs(missing).sum())
        if np.abs(missing).max(initial=0.0) < CLOSE:
            break
        turned = np.sign(missing)
        step = np.where(turned == sign, step * FASTER, step * SLOWER)
        shift, sign = np.clip(shift + turned * step, -MOST_SHIFT, MOST_SHIFT), turned
    return best
