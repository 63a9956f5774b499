"""A small dataset and a random ranker with scores worth explaining, for the tests of ``explain`` and its benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features
from recsys_core.data.known import KnownItems
from recsys_core.data.schema import Column, Schema
from recsys_core.models.ranker import EMPTY, Ranker, RankerShape
from recsys_core.models.scorer import Pairs, Scorer

CITIES, BRANDS, GENRES = ("Ulm", "Kiel", "Bonn"), ("Acme", "Nord", "Blau", "Rot"), ("Comedy", "Drama", "Crime")


def tiny_dataset(n_users: int = 12, n_items: int = 20, *, extra: int = 0, seed: int = 0) -> Dataset:
    """Users with age, city and income level; items with price, genres, brand and title; ``extra`` more of each."""
    rng = np.random.default_rng(seed)
    users = pd.DataFrame({"user_id": [f"u{i}" for i in range(n_users)]})
    users["age"] = rng.integers(18, 70, n_users).astype(float)
    users["city"] = rng.choice(CITIES, n_users)
    users["income"] = rng.choice(["low", "middle", "high"], n_users)
    items = pd.DataFrame({"item_id": [f"i{i}" for i in range(n_items)]})
    items["title"] = [f"Thing number {i}" for i in range(n_items)]
    items["price"] = rng.uniform(5, 100, n_items).round(1)
    items["genres"] = ["|".join(sorted(rng.choice(GENRES, rng.integers(1, 3), replace=False))) for _ in range(n_items)]
    items["brand"] = rng.choice(BRANDS, n_items)
    more = tuple(Column(f"more{i}", "category") for i in range(extra))
    for column in more:
        users[column.name] = rng.choice(list("abcdefgh"), n_users)
        items[column.name] = rng.choice(list("abcdefgh"), n_items)
    schema = Schema(
        users=(
            Column("age", "number"),
            Column("city", "category"),
            Column("income", "ordered", levels=("low", "middle", "high")),
            *more,
        ),
        items=(
            Column("title", "text"),
            Column("price", "number", unit="€"),
            Column("genres", "set"),
            Column("brand", "category"),
            *more,
        ),
    )
    interactions = pd.DataFrame({"user_index": [0], "item_index": [0], "value": [1.0], "time": [0]})
    return Dataset("tiny", schema, users, items, interactions)


def tiny_features(dataset: Dataset, *, seed: int = 0) -> Features:
    texts = np.random.default_rng(seed).normal(size=(dataset.n_items, 8)).astype(np.float32)
    return make_features(dataset, {"item.title": texts})


def random_scorer(features: Features, *, shape: RankerShape | None = None, seed: int = 0) -> Scorer:
    """Weights large enough for logits to vary by about 2, biases and the empty history included."""
    torch.manual_seed(seed)
    ranker = Ranker(features.groups, shape or RankerShape(width=8, attention=8, first=24, second=12, history=8))
    with torch.no_grad():
        for name, weights in ranker.named_parameters():
            if "tables" in name or "empty" in name or "recency" in name:
                weights.normal_(std=1.0)
            elif "attention" in name:
                weights.mul_(2.0)
            else:
                weights.mul_(2.2)
    return Scorer(ranker, features)


def random_pairs(dataset: Dataset, n: int, *, length: int = 5, seed: int = 0) -> Pairs:
    """Random users, items and histories of 0 to ``length`` items, newest first, -1 behind them."""
    rng = np.random.default_rng(seed)
    histories = np.stack([rng.choice(dataset.n_items, length, replace=False) for _ in range(n)])
    histories[np.arange(length)[None] >= rng.integers(0, length + 1, n)[:, None]] = -1
    return Pairs(rng.integers(0, dataset.n_users, n), rng.integers(0, dataset.n_items, n), histories)


def with_known(pairs: Pairs, n_items: int, *, earlier: int = 3, seed: int = 0) -> Pairs:
    """The pairs with known positives: their histories, and 0 to ``earlier`` items that were taken before."""
    rng = np.random.default_rng(seed)
    before = [rng.choice(n_items, rng.integers(0, earlier + 1), replace=False) for _ in range(len(pairs))]
    known = [np.append(newest, older) for newest, older in zip(pairs.histories, before, strict=True)]
    return replace(pairs, known=KnownItems.of(known, n_items))


@torch.inference_mode()
def plain_value(scorer: Scorer, pair: Pairs, row: Pairs, chosen: set[str], absent: set[int] | None = None) -> float:
    """One coalition by the ranker's plain forward: look up each group from whoever owns it, pool, run.

    ``absent``: items left out of the example's attention (``history='each'``), else the history is a player.
    """
    adapter = scorer.ranker.adapter
    parts = {"user": [], "item": []}
    for group in scorer.features.groups:
        owner = pair if group.key in chosen else row
        index = owner.users if group.side == "user" else owner.items
        parts[group.side].append(adapter.embed(group, scorer.encoded[group.key][torch.as_tensor(index)]))
    item = torch.cat(parts["item"], -1)
    owner = pair if absent is not None or "history" in chosen else row
    past = scorer.history_vectors(owner.histories)
    slots = owner.histories[0, : past.keys.shape[1]]
    gone = torch.tensor([[[EMPTY if i in (absent or ()) else 0.0 for i in slots]]])
    query = adapter.attention.query(item)
    pooled = adapter.attention(query.unsqueeze(1), past.keys, past.values, past.absent + gone).squeeze(1)
    return float(scorer.ranker(torch.cat([*parts["user"], item, pooled], -1)))


def scores_by_parts(scorer: Scorer, pairs: Pairs) -> np.ndarray:
    """The pairs' scores on the path that explanations take: groups' parts, the history's part, the tail."""
    first, query = scorer.group_parts(pairs.users, pairs.items)
    past = scorer.history_vectors(pairs.histories)
    query = (query.sum(1) + scorer.query_bias).unsqueeze(1)
    part = scorer.runtime.history_part(query, past.keys, past.values, past.absent).squeeze(1)
    return scorer.runtime.tail(first.sum(1) + scorer.first_bias + part).numpy()
