"""The response curve of the column that was touched last, or of another one."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state, units
from dashboard.cached import what_if as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import Asked
from dashboard.presentation import wording
from dashboard.presentation.charts import what_if as charts
from dashboard.presentation.sentences import what_if as sentences
from dashboard.presentation.texts import t
from dashboard.presentation.texts.markdown import escape
from recsys_core.results.what_if import WhatIf
from recsys_core.what_if.edit_texts import EditTexts, column_pairs

CHART_WIDTH = 220


def response(page, asked: Asked, said: WhatIf, texts: EditTexts) -> None:
    """Score and rank over the values of one column, the other edits in force."""
    data, bar = cached_workspace.dataset(asked.ref), state.bar()
    every = [
        stops
        for side in ("user", "item")
        for stops in cached.columns(asked.ref, asked.variant.model, side)
        if stops.group.kind != "text"
    ]
    if not every:
        st.markdown(t("what_if.curve.none"))
        return
    names = {c.player.key: wording.feature_name(data, c.player) for c in every}
    touched = [key for key, _ in column_pairs(texts) if key in names]
    first = touched[-1] if touched else next((c.player.key for c in every if c.group.kind == "number"), None)
    shown = bar.value("curve") if bar.value("curve") in names else first or next(iter(names))
    unknown = bar.unknown("curve", names)
    if unknown is not None:
        page.notice(bar.problem("curve", unknown, names[shown]))
    key = f"curve_of_{shown}"  # a picker of its own: a browser that does not know the new column yet says nothing of it
    st.session_state[key] = shown
    st.selectbox(
        t("what_if.curve.choice"),
        list(names),
        format_func=names.get,
        key=key,
        on_change=lambda: None if st.session_state[key] == shown else bar.change(curve=st.session_state[key]),
        label_visibility="collapsed",
    )
    found = cached.curve(asked, texts, shown, said.explanation.after)
    column = next(c.column for c in every if c.player.key == shown)
    st.markdown(sentences.curve(found, escape(names[shown]), column))
    if found.kind == "number":
        with components.grid(2, min_width=CHART_WIDTH):
            has_rank = any(point.rank is not None for point in found.points)
            for measure in (charts.SCORE, charts.RANK) if has_rank else (charts.SCORE,):
                components.draw(charts.response(found, measure, column, units.units_of(page)), key=f"curve_{measure}")
    else:
        components.draw(charts.response_values(found, column, units.units_of(page)), key="curve_values")
    components.caveats(sentences.curve_caveats(found))
