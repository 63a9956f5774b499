"""Part: do reasons differ between groups, are they less faithful for some, what does a mending change of them?"""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import group_audits as cached
from dashboard.cached.workspace import workspace
from dashboard.parameters import Parameter
from dashboard.presentation.charts import gap_reasons as charts
from dashboard.presentation.sentences import gap_reasons as sentences
from dashboard.presentation.texts import t
from dashboard.presentation.wording import feature_name
from dashboard.sections.fairness_parts.audit_base import pick_base
from dashboard.sections.fairness_parts.part import Audited, FairnessPart


def group_reasons(audited: Audited) -> dict | None:
    """Mean size of every reason by group, faithfulness by group, and both before a mending."""
    variant, base = pick_base(audited, "reasons_base")
    job = cached.group_reasons(audited.ref, variant, audited.by, base)
    if not components.finished(job, t("group_reasons.working"), key="group_reasons_working"):
        return None
    found, data = job.result, workspace(audited.ref).dataset
    names = {f.player: feature_name(data, f.player) for f in found.reasons if f.player is not None}
    for said in sentences.groups_sentence(found, names):
        st.markdown(said)
    components.draw(charts.sizes(found, names), key="group_reasons_sizes")
    components.caveats(sentences.groups_caveats(found))
    return found.to_json()


GROUP_REASONS = FairnessPart(
    "group_reasons",
    group_reasons,
    (Parameter("reasons_base", "adversarial.base", problem="frame.setting_unknown"),),
)
