"""Part: three attempts to find the model unfair, in one verdict."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import group_audits as cached
from dashboard.parameters import Parameter
from dashboard.presentation.sentences import gap_reasons as sentences
from dashboard.presentation.tables import group_audits as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.fairness_parts.audit_base import pick_base
from dashboard.sections.fairness_parts.part import Audited, FairnessPart


def adversarial(audited: Audited) -> dict | None:
    """Leakage, the worst subgroup and flips of the column, beside the model before a mending."""
    st.caption(t("adversarial.advos"))
    variant, base = pick_base(audited, "audit_base")
    job = cached.adversarial_audit(audited.ref, variant, audited.by, base, audited.limit)
    if not components.finished(job, t("adversarial.working"), key="adversarial_working"):
        return None
    found = job.result
    st.markdown(sentences.verdict(found))
    for question in found.questions:
        st.markdown(sentences.answer(question))
    components.table(tables.questions(found), key="adversarial_table", alt=plain("adversarial.alt"))
    of_attribute = tables.attribute(found)
    if len(of_attribute):
        components.table(of_attribute, key="attribute_table", alt=plain("adversarial.attribute.alt"))
    components.caveats(sentences.verdict_caveats(found))
    return found.to_json()


ADVERSARIAL = FairnessPart(
    "adversarial", adversarial, (Parameter("audit_base", "adversarial.base", problem="frame.setting_unknown"),)
)
