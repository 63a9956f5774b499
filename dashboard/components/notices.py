"""What is missing, what went wrong, what is being worked on; each with the way on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import state
from dashboard.components.fragments import fragment
from dashboard.jobs import Job
from dashboard.presentation.texts import message, numbers, stage, t
from dashboard.presentation.texts.markdown import Markdown, escape
from recsys_core.errors import RecLensError

UNSEEN_SECONDS, STEP_SECONDS, PATIENCE_SECONDS, POLL_SECONDS = 0.8, 0.2, 5.0, 0.5


def notice(text: Markdown) -> None:
    """A value that cannot be used, above the page."""
    st.warning(text)


def empty(what: Markdown, how: Markdown | str = "", *, code: str = "") -> None:
    """An empty state: what is missing, and what mends it."""
    with st.container(border=True):
        st.markdown(f"**{what}**")
        if how:
            st.markdown(how)
        if code:
            st.code(code, language=None, wrap_lines=True)


def error_box(title: Markdown, error: RecLensError, how: Markdown | str = "") -> None:
    """What failed, where and why, in the core's words; no traceback."""
    st.error(f"**{title}**\n\n{message(error)}" + (f"\n\n{how}" if how else ""))


def unavailable(error: RecLensError) -> None:
    """A choice that this model does not offer, in words; the rest of the page stands."""
    st.info(message(error))


def failed(error: Exception) -> None:
    """A job that stopped."""
    if isinstance(error, RecLensError):
        error_box(t("frame.failed"), error)
    else:
        st.error(t("working.failed", reason=escape(f"{type(error).__name__}: {error}")))


@contextmanager
def working(text: Markdown, *, once: tuple | None = None) -> Iterator[None]:
    """A spinner for what takes a second or a few; use with ``with``.

    ``once`` names what is worked out: in a session it is shown only the first time, as a spinner costs a
    thread and the result is cached from then on.
    """
    if once is not None and state.was_done(once):
        yield
        return
    with st.spinner(text, show_time=True):
        yield
    if once is not None:
        state.note_done(once)


def finished(job: Job, what: Markdown, *, key: str, patience: float = PATIENCE_SECONDS) -> bool:
    """Whether the job has its result; else its progress, or what stopped it, stands on the page.

    The script itself waits for ``patience`` seconds, as the old picture stands dimmed until then, and shows
    progress after the first of them. What takes longer is watched by a fragment that draws all when it is done.
    """
    if not job.wait(min(patience, UNSEEN_SECONDS)):
        place = st.empty()
        with place.container(border=True, key=key):
            st.markdown(what)
            bar, until = st.empty(), time.monotonic() + patience
            while time.monotonic() < until and not job.wait(STEP_SECONDS):
                progress_bar(bar, job)
            if not job.is_done:
                bar.empty()
                _watch(job)
                return False
        place.empty()
    if job.error:
        failed(job.error)
    return not job.error


@fragment(run_every=POLL_SECONDS)
def _watch(job: Job) -> None:
    if job.error:  # drawn again, the page would ask for the work again
        failed(job.error)
        return
    if job.is_done:
        st.rerun()
    progress_bar(st, job)


def progress_bar(where, job: Job) -> None:
    """How far a job is and what it is at."""
    share = numbers.percent(job.share)
    said = t("working.stage", stage=stage(job.stage), share=share) if job.stage else escape(share)
    where.progress(job.share, said)
