"""What being explainable costs: a card of the Overview, and the work behind it in a process of its own."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import self_explaining as cached
from dashboard.jobs import processes
from dashboard.presentation.charts import self_explaining as charts
from dashboard.presentation.sentences import self_explaining as sentences
from dashboard.presentation.tables import self_explaining as tables
from dashboard.presentation.texts import plain, t
from dashboard.state import Selection


def cost(selection: Selection) -> None:
    """The ranker beside models that explain themselves, or the button that measures them."""
    found = cached.cost(selection.ref, selection.variant.model)
    key = ("cost_of_explaining", selection.ref, selection.variant.model)
    job = processes().find(key)
    if job is not None and (not job.is_done or job.is_failed):
        components.long_job(job, key="costing")
    elif found is None:
        st.markdown(t("cost.none"))
        st.button(t("cost.start"), key="cost_start", on_click=_start, args=(key, selection))
    if found is None:
        return
    for said in sentences.sentences(found):
        st.markdown(said)
    chart = charts.quality(found)
    if chart is not None:
        components.draw(chart, key="cost_chart")
    components.table(tables.models(found), key="cost_table", alt=plain("cost.table.alt"))
    components.caveats(sentences.caveats(found))


def _start(key: tuple, selection: Selection) -> None:
    model = ("--model", selection.variant.model) if selection.variant.model else ()
    command = ("cost-of-explaining", "--workspace", selection.ref.folder, *model)
    processes().start(key, command, "jobs.cost", workspace=selection.title)
    st.rerun()  # everything, from the page's fragment too: the frame lists the job
