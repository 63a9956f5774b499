"""Situation: one user and one item as somebody supposes them, scored by the model as if the tables had said so.

The history is edited as if it had been so from the start: where an item is taken off, an older one that attention had
no room for is read again. What may be recommended is not edited: an item that was really taken stays no candidate when
it is taken off the history, and an item that is added becomes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys_core.data.known import KnownItems
from recsys_core.data.schema import stored_name
from recsys_core.models.edited_rows import Encode, with_encoded_rows
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.recommend import UserScores
from recsys_core.rerank import BY_SCORE, Reranker
from recsys_core.variant import DENSE
from recsys_core.what_if.edits import AddItem, Edit, SetColumn, TakeOffItem, check_history_edits


@dataclass(frozen=True, slots=True, eq=False)
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
    """

    scorer: Scorer
    user_index: int
    item_index: int
    positives: np.ndarray
    seen: np.ndarray
    history_length: int

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

    def scores(self, tie_order: np.ndarray, reranker: Reranker = BY_SCORE) -> UserScores:
        """The whole catalogue for the user."""
        users = np.array([self.user_index])
        scores = self.scorer.score_catalogue(users, self.history[None], self.known)[0]
        nothing = np.zeros(0, dtype=np.int64)
        return UserScores(
            self.user_index, scores, self.seen, nothing, tie_order, self.scorer.variant or DENSE, reranker=reranker
        )


def situation_of(scorer: Scorer, split_dataset: SplitDataset, user_index: int, item_index: int) -> Situation:
    """What the tables say: the user's list is made from exactly this (`recsys_core.recommend.score_user`)."""
    histories = split_dataset.histories
    known = histories.known(np.array([user_index]), "test")
    positives = known.csr().indices[::-1].astype(np.int64)  # the oldest comes first there
    seen = np.zeros(split_dataset.dataset.n_items, dtype=bool)
    seen[histories.seen(user_index, "test")] = True
    return Situation(scorer, user_index, item_index, positives, seen, histories.length)


def with_edits(
    situation: Situation, edits: Sequence[Edit], split_dataset: SplitDataset, encode: Encode | None = None
) -> Situation:
    """The situation after all edits; their order plays no part but for that of added items.

    ``encode`` makes the vectors of edited texts (`recsys_core.models.edited_rows`). Raises ``SettingError`` where edits
    do not fit (`recsys_core.what_if.edits.check_history_edits`).
    """
    dataset = split_dataset.dataset
    user_id = str(dataset.users["user_id"].iloc[situation.user_index])
    held = situation.positives.tolist()
    check_history_edits(edits, item_index=situation.item_index, held=held, dataset=dataset, user_id=user_id)
    features = situation.scorer.features
    for side, row in (("user", situation.user_index), ("item", situation.item_index)):
        cells = {
            stored_name(str(e.player.column)): [e.value]
            for e in edits
            if isinstance(e, SetColumn) and e.player.side == side
        }
        if cells:
            frame = pd.DataFrame({f"{side}_id": [features.ids[side][row]], **cells})
            features = with_encoded_rows(features, side, frame, encode or _no_encoder)
    added = [e.item_index for e in edits if isinstance(e, AddItem)]
    taken_off = {e.item_index for e in edits if isinstance(e, TakeOffItem)}
    positives = np.array([*reversed(added), *(i for i in held if i not in taken_off)], dtype=np.int64)
    seen = situation.seen.copy()
    seen[added] = True
    scorer = situation.scorer
    if features is not scorer.features:
        scorer = scorer.with_features(features)
    return Situation(scorer, situation.user_index, situation.item_index, positives, seen, situation.history_length)


def _no_encoder(texts: list[str]) -> np.ndarray:
    raise ValueError("an edited text needs an encoder")
