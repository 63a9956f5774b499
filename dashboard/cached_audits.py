"""Audits of one column or two crossed, as the Fairness page shows them, worked out once and kept."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.cached import dataset, evaluation, fairness_scan, workspace
from dashboard.kept import kept
from dashboard.places import Place
from recsys_core.results import FairnessReport, GapChange, Group, GroupChange, OneVsRestGap
from recsys_core.variant import ModelVariant


@kept(64)
def groups(place: Place, by: str) -> dict[str, Group]:
    """Every group of one column by its label."""
    from recsys_core.fairness import make_grouping

    found = make_grouping(dataset(place), (by,), train=workspace(place).split_dataset.sequences())
    return {group.label: group for group in found.groups}


@kept(64)
def fairness_report(place: Place, variant: ModelVariant, by: tuple[str, ...]) -> FairnessReport:
    """Figures of every group of user columns; verdicts corrected for the whole scan, of crossed columns for both."""
    from recsys_core.fairness import audit, corrected

    scanned = fairness_scan(place, variant).outcome().reports
    if by[0] in scanned and len(by) == 1:
        return scanned[by[0]]
    train = workspace(place).split_dataset.sequences()
    crossed = audit(dataset(place), evaluation(place, variant).outcome(), by=by, variant=variant, train=train)
    return corrected([*scanned.values(), crossed])[-1]


@kept(16)
def largest_gaps(place: Place, variant: ModelVariant, language: str) -> tuple[pd.DataFrame, list[str]]:
    """The gaps of all columns as a table in the session's language, and what each row's measure means."""
    from dashboard.presentation.sentences.fairness import meaning
    from dashboard.presentation.tables import groups as group_tables

    found = fairness_scan(place, variant).outcome()
    return group_tables.largest(found), [meaning(gap.metric) for _, gap in found.gaps]


@kept(64)
def one_vs_rest(place: Place, variant: ModelVariant, by: tuple[str, ...]) -> tuple[OneVsRestGap, ...]:
    """Every group of users against all others."""
    from recsys_core.fairness import one_vs_rest as against_all_others

    train = workspace(place).split_dataset.sequences()
    return against_all_others(dataset(place), evaluation(place, variant).outcome(), by=by, train=train)


@kept(64)
def gap_changes(place: Place, variant: ModelVariant, by: tuple[str, ...]) -> tuple[GapChange, ...]:
    """What a variant does to the full model's gaps."""
    from recsys_core.fairness import gap_changes as changes

    train = workspace(place).split_dataset.sequences()
    both = (evaluation(place, v).outcome() for v in (variant.dense, variant))
    return changes(dataset(place), *both, by=by, train=train)


@kept(64)
def item_report(place: Place, variant: ModelVariant, by: str) -> FairnessReport:
    """Exposure of every group of items."""
    from recsys_core.fairness import audit

    train = workspace(place).split_dataset.sequences()
    return audit(dataset(place), evaluation(place, variant).outcome(), by=(by,), variant=variant, train=train)


@kept(64)
def exposure_changes(place: Place, variant: ModelVariant, by: str) -> tuple[GroupChange, ...]:
    """What a variant does to the exposure of every group of items."""
    from recsys_core.fairness import exposure_changes as changes

    train = workspace(place).split_dataset.sequences()
    both = (evaluation(place, v).outcome() for v in (variant.dense, variant))
    return changes(dataset(place), *both, by=(by,), train=train)


@kept(64)
def worst_served(place: Place, variant: ModelVariant, by: tuple[str, ...], group: Group) -> str | None:
    """The raw id of the user of a group with the lowest NDCG (the first of equals); None where nobody is ranked."""
    from recsys_core.fairness import make_grouping

    opened = workspace(place)
    grouping = make_grouping(opened.dataset, by, train=opened.split_dataset.sequences())
    ranking = evaluation(place, variant).outcome().ranking
    inside = np.flatnonzero(grouping.code[ranking.user_index] == grouping.groups.index(group))
    if not len(inside):
        return None
    return opened.dataset.users["user_id"].iloc[ranking.user_index[inside[ranking.ndcg[inside].argmin()]]]


@kept(8)
def largest_rest_gap(place: Place, variant: ModelVariant) -> OneVsRestGap | None:
    """The worst group of the scan's largest real gap against everyone else; None where no gap is real."""
    found = fairness_scan(place, variant).outcome().largest_real
    if found is None:
        return None
    column, gap = found
    of_column = one_vs_rest(place, variant, (column,))
    return next((r for r in of_column if (r.metric, r.group) == (gap.metric, gap.worst_group)), None)


@kept(16)
def group_sizes(place: Place, column: str) -> pd.DataFrame:
    """``group`` and ``n`` of all users: numbers in the ranges that the Fairness page compares, others by value."""
    from recsys_core.data.profile import group_sizes as by_value
    from recsys_core.fairness import make_grouping

    data = dataset(place)
    known = data.schema.user_column(column)
    if known is None or known.kind != "number":
        return by_value(data, column)
    found = make_grouping(data, (f"user.{column}",), train=workspace(place).split_dataset.sequences())
    sizes = np.bincount(found.code[found.code >= 0], minlength=len(found.groups))
    rows = [(g.value, int(n)) for g, n in zip(found.groups, sizes, strict=True) if g.kind == "range"]
    return pd.DataFrame(rows, columns=["group", "n"])
