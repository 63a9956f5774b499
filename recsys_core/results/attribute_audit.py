"""Results of asking what an attribute of users does to a model: flipped, and read back from its representation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys_core.results.dataclass_json import to_json
from recsys_core.results.fairness import Group


@dataclass(frozen=True, slots=True)
class Share:
    """A mean over users with its 95 % bootstrap interval; its ends are NaN for too few users."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AttributeFlips:
    """What changes where each user's attribute is set to another value and all else stays.

    Attributes
    ----------
    column
        The attribute, ``user.gender``.
    is_read
        Whether the model reads the column; where it does not, every change is 0 exactly.
    scores
        Share of pairs (user, item of the catalogue) whose probability moves by more than ``tolerance``; for a model of
        ratings, of the scale.
    mean_change
        Mean absolute change of that probability; ``mean_change_logit`` of the logit.
    lists, overlap
        Share of users whose ten items change, and the mean share of their ten items that stays.
    explanations
        Share of users whose three strongest reasons of their first recommendation change.
    n_users, n_pairs, n_explained
        On how many users, pairs and explanations; the users are drawn by ``seed`` from ``n_all_users`` with a value.
    exact
        The explanations tried all coalitions.
    """

    column: str
    is_read: bool
    scores: Share
    mean_change: Share
    mean_change_logit: Share
    lists: Share
    overlap: Share
    explanations: Share
    tolerance: float
    n_users: int
    n_all_users: int
    n_pairs: int
    n_explained: int
    background: int
    exact: bool
    seed: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return to_json(self)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Leakage:
    """How well a probe reads an attribute back from users' representations.

    Attributes
    ----------
    groups
        The classes that the probe tells apart; users of others are left out: ``n_missing`` whose value is missing,
        ``n_small`` of groups below the least size.
    auc
        Mean over the groups of the area under the ROC curve of each against all others, each user predicted by a probe
        that was fitted without them; 0.5 is no better than chance.
    accuracy, majority
        Share of users whose group is told, and the share of the largest group, which is right without looking.
    shuffled
        The AUC of ``n_shuffles`` shufflings of the attribute, the probe fitted anew each time: chance.
    p_value
        Chance of an AUC as far from one half if the representation told nothing of the attribute.
    is_read
        Whether the model reads the column itself.
    """

    by: tuple[str, ...]
    groups: tuple[Group, ...]
    auc: Share
    accuracy: Share
    majority: float
    shuffled: np.ndarray
    p_value: float
    is_read: bool
    n_users: int
    n_all_users: int
    n_missing: int
    n_small: int
    n_folds: int
    n_shuffles: int
    seed: int
    seconds: float

    @property
    def chance(self) -> float:
        """Mean AUC of the shufflings."""
        return float(self.shuffled.mean())

    @property
    def chance_high(self) -> float:
        """Their 95th percentile."""
        return float(np.quantile(self.shuffled, 0.95))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; groups by label, chance by its mean and 95th percentile."""
        plain = (name for name in self.__dataclass_fields__ if name not in ("groups", "shuffled"))
        groups = {"groups": [g.label for g in self.groups]}
        return groups | {n: to_json(getattr(self, n)) for n in (*plain, "chance", "chance_high")}
