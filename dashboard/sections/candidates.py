"""Candidates learned from feedback: what they gain, what became of them and why; promote one, roll back."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import components, state
from dashboard.address import address
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import monitor as cached
from dashboard.presentation.sentences import candidates as sentences
from dashboard.presentation.tables import monitor as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.monitor import command
from dashboard.workspaces import WorkspaceRef
from recsys_core.errors import RecLensError
from recsys_core.results.learning import HELD, Decision

MOST_ROWS, TABLE_HEIGHT = 6, 260  # of more, px
SAID_SECONDS = 60.0


def known(ref: WorkspaceRef) -> list[Decision]:
    """Every candidate, the newest first; what cannot be read is said, and the rest of the page stands."""
    try:
        return list(cached.decisions(ref.folder))
    except RecLensError as error:
        components.error_box(t("frame.failed"), error)
        return []


def card(page, found: list[Decision]) -> None:
    """All candidates, the chosen one in full, and the way back."""
    ref = page.selection.ref
    with components.card(t("candidates")):
        if not found:
            st.markdown(t("candidates.none"))
            st.code(command("learn", ref), language=None, wrap_lines=True)
            _roll_back(ref)
            _said_after()
            return
        shown = _chosen(page, found)
        components.rows(
            tables.candidates(found, time.time()),
            tables.candidates_columns(),
            key="candidates_table",
            alt=plain("candidates.alt"),
            selected=found.index(shown),
            pick="id",
            on_pick=lambda row: state.choose(candidate=str(found[row].id)),
            height=TABLE_HEIGHT if len(found) > MOST_ROWS else None,
        )
        _one(page, shown)


def _chosen(page, found: list[Decision]) -> Decision:
    """The candidate that the address names, else the newest that waits for a person, else the newest."""
    by_id = {str(decision.id): decision for decision in found}
    default = next((decision for decision in found if decision.decision == HELD), found[0])
    unknown = state.bar().unknown("candidate", by_id)
    if unknown is not None:
        page.notice(state.bar().problem("candidate", unknown, str(default.id)))
    return by_id.get(state.bar().value("candidate"), default)


def _one(page, decision: Decision) -> None:
    ref, now = page.selection.ref, time.time()
    named = partial(_group_name, ref)
    st.markdown(f"**{t('candidates.title', id=decision.id, decision=sentences.decided(decision))}**")
    st.markdown(sentences.reason(decision.reason, named))
    parent = cached.model_name(ref.folder, decision.parent)
    components.caveats([sentences.made(decision, parent, now)])
    components.caveats(sentences.caveats(decision))
    if decision.groups:
        with st.expander(t("candidates.groups")):
            gains, columns = tables.group_gains(decision, named), tables.group_gains_columns()
            components.rows(gains, columns, key="group_gains", alt=plain("candidates.group.alt"))
    if decision.tried:
        with st.expander(t("candidates.tried")):
            st.markdown("\n".join(f"- {line}" for line in sentences.tried(decision, named)))
    if decision.retrain:
        st.markdown(t("candidates.retrain"))
        st.code(command("feedback", ref, " --seal"), language=None, wrap_lines=True)
    model_id = decision.candidate
    is_there = model_id is not None and cached.has_model(ref.folder, model_id)
    if model_id is not None and not is_there:
        components.caveats([t("candidates.gone")])
    with st.container(horizontal=True):
        if decision.decision == HELD and is_there:
            _promote(ref, decision)
        if decision.decision == HELD:
            _refuse(ref, decision)
        _roll_back(ref)
        if is_there:
            _elsewhere(page, model_id)
    _said_after()


def _group_name(ref: WorkspaceRef, column: str, label: str) -> str:
    """A group that the guard looked at, in words."""
    try:
        groups = cached_fairness.groups(ref, column)
    except RecLensError:  # a column of data that were served once
        groups = {}
    return sentences.group_name(label, groups)


def _elsewhere(page, model_id: str) -> None:
    """The same model on other pages, each in a tab of its own."""
    values = state.parameters(page.selection) | {"model": model_id}
    for name, url in (("overview", ""), ("explain", "explain")):
        label = t(f"candidates.open.{name}")
        st.link_button(label, address(url, values), type="tertiary", icon=":material/open_in_new:")


def _promote(ref: WorkspaceRef, decision: Decision) -> None:
    menu = st.popover(t("candidates.promote"), icon=":material/publish:", key="promote", on_change="rerun")
    if not menu.open:
        return
    with menu:
        name, present = cached.model_name(ref.folder, decision.candidate or ""), cached.present(ref.folder)
        st.markdown(t("candidates.promote.what", name=name, version=present.version if present else 0))
        st.markdown(t("candidates.promote.pinned"))
        _confirm(
            "promote", t("candidates.promote.confirm", id=decision.id), partial(cached.promote, ref.folder, decision.id)
        )


def _refuse(ref: WorkspaceRef, decision: Decision) -> None:
    menu = st.popover(t("candidates.refuse"), icon=":material/block:", key="refuse", on_change="rerun")
    if not menu.open:
        return
    with menu:
        st.markdown(t("candidates.refuse.what"))
        _confirm(
            "refuse", t("candidates.refuse.confirm", id=decision.id), partial(cached.refuse, ref.folder, decision.id)
        )


def _confirm(menu: str, label: str, act: Callable[[], tuple[str, dict[str, int]]]) -> None:
    st.button(label, key=f"{menu}_confirm", type="primary", on_click=_done, args=(menu, act))


def _roll_back(ref: WorkspaceRef) -> None:
    present = cached.present(ref.folder)
    if present is None:  # nothing was ever served
        return
    menu = st.popover(t("candidates.back"), icon=":material/undo:", key="roll_back", on_change="rerun")
    if not menu.open:
        return
    with menu:
        way = cached.way_back(ref.folder)
        if way is None:
            st.markdown(t("candidates.back.first", version=present.version))
            return
        back, left = way
        taught = cached.taught(ref.folder, left.model)
        key = "candidates.back.plain" if taught is None else "candidates.back.what"
        name = cached.model_name(ref.folder, back.model)
        st.markdown(t(key, back=back.version, name=name, version=left.version))
        _confirm("roll_back", t("candidates.back.confirm", back=back.version), partial(cached.go_back, ref.folder))


def _done(menu: str, act: Callable[[], tuple[str, dict[str, int]]]) -> None:
    """Callback: do it, close the menu, and say on the page what came of it."""
    said: tuple[str, dict[str, int]] | RecLensError
    try:
        said = act()
    except RecLensError as error:
        said = error
    state.remember("candidates_done", (time.time(), said))
    state.close(menu)
    st.rerun()  # everything: the workspace's current model may be another one


def _said_after() -> None:
    """What came of the last click, for a minute."""
    when, said = state.recall("candidates_done") or (0.0, None)
    if time.time() - when > SAID_SECONDS:
        return
    if isinstance(said, RecLensError):
        components.error_box(t("candidates.failed"), said)
    elif said:
        key, values = said
        st.success(t(f"candidates.{key}", **values))
