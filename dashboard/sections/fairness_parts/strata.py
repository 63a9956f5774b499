"""Part: is it the group, or what the group differs in besides? The gap within strata."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import fairness_groups as cached
from dashboard.parameters import Parameter
from dashboard.presentation.charts.strata import strata as chart
from dashboard.presentation.sentences import subgroups as sentences
from dashboard.presentation.sentences.fairness import column_name, inside, name_of, short_name
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from recsys_core.errors import RecLensError
from recsys_core.fairness.strata import strata_json

FIRST = ("training.activity", "training.interactions")  # length of the history, and all that was logged


def strata(audited: Audited) -> dict | None:
    """The two extreme groups in every fifth (or group) of a column; returns the figures, raw."""
    grouped = {cached.asked_column(audited.ref, column).base for column in audited.by}
    columns = [c for c in dict.fromkeys((*FIRST, *audited.scan.reports)) if c not in grouped]
    names = {column: column_name(column) for column in columns}
    within = audited.page.pick("within_column", names, aliases={c.split(".", 1)[1]: c for c in reversed(columns)})
    try:
        found = cached.strata(audited.ref, audited.report, audited.limit, audited.metric, within)
    except RecLensError as error:
        components.unavailable(error)
        return None
    st.markdown(sentences.strata_sentence(found))
    words = inside(short_name(found.metric)), inside(column_name(within))
    components.draw(chart(found, name_of, words), key="strata_chart")
    components.caveats(sentences.strata_caveats(found))
    return strata_json(found)


def verdict(audited: Audited) -> None:
    """The part's sentence, for the head of the page, where the part was opened with this gap; else nothing."""
    asked = state.bar().value("within_column")
    columns = (cached.asked_column(audited.ref, asked).base if asked else "", *FIRST)
    for column in filter(None, columns):
        found = cached.known_strata(audited.ref, audited.report, audited.limit, audited.metric, column)
        if found is not None:
            st.markdown(sentences.strata_sentence(found))
            return


STRATA = FairnessPart("strata", strata, (Parameter("within_column", "strata.within", problem="fairness.unknown"),))
