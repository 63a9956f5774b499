"""The sidebar's ways to a user: at random among those who meet conditions, and cases of a kind."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import components, state
from dashboard.cached import compress as cached_compress
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import segments as cached_segments
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.sentences import users as sentences
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.texts import numbers, plain, t, word
from dashboard.presentation.wording import known
from dashboard.sections.segments import save_box
from dashboard.workspaces import WorkspaceRef
from recsys_core.compare.cases import Case
from recsys_core.data.conditions import (
    ACTIVITY,
    Cells,
    Conditions,
    fitting,
    parse_conditions,
    values_of,
    write_conditions,
)
from recsys_core.data.dataset import Dataset
from recsys_core.data.segments import Segment
from recsys_core.results import measured
from recsys_core.variant import ModelVariant

KINDS = ("served", "changed", "wrong")
MOST_LISTED = 50
HEIGHT = 230


def ways_to_a_user(ref: WorkspaceRef, segment: Segment | None) -> None:
    """Buttons: another user at random (among the fitting ones of the segment), the filter, and cases."""
    conditions = _conditions(ref)
    ids, fits = list(cached_workspace.people(ref, state.language())), None
    if conditions:
        fits = [ids[i] for i in fitting(cached_workspace.filter_cells(ref), conditions)]
    if segment is not None:
        own = set(cached_segments.ids(ref, segment))
        fits = [user for user in (ids if fits is None else fits) if user in own]
    fits = ids if fits is None else fits
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            t("control.random") if segment is None else t("control.random.segment"),
            key="random",
            on_click=lambda: state.choose(user=random.choice(fits)),
            disabled=not fits,
        )
        label = t("control.random.filter.n", n=len(conditions)) if conditions else t("control.random.filter")
        chooser = st.popover(label, key="random_filter", on_change="rerun")
        cases = st.popover(t("cases"), key="cases", on_change="rerun")
    if chooser.open:
        with chooser:
            _filter(ref, conditions, fits)
    if cases.open:
        with cases:
            _cases(ref)


def _conditions(ref: WorkspaceRef) -> Conditions:
    columns = cached_workspace.filter_cells(ref)
    return {c: x for c, x in parse_conditions(state.bar().value("filter")).items() if c in columns}


def _filter(ref: WorkspaceRef, conditions: Conditions, fits: list[str]) -> None:
    st.markdown(t("control.random.fits", n=len(fits), of=cached_workspace.dataset(ref).n_users))
    for column, cells in cached_workspace.filter_cells(ref).items():
        name = plain("training.activity") if column == ACTIVITY else word("column", column)
        if isinstance(cells, np.ndarray):
            _range(column, name, cells, conditions)
        else:
            _values(column, name, cells, conditions)
    names = cached_workspace.people(ref, state.language())
    _users([(names[i], "") for i in fits[:MOST_LISTED]], [{"user": i} for i in fits], "fitting")
    if conditions:
        save_box(ref, lambda name: Segment(name, conditions), key="filter_segment")
        st.button(t("control.random.clear"), key="filter_clear", on_click=lambda: state.choose(filter=None))


def _range(column: str, name: str, cells: np.ndarray, conditions: Conditions) -> None:
    low, high = float(np.nanmin(cells)), float(np.nanmax(cells))
    if not low < high:
        return
    whole = bool(np.all(cells[~np.isnan(cells)] % 1 == 0))
    kind = int if whole else float
    chosen = conditions.get(column, (low, high))
    held = (kind(max(low, min(chosen[0], high))), kind(min(high, max(chosen[1], low))))
    key = state.bar().picker(f"filter_{column}", held)

    def changed() -> None:
        ends = tuple(float(x) for x in st.session_state[key])
        _choose(conditions, column, () if ends == (low, high) else ends)

    st.slider(name, kind(low), kind(high), key=key, on_change=changed)


def _values(column: str, name: str, cells: Cells, conditions: Conditions) -> None:
    values = values_of(cells)
    chosen = [v for v in conditions.get(column, ()) if v in values]
    key = state.bar().picker(f"filter_{column}", chosen)

    def changed() -> None:
        _choose(conditions, column, tuple(st.session_state[key]))

    st.multiselect(name, values, format_func=known, key=key, on_change=changed)


def _choose(conditions: Conditions, column: str, condition: tuple) -> None:
    state.choose(filter=write_conditions({**conditions, column: condition}))


def _cases(ref: WorkspaceRef) -> None:
    kind = st.segmented_control(
        t("cases.by"),
        KINDS,
        format_func=lambda s: plain(f"cases.{s}"),
        default=KINDS[0],
        required=True,
        key="case_kind",
    )
    variant = state.variant()
    if kind == "changed":
        _changed(ref, variant)
        return
    limit = cached_fairness.user_limit(ref, variant)
    ranked = cached_fairness.evaluation(ref, variant, limit)
    if not components.finished(ranked, t("cases.working"), key="cases_working"):
        return
    found = cached_fairness.cases(ref, variant, kind, limit)
    if not found:
        st.markdown(t("cases.none"))
        return
    st.markdown(t(f"cases.{kind}.what"))
    components.caveats(sentences.sample(ranked.result.sample))
    data, names = cached_workspace.dataset(ref), cached_workspace.people(ref, state.language())
    users = [data.users["user_id"].iloc[c.user_index] for c in found]
    chosen = [{"user": u} | _item(data, c) for u, c in zip(users, found, strict=True)]
    _users([(names[u], _figure(data, c)) for u, c in zip(users, found, strict=True)], chosen, "case_users")


def _item(data: Dataset, case: Case) -> dict[str, str]:
    return {} if case.item_index is None else {"item": data.items["item_id"].iloc[case.item_index]}


def _figure(data: Dataset, case: Case) -> str:
    if case.item_index is None:
        return plain("cases.served.figure", ndcg=numbers.fixed(case.value), n=case.n)
    title = data.titles[case.item_index]
    came = "yes" if case.label > 0.5 else "no"
    return plain(f"cases.wrong.{came}", title=title, probability=numbers.fixed(case.value))


def _changed(ref: WorkspaceRef, variant: ModelVariant) -> None:
    report = cached_compress.reports(ref, variant.model).get(variant)
    if variant.is_dense or report is None:
        st.markdown(t("cases.changed.dense" if variant.is_dense else "cases.changed.unmeasured"))
        return
    ids, names = cached_workspace.dataset(ref).users["user_id"], cached_workspace.people(ref, state.language())
    rows = [(ids.iloc[i], kept) for i, kept in measured(report.list_overlap).most_changed]
    if not rows:
        st.markdown(t("cases.none"))
        return
    st.markdown(t("cases.changed.what"))
    shown = [(names[i], plain("compress.changed.of", kept=round(10 * kept))) for i, kept in rows]
    _users(shown, [{"user": i} for i, _ in rows], "case_users")


def _users(lines: list[tuple[str, str]], chosen: list[dict[str, str]], key: str) -> None:
    """A list of users, and what was chosen them for; a click looks at one."""
    columns = {"user": RowColumn(plain("table.user"), wrap=True)}
    if any(figure for _, figure in lines):
        columns["figure"] = RowColumn(plain("cases.why"), wrap=True)
    components.rows(
        pd.DataFrame(lines, columns=["user", "figure"]),
        columns,
        key=key,
        alt=plain("cases.alt"),
        height=HEIGHT,
        pick="user",
        on_pick=lambda row: state.choose(**chosen[row]),
    )
