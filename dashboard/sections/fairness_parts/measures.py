"""Part: every measure of the groups, figures of all groups together, and what each measure is."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.presentation.sentences import fairness as sentences
from dashboard.presentation.tables import groups as group_tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.fairness_parts.part import Audited, FairnessPart


def _draw(audited: Audited) -> dict:
    report = audited.report
    gaps, together = group_tables.gaps(report), group_tables.together(report)
    if not gaps.empty:
        components.table(gaps, key="all_gaps", alt=plain("fairness.gaps.alt"))
        components.caveats([t("fairness.gaps.tested", n=report.n_tested), t("fairness.gaps.extreme")])
    if not together.empty:
        st.markdown(f"**{t('fairness.together')}**")
        components.table(together, key="together", alt=plain("fairness.together.alt"))
        components.caveats([t("fairness.together.what")])
    for said in sentences.left_out(report):
        components.caveats([said])
    about = group_tables.definitions(report.overall.values)
    components.table(about, key="definitions", alt=plain("fairness.details.measures.alt"))
    return {}


MEASURES = FairnessPart("all_measures", _draw)
