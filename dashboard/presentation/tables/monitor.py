"""Tables of the Monitor page: groups, candidates, and the gains of groups; and the raw figures to download."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboard.presentation.sentences import candidates as said
from dashboard.presentation.sentences.fairness import column_name, name_of, short_name
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain
from recsys_core.results.learning import Decision, Gain
from recsys_core.results.monitoring import SERVED_MEASURES, Estimate, MonitorReport, QualityChange

GAINS = ("rolling", "anchor")


def groups(found: MonitorReport, measure: str) -> pd.DataFrame:
    """A row a group: users, lists, both measures with intervals, and the change of the one that is shown."""
    changes = {change.group: change for change in found.changes if change.measure == measure}
    rows = [
        {
            "group": name_of(row.group),
            "users": numbers.count(row.n_users),
            "lists": numbers.count(row.n_lists),
            **{name: _estimate(row.measures[name]) for name in SERVED_MEASURES},
            "change": _change(changes.get(row.group)),
        }
        for row in found.quality
    ]
    return pd.DataFrame(rows, columns=list(groups_columns(measure)))


def _estimate(found: Estimate) -> str:
    if found.value is None:
        return numbers.UNKNOWN
    if found.low is None or found.high is None:
        return numbers.fixed(found.value, 3)
    value, low, high = (numbers.fixed(x, 3) for x in (found.value, found.low, found.high))
    return plain("monitor.interval", value=value, low=low, high=high)


def _change(found: QualityChange | None) -> str:
    if found is None or found.difference is None:
        return numbers.UNKNOWN
    value, low, high = (numbers.signed(x, 3) for x in (found.difference, found.low, found.high))
    return plain("monitor.interval", value=value, low=low, high=high)


def groups_columns(measure: str) -> dict[str, RowColumn]:
    """Heads of `groups`."""
    return {
        "group": RowColumn(plain("monitor.groups.group"), wrap=True),
        "users": RowColumn(plain("monitor.groups.users"), right=True),
        "lists": RowColumn(plain("monitor.groups.lists"), right=True),
        **{name: RowColumn(short_name(name), right=True) for name in SERVED_MEASURES},
        "change": RowColumn(
            plain("monitor.groups.change", measure=short_name(measure)),
            help=plain("monitor.groups.change.help"),
            right=True,
        ),
    }


def candidates(decisions: Sequence[Decision], now: float) -> pd.DataFrame:
    """A row a candidate."""
    rows = [
        {
            "id": str(decision.id),
            "when": said.made_at(decision, now),
            "rule": said.rule(decision.rule),
            "rows": numbers.count(decision.n_rows),
            **{name: said.gain(getattr(decision, name)) for name in GAINS},
            "decision": said.decided(decision),
        }
        for decision in decisions
    ]
    return pd.DataFrame(rows, columns=list(candidates_columns()))


def candidates_columns() -> dict[str, RowColumn]:
    """Heads of `candidates`."""
    gain_help = plain("candidates.gain.help")
    return {
        "id": RowColumn(plain("candidates.id")),
        "when": RowColumn(plain("candidates.when")),
        "rule": RowColumn(plain("candidates.rule"), wrap=True),
        "rows": RowColumn(plain("candidates.rows"), right=True),
        "rolling": RowColumn(plain("candidates.rolling"), help=gain_help, right=True),
        "anchor": RowColumn(plain("candidates.anchor"), help=gain_help, right=True),
        "decision": RowColumn(plain("candidates.decision"), wrap=True),
    }


def group_gains(decision: Decision, named: said.Named) -> pd.DataFrame:
    """A row a group of a candidate with its gains on both holdouts, all users first."""
    by_group: dict[tuple[str, str], dict[str, Gain]] = {("", ""): {name: getattr(decision, name) for name in GAINS}}
    for part in decision.groups:
        by_group.setdefault((part.column, part.group), {})[part.holdout] = part.gain
    rows = [
        {
            "group": _group_name(*key, named),
            **{name: _gain(gains.get(name)) for name in GAINS},
        }
        for key, gains in by_group.items()
    ]
    return pd.DataFrame(rows, columns=list(group_gains_columns()))


def _group_name(column: str, group: str, named: said.Named) -> str:
    """A group beside its column: "region: north"; all users where there is no column."""
    if not column:
        return plain("group.all")
    return plain("candidates.group.of", column=column_name(column), group=named(column, group))


def _gain(found: Gain | None) -> str:
    if found is None or found.gain is None:
        return numbers.UNKNOWN
    return plain("candidates.gain.n", gain=said.gain(found), n=found.n_users)


def group_gains_columns() -> dict[str, RowColumn]:
    """Heads of `group_gains`."""
    return {
        "group": RowColumn(plain("monitor.groups.group"), wrap=True),
        **{
            name: RowColumn(plain(f"candidates.{name}"), help=plain("candidates.gain.help"), right=True)
            for name in GAINS
        },
    }


def raw(found: MonitorReport | None) -> pd.DataFrame:
    """A row a bin of time, group and measure, the whole window's first, with raw numbers."""
    names = ["start", "end", "group", "n_users", "n_lists", "measure", "value", "low", "high", "n"]
    if found is None:
        return pd.DataFrame(columns=names)
    spans = [(found.start, found.end, found.quality), *((p.start, p.end, p.groups) for p in found.quality_points)]
    rows = [
        (start, end, row.group.label, row.n_users, row.n_lists, measure, of.value, of.low, of.high, of.n)
        for start, end, found_groups in spans
        for row in found_groups
        for measure, of in row.measures.items()
    ]
    return pd.DataFrame(rows, columns=names)
