"""Features: the three tables as numbers, one feature group for each thing a person would call one reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column, stored_name
from recsys_core.player import HISTORY, ID_KEYS, Player

N_KNOTS = 12
LOOKUPS = ("id", "category")


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """How one feature group is encoded; fitted on the user and item tables, never on interactions.

    ``kind`` is ``id`` or ``category`` (a code, 0 = unknown or missing), ``set`` (share of each
    value, sums to 1), ``number`` (piecewise linear weights over ``knots``, sums to 1, all zero
    where missing) or ``text`` (the encoder's vector). ``size`` is the number of codes or columns.
    A number with ``edges`` is read by its bucket alone: a weight of 1 on one of them, in order.
    """

    key: str
    kind: str
    size: int
    values: tuple[str, ...] = ()
    knots: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()

    @property
    def player(self) -> Player:
        return Player.parse(self.key)

    @property
    def side(self) -> str:
        return self.player.side

    @property
    def is_lookup(self) -> bool:
        return self.kind in LOOKUPS

    def encode(self, raw: pd.Series) -> np.ndarray:
        """Codes ``(n,)`` int64 or weights ``(n, size)`` float32 of raw values; text is not encoded here."""
        if self.kind == "number":
            numbers = pd.to_numeric(raw, errors="coerce").to_numpy(float)
            return bucket_weights(numbers, self.edges) if self.edges else hat_weights(numbers, np.array(self.knots))
        if self.kind == "set":
            return _set_weights(raw, self.values)
        code = {value: i + 1 for i, value in enumerate(self.values)}
        return np.array([code.get(v, 0) for v in raw.astype(object)], dtype=np.int64)

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> FeatureGroup:
        lists = {name: tuple(data.get(name, ())) for name in ("values", "knots", "edges")}
        return cls(**{**data, **lists})


def bucket_weights(x: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    """1 for the bucket that a number lies in, its lower edge included; NaN gives all zeros.

    >>> bucket_weights(np.array([29.0, 30.0, 99.0]), (30.0, 50.0)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    out = np.zeros((len(x), len(edges) + 1), dtype=np.float32)
    known = np.flatnonzero(~np.isnan(x))
    out[known, np.searchsorted(np.array(edges), x[known], side="right")] = 1
    return out


def hat_weights(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Piecewise linear ("hat") basis: a linear layer on it is a curve through the knots.

    Values outside the knots are held at the end knot; NaN gives all zeros.

    >>> hat_weights(np.array([1.5, 9.0]), np.array([1.0, 2.0, 4.0])).tolist()
    [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]
    """
    out = np.zeros((len(x), len(knots)), dtype=np.float32)
    scale = _scale_of(knots)
    x, knots = x / scale, knots / scale
    known = np.flatnonzero(~np.isnan(x))
    inside = np.clip(x[known], knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, inside, side="right") - 1, 0, max(len(knots) - 2, 0))
    right = np.minimum(left + 1, len(knots) - 1)
    width = np.where(right > left, knots[right] - knots[left], 1.0)
    share = (inside - knots[left]) / width
    out[known, right] = share
    out[known, left] = np.where(right > left, 1 - share, 1.0)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Feature groups of one dataset and the encoded user and item tables.

    ``groups`` holds users' groups first. ``tables[key]`` has one row a user or item; ``ids`` are their
    raw ids by side, which `with_rows` looks up (also where the id groups are left out).
    """

    groups: tuple[FeatureGroup, ...]
    tables: dict[str, np.ndarray]
    n_users: int
    n_items: int
    ids: dict[str, pd.Index] = field(default_factory=dict)

    def side(self, name: str) -> tuple[FeatureGroup, ...]:
        return tuple(g for g in self.groups if g.side == name)

    @property
    def players(self) -> tuple[Player, ...]:
        """Everything that can be a reason: user groups, the history, item groups."""
        users, items = (tuple(g.player for g in self.side(side)) for side in ("user", "item"))
        return (*users, HISTORY, *items)

    def n_rows(self, side: str) -> int:
        """How many users or items there are."""
        return self.n_users if side == "user" else self.n_items

    def without(self, keys: set[str]) -> Features:
        """The same features less some groups."""
        groups = tuple(g for g in self.groups if g.key not in keys)
        return replace(self, groups=groups, tables={g.key: self.tables[g.key] for g in groups})

    def take(self, users: np.ndarray, items: np.ndarray | None = None) -> Features:
        """These rows alone, in this order, some of them several times: each keeps its values and its id's code.

        Every item if None.
        """
        rows = {"user": np.asarray(users, dtype=np.int64)}
        if items is not None:
            rows["item"] = np.asarray(items, dtype=np.int64)
        tables = {
            g.key: self.tables[g.key][rows[g.side]] if g.side in rows else self.tables[g.key] for g in self.groups
        }
        ids = {side: self.ids[side][rows[side]] if side in rows else self.ids[side] for side in self.ids}
        n_items = self.n_items if items is None else len(items)
        return replace(self, tables=tables, ids=ids, n_users=len(users), n_items=n_items)

    def with_cells(self, rows: np.ndarray, cells: Mapping[str, np.ndarray]) -> Features:
        """The same with other encoded values ``(len(rows), …)`` by group key at some rows (a key's side is theirs)."""
        tables = dict(self.tables)
        for key, values in cells.items():
            tables[key] = self.tables[key].copy()
            tables[key][rows] = values
        return replace(self, tables=tables)

    def with_rows(self, side: str, frame: pd.DataFrame, *, texts: Mapping[str, np.ndarray] | None = None) -> Features:
        """The same features with some rows of one side edited (ids that are there) or appended (ids that are not).

        Groups stay as they were fitted, so cells are read as those of the tables were: an unknown category is
        code 0, a number outside the knots stands at the end knot, a missing cell is a missing value. An appended
        user or item is unknown to the id groups (code 0) and has the row behind the last one.

        Parameters
        ----------
        side
            ``user`` or ``item``.
        frame
            One row an id: ``user_id`` or ``item_id``, and any columns as a `Dataset`'s table has them. Columns that are
            not there keep an edited row's value and are missing in an appended one; those that are no feature are
            passed over.
        texts
            The encoder's vectors ``(len(frame), width)`` by group key; needed for every text column of ``frame``, and
            of appended rows for all (`recsys_core.models.edited_rows` computes them).

        Raises
        ------
        ValueError
            For an id that stands twice, or a text group without vectors.
        """
        texts, ids = texts or {}, pd.Index(frame[f"{side}_id"].astype(str))
        if ids.has_duplicates:
            raise ValueError(f"{ids[ids.duplicated()][0]!r} stands twice among the rows")
        before = self.n_rows(side)
        rows = self.ids[side].get_indexer(ids)
        is_new = rows < 0
        rows[is_new] = before + np.arange(is_new.sum())
        tables = dict(self.tables)
        for group in self.side(side):
            tables[group.key] = _edited(group, self.tables[group.key], frame, rows, texts)
        grown = {**self.ids, side: self.ids[side].append(ids[is_new])}
        n_users, n_items = (len(grown[s]) for s in ID_KEYS)
        return replace(self, tables=tables, ids=grown, n_users=n_users, n_items=n_items)


def make_features(
    dataset: Dataset,
    texts: dict[str, np.ndarray] | None = None,
    *,
    edges: Mapping[str, tuple[float, ...]] | None = None,
) -> Features:
    """Fit the groups on the user and item tables and encode every row.

    ``texts`` maps the key of each text group (``item.title``) to the encoder's vectors
    ``(n, width)``; text columns without vectors are left out. ``edges`` are those of numbers that are read by bucket.
    """
    texts, edges = texts or {}, edges or {}
    groups: list[FeatureGroup] = []
    tables: dict[str, np.ndarray] = {}
    for side, frame, columns in (
        ("user", dataset.users, dataset.schema.users),
        ("item", dataset.items, dataset.schema.items),
    ):
        id_key = ID_KEYS[side]
        groups.append(FeatureGroup(id_key, "id", len(frame) + 1, tuple(frame[f"{side}_id"])))
        tables[id_key] = np.arange(1, len(frame) + 1)
        for column in columns:
            key = f"{side}.{column.name}"
            group = _fit(key, column, frame[column.stored], texts)
            if group is not None and key in edges:
                group = replace(group, size=len(edges[key]) + 1, edges=tuple(edges[key]))
            if group is not None:
                groups.append(group)
                tables[key] = (
                    texts[key].astype(np.float32) if group.kind == "text" else group.encode(frame[column.stored])
                )
    ids = {"user": pd.Index(dataset.users["user_id"]), "item": pd.Index(dataset.items["item_id"])}
    return Features(tuple(groups), tables, dataset.n_users, dataset.n_items, ids)


def _edited(
    group: FeatureGroup, table: np.ndarray, frame: pd.DataFrame, rows: np.ndarray, texts: Mapping[str, np.ndarray]
) -> np.ndarray:
    """A group's table with the cells of ``frame`` at ``rows``; rows behind the table's end are appended."""
    column = group.player.column
    is_there = column is not None and stored_name(column) in frame
    is_new = rows >= len(table)
    if group.kind == "text" and group.key not in texts and (is_there or is_new.any()):
        raise ValueError(f"{group.key} needs the encoder's vectors of these rows")
    if not (is_there or group.key in texts or is_new.any()):
        return table
    table = np.concatenate([table, np.zeros((int(is_new.sum()), *table.shape[1:]), table.dtype)])
    if group.key in texts:
        table[rows] = texts[group.key]
    elif is_there:
        cells = frame[stored_name(str(column))].astype(object)
        table[rows] = group.encode(cells if group.kind == "number" else cells.map(str, na_action="ignore"))
    return table


def text_values(dataset: Dataset) -> dict[str, list[str]]:
    """The texts that an encoder must turn into vectors, by group key."""
    sides = (("user", dataset.users, dataset.schema.users), ("item", dataset.items, dataset.schema.items))
    return {
        f"{side}.{c.name}": ["" if pd.isna(v) else str(v) for v in frame[c.stored]]
        for side, frame, columns in sides
        for c in columns
        if c.kind == "text" and c.feature
    }


def _fit(key: str, column: Column, raw: pd.Series, texts: dict[str, np.ndarray]) -> FeatureGroup | None:
    if not column.is_feature:
        return None
    if column.kind == "text":
        return FeatureGroup(key, "text", texts[key].shape[1]) if key in texts else None
    if column.kind == "number":
        numbers = pd.to_numeric(raw, errors="coerce").to_numpy(float)
        knots = _knots(numbers[~np.isnan(numbers)])
        return FeatureGroup(key, "number", len(knots), knots=knots) if len(knots) > 1 else None
    if column.kind == "set":
        values = tuple(sorted({v for cell in raw.dropna() for v in str(cell).split("|") if v}))
        return FeatureGroup(key, "set", len(values), values) if values else None
    if column.kind in ("category", "ordered"):
        values = column.levels or tuple(sorted(set(raw.dropna())))
        return FeatureGroup(key, "category", len(values) + 1, values) if values else None
    return None


def _scale_of(numbers: np.ndarray) -> float:
    """What to divide by so that differences stay finite: 1, except beside the largest doubles."""
    largest = float(np.abs(numbers).max())
    return largest if largest > 1e150 else 1.0


def _knots(numbers: np.ndarray) -> tuple[float, ...]:
    """Quantiles as knots, so that each piece of the curve has data; equal ones are merged."""
    if not len(numbers):
        return ()
    scale = _scale_of(numbers)
    quantiles = np.quantile(numbers / scale, np.linspace(0, 1, N_KNOTS))
    return tuple(float(q) for q in np.unique(quantiles) * scale)


def _set_weights(raw: pd.Series, values: tuple[str, ...]) -> np.ndarray:
    column = {value: i for i, value in enumerate(values)}
    out = np.zeros((len(raw), len(values)), dtype=np.float32)
    for row, cell in enumerate(raw.astype(object)):
        members = [] if cell is None or cell != cell else [column[v] for v in str(cell).split("|") if v in column]
        out[row, members] = 1 / max(len(members), 1)
    return out
