"""Put checked columns together to a Dataset, and note what is odd about it but stops nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recsys_core.data.dataset import Dataset
from recsys_core.data.order import in_canonical_order
from recsys_core.data.schema import Schema
from recsys_core.data.split import LEAST_PER_USER, label_interactions, least_positive
from recsys_core.data.tables import TEXT, Table
from recsys_core.errors import DataError, phrase, require

LEAST_INTERACTIONS = 10
LOPSIDED = 0.9
MOST_UNUSED = 0.5
MOST_EQUAL_TIMES = 0.5

Warnings = list[tuple[str, dict]]


def make_interactions(
    user_index: np.ndarray,
    item_index: np.ndarray,
    value: np.ndarray | None = None,
    time: np.ndarray | None = None,
    propensity: np.ndarray | None = None,
) -> pd.DataFrame:
    """The interactions table of a Dataset; 1 stands for a missing value, 0 for a missing time."""
    n = len(user_index)
    columns = {
        "user_index": user_index.astype(np.int32),
        "item_index": item_index.astype(np.int32),
        "value": np.ones(n, np.float32) if value is None else value.astype(np.float32),
        "time": np.zeros(n, np.int64) if time is None else time,
    }
    if propensity is not None:
        columns["propensity"] = propensity.astype(np.float32)
    return pd.DataFrame(columns)


def build_dataset(
    name: str,
    schema: Schema,
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    *,
    source: Table,
    value_column: str = "value",
    warnings: Warnings | None = None,
) -> Dataset:
    """Check users, items and interactions as a whole and return the Dataset, in canonical order, with its warnings.

    Parameters
    ----------
    tables
        Users, items and interactions as ``Dataset`` wants them; empty titles are missing.
    source
        The table of interactions as it was read, for messages.
    warnings
        What the importer has noticed already.

    Raises
    ------
    DataError
        ``table.too_few`` below 10 interactions, ``table.one_class`` where clicks are all 0 or all 1.
    """
    users, items, interactions = in_canonical_order(*tables)  # after all checks that name a row of the file
    n = len(interactions)
    require(n >= LEAST_INTERACTIONS, DataError, "table.too_few", file=source.file, count=n, least=LEAST_INTERACTIONS)
    if schema.outcome == "click":
        values = interactions["value"].unique()
        require(
            len(values) > 1, DataError, "table.one_class", file=source.file, column=value_column, value=int(values[0])
        )
    items, title_warnings = _name_items(items, schema)
    dataset = Dataset(name, schema, users, items, interactions)
    noticed = [*(warnings or []), *title_warnings, *_missing_cells(dataset), *_interaction_warnings(dataset)]
    if source.n_blank:
        noticed.append(("warning.blank_lines", {"file": source.file, "count": source.n_blank}))
    return replace(dataset, warnings=tuple(noticed))


def _name_items(items: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, Warnings]:
    """Let the id stand in for a missing title; note missing, repeated and non-Latin titles."""
    noticed: Warnings = []
    titles = items[schema.item_title]
    missing = titles.isna()
    if missing.any():
        items = items.assign(**{schema.item_title: titles.fillna(items["item_id"])})
        noticed.append(("warning.titles_missing", {"count": int(missing.sum())}))
    given = titles[~missing]
    repeated = given[given.duplicated()]
    if len(repeated):
        noticed.append(("warning.repeated_titles", {"count": len(repeated), "example": repeated.iloc[0]}))
    percent = _percent_not_latin(given)
    if percent > 50:
        noticed.append(("warning.titles_not_latin", {"percent": percent}))
    return items, noticed


def _percent_not_latin(titles: pd.Series) -> int:
    """Share of the titles whose letters are mostly of another script (RE2 knows scripts, ``re`` does not)."""
    cells = pa.array(titles, TEXT)
    letters = pc.count_substring_regex(cells, r"\pL").to_numpy()
    latin = pc.count_substring_regex(cells, r"\p{Latin}").to_numpy()
    return round(100 * float(np.mean(2 * latin < letters))) if len(titles) else 0


def _missing_cells(dataset: Dataset) -> Warnings:
    sides = (("users", dataset.users, dataset.schema.users), ("items", dataset.items, dataset.schema.items))
    return [
        (
            "warning.cells_missing",
            {"side": phrase(f"side.{side}"), "column": column.name, "count": count, "of": len(frame)},
        )
        for side, frame, columns in sides
        for column in columns
        if column.is_feature and (count := int(frame[column.stored].isna().sum()))
    ]


def _interaction_warnings(dataset: Dataset) -> Warnings:
    frame, schema = dataset.interactions, dataset.schema
    of_user = np.bincount(frame["user_index"], minlength=dataset.n_users)
    of_item = np.bincount(frame["item_index"], minlength=dataset.n_items)
    few = int(np.count_nonzero((of_user > 0) & (of_user < LEAST_PER_USER)))
    counts = {
        "warning.users_untouched": {"count": int(np.count_nonzero(of_user == 0)), "of": dataset.n_users},
        "warning.users_few": {"count": few, "of": dataset.n_users, "least": LEAST_PER_USER},
        "warning.items_untouched": {"count": int(np.count_nonzero(of_item == 0)), "of": dataset.n_items},
        "warning.repeated_pairs": {"count": count_repeated_pairs(dataset)},
    }
    noticed: Warnings = [(key, values) for key, values in counts.items() if values["count"]]
    noticed += [
        (f"warning.one_{what}", {}) for what, n in (("user", dataset.n_users), ("item", dataset.n_items)) if n == 1
    ]
    if schema.outcome != "taken":
        noticed += _lopsided(frame["value"])
    if schema.outcome == "rating":
        noticed += _rows_unused(dataset)
    if not schema.has_time:
        noticed.append(("warning.no_time", {}))
    elif (equal := share_of_equal_times(frame)) > MOST_EQUAL_TIMES:
        noticed.append(("warning.equal_times", {"percent": int(100 * equal)}))
    return noticed


def _rows_unused(dataset: Dataset) -> Warnings:
    """Said where the usual bound leaves most rows unused: ratings may not be what a person took them for."""
    unused = float(np.isnan(label_interactions(dataset, "implicit")).mean())
    if unused <= MOST_UNUSED:
        return []
    return [("warning.rows_unused", {"percent": int(100 * unused), "least": f"{least_positive(dataset.schema):g}"})]


def share_of_equal_times(interactions: pd.DataFrame) -> float:
    """Share of interactions whose user has another one at the same time; in canonical order they stand side by side.

    >>> share_of_equal_times(pd.DataFrame({"user_index": [0, 0, 1, 0], "time": [5, 5, 5, 6]}))
    0.5
    """
    user, time = interactions["user_index"].to_numpy(), interactions["time"].to_numpy()
    same = (user[1:] == user[:-1]) & (time[1:] == time[:-1])
    return float((np.append(same, False) | np.append(False, same)).mean())


def count_repeated_pairs(dataset: Dataset) -> int:
    """How many interactions are of a user and item that an earlier row holds already."""
    frame = dataset.interactions
    pairs = frame["user_index"].to_numpy(np.int64) * dataset.n_items + frame["item_index"].to_numpy()
    return int(pd.Series(pairs).duplicated().sum())


def _lopsided(values: pd.Series) -> Warnings:
    shares = values.value_counts(normalize=True)
    if shares.iloc[0] < LOPSIDED:
        return []
    percent = round(100 * float(shares.iloc[0]))
    percent = percent if len(shares) == 1 else min(percent, 99)  # a few others are not none
    return [("warning.lopsided", {"percent": percent, "value": f"{shares.index[0]:g}"})]


def frame_of(id_name: str, ids: pa.Array, columns: dict[str, pd.Series]) -> pd.DataFrame:
    """A user or item table: raw ids first, then the attributes."""
    return pd.DataFrame({id_name: pd.Series(pd.array(ids, dtype="str")), **columns})


def bare_frame(id_name: str, *references: pa.Array) -> pd.DataFrame:
    """A table of nothing but the ids that occur, in the order of their first mention."""
    return frame_of(id_name, pc.unique(pa.concat_arrays(references)), {})
