"""Part of the Fairness page: a search over mending and compression settings, and everything tried."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import search as cached
from dashboard.jobs import processes
from dashboard.presentation.sentences import search as sentences
from dashboard.presentation.sentences.fairness import columns_name
from dashboard.presentation.tables import search as tables
from dashboard.presentation.texts import core_message, numbers, plain, t
from dashboard.sections import tried
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from recsys_core.results.search import SearchResult

USUAL, MOST, STEP = 24, 500, 8
HEIGHT = 260


def search(audited: Audited) -> dict | None:
    """Its front beside the grid's, everything tried, and the button that starts it or goes on."""
    by = next((column for column in audited.by if column in audited.scan.reports), None)
    if by is None:
        st.markdown(t("search.column.none"))
        return None
    column = columns_name((by,))
    st.markdown(t("search.what", column=column))
    st.markdown(t("search.deap"))
    if len(audited.by) > 1:
        st.markdown(t("search.column.first", column=column))
    found = cached.found(audited.ref, by)
    key = ("search", str(audited.ref.folder), by)
    job = processes().find(key)
    if job is not None and (not job.is_done or job.is_failed):
        components.long_job(job, key="searching")
    else:
        _anew(job)
        _form(audited, by, key, found)
    if found is None:
        st.markdown(t("search.empty", column=column))
    else:
        _found(found)
    st.markdown(f"**{sentences.title(by)}**")
    tried.note(audited.page, by)
    points = tried.scatter(audited.page.selection, by, key="everything_tried")
    components.caveats(sentences.caveats(found) if found else [t("search.caveat.gap")])
    kept = None if found is None else _download(found)
    return {"by": by, "search": kept, "tried": points}


def _form(audited: Audited, by: str, key: tuple, found: SearchResult | None) -> None:
    """How many to measure, how long that takes, and the buttons."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = st.number_input(
            t("search.evaluations"), 1, MOST, value=max(USUAL, found.asked if found else 0), step=STEP,
            key="search_evaluations", help=t("search.evaluations.help"), width=220,
        )  # fmt: skip
        command = ("search", "--workspace", audited.ref.folder, f"--by={by}", "--evaluations", n)
        label = t("search.again" if found else "search.start")
        about = {"on_click": _start, "icon": ":material/travel_explore:"}
        if found is not None and (not found.is_whole or n > len(found.tried)):
            args = (key, (*command, "--resume"), audited, by)
            st.button(t("search.resume"), key="search_resume", type="primary", args=args, **about)
        st.button(label, key="search_start", args=(key, command, audited, by), **about)
    components.caveats([t("search.takes", time=numbers.duration(cached.seconds(audited.ref, by, n)))])


def _start(key: tuple, command: tuple, audited: Audited, by: str) -> None:
    title = {"column": columns_name((by,)), "workspace": audited.page.selection.title}
    processes().start(key, command, "jobs.search", **title)
    st.rerun()  # everything, from the page's fragment too: the frame lists the job


def _anew(job) -> None:
    """Why the last run did not go on with what was kept, where it was to."""
    result = job.result if job is not None else None
    if isinstance(result, dict) and result.get("anew"):
        st.markdown(core_message(f"search.anew.{result['anew']}", {}))


def _found(found: SearchResult) -> None:
    for said in sentences.sentences(found):
        st.markdown(said)
    front = list(found.front)

    def pick(row: int) -> None:
        state.choose(tried=front[row].variant.key)

    shown = [tried.variant.key for tried in front]
    asked = state.bar().value("tried")
    with components.card(t("search.front")):
        components.rows(
            tables.front(front),
            tables.columns(),
            key="search_front",
            alt=plain("search.front.alt"),
            selected=shown.index(asked) if asked in shown else None,
            on_pick=pick,
            pick="name",
            height=HEIGHT,
        )


def _download(found: SearchResult) -> dict:
    return {
        "seed": found.seed,
        "n_evaluations": len(found.tried),
        "hypervolume": found.hypervolume,
        "grid_hypervolume": found.grid_hypervolume,
        "front": [tried.to_json() for tried in found.front],
        "tried": [tried.to_json() for tried in found.tried],
    }


SEARCH = FairnessPart("search", search, (tried.PARAMETER,))
