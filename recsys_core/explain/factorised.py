"""The games of our own ranker, factorised: a coalition is a sum of parts that are computed once.

The first body layer is linear in the groups, so only what is not linear (attention, the layers
behind) is computed for each coalition, on ``scorer.runtime``: a variant's mask scores are its
list's scores. An item-item term is added behind (`recsys_core.explain.term_game`).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from recsys_core.explain.coalitions import coalitions, distinct_rows, joined, value_codes
from recsys_core.explain.term_game import TermGame
from recsys_core.explain.value_function import MAX_GAMES, MAX_ROWS, Batch, Games
from recsys_core.models.ranker import EMPTY
from recsys_core.models.scorer import Pairs, Scorer


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


class FactorisedGames(Games):
    """``Games`` of one variant of the ranker, history as ``one`` player or ``each`` item one."""

    def __init__(self, scorer: Scorer, pairs: Pairs, background: Pairs, *, history: str = "one") -> None:
        super().__init__(
            scorer.features.players,
            pairs,
            background,
            codes=partial(value_codes, scorer.features),
            history=history,
            reads_known=scorer.term is not None,
        )
        self.scorer = scorer
        if scorer.term is not None:
            self.term = TermGame.of(scorer.term, self.pairs, self.rows, self.shared_out)
        parts = Parts.of(scorer, joined([self.pairs, self.rows]))
        self._example, self._rows = parts[: len(pairs)], parts[len(pairs) :]

    def apart(self) -> tuple[Games, np.ndarray]:
        if self.term is None:
            return super().apart()
        network, last = copy.copy(self), self.n_user + self.n_history
        network.term, network.n_evaluations = None, 0
        if self.shared_out is not None and self.shared_out.has_earlier:
            network.n_history -= 1
            network.players = (*self.players[: last - 1], *self.players[last:])
            network.differs = np.delete(self.differs, last - 1, axis=-1)
        return network, self.term.shares(self.weights)

    @torch.inference_mode()
    def all_values(self, batch: Batch) -> np.ndarray:
        """Logits of every coalition of the active players ``(g, 2^k)``.

        A coalition's first layer is (user side) + (item side and history): each side's subsets
        are summed once and added to each other as an outer sum. Attention is pooled once for each
        distinct item-side subset and history state.
        """
        users, past, items = np.split(batch.active, [batch.n_user, batch.n_user + batch.n_history], axis=1)
        item_groups = items - self.n_user - self.n_history
        of_user = self._subset_sums(batch, "first", users, "user_base")
        of_item = self._subset_sums(batch, "first", item_groups + self.n_user, "item_base")
        query = self._subset_sums(batch, "query", item_groups, "query_base")
        states = self._history_states(past.shape[1])
        n_states, n_items = len(states), query.shape[1]
        part = self._history_part(
            batch.pair, batch.row, query.repeat(1, n_states, 1), np.repeat(states, n_items, axis=0)
        )
        context = part.view(len(batch.pair), n_states, n_items, -1) + of_item.unsqueeze(1)
        pre = of_user.unsqueeze(2) + context.flatten(1, 2).unsqueeze(1)
        values = self._tail(pre.flatten(0, -2))
        if self.term is not None:
            of_states = self.term.values(batch.pair, batch.row, states)
            values = values.reshape(len(batch.pair), -1, n_states, n_items) + of_states[:, None, :, None]
        return values.reshape(len(batch.pair), -1)

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
        """With a player an item: the example's history without the absent items, the row's where all are absent.

        Attention never reads the earlier items: their player, the last, changes nothing here.
        """
        states = states[..., : len(self.history_items)]
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
    def values(self, masks: np.ndarray) -> np.ndarray:
        masks = np.ascontiguousarray(masks, dtype=bool)
        rows = np.arange(self.n_rows)
        out = np.empty((len(rows), len(masks)))
        for start in range(0, len(masks), MAX_ROWS):
            few = slice(start, start + MAX_ROWS)
            step = max(1, min(MAX_GAMES, MAX_ROWS // len(masks[few])))
            for first in range(0, len(rows), step):
                at = rows[first : first + step]
                out[first : first + step, few] = self._values_at(masks[few], at)
        if self.term is not None:
            states = masks[None, :, self.n_user : self.n_user + self.n_history]
            out += self.term.values(np.zeros_like(rows), rows, states)
        return out

    def _values_at(self, masks: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """One chunk of ``values``; attention is pooled for distinct (history, item side) subsets only."""
        last = self.n_user + self.n_history
        pairs = np.zeros(len(rows), dtype=np.int64)
        pre = self._group_sums(pairs, rows, masks)
        kept, where = distinct_rows(masks[:, self.n_user :])
        query = self._queries(pairs, rows, masks[kept])
        pre += self._history_part(pairs, rows, query, masks[kept, self.n_user : last])[:, torch.from_numpy(where)]
        return self._tail(pre.flatten(0, 1)).reshape(len(rows), -1)

    @torch.inference_mode()
    def batch_values(self, batch: Batch, masks: np.ndarray) -> np.ndarray:
        """Logits of given coalitions of the active players, pooled together where the history's state is the same.

        Raises ``ValueError`` where the history, as one player, is in unequally many coalitions of the games;
        walks that are taken in both directions have it in equally many.
        """
        full = np.ones((*masks.shape[:2], len(self.players)), dtype=bool)
        np.put_along_axis(full, batch.active[:, None], masks, axis=2)
        first, last = self.n_user, self.n_user + self.n_history
        if self.history == "one" and np.ptp(full[..., first].sum(1)):
            raise ValueError("the history must be in equally many coalitions of every game")
        order = np.argsort(full[..., first], axis=1, kind="stable") if self.history == "one" else None
        if order is not None:  # the same history state in a column of coalitions: pooled together
            full = np.take_along_axis(full, order[..., None], axis=1)
        states = full[0, :, first:last] if self.history == "one" else full[..., first:last]
        out = np.empty(masks.shape[:2])
        step = max(1, MAX_ROWS // len(masks))
        for start in range(0, masks.shape[1], step):
            few = slice(start, start + step)
            query = self._queries(batch.pair, batch.row, full[:, few])
            pre = self._group_sums(batch.pair, batch.row, full[:, few])
            pre += self._history_part(batch.pair, batch.row, query, states[..., few, :])
            out[:, few] = self._tail(pre.flatten(0, 1)).reshape(len(masks), -1)
        if self.term is not None:
            out += self.term.values(batch.pair, batch.row, full[..., first:last])
        if order is not None:
            np.put_along_axis(out, order, out.copy(), axis=1)
        return out

    def _group_sums(self, pair: np.ndarray, row: np.ndarray, masks: np.ndarray) -> Tensor:
        """First layer without history, for coalitions ``(..., n, n_players)`` of games ``(g,)``: ``(g, n, units)``."""
        last = self.n_user + self.n_history
        groups = _as_floats(np.delete(masks, np.s_[self.n_user : last], axis=-1))
        base = self._rows.user_base[row] + self._rows.item_base[row]
        return base.unsqueeze(1) + groups @ (self._example.first[pair] - self._rows.first[row])

    def _queries(self, pair: np.ndarray, row: np.ndarray, masks: np.ndarray) -> Tensor:
        """The attention's query of the same coalitions: ``(g, n, a)``."""
        items = _as_floats(masks[..., self.n_user + self.n_history :])
        return self._rows.query_base[row].unsqueeze(1) + items @ (self._example.query[pair] - self._rows.query[row])


def _as_floats(table: np.ndarray) -> Tensor:
    return torch.from_numpy(table.astype(np.float32))
