"""What would take an item off a user's list, or bring it there."""

from __future__ import annotations

from dashboard.cached.cache import lru_shared
from dashboard.cached.workspace import dataset, reranker_of, scorer, workspace
from dashboard.workspaces import WorkspaceRef
from recsys_core.counterfactual import AllowedColumn, allowed_columns, changeable, smallest_change, smallest_removal
from recsys_core.player import Player
from recsys_core.results import Counterfactual
from recsys_core.variant import ModelVariant
from recsys_core.what_if.situation import situation_of

K = 10


@lru_shared(256)
def removal(ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant) -> Counterfactual:
    """The smallest set of history items without which the item is not in the top ten."""
    split_dataset = workspace(ref).split_dataset
    situation = situation_of(scorer(ref, variant), split_dataset, user_index, item_index)
    reranker = reranker_of(ref, variant)
    return smallest_removal(situation, split_dataset, k=K, reranker=reranker)


@lru_shared(256)
def change(
    ref: WorkspaceRef, user_index: int, item_index: int, variant: ModelVariant, allowed: tuple[AllowedColumn, ...]
) -> Counterfactual:
    """The smallest change of the allowed columns that brings the item into the top ten. Raises ``SettingError``."""
    split_dataset = workspace(ref).split_dataset
    situation = situation_of(scorer(ref, variant), split_dataset, user_index, item_index)
    reranker = reranker_of(ref, variant)
    return smallest_change(situation, split_dataset, allowed, k=K, reranker=reranker)


@lru_shared(64)
def allowed(ref: WorkspaceRef, variant: ModelVariant, text: str) -> tuple[AllowedColumn, ...]:
    """What the address lets change; nothing said is `proposed`. Raises ``SettingError``."""
    return allowed_columns(text, dataset(ref), scorer(ref, variant).features)


@lru_shared(16)
def proposed(ref: WorkspaceRef, variant: ModelVariant) -> tuple[Player, ...]:
    """Columns that may change where nobody says which."""
    return changeable(dataset(ref), scorer(ref, variant).features)


@lru_shared(16)
def every_column(ref: WorkspaceRef, variant: ModelVariant) -> tuple[Player, ...]:
    """Columns that can be changed at all, sensitive ones too."""
    features = scorer(ref, variant).features
    return tuple(g.player for g in features.groups if not g.player.is_id and g.kind != "text")
