"""Fairness: who is served worse, and whether the difference is more than noise."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import cached, components, frame, group_tables
from dashboard.cards import fairness as cards
from dashboard.stories import fairness as story
from dashboard.texts import plain, t
from recsys_core.errors import RecLensError


def show(page: frame.Frame) -> None:
    page.title(t("fairness.title"))
    place = page.selection.place
    columns = cached.group_columns(place, "user")
    if not columns:
        components.empty(t("fairness.none"), t("fairness.none.how"))
        return
    with components.grid(3, min_width=220):
        column = cards.picker(page, "by", {c: story.column_name(c) for c in columns})
        measures = st.container()
        variants = cards.model_picker(page.selection.variant)
    if not ranked(page, variants):
        return
    try:
        reports = {model: cached.fairness_report(place, v, column) for model, v in variants.items()}
    except RecLensError as error:
        components.error_box(t("fairness.too_small"), error, t("fairness.too_small.how"))
        return
    first = next(iter(reports.values()))
    with measures:
        metric = cards.picker(page, "measure", {m: story.measure_name(m) for m in first.overall.values})
    answer(page, reports, metric)
    with components.grid(9, min_width=88) as grid:
        with grid.cell(column_span=4):
            cards.dots(place, reports, metric)
        with grid.cell(column_span=5):
            cards.gaps(place, reports)
    cards.details(place, reports)
    page.link_also(by=column, measure=metric, models="both" if len(reports) > 1 else next(iter(reports)))
    name = partial(story.group_name, place, column)
    page.download("fairness", group_tables.groups(reports, name), group_tables.everything(reports))


def ranked(page: frame.Frame, variants: dict) -> bool:
    """Whether every model's lists are there; shows progress or the problem where they are not."""
    for model, variant in variants.items():
        job = cached.evaluation(page.selection.place, variant)
        what = t("fairness.working", model=plain(f"fairness.model.{model}"))
        if not components.finished(job, what, key=f"working_{model}"):
            return False
    return True


def answer(page: frame.Frame, reports: dict, metric: str) -> None:
    place, report = page.selection.place, next(iter(reports.values()))
    by = report.by[0]
    page.sentence(story.sentence(place, report, metric, cached.rest_gaps(place, report.variant, by)))
    if len(reports) > 1:
        changes = cached.gap_changes(place, reports["compressed"].variant, by)
        st.markdown(story.change_sentence(changes, metric))


frame.page(show)
