"""Part of the Fairness page: architectures at one budget, which is fairer by itself."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import architectures as cached
from dashboard.jobs import processes
from dashboard.presentation.charts import architectures as charts
from dashboard.presentation.sentences import architectures as sentences
from dashboard.presentation.sentences.fairness import columns_name
from dashboard.presentation.tables import architectures as tables
from dashboard.presentation.texts import numbers, plain, t
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from recsys_core.architectures import DesignSettings
from recsys_core.results.dataclass_json import to_json

USUAL, MOST = 3, 20


def designs(audited: Audited) -> dict | None:
    """The verdict, the chart and the table, or the button that trains the designs."""
    by = next((column for column in audited.by if column in audited.scan.reports), None)
    if by is None:
        st.markdown(t("designs.column.none"))
        return None
    column = columns_name((by,))
    st.markdown(t("designs.what", column=column))
    st.markdown(t("designs.seed_word"))
    found = cached.kept(audited.ref, by)
    key = ("designs", str(audited.ref.folder))
    job = processes().find(key)
    if job is not None and (not job.is_done or job.is_failed):
        components.long_job(job, key="training_designs")
    else:
        _form(audited, by, key, found)
    if found.done and not found.knows_column:
        st.markdown(t("designs.unknown_column", column=column))
    elif found.report is None:
        done = t("designs.partly", n=found.done, all=found.n_designs * USUAL) if found.done else t("designs.empty")
        st.markdown(done)
    if found.report is None:
        return None
    for said in sentences.sentences(found.report):
        st.markdown(said)
    st.markdown(t("designs.legend"))
    components.draw(charts.designs(found.report), key="designs_chart")
    components.table(tables.designs(found.report), key="designs_table", alt=plain("designs.table.alt"))
    components.caveats(sentences.caveats(found.report))
    return to_json(found.report)


def _form(audited: Audited, by: str, key: tuple, found: cached.KeptDesigns) -> None:
    """How many seeds, how long it takes, and the button."""
    known = len(found.report.seeds) if found.report else 0
    epochs = found.epochs or DesignSettings().epochs
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = st.number_input(
            t("designs.seeds"), 1, MOST, value=min(MOST, max(USUAL, known + 1 if known >= USUAL else 0)),
            key="designs_seeds", help=t("designs.seeds.help"), width=160,
        )  # fmt: skip
        command = (
            "architectures",
            "--workspace",
            audited.ref.folder,
            f"--by={by}",
            "--seeds",
            seeds,
            "--epochs",
            epochs,
        )
        st.button(
            t("designs.again" if known else "designs.start"),
            key="designs_start",
            icon=":material/schema:",
            disabled=seeds <= known,
            on_click=_start,
            args=(key, command, audited),
        )
    time = numbers.duration(cached.seconds(audited.ref, found, seeds))
    components.caveats([t("designs.takes", time=time, n=found.n_designs * seeds, epochs=epochs)])


def _start(key: tuple, command: tuple, audited: Audited) -> None:
    processes().start(key, command, "jobs.designs", workspace=audited.page.selection.title)
    st.rerun()  # everything, from the page's fragment too: the frame lists the job


DESIGNS = FairnessPart("designs", designs)
