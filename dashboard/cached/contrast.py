"""Contrasts of two items, what an item outside a list lacks, and what a list has in common."""

from __future__ import annotations

import numpy as np

from dashboard.cached.cache import lru_shared
from dashboard.cached.explain import AVERAGE_CASE, SEED, Compared, question, user_scores
from dashboard.cached.workspace import dataset, scorer, workspace
from dashboard.workspaces import WorkspaceRef
from recsys_core.explain import contrast as core
from recsys_core.explain.common import reasons_in_common
from recsys_core.recommend import user_pairs
from recsys_core.results.contrast import CommonReasons, Contrast, EntryGap
from recsys_core.results.units import LOGIT, Units
from recsys_core.variant import ModelVariant

NO_ITEM = -1  # the background of several items; one of them may be what all are compared with


@lru_shared(256)
def contrast(
    ref: WorkspaceRef,
    user_index: int,
    items: tuple[int, int],
    variant: ModelVariant,
    *,
    history: str = "one",
    units: Units = LOGIT,
    compared: Compared = AVERAGE_CASE,
) -> Contrast:
    """What sets the first item apart from the second, against the background of the page's explanation."""
    pairs = user_pairs(workspace(ref).split_dataset, user_index, np.array(items))
    background = question(ref, user_index, NO_ITEM, variant, compared).background
    how = {"history": history, "units": units, "seed": SEED, "compared_with": compared.choice.key}
    return core.contrast(scorer(ref, variant), dataset(ref), pairs, background, **how)


def entry_gap(ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant) -> EntryGap | None:
    """What the item lacks to enter the user's ten; None where it is on the list or no score would bring it in."""
    return core.entry_gap(user_scores(ref, user_index, variant), item_index)


def neighbour(ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant) -> int | None:
    """The item that another one is contrasted with unless one is picked."""
    return core.next_to(user_scores(ref, user_index, variant), item_index)


@lru_shared(64)
def common(
    ref: WorkspaceRef,
    user_index: int,
    variant: ModelVariant,
    *,
    units: Units = LOGIT,
    compared: Compared = AVERAGE_CASE,
) -> CommonReasons:
    """What the user's ten have in common against 100 of the other candidates; about a second.

    Raises ``SettingError`` where there is no list or nothing beside it.
    """
    asked = question(ref, user_index, NO_ITEM, variant, compared)
    of_user = user_scores(ref, user_index, variant)
    how = {"units": units, "seed": SEED, "compared_with": compared.choice.key}
    return reasons_in_common(asked.scorer, dataset(ref), asked.pair, asked.background, of_user, **how)
