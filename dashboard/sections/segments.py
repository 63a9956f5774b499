"""Segments in the sidebar: the picker, what is chosen in words, and how users are kept under a name."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import components, state
from dashboard.cached import segments as cached_segments
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences import segments as sentences
from dashboard.presentation.texts import plain, t
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.segments import LONGEST_NAME, Segment, SegmentStore
from recsys_core.errors import RecLensError

SAVING = "segment_problem"  # what kept the last segment from being saved or removed


def segment_picker(ref: WorkspaceRef) -> Segment | None:
    """Everyone, or one of the segments, where there are any; returns the chosen one."""
    try:
        held = cached_segments.listed(ref)
    except RecLensError as error:
        components.unavailable(error)
        return None
    if not held:
        return None
    chosen = state.segment(ref)[0]
    names = {"": plain("segment.everyone")} | {segment.name: segment.name for segment in held}
    st.selectbox(
        t("control.segment"),
        list(names),
        format_func=lambda name: names.get(name, name),
        key=state.bar().picker("segment", chosen.name if chosen else ""),
        on_change=state.bar().choose_picked,
        args=("segment",),
    )
    if chosen is not None:
        _chosen(ref, chosen)
    return chosen


def _chosen(ref: WorkspaceRef, segment: Segment) -> None:
    """Size and conditions of the chosen segment, and the way to forget it."""
    n = len(cached_segments.users(ref, segment))
    st.markdown(f":small[:gray[{sentences.size(segment, n, cached_workspace.dataset(ref))}]]")

    def remove() -> None:
        if _done(lambda: SegmentStore(ref.folder).remove(segment.name)):
            state.choose(segment=None)

    label = t("segment.remove", name=segment.name)
    st.button(label, key="segment_remove", icon=":material/delete:", type="tertiary", on_click=remove)
    _problem("segment_remove")


def save_box(ref: WorkspaceRef, make: Callable[[str], Segment], *, key: str) -> None:
    """A name and the button that keeps users under it; ``make(name)`` says which. The new segment is chosen then."""

    def save() -> None:
        name = (st.session_state.get(f"{key}_name") or "").strip()
        if _done(lambda: SegmentStore(ref.folder).save(make(name)), at=key):
            state.choose(segment=name)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(t("segment.name"), key=f"{key}_name", max_chars=LONGEST_NAME)
        st.button(t("segment.save"), key=f"{key}_save", on_click=save, help=t("segment.save.help"))
    _problem(key)


def _done(work: Callable[[], None], *, at: str = "segment_remove") -> bool:
    """Whether the work was done; what kept it from being done is shown where the button stands."""
    try:
        work()
    except RecLensError as error:
        state.remember(SAVING, (at, error))
        return False
    state.remember(SAVING, None)
    return True


def _problem(key: str) -> None:
    at, error = state.recall(SAVING) or ("", None)
    if error is not None and at == key:
        components.unavailable(error)
