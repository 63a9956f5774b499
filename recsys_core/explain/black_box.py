"""The same games for any model that can score rows and tells nothing of its inside.

A coalition becomes a made-up row: the example's values where its players are in, a background
row's elsewhere. On our own ranker the values equal the factorised ones, at many times the cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd
from scipy.sparse import vstack

from recsys_core.data.dataset import Dataset
from recsys_core.data.known import KnownItems, Positives
from recsys_core.data.schema import stored_name
from recsys_core.explain.coalitions import coalitions, value_codes
from recsys_core.explain.term_game import given
from recsys_core.explain.value_function import MAX_ROWS, Batch, Games
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.player import HISTORY, ITEM_ID, USER_ID, Player

MAX_KNOWN = 4_000_000  # positives of made-up rows held at once


@dataclass(frozen=True, slots=True, eq=False)
class MixedRows:
    """Made-up pairs of a user and an item, ``(n,)`` each, whose values come from several.

    ``row_of[player]`` is the user (item) whose value a player of the user's (item's) side takes;
    ``histories`` (n, L) item rows, newest first, -1 where there is none, also between others. Context that
    no coalition changes: ``items`` (n,), what is scored. ``known``: all positives of which the histories
    are the newest, None for a model that does not read them.
    """

    row_of: dict[Player, np.ndarray]
    histories: np.ndarray
    items: np.ndarray
    known: Positives | None = None

    @classmethod
    def of(cls, players: tuple[Player, ...], pairs: Pairs) -> MixedRows:
        """Real pairs: every value is the pair's own."""
        sides = {"user": pairs.users, "item": pairs.items}
        return cls({p: sides[p.side] for p in players if p != HISTORY}, pairs.histories, pairs.items, pairs.known)

    def __len__(self) -> int:
        return len(self.histories)


class RowScorer(Protocol):
    """A model that can score rows. ``players``: what it reads, in order user groups, history, item groups.

    ``reads_known``: whether it asks for all known positives beside the histories.
    """

    reads_known: bool

    @property
    def players(self) -> tuple[Player, ...]: ...

    def value_codes(self, pairs: Pairs) -> np.ndarray:
        """Whole numbers ``(n, n_players)``: equal where two pairs hold the same value."""
        ...

    def score_rows(self, rows: MixedRows) -> np.ndarray:
        """Logits of made-up rows ``(n,)``."""
        ...


class BlackBoxGames(Games):
    """``Games`` of a model that scores rows, a row a coalition."""

    def __init__(self, model: RowScorer, pairs: Pairs, background: Pairs, *, history: str = "one") -> None:
        super().__init__(
            model.players,
            pairs,
            background,
            codes=model.value_codes,
            history=history,
            reads_known=model.reads_known,
        )
        self.model = model

    def values(self, masks: np.ndarray) -> np.ndarray:
        rows = np.arange(self.n_rows)
        masks = np.asarray(masks, dtype=bool)
        return self._values(np.zeros(len(rows), dtype=int), rows, np.broadcast_to(masks, (len(rows), *masks.shape)))

    def all_values(self, batch: Batch) -> np.ndarray:
        masks = coalitions(batch.n_players)
        return self.batch_values(batch, np.broadcast_to(masks, (len(batch.pair), *masks.shape)))

    def batch_values(self, batch: Batch, masks: np.ndarray) -> np.ndarray:
        full = np.ones((*masks.shape[:2], len(self.players)), dtype=bool)
        np.put_along_axis(full, batch.active[:, None], masks, axis=2)
        return self._values(batch.pair, batch.row, full)

    def _values(self, pair: np.ndarray, row: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Logits of coalitions ``(g, n, n_players)`` of games ``(g,)``: ``(g, n)``, computed a chunk at a time."""
        n_games, n = masks.shape[:2]
        out = np.empty(n_games * n)
        step = self._rows_at_once()
        for start in range(0, len(out), step):
            at = np.arange(start, min(start + step, len(out)))
            game, which = np.divmod(at, n)
            own, other = self.pairs[pair[game]], self.rows[row[game]]
            out[at] = self.model.score_rows(self._mixed(own, other, masks[game, which]))
        self.n_evaluations += len(out)
        return out.reshape(n_games, n)

    def _mixed(self, own: Pairs, other: Pairs, masks: np.ndarray) -> MixedRows:
        """One made-up row a mask ``(n, n_players)``: the example's value where a player is in."""
        last = self.n_user + self.n_history
        user_masks, past, item_masks = np.split(masks, [self.n_user, last], axis=1)
        users, items = self.players[: self.n_user], self.players[last:]
        rows = {p: np.where(user_masks[:, i], own.users, other.users) for i, p in enumerate(users)}
        rows |= {p: np.where(item_masks[:, i], own.items, other.items) for i, p in enumerate(items)}
        histories = own.histories
        read = past[:, : len(self.history_items) or 1]
        if self.history == "each":
            of_item = histories[:, None] == np.array(self.history_items)[:, None]
            histories = np.where((read[..., None] & of_item).any(1), histories, -1)
        with_some = np.any(read, axis=1, keepdims=True)
        histories = np.where(with_some, histories, other.histories)
        return MixedRows(rows, histories, own.items, self._known(own, other, past))

    def _known(self, own: Pairs, other: Pairs, past: np.ndarray) -> KnownItems | None:
        """The example's positives whose players are in, the row's where none is."""
        if not self.reads_known:
            return None
        table = given(own).csr()
        if self.shared_out is not None:
            table = self.shared_out.kept(table, past)
        at = np.arange(len(past))
        return KnownItems(vstack([table, given(other).csr()], format="csr")[np.where(past.any(1), at, len(at) + at)])

    def _rows_at_once(self) -> int:
        """Coalitions whose made-up rows, with all their positives, fit the memory."""
        if not self.reads_known:
            return MAX_ROWS
        longest = max(given(of).csr().sum(axis=1).max(initial=1) for of in (self.pairs, self.rows))
        return max(1, min(MAX_ROWS, MAX_KNOWN // int(longest)))


class RankerRows:
    """Our own ranker as a model that scores rows: made-up users and items are encoded and scored like real ones."""

    def __init__(self, scorer: Scorer) -> None:
        self.network, self.term, self.players = scorer.with_term(None), scorer.term, scorer.features.players
        self.reads_known = scorer.term is not None
        self.value_codes: Callable[[Pairs], np.ndarray] = partial(value_codes, scorer.features)

    def score_rows(self, rows: MixedRows) -> np.ndarray:
        """Logits ``(n,)``; made-up users and items stand behind the real ones, whom histories point at."""
        features, tables = self.network.features, {}
        for group in features.groups:
            table = features.tables[group.key]
            tables[group.key] = np.concatenate([table, table[rows.row_of[group.player]]])
        n, n_users, n_items = len(rows), features.n_users, features.n_items
        mixed = replace(features, tables=tables, n_users=n_users + n, n_items=n_items + n)
        network, made_up = self.network.with_features(mixed), np.arange(n)
        logits = network.score_pairs(n_users + made_up, n_items + made_up, rows.histories)
        if self.term is None:
            return logits
        if rows.known is None:
            raise ValueError("an item-item term needs the items that are known to be taken")
        return logits + self.term.pairs(rows.items, rows.known)  # made-up items have no entries: the real one's count


class TableModel:
    """Any function of a table as a model that scores rows; of the past it reads the history alone.

    Parameters
    ----------
    dataset
        Where the values come from.
    predict
        Takes a table, one row a pair, and returns logits ``(n,)``. Its columns are the players' keys
        (``user.age``, ``item.price``, ``user_id`` …) with cells as the dataset holds them, and
        ``history``: a tuple of item ids, newest first.
    columns
        Players that the function reads, besides the history; all that may be features and both ids if None.
    """

    reads_known = False

    def __init__(
        self,
        dataset: Dataset,
        predict: Callable[[pd.DataFrame], np.ndarray],
        *,
        columns: tuple[Player, ...] | None = None,
    ) -> None:
        self.dataset, self.predict = dataset, predict
        chosen = _every_column(dataset) if columns is None else columns
        users, items = (tuple(p for p in chosen if p.side == side) for side in ("user", "item"))
        self.players = (*users, HISTORY, *items)
        self._item_ids = dataset.items["item_id"].to_numpy(dtype=object)

    def value_codes(self, pairs: Pairs) -> np.ndarray:
        table = self.table(MixedRows.of(self.players, pairs))
        return np.stack([pd.factorize(table[p.key])[0] for p in self.players], 1)

    def score_rows(self, rows: MixedRows) -> np.ndarray:
        return np.asarray(self.predict(self.table(rows)), dtype=np.float64)

    def table(self, rows: MixedRows) -> pd.DataFrame:
        """The rows as the function sees them."""
        past = [tuple(self._item_ids[h[h >= 0]]) for h in rows.histories]
        cells = {p.key: self._cells(p, rows) for p in self.players if p != HISTORY}
        return pd.DataFrame(cells | {HISTORY.key: pd.Series(past, dtype=object)})

    def _cells(self, player: Player, rows: MixedRows) -> np.ndarray:
        frame = self.dataset.users if player.side == "user" else self.dataset.items
        name = f"{player.side}_id" if player.column is None else stored_name(player.column)
        return frame[name].to_numpy()[rows.row_of[player]]


def _every_column(dataset: Dataset) -> tuple[Player, ...]:
    users = (Player("user", c.name) for c in dataset.schema.users if c.is_feature)
    items = (Player("item", c.name) for c in dataset.schema.items if c.is_feature)
    return (USER_ID, *users, ITEM_ID, *items)
