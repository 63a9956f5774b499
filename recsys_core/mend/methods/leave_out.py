"""Leave out: the model does not read the columns; audits do."""

from __future__ import annotations

from recsys_core.errors import SettingError
from recsys_core.fairness.columns import find_column
from recsys_core.mend.method import Change, Situation, TrainedMethod


def _change(found: Situation, strength: float) -> Change:
    """Raises ``SettingError``: ``mend.half``, ``mend.not_read`` where the model reads none of the columns."""
    if strength != 1:
        raise SettingError("mend.half", column=" × ".join(found.groups.by), strength=strength)
    read = {group.key for group in found.model.features.side("user")}
    without = frozenset(find_column(found.model.dataset, name).whole for name in found.groups.by) & read
    if not without:
        raise SettingError("mend.not_read", column=" × ".join(found.groups.by))
    return Change(without=without)


METHOD = TrainedMethod("leave-out", _change)
