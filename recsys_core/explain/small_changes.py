"""Small changes of a question: would the answer have been another one, had the data been slightly different?

Each change is one step a person would not notice: one number moved by a small share of its column's range, one older
item dropped from the history, the background drawn by another seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from recsys_core.data.known import Known, KnownItems
from recsys_core.data.schema import stored_name
from recsys_core.explain.backgrounds import AVERAGE, BackgroundChoice, UsersOf, make_background
from recsys_core.explain.coalitions import distinct_items
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.models.split_dataset import SplitDataset
from recsys_core.results import Explanation
from recsys_core.results.trust import STRONGEST, ChangeKind
from recsys_core.seeds import random_stream

SHARE_OF_RANGE = 0.02
MOST_COLUMNS, MOST_ITEMS, MOST_SEEDS = 6, 5, 5  # of each kind of change
NEGLIGIBLE = 0.01  # of the largest contribution: two reasons closer than this are equally strong


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question to an explainer: a pair, its background, and how that was drawn."""

    scorer: Scorer
    split_dataset: SplitDataset
    pair: Pairs
    background: Pairs
    choice: BackgroundChoice = AVERAGE
    users_of: UsersOf | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SmallChange:
    """A question that is nearly the one asked; ``what`` is a column's key, an item's id, or a seed."""

    kind: ChangeKind
    what: str
    asked: Asked


def small_changes(asked: Asked) -> Iterator[SmallChange]:
    """All small changes of a question: of numbers, of the history, of the background.

    At most 6 number columns (drawn by the seed), each up and down as far as that moves it; at most 5 items of the
    history, never the newest; 5 other seeds, where they draw other rows.
    """
    yield from _moved_numbers(asked)
    yield from _shorter_histories(asked)
    yield from _other_backgrounds(asked)


def strongest(contributions: np.ndarray) -> np.ndarray:
    """Positions of the at most three strongest reasons that are worth the name.

    Fewer where others are negligible, and always one fewer than there are reasons, as all of them are the strongest
    whatever happens (a single reason is).

    >>> strongest(np.array([0.5, -2.0, 0.001])).tolist(), strongest(np.zeros(4)).tolist()
    ([1, 0], [])
    """
    sizes = np.abs(contributions)
    if not len(sizes) or sizes.max() == 0:
        return np.zeros(0, dtype=np.int64)
    most = min(STRONGEST, max(1, len(sizes) - 1))
    order = np.argsort(-sizes, kind="stable")[:most]
    return order[sizes[order] >= NEGLIGIBLE * sizes.max()]


def stays(before: dict[str, float], after: dict[str, float]) -> bool:
    """Whether the strongest reasons are the same with the same signs; reasons closer than 1 % of the largest are equal.

    A reason that is gone (an item that was dropped from a history shared out) is not asked for.

    >>> stays({"a": 2.0, "b": -1.0, "c": 0.1}, {"a": 1.8, "b": -1.1, "c": 0.2})
    True
    >>> stays({"a": 2.0, "b": -1.0, "c": 0.1}, {"a": 1.8, "b": 0.1, "c": 1.1})
    False
    """
    keys = [key for key in before if key in after]
    top = {keys[i] for i in strongest(np.array([before[key] for key in keys]))}
    if any(after[key] * before[key] <= 0 for key in top):
        return False
    equal = NEGLIGIBLE * max((abs(v) for v in after.values()), default=0.0)
    others = max((abs(v) for key, v in after.items() if key not in top), default=0.0)
    return all(abs(after[key]) >= others - equal for key in top)


def contributions_of(explanation: Explanation) -> dict[str, float]:
    """Contributions by the reason's key."""
    return {c.feature: c.contribution for c in explanation.contributions}


def _moved_numbers(asked: Asked) -> Iterator[SmallChange]:
    scorer, dataset = asked.scorer, asked.split_dataset.dataset
    groups = [group for group in scorer.features.groups if group.kind == "number"]
    if len(groups) > MOST_COLUMNS:
        drawn = random_stream(asked.seed, "numbers that are moved").choice(len(groups), MOST_COLUMNS, replace=False)
        groups = [groups[i] for i in np.sort(drawn)]
    for group in groups:
        row = int((asked.pair.users if group.side == "user" else asked.pair.items)[0])
        column = stored_name(str(group.player.column))
        table = dataset.users if group.side == "user" else dataset.items
        cells = pd.to_numeric(table[column], errors="coerce").to_numpy(float)
        if row >= len(cells) or np.isnan(cells[row]):
            continue
        low, high = float(np.nanmin(cells)), float(np.nanmax(cells))
        for step in (-1, 1):
            value = float(np.clip(cells[row] + step * SHARE_OF_RANGE * (high - low), low, high))
            if value != cells[row]:
                ids = {f"{group.side}_id": [scorer.features.ids[group.side][row]]}
                features = scorer.features.with_rows(group.side, pd.DataFrame(ids | {column: [value]}))
                yield SmallChange("numbers", group.key, replace(asked, scorer=scorer.with_features(features)))


def _shorter_histories(asked: Asked) -> Iterator[SmallChange]:
    """An item dropped is gone from the positives, too, and an older one that had no room moves up."""
    read = np.array(distinct_items(asked.pair.histories[0]), dtype=np.int64)
    older = read[1:]
    if len(older) > MOST_ITEMS:
        drawn = random_stream(asked.seed, "items that are dropped").choice(len(older), MOST_ITEMS, replace=False)
        older = older[np.sort(drawn)]
    ids = asked.split_dataset.dataset.items["item_id"]
    for item in older.tolist():
        yield SmallChange("history", str(ids.iloc[item]), replace(asked, pair=without_item(asked.pair, item)))


def without_item(pair: Pairs, item: int) -> Pairs:
    """One pair as if its user had never taken an item."""
    length, known = pair.histories.shape[1], pair.known
    from_log = isinstance(known, Known)  # only these say which are the newest: the oldest come first
    every = known.csr().indices[::-1] if from_log and known is not None else pair.histories[0]
    kept = every[(every >= 0) & (every != item)].astype(np.int64)
    history = np.full((1, length), -1, dtype=np.int64)
    history[0, : min(length, len(kept))] = kept[:length]
    if known is None:
        return replace(pair, histories=history)
    table = known.csr()
    positives = table.indices[table.indices != item]
    return replace(pair, histories=history, known=KnownItems.of([positives], table.shape[1]))


def _other_backgrounds(asked: Asked) -> Iterator[SmallChange]:
    if asked.choice.kind == "item":
        return
    for seed in range(asked.seed + 1, asked.seed + 1 + MOST_SEEDS):
        rows = make_background(
            asked.choice,
            asked.split_dataset,
            asked.pair,
            n=len(asked.background),
            seed=seed,
            users_of=asked.users_of,
        )
        if not _same_rows(rows, asked.background):
            yield SmallChange("background", str(seed), replace(asked, background=rows))


def _same_rows(first: Pairs, second: Pairs) -> bool:
    """Whether two backgrounds hold the same users and items, in any order."""
    wide = 1 + max(first.items.max(), second.items.max())
    codes = [np.sort(rows.users * wide + rows.items) for rows in (first, second)]
    return np.array_equal(codes[0], codes[1])
