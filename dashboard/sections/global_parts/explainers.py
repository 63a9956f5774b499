"""Part of the Global page: which explainer can be believed, measured on the same users in the background."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import explainers as cached_explainers
from dashboard.cached import fairness as cached_fairness
from dashboard.parameters import Parameter, among
from dashboard.presentation.charts import explainers as charts
from dashboard.presentation.sentences import explainers as sentences
from dashboard.presentation.sentences import fairness as fairness_words
from dashboard.presentation.tables import explainers as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.global_parts.part import GlobalPart, Overall
from recsys_core.explain.methods import DEFAULT, METHODS
from recsys_core.results.method_comparison import REMOVALS, SHARE, MethodComparison

USERS = ("40", "100", "200", "400")


def explainers(shown: Overall) -> dict | None:
    """How many users and by which column; the run's progress, or what it found."""
    page = shown.page
    st.markdown(t("global.explainers.about"))
    with st.container(horizontal=True):
        n_users = page.pick("explained_users", _sizes(), default="100", buttons=True)
        columns = cached_fairness.group_columns(shown.ref, "user")
        names = {"": plain("global.explainers.by.none")} | {c: fairness_words.column_name(c) for c in columns}
        by = page.pick("explained_by", names)
    asked = (shown.ref, shown.variant, int(n_users), by)
    job = cached_explainers.comparison_job(asked)
    if job is not None and (not job.is_done or job.is_failed):
        components.long_job(job, key="comparing_explainers")
        return None
    if job is None or job.error is not None:
        label = t("global.explainers.start", n=int(n_users))
        title = page.selection.title
        st.button(label, key="explainers_start", on_click=_start, args=(asked, title))
        return None
    return _show(page, cached_explainers.comparison(job))


def _sizes() -> dict[str, str]:
    return {n: plain("global.explainers.users.n", n=int(n)) for n in USERS}


def _start(asked: cached_explainers.Asked, title: str) -> None:
    cached_explainers.start_comparison(asked, title)
    st.rerun()  # everything: the frame lists the job


def _show(page, found: MethodComparison) -> dict:
    told = [m for m in REMOVALS if any(row.figures.get(m + SHARE) for row in found.rows)]
    names = sentences.method_names(found)
    if told:
        measure = page.pick("explained_measure", {m: plain(f"global.explainers.{m}") for m in told}, buttons=True)
        st.markdown(sentences.comparison_sentence(found, measure))
        components.draw(charts.between(found.rows, measure, names), key="explainers_chart")
    components.caveats([*sentences.comparison_caveats(found), *sentences.unavailable(found)])
    table = tables.comparison_table(found.rows, names)
    columns = tables.comparison_columns(table)
    components.rows(table, columns, key="explainers_table", alt=plain("global.explainers.table.alt"))
    if found.by and told:
        _groups(page, found, measure, names)
    return found.to_json()


def _groups(page, found: MethodComparison, measure: str, names: dict[str, str]) -> None:
    """Is the explanation worse for some people? Of the method that is picked."""
    st.markdown(f"**{t('global.explainers.groups')}**")
    methods = {row.method: names[row.method] for row in found.rows if row.figures.get(measure + SHARE)}
    able = {method: name for method, name in methods.items() if method in {gap.method for gap in found.gaps}}
    method = page.pick("explained_method", able or {DEFAULT: names[DEFAULT]})
    st.markdown(sentences.groups_sentence(found, method, measure, fairness_words.name_of))
    table = tables.group_table(found, method, fairness_words.name_of)
    alt = plain("global.explainers.groups.alt")
    components.rows(table, tables.group_columns(), key="explainers_groups", alt=alt)


EXPLAINERS = GlobalPart(
    "explainers",
    explainers,
    (
        Parameter("explained_users", "global.explainers.users.choice", "100"),
        Parameter("explained_by", "global.explainers.by"),
        Parameter("explained_measure", "global.explainers.measure", REMOVALS[0], takes=among(REMOVALS)),
        Parameter("explained_method", "global.explainers.method", DEFAULT, takes=among(tuple(METHODS))),
    ),
)
