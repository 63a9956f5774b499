"""Reasons of scored pairs: the mean score and the selection rate are sums over pairs, and so are their reasons."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.factorised import FactorisedGames
from recsys_core.explain.global_explanation import MAX_EXACT, ORDERINGS
from recsys_core.explain.shapley import EXACT_PLAYERS, Solution, solve
from recsys_core.explain.value_function import Batch, Games
from recsys_core.gap_reasons.lists import STAGE
from recsys_core.gap_reasons.shares import UserShares
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.progress import Progress
from recsys_core.rerank import Reranker

PAIRS_AT_ONCE = 512


class SelectionGames(Games):
    """``Games`` whose values are whether a pair is decided for: probability one half or more, or the re-ranker's."""

    def __init__(self, logits: Games, reranker: Reranker) -> None:
        self.logits, self.reranker = logits, reranker
        self.players, self.pairs, self.rows = logits.players, logits.pairs, logits.rows
        self.differs, self.weights = logits.differs, logits.weights
        self.n_user, self.n_history = logits.n_user, logits.n_history
        self.history, self.history_items = logits.history, logits.history_items
        self.shared_out, self.reads_known, self.term = logits.shared_out, logits.reads_known, None

    @property
    def n_evaluations(self) -> int:  # type: ignore[override]
        return self.logits.n_evaluations

    def values(self, masks: np.ndarray) -> np.ndarray:
        logits = self.logits.values(masks)
        return self._decided(np.zeros(len(logits), dtype=np.int64), logits)

    def all_values(self, batch: Batch) -> np.ndarray:
        return self._decided(batch.pair, self.logits.all_values(batch))

    def batch_values(self, batch: Batch, masks: np.ndarray) -> np.ndarray:
        return self._decided(batch.pair, self.logits.batch_values(batch, masks))

    def _decided(self, pair: np.ndarray, logits: np.ndarray) -> np.ndarray:
        return decided(self.reranker, np.repeat(self.pairs.users[pair], logits.shape[1]), logits.ravel()).reshape(
            logits.shape
        )


def decided(reranker: Reranker, users: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Chance that each pair ``(n,)`` is decided for."""
    chance = reranker.decisions(users, logits)
    return (logits >= 0).astype(float) if chance is None else chance


def pair_shares(
    scorer: Scorer,
    pairs: Pairs,
    background: Pairs,
    *,
    selects: Reranker | None,
    exact: bool,
    seed: int,
    progress: Progress,
) -> UserShares:
    """What each reason adds to the sum of every user's scores, or (``selects``) to how many are decided for.

    Users are those of ``pairs``, ascending. ``exact`` tries all coalitions of up to 14 reasons
    that differ, else of up to 9.
    """
    users, owner = np.unique(pairs.users, return_inverse=True)
    logits = scorer.score_pairs(pairs.users, pairs.items, pairs.histories, pairs.known).astype(float)
    figure = logits if selects is None else decided(selects, pairs.users, logits)
    parts, max_exact = [], EXACT_PLAYERS if exact else MAX_EXACT
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        few = slice(start, start + PAIRS_AT_ONCE)
        games: Games = FactorisedGames(scorer, pairs[few], background)
        games = games if selects is None else SelectionGames(games, selects)
        parts.append(solve(games, seed=seed + start, max_exact=max_exact, orderings=ORDERINGS))
        progress(STAGE, min(1.0, (start + PAIRS_AT_ONCE) / len(pairs)))
    return _summed(parts, figure, owner, len(users))


def _summed(parts: list[Solution], figure: np.ndarray, owner: np.ndarray, n_users: int) -> UserShares:
    contributions, error = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("contributions", "standard_error")
    )

    def by_user(values: np.ndarray) -> np.ndarray:
        return np.bincount(owner, weights=values, minlength=n_users)

    exact = all(p.exact.all() for p in parts)
    return UserShares(
        parts[0].players,
        by_user(figure),
        by_user(np.concatenate([p.base_values for p in parts])),
        np.stack([by_user(column) for column in contributions.T], axis=1),
        np.stack([by_user(column**2) for column in error.T], axis=1),
        by_user(np.ones(len(owner))),
        exact,
        0 if exact else ORDERINGS,
    )
