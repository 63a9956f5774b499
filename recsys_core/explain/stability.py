"""Stability: do the reasons stay the same where the input hardly changes?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.known import KnownItems
from recsys_core.data.schema import stored_name
from recsys_core.metrics import rank_correlation
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.player import Player
from recsys_core.results import Explanation
from recsys_core.seeds import random_stream

STEP = 0.05  # of the interquartile range of a column of numbers
QUARTILES = (0.25, 0.75)


def small_changes(
    scorer: Scorer, dataset: Dataset, pair: Pairs, *, seed: int = 0, n: int = 1
) -> tuple[tuple[Scorer, Pairs], ...]:
    """The same pair ``n`` times with a slightly other input: a scorer over the changed rows, and the changed pair.

    Every number of the user and of the item moves up or down by 5 % of its column's interquartile range, and one item
    drawn at random leaves the history (and the positives that an item-item term reads). Texts, sets and categories
    stay: they know no small change. Where there is neither a number nor a history, nothing changes.
    """
    rng = random_stream(seed, "small changes of an input")
    return tuple((_moved(scorer, dataset, pair, rng), _shortened(pair, rng)) for _ in range(n))


def _moved(scorer: Scorer, dataset: Dataset, pair: Pairs, rng: np.random.Generator) -> Scorer:
    """The scorer over moved numbers; the very same where there is no number."""
    features = scorer.features
    for side, frame, row in (("user", dataset.users, pair.users[0]), ("item", dataset.items, pair.items[0])):
        cells = {f"{side}_id": [features.ids[side][row]]}
        for group in features.side(side):
            column = group.player.column
            if group.kind == "number" and column is not None:
                stored = stored_name(column)
                numbers = pd.to_numeric(frame[stored], errors="coerce").to_numpy(float)
                low, high = np.nanquantile(numbers, QUARTILES)
                cells[stored] = [numbers[row] + rng.choice((-STEP, STEP)) * (high - low)]
        if len(cells) > 1:
            features = features.with_rows(side, pd.DataFrame(cells))
    return scorer if features is scorer.features else scorer.with_features(features)


def _shortened(pair: Pairs, rng: np.random.Generator) -> Pairs:
    """The pair without one item of the history, chosen at random among those that attention reads."""
    history = pair.histories[0]
    items = np.unique(history[history >= 0])
    if not len(items):
        return pair
    gone = rng.choice(items)
    kept = history[history != gone]
    padded = np.concatenate([kept, np.full(len(history) - len(kept), -1, dtype=history.dtype)])
    if pair.known is None:
        return replace(pair, histories=padded[None])
    table = pair.known.csr()
    known = KnownItems.of([table.indices[table.indices != gone]], table.shape[1])
    return replace(pair, histories=padded[None], known=known)


def stability(before: Explanation, after: Explanation) -> float:
    """Rank correlation of the contributions of the reasons that both name; NaN where either has no order.

    1: the small change left the order of all reasons as it was.
    """
    of_after: dict[Player, float] = {c.player: c.contribution for c in after.contributions}
    common = [(c.contribution, of_after[c.player]) for c in before.contributions if c.player in of_after]
    if len(common) < 2:
        return float("nan")
    first, second = np.array(common).T
    return float(rank_correlation(first, second))
