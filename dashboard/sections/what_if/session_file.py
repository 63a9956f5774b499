"""A session of edits as a file: written where an address has no room, read back and checked."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import what_if as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import Asked
from dashboard.presentation.sentences.what_if import PINNED
from dashboard.presentation.texts import t
from dashboard.sections.what_if import held
from dashboard.sections.what_if.held import Whose
from recsys_core.errors import RecLensError
from recsys_core.results.what_if_session import Pin, WhatIfSession
from recsys_core.what_if.edit_texts import edit_texts
from recsys_core.what_if.session_file import MOST_BYTES, read_session, session_bytes

KEY, UPLOAD, FAILED = "session_file", "session_upload", "session_failed"
MEGABYTE = 1_000_000


def session_menu(asked: Asked, whose: Whose) -> None:
    """Save the edits and the pins, or open those of a file; made when the menu is opened."""
    menu = st.popover(t("what_if.session"), icon=":material/save:", key=KEY, on_change="rerun")
    if not menu.open:
        return
    with menu:
        st.markdown(t("what_if.session.what"))
        model = cached_workspace.model(asked.ref, asked.variant.model)
        st.download_button(
            t("what_if.session.save"),
            session_bytes(_session(asked, whose), model.data_fingerprint),
            "what-if.json",
            "application/json",
            key="session_save",
            on_click="ignore",
        )
        st.file_uploader(
            t("what_if.session.open"),
            type="json",
            key=UPLOAD,
            on_change=_read,
            args=(asked,),
            max_upload_size=max(1, MOST_BYTES // MEGABYTE),
        )
        failed = state.recall(FAILED)
        if isinstance(failed, RecLensError):
            components.error_box(t("what_if.session.failed"), failed)


def _session(asked: Asked, whose: Whose) -> WhatIfSession:
    pins = tuple(Pin(PINNED[at], cached.read(asked, texts).edits) for at, texts in enumerate(held.pins()))
    return WhatIfSession(whose.user_id or None, whose.item_id or None, cached.read(asked, held.texts()).edits, pins)


def _read(asked: Asked) -> None:
    """Callback of the upload: the file's user, item, edits and pins become those of the page."""
    file = st.session_state[UPLOAD]
    state.remember(FAILED, None)
    if file is None:
        return
    try:
        found = read_session(file.getvalue(), cached_workspace.model(asked.ref, asked.variant.model), file=file.name)
    except RecLensError as error:
        state.remember(FAILED, error)
        return
    new = {(False, False): "", (True, False): "user", (False, True): "item", (True, True): "both"}
    held.replace(
        edit_texts(found.edits),
        tuple(edit_texts(pin.edits) for pin in found.pins),
        user=found.user_id,
        item=found.item_id,
        new=new[found.user_id is None, found.item_id is None],
    )
