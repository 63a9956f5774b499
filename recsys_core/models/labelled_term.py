"""The item-item term of labelled tasks: added to a trained network, its strength fitted on validation rows.

EASE knows a user's training positives by heart: on training rows its sums say more than on any new row (MovieLens-100K:
AUC .88 against .79), and a network trained beside it learns to trust it too much. So the network is trained alone, and
both are weighed on rows that neither was fitted to: a logistic regression on two inputs (stacking, Wolpert 1992).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys_core.metrics import paired_difference
from recsys_core.models.calibration import IDENTITY, can_scale, fit_scales, platt_scaling
from recsys_core.models.evaluation import evaluate_pairs
from recsys_core.models.item_item import ItemItemTerm
from recsys_core.models.scorer import Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.models.term_strength import LEAST_USERS
from recsys_core.models.validation import log_likelihood
from recsys_core.results import TriedStrength
from recsys_core.seeds import random_stream

LEAST_GAIN = 1e-3  # nats of log loss: less is no reason to carry a matrix of all items


@dataclass(frozen=True, slots=True, eq=False)
class Weighing:
    """How network and term are added: ``scale * logit + shift + term``; ``term`` is None where it has no weight."""

    scale: float
    shift: float
    term: ItemItemTerm | None
    strengths: tuple[TriedStrength, ...]


def weigh_term(scorer: Scorer, term: ItemItemTerm, split_dataset: SplitDataset) -> Weighing:
    """The term beside a network trained without it, with the strength that suits the validation pairs best.

    It is kept where it lowers the log loss by ``LEAST_GAIN`` and beyond the noise of a paired bootstrap over users.
    Both sides of that comparison are cross-fitted: each half of the users is measured with weights fitted on the other.
    Fewer than `LEAST_USERS` are too few for that, and the term has no weight.
    """
    labelled = split_dataset.labelled("validation")
    label, logit = labelled.label.astype(float), evaluate_pairs(scorer, labelled).score.astype(float)
    if len(np.unique(labelled.pairs.users)) < LEAST_USERS:
        scale, shift = platt_scaling(label, logit)
        figure = log_likelihood(labelled.pairs.users, label, scale * logit + shift).figure
        return Weighing(scale, shift, None, (TriedStrength(0.0, figure, float("nan")),))
    added = replace(term, alpha=1.0).pairs(labelled.pairs.items, labelled.known).astype(float)
    half = _halves(labelled.pairs.users, split_dataset.split.seed)
    alone, beside = np.empty_like(logit), np.empty_like(logit)
    for measured in (half, ~half):
        scale, shift = _alone(label[~measured], logit[~measured])
        alone[measured] = scale * logit[measured] + shift
        scale, alpha, shift = _weights(label[~measured], logit[~measured], added[~measured])
        beside[measured] = scale * logit[measured] + alpha * added[measured] + shift
    scale, alpha, shift = _weights(label, logit, added)
    with_it, without = (log_likelihood(labelled.pairs.users, label, z) for z in (beside, alone))
    seed = split_dataset.split.seed
    better = paired_difference(with_it, without, seed=seed)
    kept = alpha > 0 and better.mean >= LEAST_GAIN and better.low > 0
    chosen = with_it if kept else without
    strengths = tuple(
        TriedStrength(strength, tried.figure, paired_difference(chosen, tried, seed=seed).share_at_least)
        for strength, tried in ((0.0, without), (alpha, with_it))
    )
    if not kept:
        return Weighing(*platt_scaling(label, logit), None, strengths)
    return Weighing(scale, shift, replace(term, alpha=alpha), strengths)


def _weights(label: np.ndarray, logit: np.ndarray, added: np.ndarray) -> tuple[float, float, float]:
    """Scale, strength and shift; those of no term where none can be told.

    A network that would be turned round says nothing on these rows, but the term may: it is added to the network as
    that is.
    """
    spread, (scale, shift) = float(added.std()), _alone(label, logit)
    if not spread > 0 or not can_scale(label, logit):
        return scale, 0.0, shift
    both, weight, own = fit_scales(label, np.column_stack([logit, added / spread])).tolist()
    if both > 0 and weight > 0:
        return both, weight / spread, own
    weight, own = fit_scales(label, added[:, None] / spread, fixed=scale * logit).tolist()
    return (scale, weight / spread, own) if weight > 0 else (scale, 0.0, shift)


def _alone(label: np.ndarray, logit: np.ndarray) -> tuple[float, float]:
    """Scale and shift of a network without a term: Platt's, or the shift alone where that would turn it round."""
    scale, shift = platt_scaling(label, logit)
    if (scale, shift) != IDENTITY or not can_scale(label, logit):
        return scale, shift
    return scale, float(fit_scales(label, np.empty((len(label), 0)), fixed=logit)[0])


def _halves(users: np.ndarray, seed: int) -> np.ndarray:
    """Which pairs belong to a random half of the users."""
    different, own = np.unique(users, return_inverse=True)
    order = random_stream(seed, "halves of users").permutation(len(different))
    return (order % 2 == 0)[own]
