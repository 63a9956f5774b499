"""Feature changes: what a model reads otherwise than the dataset's schema says; the dataset itself stays as it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.features import Features, make_features
from recsys_core.data.schema import Column, Schema
from recsys_core.errors import SettingError
from recsys_core.player import Player
from recsys_core.results.edits import cell_text


@dataclass(frozen=True, slots=True, eq=False)
class FeatureChanges:
    """Columns by their players' keys (``user.age``).

    Attributes
    ----------
    without
        Neither read by the model nor audited with it.
    audit_only
        Not read by the model, but audited.
    buckets
        Numbers that the model reads by the bucket they lie in alone: the lower edges of all buckets but the first.
    """

    without: tuple[str, ...] = ()
    audit_only: tuple[str, ...] = ()
    buckets: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def features(self, dataset: Dataset, texts: dict[str, np.ndarray]) -> Features:
        """The dataset's features as the model reads them."""
        made = make_features(dataset, texts, edges=self.buckets)
        return made.without({*self.without, *self.audit_only})

    def audited(self, dataset: Dataset) -> Dataset:
        """The dataset without the columns that are left out, which the others do not have to answer for."""
        if not self.without:
            return dataset
        schema = dataset.schema
        users, items = (
            tuple(c for c in columns if f"{side}.{c.name}" not in self.without)
            for side, columns in (("user", schema.users), ("item", schema.items))
        )
        return replace(dataset, schema=replace(schema, users=users, items=items))

    def to_json(self) -> dict[str, Any]:
        buckets = {key: list(edges) for key, edges in self.buckets.items()}
        return {"without": list(self.without), "audit_only": list(self.audit_only), "buckets": buckets}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FeatureChanges:
        """The inverse of `to_json`; nothing said is nothing changed."""
        buckets = {key: tuple(map(float, edges)) for key, edges in data.get("buckets", {}).items()}
        return cls(tuple(data.get("without", ())), tuple(data.get("audit_only", ())), buckets)


def read_changes(
    dataset: Dataset, *, without: Iterable[str] = (), audit_only: Iterable[str] = (), buckets: Iterable[str] = ()
) -> FeatureChanges:
    """The changes that texts say: columns (``user.age``, or ``age`` where one side alone has it), ``age=30,50``.

    Raises ``SettingError``: ``retrain.nothing``, ``retrain.column`` (unknown), ``retrain.both_sides``,
    ``retrain.no_feature`` (not read anyway), ``retrain.twice``, ``retrain.form``, ``retrain.no_number``,
    ``retrain.ascending``, ``retrain.empty_bucket``.
    """
    left_out, audited = ([_key(dataset, said) for said in some] for some in (without, audit_only))
    edges = dict(_edges(dataset, said) for said in buckets)
    every = [*left_out, *audited, *edges]
    for key in every:
        if every.count(key) > 1:
            raise SettingError("retrain.twice", column=key)
    if not every:
        raise SettingError("retrain.nothing")
    return FeatureChanges(tuple(left_out), tuple(audited), edges)


def column_of(schema: Schema, key: str) -> Column:
    """The column of a player's key."""
    player = Player.parse(key)
    columns = schema.users if player.side == "user" else schema.items
    return next(column for column in columns if column.name == player.column)


def _key(dataset: Dataset, said: str) -> str:
    """The player's key of a column that the model may read."""
    known = {f"{side}.{c.name}": c for side, columns in _sides(dataset.schema) for c in columns}
    named = [key for key in known if key == said.strip() or key.partition(".")[2] == said.strip()]
    if said.strip() in known:
        named = [said.strip()]
    if len(named) > 1:
        raise SettingError("retrain.both_sides", column=said, known=", ".join(named))
    readable = [key for key, column in known.items() if column.is_feature]
    if not named:
        raise SettingError("retrain.column", column=said, known=", ".join(readable) or "-")
    if not known[named[0]].is_feature:
        raise SettingError("retrain.no_feature", column=named[0], known=", ".join(readable) or "-")
    return named[0]


def _sides(schema: Schema) -> tuple[tuple[str, tuple[Column, ...]], ...]:
    return ("user", schema.users), ("item", schema.items)


def _edges(dataset: Dataset, said: str) -> tuple[str, tuple[float, ...]]:
    """Column and edges of ``age=30,50``."""
    name, sign, text = said.rpartition("=")
    if not sign:
        raise SettingError("retrain.form", text=said)
    key = _key(dataset, name)
    column = column_of(dataset.schema, key)
    if column.kind != "number":
        raise SettingError("retrain.no_number", column=key)
    try:
        edges = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SettingError("retrain.form", text=said) from None
    if not all(map(math.isfinite, edges)) or any(b <= a for a, b in pairwise(edges)):
        raise SettingError("retrain.ascending", column=key, edges=text)
    frame = dataset.users if key.startswith("user.") else dataset.items
    numbers = pd.to_numeric(frame[column.stored], errors="coerce").dropna().to_numpy(float)
    held = np.bincount(np.searchsorted(np.array(edges), numbers, side="right"), minlength=len(edges) + 1)
    if (held == 0).any():
        raise SettingError("retrain.empty_bucket", column=key, bucket=_bucket(edges, int(np.argmin(held))))
    return key, edges


def _bucket(edges: tuple[float, ...], at: int) -> str:
    """A bucket by its ends: ``< 30``, ``30–50``, ``≥ 50``."""
    if at == 0:
        return f"< {cell_text(edges[0])}"
    if at == len(edges):
        return f"≥ {cell_text(edges[-1])}"
    return f"{cell_text(edges[at - 1])}–{cell_text(edges[at])}"
