"""Partial dependence and ICE curves of one reason, from the factorised scorer: many rows at once."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pandas as pd
import torch

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import FeatureGroup, Features
from recsys_core.data.schema import stored_name
from recsys_core.explain.player_values import player_column
from recsys_core.models.scorer import Pairs, Scorer
from recsys_core.player import Player
from recsys_core.results.global_parts import PartialDependence, Value
from recsys_core.seeds import random_stream

MOST_PAIRS = 200
N_GRID, MOST_VALUES = 20, 14
CHUNK = 32
READABLE = ("number", "category", "set")  # kinds of groups that a value can be set for; ids and texts have too many


def partial_dependence(
    scorer: Scorer,
    dataset: Dataset,
    pairs: Pairs,
    player: Player,
    *,
    seed: int = 0,
    values: tuple[Value, ...] | None = None,
) -> PartialDependence | None:
    """Scores of at most 200 of the pairs, drawn by the seed, with one column of the user or the item set to each value.

    Everything else, the history and the item-item term among it, stays the pair's own. Numbers run over 20 quantiles of
    the table's column, others over the 14 most frequent values; of a set each member alone. ``values`` are others.
    None for a reason whose values are not set one by one: ids, texts, the history.

    The curves equal those of ``sklearn.inspection.partial_dependence`` (``method="brute"``) over the same values.
    """
    start = time.perf_counter()
    group = next((g for g in scorer.features.groups if g.player == player and g.kind in READABLE), None)
    if group is None:
        return None
    values = grid_values(dataset, player) if values is None else values
    rows = _drawn(len(pairs), seed)
    return PartialDependence(
        player=player,
        values=values,
        logits=_logits(scorer, pairs[rows], group, values),
        n_candidates=len(pairs),
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def grid_values(dataset: Dataset, player: Player) -> tuple[Value, ...]:
    """The values that a column is set to, from the table: see `partial_dependence`; empty where all are missing."""
    column = player_column(dataset, player)
    if column is None:
        return ()
    cells = (dataset.users if player.side == "user" else dataset.items)[stored_name(column.name)].dropna()
    if column.kind == "number":
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy(float)
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return ()
        at = np.linspace(0, 1, N_GRID)
        return tuple(np.unique(np.quantile(numbers, at, method="closest_observation")).tolist())
    members = (m for cell in cells for m in (str(cell).split("|") if column.kind == "set" else [str(cell)]) if m)
    counted = Counter(members)
    frequent = sorted(counted, key=lambda v: (-counted[v], v))[:MOST_VALUES]
    return tuple(v for v in column.levels if v in frequent) if column.kind == "ordered" else tuple(frequent)


def _drawn(n: int, seed: int) -> np.ndarray:
    if n <= MOST_PAIRS:
        return np.arange(n)
    return np.sort(random_stream(seed, "pairs of partial dependence").choice(n, MOST_PAIRS, replace=False))


@torch.inference_mode()
def _logits(scorer: Scorer, pairs: Pairs, group: FeatureGroup, values: tuple[Value, ...]) -> np.ndarray:
    """``(n_pairs, n_values)``: the group's part of the first layer (and of the query) is exchanged, the rest stays."""
    if not len(pairs) or not values:
        return np.zeros((len(pairs), len(values)))
    place = scorer.features.groups.index(group)
    of_item = place - len(scorer.features.side("user"))
    first, query = scorer.group_parts(pairs.users, pairs.items)
    new_first, new_query = _parts_of_values(scorer, group, values)
    base = first.sum(1) + scorer.first_bias - first[:, place]
    asked = query.sum(1) + scorer.query_bias
    out = np.empty((len(pairs), len(values)))
    for start in range(0, len(pairs), CHUNK):
        rows = slice(start, start + CHUNK)
        wanted = asked[rows].unsqueeze(1)
        if of_item >= 0:
            wanted = wanted - query[rows, of_item].unsqueeze(1) + new_query[:, of_item]
        past = scorer.history_vectors(pairs.histories[rows])
        pooled = scorer.runtime.history_part(wanted, past.keys, past.values, past.absent)
        out[rows] = scorer.runtime.tail(base[rows].unsqueeze(1) + new_first[:, place] + pooled).numpy()
    if scorer.term is None:
        return out
    if pairs.known is None:
        raise ValueError("the item-item term needs the items that are known to be taken")
    return out + scorer.term.pairs(pairs.items, pairs.known)[:, None]


def _parts_of_values(
    scorer: Scorer, group: FeatureGroup, values: tuple[Value, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Parts of rows that hold the values, ``(n_values, n_groups, units)`` each; only the group's own is of use."""
    side, n = group.side, len(values)
    rows = scorer.features.n_rows(side) + np.arange(n)
    features = _with_values(scorer.features, group, values)
    edited = scorer.with_features(features)
    zeros = np.zeros(n, dtype=np.int64)
    return edited.group_parts(rows, zeros) if side == "user" else edited.group_parts(zeros, rows)


def _with_values(features: Features, group: FeatureGroup, values: tuple[Value, ...]) -> Features:
    """Features with a made-up row a value behind those that are there."""
    side = group.side
    texts = {g.key: np.zeros((len(values), g.size), np.float32) for g in features.side(side) if g.kind == "text"}
    ids = [f"\0{i}" for i in range(len(values))]
    cells = pd.Series(list(values), dtype=object)
    frame = pd.DataFrame({f"{side}_id": ids, stored_name(str(group.player.column)): cells})
    return features.with_rows(side, frame, texts=texts)
