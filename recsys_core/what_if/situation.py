"""Situation: one user and one item as somebody supposes them, scored by the model as if the tables had said so.

The history is edited as if it had been so from the start: where an item is taken off, an older one that attention had
no room for is read again. What may be recommended is not edited: an item that was really taken stays no candidate when
it is taken off the history, and an item that is added becomes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from recsys_core.data.known import KnownItems
from recsys_core.models.edited_rows import Encode, with_encoded_rows
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.recommend import UserScores
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.results.edits import AddItem, Edit, SetColumn, TakeOffItem
from recsys_core.what_if.cells import encoded_edits
from recsys_core.what_if.edits import check_history_edits

NEW = "new"  # id of a person or an item that is made up


@dataclass(frozen=True, eq=False)
class Situation:
    """What a model is asked about: a user and an item, with the user's known positives.

    Attributes
    ----------
    scorer
        The model over the (edited) rows.
    positives
        All known positives, newest first; the history is the newest ``history_length`` of them.
    seen
        ``(n_items,)`` bool: items that are no candidates.
    beside
        A situation that differs in the cells of the item alone, so that all other items score as they do there.
    """

    scorer: Scorer
    user_index: int
    item_index: int
    positives: np.ndarray
    seen: np.ndarray
    history_length: int
    beside: Situation | None = None

    @property
    def history(self) -> np.ndarray:
        """``(history_length,)``, newest first, padded with -1."""
        read = self.positives[: self.history_length]
        return np.concatenate([read, np.full(self.history_length - len(read), -1)]).astype(np.int64)

    @property
    def known(self) -> KnownItems:
        """All positives, one row."""
        return KnownItems.of([self.positives], len(self.seen))

    def pairs(self, items: np.ndarray) -> Pairs:
        """Some items for the user, each with the history."""
        items = np.atleast_1d(np.asarray(items, dtype=np.int64))
        same = np.zeros(len(items), dtype=np.int64)
        return Pairs(
            np.full(len(items), self.user_index), items, np.tile(self.history, (len(items), 1)), self.known[same]
        )

    @property
    def pair(self) -> Pairs:
        """The one that is asked about."""
        return self.pairs(np.array([self.item_index]))

    @cached_property
    def logits(self) -> np.ndarray:
        """The whole catalogue for the user ``(n_items,)``, worked out once."""
        if self.beside is None:
            return self.scorer.score_catalogue(np.array([self.user_index]), self.history[None], self.known)[0]
        logits, item = self.beside.logits.copy(), np.array([self.item_index])
        logits[item] = self.scorer.score_items(self.user_index, item, self.history, self.known)
        return logits

    def scores(self, tie_order: np.ndarray, reranker: Reranker = BY_SCORE) -> UserScores:
        """The whole catalogue for the user, to be ranked and listed."""
        scores = self.logits
        order = np.append(tie_order, np.arange(len(tie_order), len(scores)))  # a new item stands behind its equals
        nothing = np.zeros(0, dtype=np.int64)
        variant = replace(self.scorer.variant, reranking=reranker.settings)
        return UserScores(self.user_index, scores, self.seen, nothing, order, variant, reranker=reranker)


def situation_of(
    scorer: Scorer,
    split_dataset: SplitDataset,
    user_index: int | None,
    item_index: int | None,
    encode: Encode | None = None,
) -> Situation:
    """What the tables say: the user's list is made from exactly this (`recsys_core.recommend.score_user`).

    None is a new one: a person who has taken and seen nothing, or an item that nobody took, with empty cells and an id
    that the model does not know; its row stands behind the last one. ``encode`` makes the vectors of its empty texts.
    """
    histories, nothing = split_dataset.histories, np.zeros(0, dtype=np.int64)
    positives = seen = nothing
    if user_index is not None:
        known = histories.known(np.array([user_index]), "test")
        positives = known.csr().indices[::-1].astype(np.int64)  # the oldest comes first there
        seen = histories.seen(user_index, "test")
    for side, index in (("user", user_index), ("item", item_index)):
        if index is None:
            scorer = _with_new_row(scorer, side, encode)
    features = scorer.features
    user = features.n_users - 1 if user_index is None else user_index
    item = features.n_items - 1 if item_index is None else item_index
    is_seen = np.zeros(features.n_items, dtype=bool)
    is_seen[seen] = True
    return Situation(scorer, user, item, positives, is_seen, histories.length)


def _with_new_row(scorer: Scorer, side: str, encode: Encode | None) -> Scorer:
    """The scorer with one more row of a side, whose cells are empty."""
    ids, new = scorer.features.ids[side], NEW
    while new in ids:
        new += "*"
    frame = pd.DataFrame({f"{side}_id": [new]})
    features = with_encoded_rows(scorer.features, side, frame, encode or _no_encoder)
    return scorer.with_features(features, edited={})


def _no_encoder(texts: list[str]) -> np.ndarray:
    raise ValueError("an edited text needs an encoder")


def with_edits(situation: Situation, edits: Sequence[Edit], encode: Encode | None = None) -> Situation:
    """The situation after all edits; their order plays no part but for that of added items.

    ``encode`` makes the vectors of edited texts (`recsys_core.models.text_vectors`). Raises ``SettingError`` where
    edits do not fit (`recsys_core.what_if.edits.check_history_edits`), ``ValueError`` for a text without ``encode``.
    """
    user, item, scorer = situation.user_index, situation.item_index, situation.scorer
    user_id = scorer.features.ids["user"][user]
    check_history_edits(edits, item_index=item, held=situation.positives, user_id=user_id)
    rows = {"user": user, "item": item}
    cells = encoded_edits(scorer.features, edits, rows, encode)
    features = scorer.features
    for edit, cell in zip(edits, cells, strict=True):
        if isinstance(edit, SetColumn) and cell is not None:
            features = features.with_cells(np.array([rows[edit.player.side]]), {edit.player.key: cell})
    if features is not scorer.features:
        scorer = scorer.with_features(features, edited={side: np.array([row]) for side, row in rows.items()})
    seen = situation.seen.copy()
    seen[[e.item_index for e in edits if isinstance(e, AddItem)]] = True
    positives = edited_positives(situation, edits)
    is_item_alone = all(isinstance(e, SetColumn) and e.player.side == "item" for e in edits)
    beside = situation if is_item_alone and item not in situation.history else None
    return Situation(scorer, user, item, positives, seen, situation.history_length, beside)


def edited_positives(situation: Situation, edits: Sequence[Edit]) -> np.ndarray:
    """All known positives after the edits of the history, newest first."""
    added = np.array([e.item_index for e in edits if isinstance(e, AddItem)][::-1], dtype=np.int64)
    taken_off = [e.item_index for e in edits if isinstance(e, TakeOffItem)]
    held = situation.positives
    return np.concatenate([added, held[~np.isin(held, taken_off)] if taken_off else held])
