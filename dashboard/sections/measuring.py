"""The Compress page's long work: measuring every default level that is not measured yet."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import compress as cached_compress
from dashboard.jobs import processes
from dashboard.presentation.texts import t
from dashboard.state import Selection


def measure_all(selection: Selection) -> None:
    """How many default levels are missing and the button that measures them; nothing where none is."""
    missing = cached_compress.unmeasured(selection.ref, selection.variant.model)
    if not missing:
        return
    key = ("levels", selection.ref, selection.variant.model)
    job = processes().find(key)
    with st.container(border=True, key="measure_all"):
        if job is not None and (not job.is_done or job.is_failed):
            components.long_job(job, key="measuring_all")
            return
        st.markdown(t("compress.unmeasured", n=len(missing)))
        st.button(t("compress.measure_all"), key="measure_all_start", on_click=_start, args=(key, selection))


def _start(key: tuple, selection: Selection) -> None:
    command = ("measure", "--workspace", selection.ref.folder, "--model", selection.variant.model)
    processes().start(key, command, "jobs.measure", workspace=selection.title)
    st.rerun()  # everything, from the page's fragment too: the frame lists the job
