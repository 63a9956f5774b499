"""A comparison of explainers as a table: every measure with its interval, by method and by group."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from recsys_core.results import Group
from recsys_core.results.method_comparison import MEASURES, REMOVALS, SHARE, Figure, MethodComparison, MethodRow

SHOWN: dict[str, Callable[[float | None], str]] = {
    "deletion": numbers.signed,
    "insertion": numbers.signed,
    "pos@20": numbers.percent,
    "neg@20": numbers.percent,
    "stability": numbers.percent,
}


def comparison_table(rows: tuple[MethodRow, ...], names: dict[str, str]) -> pd.DataFrame:
    """One row a method, cells as they are read; measures that no method tells are left out."""
    measures = [m for m in MEASURES if any(row.figures.get(m) for row in rows)]
    found = {"method": [names[row.method] for row in rows]}
    return pd.DataFrame(found | {m: [_cell(m, row.figures.get(m)) for row in rows] for m in measures})


def comparison_columns(table: pd.DataFrame) -> dict[str, RowColumn]:
    """Names of its columns, and on hover what each says and which end is good."""
    method = {"method": RowColumn(plain("global.explainers.method"), wrap=True)}
    return method | {
        m: RowColumn(plain(f"global.explainers.{m}"), plain(f"global.explainers.{m}.help"), right=True)
        for m in table.columns
        if m != "method"
    }


def group_table(found: MethodComparison, method: str, name: Callable[[Group], str]) -> pd.DataFrame:
    """One row a group: its size, and how far one method's reasons go from floor to ceiling; small groups say so."""
    rows = []
    for group in found.groups:
        own = next((row for row in group.rows if row.method == method), None)
        hidden = plain("fairness.hidden", least=found.least_size) if group.suppressed else numbers.UNKNOWN
        said = {m: hidden if m == REMOVALS[0] else numbers.UNKNOWN for m in REMOVALS}  # once a row is enough
        cells = {m: _share(own.figures.get(m + SHARE) if own else None, said[m]) for m in REMOVALS}
        rows.append({"group": name(group.group), "n": numbers.count(group.n)} | cells)
    return pd.DataFrame(rows, columns=["group", "n", *REMOVALS])


def group_columns() -> dict[str, RowColumn]:
    """Names of its columns."""
    named = {"group": RowColumn(plain("fairness.group"), wrap=True), "n": RowColumn(plain("global.explainers.n"))}
    return named | {m: RowColumn(plain(f"global.explainers.{m}"), right=True) for m in REMOVALS}


def comparison_rows(found: MethodComparison) -> pd.DataFrame:
    """Everything raw, a row a method, for a file."""
    return pd.DataFrame([row.to_json() for row in found.rows])


def _cell(measure: str, figure: Figure | None) -> str:
    if figure is None:
        return numbers.UNKNOWN
    shown = SHOWN.get(measure, numbers.fixed) if measure != "seconds" else _seconds
    if figure.low is None or figure.high is None:
        return shown(figure.value)
    ends = plain("fairness.range", low=shown(figure.low), high=shown(figure.high))
    return plain("global.explainers.cell", value=shown(figure.value), range=ends)


def _seconds(value: float | None) -> str:
    return numbers.UNKNOWN if value is None else numbers.duration(value)


def _share(figure: Figure | None, hidden: str) -> str:
    if figure is None:
        return hidden
    if figure.low is None or figure.high is None:
        return numbers.percent(figure.value)
    ends = plain("fairness.range", low=numbers.percent(figure.low), high=numbers.percent(figure.high))
    return plain("global.explainers.cell", value=numbers.percent(figure.value), range=ends)
