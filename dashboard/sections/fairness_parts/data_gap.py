"""Part: does the model widen what the data hold, and what is the most that any mending could reach?"""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import data_gap as cached
from dashboard.presentation.charts import data_gap as charts
from dashboard.presentation.sentences import data_gap as sentences
from dashboard.presentation.tables import data_gap as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from recsys_core.errors import RecLensError
from recsys_core.fairness.data_gap import data_gap_json


def data_gap(audited: Audited) -> dict | None:
    """The gap of model, best possible, EASE, item-kNN and popularity between the same groups."""
    ref = audited.ref
    if not components.finished(
        cached.references(ref, audited.variant.model), t("data_gap.working"), key="references_working"
    ):
        return None
    measure = cached.asked_measure(audited.metric)
    try:
        found = cached.data_gap(ref, audited.variant, audited.by, measure, audited.limit)
    except RecLensError as error:
        components.unavailable(error)
        return None
    for said in sentences.verdicts(found):
        st.markdown(said)
    if found.worst is None:
        return data_gap_json(found)
    components.draw(charts.dots(found), key="data_gap_dots")
    components.table(tables.gaps(found), key="data_gap_table", alt=plain("data_gap.table.alt"))
    components.caveats(sentences.caveats(found, audited.metric))
    return data_gap_json(found)


DATA_GAP = FairnessPart("data_gap", data_gap)
