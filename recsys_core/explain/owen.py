"""Owen values: the history stays one reason among the others, and its items share what it adds.

The players are the groups and the items of the history; the items form one coalition, every group
stands alone. Between the coalitions the game is the one with the history as one player, so the
items' values sum to that player's Shapley value; inside, an item is paid what it adds to the items
already in (Owen 1977, "Values of games with a priori unions", eq. 4).

"Absent" inside the coalition: with some items in, the example's history without the others; with
none in, the background row's history. So the whole is the history's own contribution against the
same background, and an item alone is compared with no worse a stand-in than the history is.

An item-item term is additive, so its share is known without a draw: an item is paid its own entry and
bears an equal part of what the background's items would have added (`recsys_core.explain.term_game`).
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial

import numpy as np

from recsys_core.explain.attribution import Attribution
from recsys_core.explain.coalitions import coalitions
from recsys_core.explain.shapley import EXACT_PLAYERS, ORDERINGS, draw_walks, solve
from recsys_core.explain.value_function import Batch, Games
from recsys_core.seeds import random_stream

EVALUATIONS = 32_768  # network rows spent on a long history: half a second


@lru_cache(maxsize=32)
def owen_matrix(n_before: int, n_items: int, n_after: int) -> np.ndarray:
    """``(2^n, n_items)``: the values of all coalitions, in the order of ``coalitions(n)``, times this: Owen values.

    ``n_before`` groups, the items, ``n_after`` groups. With k groups, s of them in, and t other
    items in, an item's gain counts ``s! (k-s)! / (k+1)! * t! (m-t-1)! / m!``.

    >>> owen_matrix(0, 2, 0).tolist()  # nobody else: Shapley values
    [[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]]
    """
    member = coalitions(n_before + n_items + n_after)
    items = member[:, n_before : n_before + n_items]
    n_groups, n_in = n_before + n_after, items.sum(1)
    of_groups = _order_weights(n_groups + 1)[member.sum(1) - n_in][:, None]
    of_items = np.append(_order_weights(n_items), 0.0)  # by how many others are in
    matrix = of_groups * np.where(items, of_items[n_in - 1][:, None], -of_items[n_in][:, None])
    matrix.setflags(write=False)
    return matrix


def _order_weights(n: int) -> np.ndarray:
    """Chance that a player of ``n`` finds exactly this set of s others before it: ``(n,)`` by s."""
    return np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])


def owen_attribution(
    games: Games, whole: Games, *, seed: int = 0, max_exact: int = EXACT_PLAYERS, evaluations: int = EVALUATIONS
) -> Attribution:
    """Contributions of ``games`` (a player an item) whose items sum to the history's in ``whole`` (one player).

    A background row with up to ``max_exact`` active players is solved over all coalitions. For a
    larger one, orderings are drawn in which the items stand together: the groups before them make
    the coalition they enter, and they enter one by one. What such a draw says of the history as a
    whole is known better already, so only how the items differ is taken from it and the history's
    value is laid on top, an equal share each (the additive efficient normalisation of Ruiz et al.
    1998); the standard error is that of the differences and of the history's own value together.
    """
    found = solve(whole, seed=seed)
    drawn, shares = games.apart()
    items, variance, all_exact = _differences(drawn, max_exact, evaluations, seed)
    at, n_items = games.first_history, drawn.n_history
    history, error = found.contributions[0, at] - shares.sum(), found.standard_error[0]
    shares[:n_items] += items - items.mean() + history / n_items
    exact = bool(found.exact[0]) and all_exact
    of_items = np.zeros(games.n_history)
    of_items[:n_items] = np.sqrt(variance + (error[at] / n_items) ** 2)
    return Attribution(
        float(found.base_values[0]),
        np.concatenate([found.contributions[0, :at], shares, found.contributions[0, at + 1 :]]),
        exact=exact,
        standard_error=None if exact else np.concatenate([error[:at], of_items, error[at + 1 :]]),
        n_evaluations=found.n_evaluations + drawn.n_evaluations,
    )


def _differences(games: Games, max_exact: int, evaluations: int, seed: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """How the items differ from their mean, the variance of that, and whether nothing was drawn."""
    items, variance = np.zeros(games.n_history), np.zeros(games.n_history)
    for batch in games.batches(max_exact):
        n_after = batch.n_players - batch.n_user - batch.n_history
        values = games.all_values(batch) @ owen_matrix(batch.n_user, batch.n_history, n_after)
        items += games.weights[batch.row] @ (values - values.mean(1, keepdims=True))
    share = max(4, min(ORDERINGS, evaluations // (games.n_history + 1)) // games.n_rows)
    rng, all_exact = random_stream(seed, "orderings of items"), True
    for batch in games.large_batches(max_exact, lambda _: share * (games.n_history + 1)):
        place, masks = _draw(batch, share, rng)
        values = games.batch_values(batch, masks).reshape(*place.shape[:2], games.n_history + 1)
        gains = _gains(values, place)
        gains -= gains.mean(-1, keepdims=True)
        half = place.shape[1] // 2
        of_pairs = (gains[:, :half] + gains[:, half:]) / 2
        weight = games.weights[batch.row]
        items += weight @ of_pairs.mean(1)
        variance += weight**2 @ (of_pairs.var(1, ddof=1) / half)
        all_exact = False
    return items, variance, all_exact


def _gains(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """What each item adds where it enters: ``(g, w, n_items)`` from values ``(g, w, n_items + 1)`` along the walks.

    With the first item in, the background's history goes, whoever enters: that step is the same for all items in the
    mean, so it changes no difference between them, and only the draw would say otherwise. It is laid down as what the
    first items add elsewhere, mean over the walks. An additive model's items then differ exactly as they do in it.
    """
    gains = np.take_along_axis(np.diff(values, axis=-1), place, axis=-1)
    is_first = place == 0
    elsewhere = np.where(is_first, 0.0, gains).sum(1) / np.maximum((~is_first).sum(1), 1)
    step = (gains - elsewhere[:, None])[is_first].reshape(place.shape[:2]).mean(1)
    return gains - np.where(is_first, step[:, None, None], 0.0)


def _draw(batch: Batch, orderings: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Items' places ``(g, w, n_items)`` and the coalitions passed ``(g, w * (n_items + 1), n_players)``.

    The history's own place among the groups says which of them are in; reversed orderings balance both draws.
    """
    n_groups, first, last = batch.n_players - batch.n_history, batch.n_user, batch.n_user + batch.n_history
    of_groups = draw_walks(len(batch.pair), n_groups + 1, orderings=orderings, rng=rng)
    place = draw_walks(len(batch.pair), batch.n_history, orderings=orderings, rng=rng)
    before = of_groups[..., :-1] < of_groups[..., -1:]
    entered = place[:, :, None, :] < np.arange(batch.n_history + 1)[:, None]
    masks = np.empty((*entered.shape[:3], batch.n_players), dtype=bool)
    masks[..., first:last] = entered
    masks[..., :first] = before[..., None, :first]
    masks[..., last:] = before[..., None, first:]
    return place, masks.reshape(len(masks), -1, batch.n_players)
