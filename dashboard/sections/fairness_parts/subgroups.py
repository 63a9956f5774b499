"""Part: the worst-served subgroups, found by a search over conditions on up to two columns."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import fairness_groups as cached
from dashboard.presentation.sentences import subgroups as sentences
from dashboard.presentation.sentences.fairness import inside, short_name
from dashboard.presentation.tables.columns import RowColumn
from dashboard.presentation.tables.subgroups import subgroups as table
from dashboard.presentation.texts import plain, t
from dashboard.presentation.texts.markdown import escape
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from dashboard.sections.segments import save_box
from recsys_core.fairness.subgroups import subgroups_json
from recsys_core.results.subgroups import Subgroup, SubgroupSearch

HEIGHT = 360  # px


def subgroups(audited: Audited) -> dict | None:
    """The ten worst, a sentence, and what a row is good for; returns the search, raw."""
    metric = cached.searched_metric(audited.metric)
    if metric != audited.metric.split("@")[0]:
        st.markdown(t("subgroups.other_metric", metric=escape(inside(short_name(audited.metric)))))
    job = cached.subgroups(audited.ref, audited.variant, audited.limit, metric, audited.least)
    if not components.finished(job, t("subgroups.working"), key="subgroups_working"):
        return None
    found: SubgroupSearch = job.result
    st.markdown(sentences.subgroups_sentence(found))
    if found.subgroups:
        _rows(audited, found)
    components.caveats(sentences.subgroups_caveats(found))
    return subgroups_json(found)


def _rows(audited: Audited, found: SubgroupSearch) -> None:
    """The table; a row opens its columns as the page's grouping, and is kept as a segment then."""
    opened = [tuple(c.spelled for c in s.conditions) for s in found.subgroups]
    here = opened.index(audited.by) if audited.by in opened else None
    who, rows = plain("subgroups.who"), table(found)
    components.rows(
        rows,
        {name: RowColumn(name, wrap=name == who) for name in rows.columns},
        key="subgroup_rows",
        alt=plain("subgroups.alt"),
        selected=here,
        on_pick=lambda row: _open(opened[row], found.metric),
        pick=who,
        height=HEIGHT,
    )
    if here is None:
        components.caveats([t("subgroups.pick")])
        return
    _save(audited, found.subgroups[here])


def _open(by: tuple[str, ...], metric: str) -> None:
    first, *second = by
    state.choose(by=first, cross=second[0] if second else "", cross2="", measure=metric)


def _save(audited: Audited, subgroup: Subgroup) -> None:
    st.markdown(t("subgroups.save", who=inside(sentences.subgroup_name(subgroup))))
    save_box(
        audited.ref,
        lambda name: cached.subgroup_segment(audited.ref, name, subgroup.conditions),
        key="subgroup_segment",
    )


SUBGROUPS = FairnessPart("subgroups", subgroups)
