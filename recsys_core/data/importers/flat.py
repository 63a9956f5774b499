"""One flat file for all three tables: which of its columns belong to users, which to items."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.build_dataset import Warnings
from recsys_core.data.cells import read_ids
from recsys_core.data.importers.mapping import Mapping, SideMapping
from recsys_core.data.tables import TEXT, Table, row_indexes
from recsys_core.errors import phrase

CONSTANT = 0.9  # share of a column's variety that an id must account for


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """How often each value of a column stands beside each id, empty cells apart.

    ``group`` and ``value`` are codes, the values' in the order of their text; ``count`` is of each
    pair, sorted by group, the most frequent first and equal counts in the order of their text.
    """

    group: np.ndarray
    value: np.ndarray
    count: np.ndarray
    words: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """Where each group begins."""
        return np.flatnonzero(np.diff(self.group, prepend=-1))

    def share_explained(self) -> float:
        """Share of the errors of guessing one value for all that guessing one an id avoids, 0 to 1.

        Counted over ids with two rows or more: one row agrees with itself. (Goodman and Kruskal's lambda.)
        """
        n_rows = np.bincount(self.group, self.count)
        repeated = n_rows[self.group] > 1
        total = self.count[repeated].sum()
        of_value = np.bincount(self.value[repeated], self.count[repeated], minlength=1)
        wrong_for_all = total - of_value.max()
        first = self.first
        wrong_by_id = total - self.count[first][repeated[first]].sum()
        return float(1 - wrong_by_id / wrong_for_all) if wrong_for_all else 0.0


def split_flat(mapping: Mapping, tables: dict[str, Table]) -> tuple[dict[str, Table], Warnings]:
    """Tables of users and items made from the interactions, for sides that the mapping takes from that file.

    A column that the mapping names belongs where it is named. Another one is an attribute of users (or
    items) where knowing the user (or item) avoids at least 90 % of the errors of guessing it; of both
    sides the better. An id's value is its most frequent one, empty cells apart.

    Returns
    -------
    tables, warnings
        All tables, and what was taken for what.
    """
    log, how = tables["interactions"], mapping.interactions
    sides = {key: side for key, side in (("users", mapping.users), ("items", mapping.items)) if side}
    sides = {key: side for key, side in sides.items() if side.file == how.file}
    if not sides:
        return tables, []
    for part in (how.user, how.item):
        read_ids(log, part)
    taken = _assign(log, mapping, sides)
    made, warnings = dict(tables), []
    for key, side in sides.items():
        made[key], noticed = _side_table(log, side, key, taken[key])
        warnings += noticed
    return made, warnings


def _assign(log: Table, mapping: Mapping, sides: dict[str, SideMapping]) -> dict[str, list[str]]:
    """Columns of each side."""
    how = mapping.interactions
    named = {key: _named_columns(log, side) for key, side in sides.items()}
    own = {how.user, how.item, how.time, how.value, how.propensity, *row_indexes(log)}
    own |= {side.id for side in sides.values()} | {c for columns in named.values() for c in columns}
    taken = {key: list(dict.fromkeys(columns)) for key, columns in named.items()}
    for column in log.columns:
        if column not in own:
            shares = {key: _count(log, side.id, column).share_explained() for key, side in sides.items()}
            best = max(shares, key=shares.__getitem__)
            if shares[best] >= CONSTANT:
                taken[best].append(column)
    return {key: [c for c in log.columns if c in columns] for key, columns in taken.items()}


def _named_columns(log: Table, side: SideMapping) -> list[str]:
    """Columns that the mapping names; a structure may be named to be ignored."""
    found = [side.label] if side.label else []
    found += [c for c, what in side.columns.items() if not (what.kind == "ignored" and c in log.nested)]
    for column in found:
        log.cells(column)
    return [column for column in found if column != side.id]


def _count(log: Table, id_column: str, column: str) -> _Counts:
    cells = log.cells(column)
    filled = pc.not_equal(cells, "").to_numpy(zero_copy_only=False)
    value, words = pd.factorize(np.asarray(cells.filter(pa.array(filled)), dtype=object), sort=True)
    group = _codes(log, id_column)[filled]
    pair, count = np.unique(group.astype(np.int64) * max(len(words), 1) + value, return_counts=True)
    group, value = np.divmod(pair, max(len(words), 1))
    order = np.lexsort((value, -count, group))
    return _Counts(group[order], value[order], count[order], words)


def _codes(log: Table, id_column: str) -> np.ndarray:
    """Code of each row's id, in the order of first mention."""
    return pc.dictionary_encode(log.cells(id_column)).indices.to_numpy()


def _side_table(log: Table, side: SideMapping, key: str, columns: list[str]) -> tuple[Table, Warnings]:
    """One row an id; the row numbers are those of its first mention."""
    ids = pc.unique(log.cells(side.id))
    first = np.unique(_codes(log, side.id), return_index=True)[1]
    warnings: Warnings = []
    cells: dict[str, pa.Array] = {side.id: ids}
    for column in columns:
        found = _count(log, side.id, column)
        values = np.full(len(ids), "", dtype=object)
        values[found.group[found.first]] = found.words[found.value[found.first]]
        cells[column] = pa.array(values, TEXT)
        several = np.flatnonzero(np.bincount(found.group, minlength=len(ids)) > 1)
        if len(several):
            example = ids[int(several[0])].as_py()
            counts = {"count": len(several), "of": len(ids), "example": example}
            warnings.append(
                ("warning.flat_varies", {"file": log.file, "column": column, "side": phrase(f"side.{key}"), **counts})
            )
    if columns:
        warnings.insert(
            0,
            ("warning.flat_columns", {"file": log.file, "side": phrase(f"side.{key}"), "columns": ", ".join(columns)}),
        )
    return replace(log, columns=cells, rows=log.rows[first], n_blank=0), warnings
