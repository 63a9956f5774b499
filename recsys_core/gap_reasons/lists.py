"""Reasons of a user's NDCG: Shapley values over all coalitions, or over orderings that every user draws anew."""

from __future__ import annotations

import numpy as np

from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.shapley import exact_shapley
from recsys_core.gap_reasons.catalogue_game import CatalogueGame
from recsys_core.gap_reasons.shares import UserShares
from recsys_core.models.evaluation import rank_users
from recsys_core.progress import Progress
from recsys_core.seeds import random_stream

STAGE = "reasons of a gap"


def list_shares(
    game: CatalogueGame, order: np.ndarray, *, exact: bool, n_walks: int, seed: int, progress: Progress
) -> UserShares:
    """What each reason adds to every user's NDCG.

    Parameters
    ----------
    order
        ``(n_users,)``: the user's number within the group. Users of the same number draw the same orderings and
        background rows, so that what is drawn is no difference between the groups.
    exact
        All coalitions against every background row; else ``n_walks`` random orderings, each walked in both directions
        against one row (antithetic sampling), whose spread is the variance.
    """
    task, scorer, found = game.task, game.scorer, []
    figure = rank_users(scorer.score_catalogue, task, reranker=game.reranker).ndcg
    for user in range(len(task)):
        if exact:
            found.append(_all_coalitions(game, user))
        else:
            random = random_stream(seed, f"orderings of a gap's reasons {order[user]}")
            found.append(_walks(game, user, float(figure[user]), n_walks, random))
        progress(STAGE, (user + 1) / len(task))
    base, contributions, variance = (np.array(part) for part in zip(*found, strict=True))
    n_orderings = 0 if exact else 2 * n_walks
    ones = np.ones(len(task))
    return UserShares(scorer.features.players, figure, base, contributions, variance, ones, exact, n_orderings)


def _all_coalitions(game: CatalogueGame, user: int) -> tuple[float, np.ndarray, np.ndarray]:
    masks, n_rows = coalitions(game.n_players), len(game.rows)
    values = np.stack([game.values(user, np.full(len(masks), row), masks) for row in range(n_rows)])
    return float(values[:, 0].mean()), exact_shapley(values).mean(0), np.zeros(game.n_players)


def _walks(
    game: CatalogueGame, user: int, full: float, n_walks: int, random: np.random.Generator
) -> tuple[float, np.ndarray, np.ndarray]:
    """Reasons enter one by one, in an order and its reverse; a reason's share is what the value gains."""
    n = game.n_players
    place = np.stack([random.permutation(n) for _ in range(n_walks)])
    place = np.stack([place, n - 1 - place], axis=1)  # (n_walks, 2, n)
    rows = random.permutation(len(game.rows))[np.arange(n_walks) % len(game.rows)]
    inside = place[:, :, None, :] < np.arange(1, n)[:, None]  # (n_walks, 2, n - 1, n)
    masks = np.concatenate([np.zeros((n_walks, 1, n), dtype=bool), inside.reshape(n_walks, -1, n)], axis=1)
    values = game.values(user, np.repeat(rows, masks.shape[1]), masks.reshape(-1, n)).reshape(n_walks, -1)
    steps = np.empty((n_walks, 2, n + 1))
    steps[..., 0], steps[..., -1] = values[:, :1], full
    steps[..., 1:-1] = values[:, 1:].reshape(n_walks, 2, n - 1)
    gains = np.take_along_axis(np.diff(steps, axis=-1), place, axis=-1).mean(1)
    return float(values[:, 0].mean()), gains.mean(0), gains.var(0, ddof=1) / n_walks
