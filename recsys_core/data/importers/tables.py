"""Any three tables, in CSV or Parquet, with a mapping or with the sample's file and column names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from recsys_core.data.assemble import Warnings, assemble, bare_frame, make_interactions
from recsys_core.data.cells import FLAGS, read_flags, read_ids, read_numbers, read_references, read_times
from recsys_core.data.dataset import Dataset
from recsys_core.data.importers.columns import attribute_names, convert_side
from recsys_core.data.importers.mapping import InteractionMapping, Mapping, SideMapping
from recsys_core.data.importers.sources import read_source
from recsys_core.data.schema import Column, Schema
from recsys_core.data.tables import Table, row_indexes
from recsys_core.errors import DataError, phrase

TRUTH = "truth.json"
LEAST_PROPENSITY = 1e-9
FIVE_STARS = (1.0, 5.0)


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
    """Sample data brings the function that its outcomes were drawn from: it travels with the dataset."""
    if not path.is_file():
        return dataset
    try:
        truth = json.loads(path.read_text())
    except (OSError, ValueError) as problem:
        raise DataError("table.unreadable", file=path.name, reason=str(problem).splitlines()[0][:80]) from None
    return replace(dataset, schema=replace(dataset.schema, extra={"truth": json.dumps(truth)}))


def _convert(mapping: Mapping, tables: dict[str, Table], noticed: Warnings) -> Dataset:
    log, how = tables["interactions"], mapping.interactions
    users, user_columns, name = _side("user_id", tables.get("users"), mapping.users, log, how.user)
    items, item_columns, title = _side("item_id", tables.get("items"), mapping.items, log, how.item)
    if title is None:
        title = "title" if "title" not in items else "title "  # the mapping calls another column the title
        items = items.assign(**{title: pd.Series(np.nan, index=items.index, dtype="str")})
        item_columns = (*item_columns, Column(title, "ignored"))
    warnings = [*noticed, *_unused_columns(mapping, tables)]
    outcome, value = _read_value(log, how, mapping.source)
    low, high = _scale(log, how, value, warnings) if outcome == "rating" else (0.0, 1.0)
    interactions = make_interactions(
        read_references(log, how.user, users["user_id"], tables["users"].file if "users" in tables else ""),
        read_references(log, how.item, items["item_id"], tables["items"].file if "items" in tables else ""),
        value,
        read_times(log, how.time) if how.time else None,
        read_numbers(log, how.propensity, low=LEAST_PROPENSITY, high=1) if how.propensity else None,
    )
    has_time = how.time is not None
    schema = Schema(user_columns, item_columns, outcome, low, high, has_time, user_name=name, item_title=title)
    frames = (users, items, interactions)
    return assemble(mapping.name, schema, frames, source=log, value_column=how.value or "", warnings=warnings)


def _side(
    id_name: str, table: Table | None, side: SideMapping | None, log: Table, log_id: str
) -> tuple[pd.DataFrame, tuple[Column, ...], str | None]:
    """One table's frame, columns and label; without a table, the ids that the interactions mention."""
    if table is None or side is None:
        return bare_frame(id_name, read_ids(log, log_id)), (), None
    return convert_side(table, side, id_name)


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


def _read_value(log: Table, how: InteractionMapping, source: str) -> tuple[str, np.ndarray | None]:
    """What an interaction's value is, and the values."""
    if how.value is None:
        return "taken", None
    outcome = how.outcome or _infer_outcome(log, how.value)
    if outcome == "click":
        return outcome, read_flags(log, how.value)
    if outcome == "taken":
        values = read_numbers(log, how.value)
        if (values != 1).any():
            raise DataError("mapping.bad", file=source, reason=phrase("mapping.taken", column=how.value))
        return outcome, values
    low, high = (-np.inf if how.low is None else how.low), (np.inf if how.high is None else how.high)
    return outcome, read_numbers(log, how.value, low=low, high=high)


def _infer_outcome(log: Table, column: str) -> str:
    return "click" if set(pc.unique(log.cells(column)).to_pylist()) <= set(FLAGS) else "rating"


def _scale(log: Table, how: InteractionMapping, values: np.ndarray, warnings: Warnings) -> tuple[float, float]:
    """The mapping's scale, else five stars where all values lie there, else the range of the data."""
    least, most = float(values.min()), float(values.max())
    if how.low is None and how.high is None and FIVE_STARS[0] <= least and most <= FIVE_STARS[1]:
        low, high = FIVE_STARS
    else:
        low, high = (least if how.low is None else float(how.low)), (most if how.high is None else float(how.high))
    if low >= high:
        raise DataError("table.one_class", file=log.file, column=how.value, value=f"{least:g}")
    if how.low is None or how.high is None:
        warnings.append(("warning.scale_inferred", {"low": f"{low:g}", "high": f"{high:g}"}))
    return low, high
