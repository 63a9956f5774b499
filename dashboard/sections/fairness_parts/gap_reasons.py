"""Part: the reasons that make the gap, summing to it."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import group_audits as cached
from dashboard.cached.workspace import workspace
from dashboard.parameters import Parameter
from dashboard.presentation.charts import gap_reasons as charts
from dashboard.presentation.sentences import gap_reasons as sentences
from dashboard.presentation.texts import plain, t
from dashboard.presentation.wording import feature_name
from dashboard.sections.fairness_parts.part import Audited, FairnessPart
from recsys_core.gap_reasons import MEASURES


def gap_reasons(audited: Audited) -> dict | None:
    """Which reasons make the gap between the two groups that are furthest apart."""
    split_dataset = workspace(audited.ref).split_dataset
    measures = MEASURES if split_dataset.task != "rating" else MEASURES[:2]
    names = {measure: plain(f"gap_reasons.measure.{measure}") for measure in measures}
    default = audited.metric if audited.metric in names else measures[0]
    measure = audited.page.pick("gap_measure", names, default=default)
    job = cached.gap_reasons(audited.ref, audited.variant, audited.by, measure, audited.limit)
    if not components.finished(job, t("gap_reasons.working"), key="gap_reasons_working"):
        return None
    found = job.result
    players = {r.player: feature_name(split_dataset.dataset, r.player) for r in found.reasons}
    for said in sentences.gap_sentence(found, players):
        st.markdown(said)
    components.draw(charts.bars(found, players), key="gap_reasons_bars")
    components.caveats(sentences.gap_caveats(found))
    return found.to_json()


GAP_REASONS = FairnessPart(
    "gap_reasons", gap_reasons, (Parameter("gap_measure", "gap_reasons.measure", problem="fairness.unknown"),)
)
