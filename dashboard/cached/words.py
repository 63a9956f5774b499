"""What the words of a text add to one score, and the encoder that reads them."""

from __future__ import annotations

from dashboard.cached import explain as cached_explain
from dashboard.cached.cache import lru_shared
from dashboard.cached.explain import AVERAGE_CASE, Compared
from dashboard.cached.workspace import model, scorer
from dashboard.workspaces import WorkspaceRef
from recsys_core.explain.words import explain_words, text_player
from recsys_core.explain.words import text_players as players_of
from recsys_core.models.text_vectors import TextVectors
from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units
from recsys_core.results.words import WordExplanation
from recsys_core.variant import ModelVariant


def text_players(ref: WorkspaceRef, variant: ModelVariant) -> tuple[Player, ...]:
    """The text columns that the model reads, the item's first."""
    return players_of(scorer(ref, variant))


@lru_shared(256)
def words(
    ref: WorkspaceRef,
    user_index: int,
    item_index: int,
    variant: ModelVariant,
    key: str,
    *,
    units: Units = LOGIT,
    compared: Compared = AVERAGE_CASE,
) -> WordExplanation:
    """Of the text column of this key. Raises ``SettingError`` where there is no text, and as `explanation` does."""
    where = ref, user_index, item_index, variant
    asked = cached_explain.question(*where, compared)
    explained = cached_explain.explanation(*where, units=units, compared=compared)
    player = text_player(asked.scorer, key)
    return explain_words(
        asked.scorer, asked.pair, asked.background, explained, player, text_vectors(ref, variant.model)
    )


def text_vectors(ref: WorkspaceRef, model_id: str) -> TextVectors:
    """Vectors of made-up texts, by the encoder that the model was trained with."""
    return _vectors(model(ref, model_id).encoder_name)


@lru_shared(4)
def _vectors(name: str) -> TextVectors:
    return TextVectors(name)
