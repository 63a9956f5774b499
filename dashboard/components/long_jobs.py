"""Work in processes of its own: what runs, how far it is, and the button that stops it."""

from __future__ import annotations

import streamlit as st

from dashboard.components.fragments import fragment
from dashboard.components.notices import failed, progress_bar
from dashboard.jobs import LongJob, processes
from dashboard.presentation.texts import t

POLL_SECONDS = 1.0


def job_list() -> None:
    """Everything that runs, waits or failed, in a small window of its own; nothing where there is no such work.

    The page is drawn again when the last of it has ended, as its results are in the workspace then.
    """
    held = processes().listed()
    if not held:
        return
    runs = any(not job.is_done for job in held)

    def draw() -> None:
        jobs = processes().listed()
        running = [job for job in jobs if not job.is_done]
        if not jobs or (runs and not running):
            st.rerun()
        label = t("jobs.n", n=len(running)) if running else t("jobs.failed", n=len(jobs))
        with st.popover(label, icon=":material/hourglass_top:", key="long_jobs"):
            for at, job in enumerate(jobs):
                _line(job, f"job_{at}")

    fragment(run_every=POLL_SECONDS if runs else None)(draw)()


def long_job(job: LongJob, *, key: str) -> None:
    """One job in its own place on a page, followed until it ends; what stopped it stays until dismissed."""
    runs = not job.is_done

    def draw() -> None:
        if runs and job.is_done:
            st.rerun()
        _line(job, key)

    fragment(run_every=POLL_SECONDS if runs else None)(draw)()


def _line(job: LongJob, key: str) -> None:
    title, values = job.title
    st.markdown(t(title, **dict(values)))
    if job.is_done:
        if job.is_failed:
            failed(job.error)
            st.button(t("jobs.dismiss"), key=f"{key}_dismiss", on_click=processes().dismiss, args=(job,))
        return
    if job.started.is_set():
        progress_bar(st, job)
    else:
        st.markdown(t("jobs.waiting"))
    label = t("jobs.stopping") if job.is_cancelled else t("jobs.cancel")
    st.button(label, key=f"{key}_cancel", on_click=job.cancel, disabled=job.is_cancelled)
