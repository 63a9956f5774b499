"""The game that the words of a text play for the text's own contribution to a score.

The text is one reason among others, and its words share what it adds: Owen values (Owen 1977, "Values of games with a
priori unions") with the words as the only union, as the items of a history share its bar (`recsys_core.explain.owen`).
With some words in, the text without the others is read by the real encoder; with none in, the background row's text
stands, as it does for the text as one reason. So

``g(S) = sum over T of |T|! (k - |T|)! / (k + 1)! * (v(T, text of S) - v(T, row's text))``, mean over the rows,

``T`` running over the subsets of the ``k`` other reasons, is what the text would be said to add if it were that of
``S``: for all words it is the text's Shapley value, and the words' values are the Shapley values of ``g``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import torch
from torch import Tensor

from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.factorised import FactorisedGames, Parts
from recsys_core.explain.shapley import draw_walks
from recsys_core.models.scorer import BLOCK_FLOATS, Pairs, Scorer
from recsys_core.player import Player
from recsys_core.results.units import LOGIT, Units, scores_in_units
from recsys_core.seeds import random_stream

MOST_SCORES = 250_000  # of all texts in all contexts: about half a second
DRAWN_SCORES, LEAST_DRAWS = 60_000, 128


@dataclass(frozen=True, slots=True, eq=False)
class Contexts:
    """What stands beside a text when it enters: a background row, and who else takes the example's value.

    ``row`` (m,), ``inside`` (m, n_players) bool, ``weight`` (m,) sums to 1. ``exact``: every subset of every row is
    there; else contexts were drawn, one and its reverse beside each other.
    """

    row: np.ndarray
    inside: np.ndarray
    weight: np.ndarray
    exact: bool

    @classmethod
    def of(cls, games: FactorisedGames, at: int, *, n_texts: int, seed: int) -> Contexts:
        """All where so many texts make few scores in them, else some drawn by the seed; ``at`` is the text's player."""
        others = games.differs[0].copy()
        others[:, at] = False
        n_all = int((2.0 ** others.sum(1)).sum())
        if n_all * n_texts <= MOST_SCORES:
            return cls._all(games, others)
        return cls._drawn(games, others, max(LEAST_DRAWS, DRAWN_SCORES // n_texts), seed)

    @classmethod
    def _all(cls, games: FactorisedGames, others: np.ndarray) -> Contexts:
        rows, inside, weights = [], [], []
        for row, active in enumerate(others):
            k = int(active.sum())
            members = coalitions(k)
            whole = np.ones((len(members), len(active)), dtype=bool)
            whole[:, active] = members
            of_size = np.array([1 / ((k + 1) * comb(k, size)) for size in range(k + 1)])
            rows.append(np.full(len(members), row))
            inside.append(whole)
            weights.append(games.weights[row] * of_size[members.sum(1)])
        return cls(np.concatenate(rows), np.concatenate(inside), np.concatenate(weights), True)

    @classmethod
    def _drawn(cls, games: FactorisedGames, others: np.ndarray, n: int, seed: int) -> Contexts:
        """Who stands before the text in random orderings of all reasons, and who behind it: both are a context."""
        n_rows, n_players = others.shape
        rng = random_stream(seed, "contexts of texts")
        place = draw_walks(n_rows, n_players + 1, orderings=n // n_rows, rng=rng)
        inside = (place[..., :-1] < place[..., -1:]) | ~others[:, None]
        n_each = inside.shape[1]
        row = np.repeat(np.arange(n_rows), n_each)
        return cls(row, inside.reshape(-1, n_players), np.repeat(games.weights / n_each, n_each), False)


class TextGame:
    """What a text of the user or of the item would be said to add, were it another one.

    Parameters
    ----------
    pair, background
        As in `recsys_core.explain.explain.explain`.
    player
        The text column.
    n_texts
        How many texts will be asked for, so that contexts are all taken where that is cheap.
    units
        Of ``v``.
    """

    def __init__(
        self,
        scorer: Scorer,
        pair: Pairs,
        background: Pairs,
        player: Player,
        *,
        n_texts: int,
        units: Units = LOGIT,
        seed: int = 0,
    ) -> None:
        self.scorer, self.units = scorer, units
        self.games = FactorisedGames(scorer, pair, background)
        features, players = scorer.features, self.games.players
        self.group = next(i for i, group in enumerate(features.groups) if group.player == player)
        self.n_user = len(features.side("user"))
        self.contexts = Contexts.of(self.games, players.index(player), n_texts=n_texts + 1, seed=seed)
        self.example, self.rows = Parts.of(scorer, self.games.pairs), Parts.of(scorer, self.games.rows)
        groups = [players.index(group.player) for group in features.groups]
        self._inside = torch.from_numpy(self.contexts.inside[:, groups])
        self._has_history = self.contexts.inside[:, self.games.n_user]
        row, n_user = self.contexts.row[:, None], self.games.n_user
        self._user_codes = _codes(np.hstack([row, self.contexts.inside[:, :n_user]]))
        self._item_codes = _codes(np.hstack([row, self.contexts.inside[:, n_user:]]))

    @torch.inference_mode()
    def values(self, vectors: np.ndarray) -> np.ndarray:
        """What each text adds in each context ``(n_contexts, n_texts)``, float64; ``vectors`` (n, width)."""
        first, query = self._text_parts(torch.from_numpy(np.asarray(vectors, dtype=np.float32)))
        n_contexts, n = len(self.contexts.row), len(vectors) + 1
        out = np.empty((n_contexts, n - 1))
        step = max(1, BLOCK_FLOATS // (n * first.shape[1]))
        for start in range(0, n_contexts, step):
            some = np.arange(start, min(start + step, n_contexts))
            scores = scores_in_units(self._scores(some, first, query), self.units)
            out[some] = scores[:, :-1] - scores[:, -1:]
        return out

    def _text_parts(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """What texts add to the first layer ``(n, first)``, and those of items to the query ``(n, a)``."""
        ranker, group = self.scorer.ranker, self.scorer.features.groups[self.group]
        embedded, width = self.scorer.embed(group, vectors), ranker.shape.width
        first = embedded @ ranker.layers()[0].linear.weight[:, width * self.group : width * (self.group + 1)].T
        if group.side == "user":
            return first, first[:, :0]
        at = width * (self.group - self.n_user)
        return first, embedded @ ranker.adapter.attention.query.weight[:, at : at + width].T

    def _scores(self, some: np.ndarray, first: Tensor, query: Tensor) -> np.ndarray:
        """Logits of some contexts with each text, and last with the background row's own: ``(m, n_texts + 1)``."""
        row = self.contexts.row[some]
        texts = torch.cat([first.expand(len(some), -1, -1), self.rows.first[row, self.group].unsqueeze(1)], 1)
        pre = texts.add_(self._of_users(some).unsqueeze(1)).add_(self._of_items(some, query))
        logits = self.scorer.runtime.tail(pre).numpy()
        if self.games.term is None:
            return logits
        own, other = self.games.term.own[0, 0], self.games.term.other[0, row]
        return logits + np.where(self._has_history[some], own, other)[:, None]

    def _of_users(self, some: np.ndarray) -> Tensor:
        """What the user's other groups add to the first layer ``(m, first)``, bias included."""
        kept, where = _alike(some, self._user_codes)
        return (self._sums(kept, np.s_[: self.n_user]) + self.scorer.first_bias)[where]

    def _of_items(self, some: np.ndarray, query: Tensor) -> Tensor:
        """What the item's other groups and the history add ``(m, n_texts + 1 or 1, first)``: once where alike."""
        scorer, at = self.scorer, self.group - self.n_user
        kept, where = _alike(some, self._item_codes)
        row, read = self.contexts.row[kept], self._has_history[kept]
        inside = self._inside[kept][:, self.n_user :].unsqueeze(-1)
        of_query = torch.where(inside, self.example.query, self.rows.query[row])
        base = (of_query.sum(1) + scorer.query_bias).unsqueeze(1)
        if at >= 0:
            of_row = self.rows.query[row, at].unsqueeze(1)
            base = base - of_query[:, at].unsqueeze(1) + torch.cat([query.expand(len(kept), -1, -1), of_row], 1)
        own, rows = self.games.pairs.histories, self.games.rows.histories[row]
        past = scorer.history_vectors(np.where(read[:, None], own, rows))
        part = scorer.runtime.history_part(base, past.keys, past.values, past.absent)
        return (part + self._sums(kept, np.s_[self.n_user :]).unsqueeze(1))[where]

    def _sums(self, kept: np.ndarray, side: slice) -> Tensor:
        """First-layer parts of a side's groups but the text, summed ``(m, first)``."""
        row, inside = self.contexts.row[kept], self._inside[kept][:, side].unsqueeze(-1)
        parts = torch.where(inside, self.example.first[:, side], self.rows.first[row][:, side])
        at = self.group - (side.start or 0)
        if 0 <= at < parts.shape[1]:
            parts[:, at] = 0
        return parts.sum(1)


def _codes(table: np.ndarray) -> np.ndarray:
    """One whole number a row: equal where rows are."""
    return np.unique(table, axis=0, return_inverse=True)[1].ravel()


def _alike(some: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of some contexts of each code, and for every one which of these has its code."""
    _, first, where = np.unique(codes[some], return_index=True, return_inverse=True)
    return some[first], where
