"""What each item of a history adds to one score."""

from __future__ import annotations

import numpy as np

from dashboard.cached import explain as cached_explain
from dashboard.cached.cache import lru_shared
from dashboard.cached.explain import AVERAGE_CASE, Compared
from dashboard.cached.workspace import dataset, scorer, workspace
from dashboard.workspaces import WorkspaceRef
from recsys_core.explain.history_reasons import attended_history, left_out_history, shared_history
from recsys_core.recommend import user_pairs
from recsys_core.results.history import ATTENTION, LEAVE_ONE_OUT, HistoryReasons
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import ModelVariant

SHAPLEY = "shapley"
WAYS = (SHAPLEY, LEAVE_ONE_OUT, ATTENTION)


@lru_shared(256)
def history_reasons(
    ref: WorkspaceRef,
    user_index: int,
    item_index: int,
    variant: ModelVariant,
    by: str = SHAPLEY,
    *,
    units: Units = LOGIT,
    compared: Compared = AVERAGE_CASE,
) -> HistoryReasons:
    """By one of ``WAYS``. Raises ``SettingError`` for attention of a quantised variant, and as `explanation` does."""
    where = (ref, user_index, item_index, variant)
    pair = user_pairs(workspace(ref).split_dataset, user_index, np.array([item_index]))
    if by == SHAPLEY:
        shared = cached_explain.explanation(*where, history="each", units=units, compared=compared)
        if shared.history == "each":
            return shared_history(shared, pair, dataset(ref))
    split = left_out_history if by == LEAVE_ONE_OUT else attended_history
    whole = cached_explain.explanation(*where, units=units, compared=compared)
    return split(scorer(ref, variant), pair, dataset(ref), whole)
