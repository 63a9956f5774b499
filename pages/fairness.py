"""Fairness: who is served worse, and whether the difference is more than noise."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import components, frame
from dashboard.cached import fairness as cached_fairness
from dashboard.parameters import Parameter, length_parameter, number, opened, users_parameter
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.tables import groups as group_tables
from dashboard.presentation.texts import plain, t
from dashboard.sections import fairness as cards
from dashboard.sections import fairness_groups as groups
from dashboard.sections.fairness_parts import PARTS, Audited
from dashboard.sections.fairness_parts.strata import verdict as strata_verdict
from dashboard.sections.lab.card import draw_cards
from dashboard.sections.ranked_users import users_picker
from recsys_core.models.user_sample import UserLimit


@frame.page(
    "fairness",
    order=50,
    parameters=(
        Parameter("by", "fairness.by", problem="fairness.unknown"),
        Parameter("cross", "fairness.cross", problem="fairness.unknown"),
        Parameter("cross2", "fairness.cross2", problem="fairness.unknown"),
        number("least", "fairness.least"),
        Parameter("measure", "fairness.measure", problem="fairness.unknown"),
        Parameter("models", "fairness.models", problem="frame.setting_unknown"),
        users_parameter(),
        length_parameter(),
        opened("all_groups", "fairness.details.groups"),
        *(parameter for part in PARTS for parameter in part.declared),
    ),
)
def show(page: frame.Frame) -> None:
    page.title(t("fairness.title"))
    ref = page.selection.ref
    columns = st.container()  # up to three pickers side by side, each as wide as a name
    with components.grid(3, min_width=200):
        measures, lengths = st.container(), st.container()
        variants = cards.model_picker(page)
    fields = st.container()
    with lengths:
        k = cards.length_picker(page)
    limit = replace(users_picker(page, list(variants.values())[-1]), k=k)
    scans = scanned(page, variants, limit)
    if not scans:
        return
    scan = next(iter(scans.values()))
    if not any(report.overall.values for report in scan.reports.values()):
        components.empty(t("fairness.nobody"), t("fairness.nobody.how"))
        return
    with columns:
        by = groups.group_pickers(page, scan, first=cards.first_column(page, scan), fields=fields)
    least = groups.least_size()
    audits = audited_by(page, variants, by, limit, least)
    if not audits:
        return
    scans, reports = ({model: parts[at] for model, parts in audits.items()} for at in (0, 1))
    report = next(iter(reports.values()))
    with measures:
        metric = cards.measure_picker(page, scan, report)
    how = {"by": by, "limit": limit, "least": least}
    changes = cached_fairness.gap_changes(ref, reports["compressed"].variant, **how) if len(reports) > 1 else ()
    page.sentence(sentences.sentence(report, metric, cached_fairness.one_vs_rest(ref, report.variant, **how)))
    if changes:
        st.markdown(sentences.change_sentence(changes, metric))
    within = st.container()  # whether the gap stays among alike users, once that was asked below
    with components.grid(10, min_width=76) as grid:
        with grid.cell(column_span=4):
            cards.dots(page, reports, metric, limit)
        with grid.cell(column_span=6):
            cards.largest(page, scans, by, metric, limit=limit, least=least)
    cards.gaps(reports, changes, metric)
    cards.cells(reports, sentences.shown_by_group(metric))
    scan = next(iter(scans.values()))
    audited = Audited(page, ref, report.variant, by, metric, report, scan, limit, least, reports)
    opened_parts = draw_cards(PARTS, audited)
    with within:
        strata_verdict(audited)
    cards.details(page, reports)
    everything = group_tables.everything(scans, reports, changes) | opened_parts
    page.download("fairness", group_tables.raw(reports), everything)


def scanned(page: frame.Frame, variants: dict, limit: UserLimit) -> dict:
    """Every model's scan; shows progress or the problem, and is empty, where one is not there."""
    found = {}
    for model, variant in variants.items():
        shown = plain(f"fairness.model.{model}")
        ranked = cached_fairness.evaluation(page.selection.ref, variant, limit)
        if not components.finished(ranked, t("fairness.working", model=shown), key=f"working_{model}"):
            return {}
        job = cached_fairness.fairness_scan(page.selection.ref, variant, limit)
        if not components.finished(job, t("fairness.auditing", model=shown), key=f"auditing_{model}"):
            return {}
        found[model] = job.result
    return found


def audited_by(page: frame.Frame, variants: dict, by: tuple[str, ...], limit: UserLimit, least: int) -> dict:
    """Every model's scan and its audit of the column, as `scanned`."""
    found = {}
    for model, variant in variants.items():
        shown = plain(f"fairness.model.{model}")
        job = cached_fairness.fairness_audit(page.selection.ref, variant, by, limit, least=least)
        if not components.finished(job, t("fairness.auditing", model=shown), key=f"audit_{model}"):
            return {}
        found[model] = job.result
    return found
