"""Cards of the Explain page that stand on their own: the history, and the second opinion. Both are fragments."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, components, reasons, tables
from dashboard.charts import explain as charts
from dashboard.stories import explain as story
from dashboard.texts import joined, names_of, numbers, plain, t
from dashboard.texts.markdown import escape
from recsys_core.errors import RecLensError
from recsys_core.explain.agreement import compare_explanations
from recsys_core.results import Explanation, probability

SECOND = ("lime", "shap", "deeplift", "ig", "occlusion")
HISTORY_HEIGHT = 318


@st.fragment
def history(page, where: tuple, score: float) -> None:
    place, user_index = where[0], where[1]
    st.markdown(f":small[:gray[{escape(tables.profile_line(place, user_index))}]]")
    taken, effects = cached.taken_before(place, user_index), cached.effects(*where)
    if not len(taken):
        st.markdown(t("explain.history.none"))
        return
    in_order = cached.workspace(place).material.split.kind != "random"
    said = "explain.history.n" if in_order else "explain.history.n.random"
    marked = t("explain.history.sentence", n=len(tables.mattering(effects)))
    st.markdown(joined(t(said, n=len(taken)), marked))
    shares, names = None, cached.item_names(place, page.selection.language)
    if st.toggle(t("explain.history.ask"), key="share_history", persist_state="session"):
        job = cached.shared_history(*where)
        if components.finished(job, t("explain.history.working", n=len(taken)), key="sharing"):
            shares = {c.feature: c.contribution for c in job.result.contributions}
    rows = tables.history_table(place, taken, effects, score, names, shares)
    columns = tables.history_columns(place, rows)
    components.rows(rows, columns, key="taken", alt=plain("explain.history.alt"), height=HISTORY_HEIGHT)
    doubts = [t("explain.history.without_doubt", probability=numbers.fixed(probability(score), 3))]
    components.doubt([*doubts, t("explain.history.doubt") if shares else ""])


@st.fragment
def second_method(page, where: tuple, explanation: Explanation) -> None:
    method = st.segmented_control(
        t("explain.second.method"),
        SECOND,
        default=SECOND[0],
        required=True,
        format_func=names_of("method.short", SECOND),
        key="second_method",
        persist_state="session",
        label_visibility="collapsed",
    )
    try:
        with components.working(t("working.explanation"), once=("second", method, *where)):
            second = cached.explanation(*where, method=method)
    except RecLensError as error:
        components.unavailable(error)
        return
    agreement = compare_explanations(explanation, second)
    st.markdown(story.agreement_sentence(agreement, method))
    names = (plain("method.shapley"), plain(f"method.{method}"))
    by_feature = {c.feature: c.contribution for c in second.contributions}
    found = reasons.reasons(cached.dataset(page.selection.place), explanation)
    components.draw(charts.two_methods(found, by_feature, names), key="two")
    components.doubt([t("explain.second.legend", first=names[0], second=names[1]), *story.second_doubts(second)])
