"""The interventional game behind one score: which reasons are in, which come from a background row.

``v_b(S)``: the logit where the players in ``S`` take the example's value and all others the value
of background row ``b`` (interventional or marginal value function: Janzing et al. 2020, eq. 2;
Sundararajan & Najmi 2020, section 4). A mean over the background is the game that is explained.

The first body layer is linear, so a coalition is a sum of parts that are computed once. What is not
linear runs on ``scorer.runtime``: a variant's mask scores are its list's scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recsys_core.data.features import Features
from recsys_core.errors import SettingError
from recsys_core.explain.coalitions import (
    coalitions,
    distinct_items,
    distinct_rows,
    distinct_values,
    joined,
    value_codes,
)
from recsys_core.models.ranker import EMPTY
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.player import HISTORY, Player

MOST_ROWS = 16_384  # network rows computed at once: 8 MB in a first layer of 128 units
MOST_GAMES = 512  # histories gathered at once: 13 MB of keys and values, 50 items 32 wide
HISTORIES = ("one", "each")


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Linear parts of rows, a group at a time, and the rows' histories.

    ``first`` (n, n_groups, units) and ``query`` (n, n_item_groups, a) as ``Scorer.group_parts``
    returns them; ``user_base`` (bias included), ``item_base`` and ``query_base`` (bias included)
    are their sums over the side's groups.
    """

    first: Tensor
    query: Tensor
    user_base: Tensor
    item_base: Tensor
    query_base: Tensor
    histories: np.ndarray

    @classmethod
    @torch.inference_mode()
    def of(cls, scorer: Scorer, pairs: Pairs) -> Parts:
        """Parts of some pairs."""
        first, query = scorer.group_parts(pairs.users, pairs.items)
        n_user = len(scorer.features.side("user"))
        return cls(
            first,
            query,
            first[:, :n_user].sum(1) + scorer.first_bias,
            first[:, n_user:].sum(1),
            query.sum(1) + scorer.query_bias,
            pairs.histories,
        )

    def __getitem__(self, rows: slice) -> Parts:
        names = ("first", "query", "user_base", "item_base", "query_base", "histories")
        return Parts(*(getattr(self, name)[rows] for name in names))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Games with the same number of active players on each side, to be evaluated together.

    ``pair`` and ``row`` (g,) say which; ``active`` (g, k) names the players that differ, in player order,
    of which the first ``n_user`` are user groups, the next ``n_history`` the history, the rest item groups.
    """

    pair: np.ndarray
    row: np.ndarray
    active: np.ndarray
    n_user: int
    n_history: int

    @property
    def n_players(self) -> int:
        return self.active.shape[1]


class Games:
    """Every game of some pairs against some background rows.

    Parameters
    ----------
    scorer
        The variant whose scores are explained.
    pairs
        Examples. With ``history='each'`` exactly one, as its history items are the players.
    background
        What stands for "not this value". Rows with equal values in every player are merged
        into one with a weight, which changes no result.
    history
        ``one``: the history is a player, and the background row's whole history takes its
        place (the attention's query is then that of the coalition's item). ``each``: a player
        for each item of the example's history; an absent one leaves the attention, and with
        all absent the background row's history stands, as it does for the history as one player.
        An example without history has one player for it either way.

    Attributes
    ----------
    players
        In order: user groups, history, item groups.
    weights
        Share of each distinct background row ``(n_rows,)``, sums to 1.
    differs
        ``(n_pairs, n_rows, n_players)``: False where example and background row hold the same
        value. Such a player is a dummy of that row's game and adds exactly 0 to it.
    n_evaluations
        Network rows computed so far.

    Raises
    ------
    SettingError
        ``setting.choice`` for an unknown ``history``, ``setting.least`` for an empty background.
    """

    def __init__(self, scorer: Scorer, pairs: Pairs, background: Pairs, *, history: str = "one") -> None:
        if history not in HISTORIES:
            raise SettingError("setting.choice", name="history", choices=", ".join(HISTORIES), value=history)
        if not len(background):
            raise SettingError("setting.least", name="background", least=1, value=0)
        if len(pairs) != 1 and history == "each":
            raise ValueError(f"history='each' explains one pair at a time, got {len(pairs)}")
        self.scorer, self.history, self.n_evaluations = scorer, history, 0
        self._n_user = len(scorer.features.side("user"))
        self.history_items = distinct_items(pairs.histories[0]) if history == "each" else ()
        if not self.history_items:
            self.history = "one"
        self.n_history = max(1, len(self.history_items))
        self.players = _players(scorer.features, self.history_items)
        self._set_rows(pairs, background)

    def _set_rows(self, pairs: Pairs, background: Pairs) -> None:
        every = joined([pairs, background])
        codes = value_codes(self.scorer.features, every)
        of_pairs, of_rows = codes[: len(pairs)], codes[len(pairs) :]
        _, kept, counts = distinct_values(of_rows)
        differs = of_pairs[:, None] != of_rows[kept]
        if self.history == "each":
            always = np.ones((*differs.shape[:2], self.n_history), dtype=bool)
            differs = np.concatenate([differs[..., : self._n_user], always, differs[..., self._n_user + 1 :]], -1)
        self.differs, self.weights = differs, counts / counts.sum()
        parts = Parts.of(self.scorer, every[np.concatenate([np.arange(len(pairs)), len(pairs) + kept])])
        self._example, self._rows = parts[: len(pairs)], parts[len(pairs) :]

    @property
    def first_history(self) -> int:
        """Position of the first player of the history."""
        return self._n_user

    @property
    def n_rows(self) -> int:
        """Distinct background rows."""
        return len(self.weights)

    def batches(self, most_players: int) -> Iterator[Batch]:
        """Games with at most ``most_players`` active players, cut so that their coalitions fit the memory."""
        for size, games in self._alike(lambda n_active: n_active <= most_players):
            step = max(1, min(MOST_GAMES, MOST_ROWS >> int(size.sum())))
            for start in range(0, len(games), step):
                yield self._batch(games[start : start + step], size)

    def large_batches(self, most_players: int, n_coalitions: Callable[[int], int]) -> Iterator[Batch]:
        """The other games, cut by the number of coalitions that will be asked of a game with so many players."""
        for size, games in self._alike(lambda n_active: n_active > most_players):
            step = max(1, min(MOST_GAMES, MOST_ROWS // n_coalitions(int(size.sum()))))
            for start in range(0, len(games), step):
                yield self._batch(games[start : start + step], size)

    def _alike(self, wanted: Callable[[int], bool]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Active players on each side (3,), and the games (positions in pairs x rows) that have so many."""
        first, last = self._n_user, self._n_user + self.n_history
        sides = (np.s_[:first], np.s_[first:last], np.s_[last:])
        sizes = np.stack([self.differs[..., side].sum(-1) for side in sides], -1).reshape(-1, 3)
        for size in distinct_values(sizes)[0]:
            if wanted(int(size.sum())):
                yield size, np.flatnonzero((sizes == size).all(1))

    def _batch(self, games: np.ndarray, size: np.ndarray) -> Batch:
        pair, row = np.divmod(games, self.n_rows)
        active = np.nonzero(self.differs[pair, row])[1].reshape(len(games), -1)
        return Batch(pair, row, active, int(size[0]), int(size[1]))

    @torch.inference_mode()
    def all_values(self, batch: Batch) -> np.ndarray:
        """Logits of every coalition of the active players, ``(g, 2^k)`` in the order of ``coalitions(k)``.

        A coalition's first layer is (user side) + (item side and history): each side's subsets
        are summed once and added to each other as an outer sum. Attention is pooled once for each
        distinct item-side subset and history state.
        """
        users, past, items = np.split(batch.active, [batch.n_user, batch.n_user + batch.n_history], axis=1)
        item_groups = items - self._n_user - self.n_history
        of_user = self._subset_sums(batch, "first", users, "user_base")
        of_item = self._subset_sums(batch, "first", item_groups + self._n_user, "item_base")
        query = self._subset_sums(batch, "query", item_groups, "query_base")
        states = self._history_states(past.shape[1])
        n_states, n_items = len(states), query.shape[1]
        part = self._history_part(
            batch.pair, batch.row, query.repeat(1, n_states, 1), np.repeat(states, n_items, axis=0)
        )
        context = part.view(len(batch.pair), n_states, n_items, -1) + of_item.unsqueeze(1)
        pre = of_user.unsqueeze(2) + context.flatten(1, 2).unsqueeze(1)
        return self._tail(pre.flatten(0, -2)).reshape(len(batch.pair), -1)

    def _subset_sums(self, batch: Batch, name: str, groups: np.ndarray, base: str) -> Tensor:
        """Background's sum with every subset of ``groups`` (g, k) switched to the example: ``(g, 2^k, width)``."""
        pair, row, groups = (torch.from_numpy(a) for a in (batch.pair, batch.row, groups))
        example, rows = getattr(self._example, name), getattr(self._rows, name)
        change = example[pair[:, None], groups] - rows[row[:, None], groups]
        subsets = _as_floats(coalitions(groups.shape[1]))
        return getattr(self._rows, base)[row].unsqueeze(1) + subsets @ change

    def _history_states(self, n_active: int) -> np.ndarray:
        """Rows of 0/1 over the history's players; an inactive history counts as the example's."""
        if self.history == "one" and n_active == 0:
            return np.ones((1, 1), dtype=bool)
        return coalitions(n_active)

    def _history_part(self, pair: np.ndarray, row: np.ndarray, query: Tensor, states: np.ndarray) -> Tensor:
        """History's part of the first layer for queries ``(g, m, a)``.

        ``states`` ``(m, n_history)``; with a player an item also ``(g, m, n_history)``.
        """
        if self.history == "each":
            return self._shared_history(pair, row, query, states)
        out = query.new_empty(*query.shape[:2], self._rows.user_base.shape[-1])
        for own, histories in ((True, self._example.histories[pair]), (False, self._rows.histories[row])):
            at = torch.from_numpy(np.flatnonzero(states[:, 0] == own))
            if len(at):
                past = self.scorer.history_vectors(histories)
                out[:, at] = self.scorer.runtime.history_part(query[:, at], past.keys, past.values, past.absent)
        return out

    def _shared_history(self, pair: np.ndarray, row: np.ndarray, query: Tensor, states: np.ndarray) -> Tensor:
        """With a player an item: the example's history without the absent items, the row's where all are absent."""
        past = self.scorer.history_vectors(self._example.histories[pair])
        absent = past.absent + self._left_out(states, past.absent.shape[-1])
        out = self.scorer.runtime.history_part(query, past.keys, past.values, absent)
        none = ~np.broadcast_to(states, (len(pair), *states.shape[-2:])).any(-1)
        at = torch.from_numpy(np.flatnonzero(none.any(0)))
        if len(at):
            past = self.scorer.history_vectors(self._rows.histories[row])
            of_rows = self.scorer.runtime.history_part(query[:, at], past.keys, past.values, past.absent)
            out[:, at] = torch.where(torch.from_numpy(none)[:, at, None], of_rows, out[:, at])
        return out

    def _left_out(self, states: np.ndarray, n_slots: int) -> Tensor:
        """Additive mask ``(..., m, L)``; an item taken twice is one player with two slots."""
        slots = self._example.histories[0, :n_slots]
        of_player = slots[None] == np.array(self.history_items, dtype=slots.dtype)[:, None]
        return torch.from_numpy((~states).astype(np.float32) @ of_player.astype(np.float32)) * EMPTY

    def _tail(self, pre: Tensor) -> np.ndarray:
        self.n_evaluations += len(pre)
        return self.scorer.runtime.tail(pre).numpy().astype(np.float64)

    @torch.inference_mode()
    def coalition_values(self, masks: np.ndarray, *, row: int | None = None) -> np.ndarray:
        """Logits of the first pair's coalitions ``(n, n_players)`` against each background row: ``(n_rows, n)``.

        ``row`` picks one background row. Any coalition can be asked for, in any number: memory is bounded.
        """
        masks = np.ascontiguousarray(masks, dtype=bool)
        rows = np.arange(self.n_rows) if row is None else np.array([row])
        out = np.empty((len(rows), len(masks)))
        for start in range(0, len(masks), MOST_ROWS):
            few = slice(start, start + MOST_ROWS)
            step = max(1, min(MOST_GAMES, MOST_ROWS // len(masks[few])))
            for first in range(0, len(rows), step):
                at = rows[first : first + step]
                out[first : first + step, few] = self._values_at(masks[few], at)
        return out

    def _values_at(self, masks: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """One chunk of ``coalition_values``; attention is pooled for distinct (history, item side) subsets only."""
        last = self._n_user + self.n_history
        pairs = np.zeros(len(rows), dtype=np.int64)
        pre = self._group_sums(pairs, rows, masks)
        kept, where = distinct_rows(masks[:, self._n_user :])
        query = self._queries(pairs, rows, masks[kept])
        pre += self._history_part(pairs, rows, query, masks[kept, self._n_user : last])[:, torch.from_numpy(where)]
        return self._tail(pre.flatten(0, 1)).reshape(len(rows), -1)

    @torch.inference_mode()
    def batch_values(self, batch: Batch, masks: np.ndarray) -> np.ndarray:
        """Logits of given coalitions of the active players ``(g, n, k)``, other ones for each game: ``(g, n)``.

        Where the history is one active player, every game must have it in equally many
        coalitions; walks that are taken in both directions do.
        """
        full = np.ones((*masks.shape[:2], len(self.players)), dtype=bool)
        np.put_along_axis(full, batch.active[:, None], masks, axis=2)
        first, last = self._n_user, self._n_user + self.n_history
        order = np.argsort(full[..., first], axis=1, kind="stable") if self.history == "one" else None
        if order is not None:  # the same history state in a column of coalitions: pooled together
            full = np.take_along_axis(full, order[..., None], axis=1)
        states = full[0, :, first:last] if self.history == "one" else full[..., first:last]
        out = np.empty(masks.shape[:2])
        step = max(1, MOST_ROWS // len(masks))
        for start in range(0, masks.shape[1], step):
            few = slice(start, start + step)
            query = self._queries(batch.pair, batch.row, full[:, few])
            pre = self._group_sums(batch.pair, batch.row, full[:, few])
            pre += self._history_part(batch.pair, batch.row, query, states[..., few, :])
            out[:, few] = self._tail(pre.flatten(0, 1)).reshape(len(masks), -1)
        if order is not None:
            np.put_along_axis(out, order, out.copy(), axis=1)
        return out

    def _group_sums(self, pair: np.ndarray, row: np.ndarray, masks: np.ndarray) -> Tensor:
        """First layer without history, for coalitions ``(..., n, n_players)`` of games ``(g,)``: ``(g, n, units)``."""
        last = self._n_user + self.n_history
        groups = _as_floats(np.delete(masks, np.s_[self._n_user : last], axis=-1))
        base = self._rows.user_base[row] + self._rows.item_base[row]
        return base.unsqueeze(1) + groups @ (self._example.first[pair] - self._rows.first[row])

    def _queries(self, pair: np.ndarray, row: np.ndarray, masks: np.ndarray) -> Tensor:
        """The attention's query of the same coalitions: ``(g, n, a)``."""
        items = _as_floats(masks[..., self._n_user + self.n_history :])
        return self._rows.query_base[row].unsqueeze(1) + items @ (self._example.query[pair] - self._rows.query[row])

    def mean_values(self, masks: np.ndarray) -> np.ndarray:
        """Value function of the first pair's game, mean over the background: ``(n, n_players)`` -> ``(n,)``."""
        return self.weights @ self.coalition_values(masks)


def _as_floats(table: np.ndarray) -> Tensor:
    return torch.from_numpy(table.astype(np.float32))


def _players(features: Features, history_items: tuple[int, ...]) -> tuple[Player, ...]:
    """The features' players, an item each in the history's place; a game knows rows, no raw ids."""
    at = features.players.index(HISTORY)
    each = [Player("history", item_index=item) for item in history_items] or [HISTORY]
    return (*features.players[:at], *each, *features.players[at + 1 :])
