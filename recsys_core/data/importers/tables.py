"""Any three tables, in CSV or Parquet, with a mapping or with the sample's file and column names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.build_dataset import LEAST_INTERACTIONS, Warnings, bare_frame, build_dataset, make_interactions
from recsys_core.data.cells import find_ids, read_ids, read_numbers, read_references, read_times
from recsys_core.data.dataset import Dataset
from recsys_core.data.importers.columns import Side, attribute_names, convert_side
from recsys_core.data.importers.mapping import Mapping, SideMapping
from recsys_core.data.importers.outcomes import read_outcomes
from recsys_core.data.importers.sources import read_source
from recsys_core.data.sample.truth import FORMAT as TRUTH_FORMAT
from recsys_core.data.schema import Column, Schema
from recsys_core.data.tables import Table, row_indexes, unreadable
from recsys_core.errors import DataError, require

TRUTH = "truth.json"
LEAST_PROPENSITY = 1e-9
MOST_EXAMPLES = 3


def import_tables(source: Path, mapping: Path | None = None, *, name: str = "") -> Dataset:
    """Read three tables of the folder ``source``, or of one file that holds them all.

    ``mapping``, else the folder's ``mapping.json``, says which column is what. Without either,
    ``interactions``, ``items`` and ``users`` (if there) are read by their names. What the mapping
    leaves open is inferred: kinds of columns, clicks or ratings, the scale. ``name`` is what the dataset
    is called where the mapping does not say.
    """
    known, tables, warnings = read_source(source, mapping, name=name or source.resolve().name)
    return _with_truth(_convert(known, tables, warnings), (source if source.is_dir() else source.parent) / TRUTH)


def _with_truth(dataset: Dataset, path: Path) -> Dataset:
    """Sample data brings the function that its outcomes were drawn from: it travels with the dataset.

    Another file of that name is none of ours.
    """
    if not path.is_file():
        return dataset
    try:
        truth = json.loads(path.read_text())
    except (OSError, ValueError) as problem:
        raise unreadable(path.name, problem) from None
    is_ours = isinstance(truth, dict) and truth.get("format") == TRUTH_FORMAT
    return replace(dataset, truth=truth) if is_ours else dataset


def _convert(mapping: Mapping, tables: dict[str, Table], noticed: Warnings) -> Dataset:
    log, how = tables["interactions"], mapping.interactions
    users = _side("user_id", tables.get("users"), mapping.users, log, how.user)
    items = _side("item_id", tables.get("items"), mapping.items, log, how.item)
    log, users = _settle_unknown(log, how.user, users, how.unknown_ids)
    log, items = _settle_unknown(log, how.item, items, how.unknown_ids)
    outcome = read_outcomes(log, how, mapping.source)
    warnings = [*noticed, *_unused_columns(mapping, tables), *users.noticed, *items.noticed, *outcome.noticed]
    interactions = make_interactions(
        read_references(log, how.user, users.frame["user_id"], users.file),
        read_references(log, how.item, items.frame["item_id"], items.file),
        outcome.values,
        read_times(log, how.time, form=how.time_format, unit=how.time_unit) if how.time else None,
        read_numbers(log, how.propensity, low=LEAST_PROPENSITY, high=1) if how.propensity else None,
    )
    schema = Schema(
        users.columns,
        items.columns,
        outcome.kind,
        outcome.low,
        outcome.high,
        how.time is not None,
        user_name=users.label,
        item_title=items.label or "title",
        positive_from=outcome.positive_from,
    )
    frames = (users.frame, items.frame, interactions)
    return build_dataset(mapping.name, schema, frames, source=log, value_column=how.value or "", warnings=warnings)


def _side(id_name: str, table: Table | None, side: SideMapping | None, log: Table, log_id: str) -> Side:
    """One table's frame, columns and label; without a table, the ids that the interactions mention."""
    if table is None or side is None:
        found = Side(bare_frame(id_name, read_ids(log, log_id)))
    else:
        found = convert_side(table, side, id_name)
    return _with_title(found) if id_name == "item_id" and found.label is None else found


def _with_title(items: Side) -> Side:
    """Items that nobody has named get an empty title, which their ids will stand in for."""
    title = "title" if "title" not in items.frame else "title "  # the mapping calls another column the title
    frame = items.frame.assign(**{title: pd.Series(np.nan, index=items.frame.index, dtype="str")})
    return replace(items, frame=frame, columns=(*items.columns, Column(title, "ignored")), label=title)


def _settle_unknown(log: Table, column: str, side: Side, unknown: str) -> tuple[Table, Side]:
    """Interactions and a side that fit: rows whose id is in no table are dropped, or the table grows by their ids."""
    if unknown == "refuse":
        return log, side
    found = find_ids(log, column, side.frame.iloc[:, 0])
    strange = pa.array(found < 0)
    ids = pc.unique(log.cells(column).filter(strange))
    if not len(ids):
        return log, side
    about = {"file": log.file, "column": column, "count": int(np.sum(found < 0)), "n_ids": len(ids)}
    about |= {"examples": ", ".join(ids[:MOST_EXAMPLES].to_pylist())}
    if unknown == "keep":
        frame = side.frame.reindex(range(len(side.frame) + len(ids)))
        frame.iloc[len(side.frame) :, 0] = ids.to_pylist()
        return log, replace(side, frame=frame, noticed=(*side.noticed, ("warning.ids_kept", about)))
    kept = found >= 0
    require(bool(kept.any()), DataError, "table.too_few", file=log.file, count=0, least=LEAST_INTERACTIONS)
    columns = {name: cells.filter(pa.array(kept)) for name, cells in log.columns.items()}
    log = replace(log, columns=columns, rows=log.rows[kept])
    return log, replace(side, noticed=(*side.noticed, ("warning.ids_dropped", about)))


def _unused_columns(mapping: Mapping, tables: dict[str, Table]) -> Warnings:
    how = mapping.interactions
    used = {"interactions": {how.user, how.item, how.time, how.value, how.propensity}}
    for key, side in (("users", mapping.users), ("items", mapping.items)):
        if side and side.file == how.file:  # made from the interactions
            used["interactions"] |= set(tables[key].columns)
        elif side:
            used[key] = {side.id, *attribute_names(tables[key], side)}
    return [notice for key, names in used.items() for notice in _left_out(tables[key], names)]


def _left_out(table: Table, used: set[str | None]) -> Warnings:
    """What is not read of one table: columns that nobody named, row numbers, structures."""
    indexes = [name for name in row_indexes(table) if name not in used]
    noticed = [*table.noticed, *(("warning.row_index", {"file": table.file, "column": name}) for name in indexes)]
    unused = [name for name in table.columns if name not in used and name not in indexes]
    for key, names in (("warning.columns_unused", unused), ("warning.nested", list(table.nested))):
        if names:
            noticed.append((key, {"file": table.file, "columns": ", ".join(names)}))
    return noticed
