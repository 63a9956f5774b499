"""Which groups the Fairness page compares: columns alone or crossed, edges and values, the least size."""

from __future__ import annotations

import re

import streamlit as st

from dashboard import state
from dashboard.cached import fairness as cached_fairness
from dashboard.cached import fairness_groups as cached
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.texts import plain, t
from dashboard.problem import Problem
from recsys_core.fairness import ScanResult
from recsys_core.fairness.columns import PART, PARTS

CROSSED = ("cross", "cross2")
MOST_LEAST = 100_000.0


def group_pickers(page, scan: ScanResult, *, first: str, fields) -> tuple[str, ...]:
    """The columns to group by, with the edges or values that the address gives; ``first`` unless one is named.

    ``fields`` is where what else says the groups stands.
    """
    segments = cached_fairness.segment_columns(page.selection.ref)
    names = {column: sentences.column_name(column) for column in (*scan.reports, *segments)}
    left, *right = st.columns(3)
    with left:
        chosen = {"by": picked_column(page, "by", names, first)}
    for place, key in zip(right, CROSSED, strict=True):
        taken = [cached.asked_column(page.selection.ref, column).base for column in chosen.values()]
        others = {"": plain("fairness.cross.none")} | {c: name for c, name in names.items() if c not in taken}
        with place:
            chosen[key] = picked_column(page, key, others, "", taken=taken)
    picked = {key: column for key, column in chosen.items() if column}
    with fields.container(horizontal=True, vertical_alignment="bottom"):
        for key, column in picked.items():
            parts_field(page, key, column)
        with st.container(width=170):
            page.number("least", MOST_LEAST)
        st.button(t("fairness.find"), key="find_subgroups", icon=":material/search:", on_click=_open_subgroups)
    return tuple(picked.values())


def picked_column(page, key: str, names: dict[str, str], default: str, *, taken: list[str] | None = None) -> str:
    """One column picked, under its full name with what the address says of its edges or values.

    What is picked is a column alone; one that is ``taken`` already counts as nothing said.
    """
    raw = state.bar().value(key)
    asked = cached.asked_column(page.selection.ref, raw)
    spelled = {raw: asked.base} if asked.base in names else {raw: ""} if asked.base in (taken or ()) else {}
    chosen = page.pick(key, names, default=default, aliases=spelled)
    if not asked.base or chosen != asked.base:
        return chosen
    if asked.problem is not None:
        page.notice(Problem(f"core.{asked.problem.key}", tuple(asked.problem.values.items())))
    page.shown[key] = asked.key
    return asked.key


def parts_field(page, key: str, column: str) -> None:
    """The text field of a column's edges (of a number) or values (of many); what is written goes into the address.

    It is checked there. Nothing for a column whose groups are what they are.
    """
    base, raw = cached.asked_column(page.selection.ref, column).base, state.bar().value(key)
    parts = column.removeprefix(base).removeprefix(PARTS)
    if cached.asked_column(page.selection.ref, raw).problem is not None:
        parts = raw.rpartition(PARTS)[2]  # what is wrong stays in the field, to be mended there
    kind = cached.settable(page.selection.ref, base) or ("values" if parts else "")
    if not kind:
        return
    field = f"{key}_parts"
    st.session_state[field] = parts

    def write() -> None:
        text = st.session_state[field].strip()
        if kind == "edges":
            text = PART.join(part for part in re.split(r"[\s,;/，、；]+", text) if part)
        if text != parts:
            state.choose(**{key: f"{base}{PARTS}{text}" if text else base})

    st.text_input(
        t(f"fairness.{kind}", column=sentences.column_name(base)),
        key=field,
        on_change=write,
        placeholder=plain(f"fairness.{kind}.example"),
        help=t(f"fairness.{kind}.help"),
        width=240,
    )


def _open_subgroups() -> None:
    """Callback: open the part that searches them."""
    st.session_state["subgroups"] = True


def least_size() -> int:
    """Of how many users a group must be to be shown with figures, as the address says."""
    said = state.bar().number("least", MOST_LEAST)
    return int(said) if said is not None and said >= 1 else cached_fairness.least_size()
