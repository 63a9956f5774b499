"""Part: exposure against merit, by groups of items."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import fairness as cached
from dashboard.parameters import Parameter
from dashboard.presentation.charts.item_exposure import MOST_GROUPS, item_exposure
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.sentences.subgroups import items_sentence
from dashboard.presentation.tables import groups as group_tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.fairness_groups import parts_field, picked_column
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from recsys_core.errors import RecLensError
from recsys_core.fairness import report_json
from recsys_core.results import FairnessReport


def items(audited: Audited) -> dict | None:
    """Bars of exposure, merit and catalogue, and the table of every model; returns the reports, raw."""
    names = {c: sentences.column_name(c) for c in cached.group_columns(audited.ref, "item")}
    by = picked_column(audited.page, "items_by", names, next(iter(names)))
    parts_field(audited.page, "items_by", by)
    how = {"by": by, "limit": audited.limit, "least": audited.least}
    try:
        found = {m: cached.item_report(audited.ref, r.variant, **how) for m, r in audited.reports.items()}
    except RecLensError as error:
        components.unavailable(error)
        return None
    first = next(iter(found.values()))
    st.markdown(items_sentence(first))
    _bars(first, by)
    changes = ()
    if len(found) > 1:
        changes = cached.exposure_changes(audited.ref, found["compressed"].variant, by, audited.limit)
    components.table(group_tables.exposure(found, changes), key="exposure", alt=plain("fairness.items.alt"))
    model = plain(f"fairness.model.{'both' if len(found) > 1 else next(iter(found))}")
    components.caveats([t("fairness.items.model", model=model), t("fairness.items.what")])
    components.table(group_tables.item_lists(found), key="item_lists", alt=plain("fairness.items.lists.alt"))
    together = group_tables.together(first)
    if not together.empty:
        components.table(together, key="item_together", alt=plain("fairness.together.alt"))
        components.caveats([t("fairness.items.together")])
    for said in sentences.left_out(first):
        components.caveats([said])
    return {model: report_json(report) for model, report in found.items()}


def _bars(report: FairnessReport, by: str) -> None:
    shown = sum(not row.suppressed for row in report.groups)
    if not shown:
        return
    components.draw(item_exposure(report, sentences.name_of, sentences.column_name(by)), key="item_exposure")
    more = [t("items.some", n=MOST_GROUPS, n_all=shown)] if shown > MOST_GROUPS else []
    components.caveats([t("items.legend"), *more, t("items.least", least=report.least_size)])


ITEMS = FairnessPart("item_groups", items, (Parameter("items_by", "fairness.items.by", problem="fairness.unknown"),))
