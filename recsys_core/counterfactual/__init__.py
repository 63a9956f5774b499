"""Counterfactual: the smallest change that takes an item off a user's list, or brings it there."""

from recsys_core.counterfactual.allowed import AllowedColumn, allowed_columns, allowed_text, changeable
from recsys_core.counterfactual.change import smallest_change
from recsys_core.counterfactual.exact import exact_removal
from recsys_core.counterfactual.removal import smallest_removal

__all__ = [
    "AllowedColumn",
    "allowed_columns",
    "allowed_text",
    "changeable",
    "exact_removal",
    "smallest_change",
    "smallest_removal",
]
