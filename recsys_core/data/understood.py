"""What was understood of a dataset: each column's kind, the scale, the time range, and the rows that a task uses."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from recsys_core.data.dataset import Dataset
from recsys_core.data.schema import Column
from recsys_core.data.split import label_interactions, least_positive, possible_tasks

EXAMPLES = 3
LONGEST = 40  # letters of an example
NO_REASON = "no reason"  # of a column that has a kind, and is kept for audits and filters


@dataclass(frozen=True, slots=True)
class ColumnUnderstood:
    """One attribute.

    Attributes
    ----------
    side, column, kind
        ``users`` or ``items``, the raw name, and one of ``schema.KINDS``.
    is_reason
        Whether the model reads it (texts only where an encoder reads them).
    values
        How many values differ; of a set its members.
    missing, unreadable
        Cells without a value, and those of them that hold something that could not be read.
    examples
        Up to three values, in the order of the rows.
    """

    side: str
    column: str
    kind: str
    is_reason: bool
    values: int
    missing: int
    unreadable: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskRows:
    """Rows that a task learns from or is tested on, and how many of them are positives (of ``rating``: none).

    ``positive_from`` is the rating from which a row is one; None where values are no ratings.
    """

    rows: int
    positives: int | None
    positive_from: float | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """A dataset as it was understood.

    ``scale`` is the ratings' (low, high), None where there are none; ``time_range`` the first and
    last moment (ISO 8601, UTC), None without times. ``tasks`` has the rows of ``n_rows`` that each
    possible task uses.
    """

    columns: tuple[ColumnUnderstood, ...]
    outcome: str
    scale: tuple[float, float] | None
    positive_from: float | None
    time_range: tuple[str, str] | None
    n_rows: int
    tasks: dict[str, TaskRows]

    def to_json(self) -> dict:
        return asdict(self)


def understood(dataset: Dataset) -> Understood:
    """What the importer made of the tables, computed from the dataset itself."""
    schema, frame = dataset.schema, dataset.interactions
    return Understood(
        columns_understood(dataset),
        schema.outcome,
        (schema.low, schema.high) if schema.outcome == "rating" else None,
        schema.positive_from,
        (_moment(frame["time"].min()), _moment(frame["time"].max())) if schema.has_time and len(frame) else None,
        len(frame),
        {task: _task_rows(dataset, task) for task in possible_tasks(schema)},
    )


def columns_understood(dataset: Dataset) -> tuple[ColumnUnderstood, ...]:
    """Every attribute, of users first, in the order of the tables."""
    schema = dataset.schema
    unreadable = {
        (str(values["side"]), values["column"]): int(values["count"])
        for key, values in dataset.warnings
        if key == "warning.cells_unreadable"
    }
    sides = (("users", dataset.users, schema.users), ("items", dataset.items, schema.items))
    return tuple(
        _column(side, column, cells[column.stored], unreadable.get((side, column.name), 0))
        for side, cells, columns in sides
        for column in columns
    )


def _column(side: str, column: Column, cells: pd.Series, unreadable: int) -> ColumnUnderstood:
    distinct = [str(value) for value in cells.dropna().unique()]
    examples = tuple(_short(value, column) for value in distinct[:EXAMPLES])
    n_values = len({v for cell in distinct for v in cell.split("|") if v}) if column.kind == "set" else len(distinct)
    missing = int(cells.isna().sum())
    return ColumnUnderstood(side, column.name, column.kind, column.is_feature, n_values, missing, unreadable, examples)


def _short(value: str, column: Column) -> str:
    text = " ".join((f"{float(value):g}" if column.kind == "number" else value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _task_rows(dataset: Dataset, task: str) -> TaskRows:
    labels = label_interactions(dataset, task)
    used = int(np.count_nonzero(~np.isnan(labels)))
    if task == "rating":
        return TaskRows(used, None)
    least = least_positive(dataset.schema, task) if dataset.schema.outcome == "rating" else None
    return TaskRows(used, int(np.count_nonzero(labels == 1)), least)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat(timespec="seconds")


def table_lines(found: dict) -> list[str]:
    """The JSON of `Understood` as lines of a table that a terminal can show."""
    head = ("column", "kind", "values", "missing", "unreadable", "examples")
    rows = [
        (
            f"{column['side']}.{column['column']}",
            column["kind"] if column["is_reason"] or column["kind"] == "ignored" else f"{column['kind']}, {NO_REASON}",
            *(str(column[key]) for key in ("values", "missing", "unreadable")),
            ", ".join(column["examples"]),
        )
        for column in found["columns"]
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in [head, *rows]]
    return [*lines, *_facts(found)]


def _facts(found: dict) -> list[str]:
    """Outcome and scale, time range, and the rows of each task."""
    outcome = found["outcome"]
    if found["scale"]:
        outcome += f" from {found['scale'][0]:g} to {found['scale'][1]:g}"
    if found["positive_from"] is not None:
        outcome += f", positive from {found['positive_from']:g}"
    lines = [f"outcome: {outcome}", f"times: {' to '.join(found['time_range'] or ['none'])}"]
    for task, use in found["tasks"].items():
        share = f"{100 * use['rows'] // max(found['n_rows'], 1)}%"  # rounded down: 100% are all
        positives = "" if use["positives"] is None else f", {use['positives']:,} of them positive"
        bound = "" if use["positive_from"] is None else f" (from {use['positive_from']:g} on)"
        lines.append(f"task {task}: uses {use['rows']:,} of {found['n_rows']:,} rows ({share}){positives}{bound}")
    if "parts" in found:
        lines.append("rows: " + ", ".join(f"{count:,} {part}" for part, count in found["parts"].items()))
    return lines
