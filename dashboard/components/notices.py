"""What is missing, what went wrong, what is being worked on; each with the way on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import state
from dashboard.jobs import Job
from dashboard.texts import has, message, numbers, t
from dashboard.texts.markdown import Markdown, escape
from recsys_core.errors import RecLensError

POLL_SECONDS = 0.5


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


def still_working(job: Job, what: Markdown, *, key: str) -> bool:
    """Progress of a job until it is done, then the page is drawn again. Returns True while it works."""
    if job.is_done:
        return False

    @st.fragment(run_every=POLL_SECONDS)
    def watch() -> None:
        if job.is_done:
            st.rerun()
        stage = t(f"stage.{job.stage}") if has(f"stage.{job.stage}") else escape(job.stage)
        share = numbers.percent(job.share)
        st.progress(job.share, t("working.stage", stage=stage or what, share=share))

    with st.container(border=True, key=key):
        st.markdown(what)
        watch()
    return True
