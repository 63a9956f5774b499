"""Results of comparing explanations between groups of users, and before and after a mending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recsys_core.player import Player
from recsys_core.results.attribute_audit import Share
from recsys_core.results.dataclass_json import to_json
from recsys_core.results.fairness import NOISE_ABOVE, Group
from recsys_core.variant import DENSE, ModelVariant


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupFigure:
    """One figure of every group, and whether the groups differ by more than chance.

    ``name`` is the player's key, or ``deletion`` and ``insertion``; ``of_groups`` stand in the order of the groups.
    ``p_value`` is that of a permutation of users among the groups (largest less smallest figure), ``p_corrected``
    after Holm's correction for all figures of its kind. ``change`` is the figure under the variant less that under
    the base, group by group, paired user by user; None where one model is looked at.
    """

    name: str
    player: Player | None
    of_groups: tuple[Share, ...]
    p_value: float
    p_corrected: float
    change: tuple[Share, ...] | None = None

    @property
    def differs(self) -> bool:
        """Whether the groups differ by more than chance."""
        return self.p_corrected <= NOISE_ABOVE

    @property
    def difference(self) -> float:
        """Largest less smallest figure."""
        values = [share.value for share in self.of_groups]
        return max(values) - min(values)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without the player, whose key is the name."""
        return {name: to_json(getattr(self, name)) for name in self.__dataclass_fields__ if name != "player"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupReasons:
    """Explanations of users' first recommendations, by group.

    Attributes
    ----------
    groups, n
        Groups that may be shown, and how many of their users are explained; ``n_small`` users were of other groups.
    reasons
        Mean absolute contribution (logits) of every player.
    faithfulness
        ``deletion``: how much faster the score falls where the strongest reasons are taken away first than in random
        order; ``insertion``: how much faster it rises where they are put in first; both as shares of the summed size
        of the reasons, so that groups with flat and with steep scores can be compared.
    exact
        All coalitions were tried for every pair.
    variant, base
        The model explained, and the one before a mending; None where one model is looked at.
    """

    by: tuple[str, ...]
    groups: tuple[Group, ...]
    n: tuple[int, ...]
    n_small: int
    n_all_users: int
    reasons: tuple[GroupFigure, ...]
    faithfulness: tuple[GroupFigure, ...]
    exact: bool
    background: int
    n_bootstrap: int
    n_shuffles: int
    seed: int
    seconds: float
    variant: ModelVariant = DENSE
    base: ModelVariant | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; groups by label, variants by key."""
        plain = ("by", "n", "n_small", "n_all_users", "exact", "background", "n_bootstrap", "n_shuffles", "seed")
        return {
            **{name: to_json(getattr(self, name)) for name in (*plain, "seconds")},
            "groups": [group.label for group in self.groups],
            "reasons": [figure.to_json() for figure in self.reasons],
            "faithfulness": [figure.to_json() for figure in self.faithfulness],
            "variant": self.variant.key,
            "base": None if self.base is None else self.base.key,
        }
