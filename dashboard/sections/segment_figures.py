"""What the chosen segment's users get: quality beside everyone's on Overview, what a level keeps of it on Compress."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dashboard import components
from dashboard.cached import fairness as cached_fairness
from dashboard.presentation.sentences import segments as sentences
from dashboard.presentation.sentences.fairness import left_out
from dashboard.presentation.tables import segments as tables
from dashboard.presentation.texts import plain, t
from recsys_core.fairness import report_json
from recsys_core.models.user_sample import UserLimit


def quality(page) -> dict | None:
    """Quality of the full model for the segment, everyone and all others, with intervals; nothing for everyone."""
    segment, variant = page.selection.segment, page.selection.variant.dense
    if segment is None:
        return None
    with components.card(t("segment.quality", name=segment.name)):
        ranked = cached_fairness.evaluation(page.selection.ref, variant)
        if not components.finished(ranked, t("cases.working"), key="segment_working"):
            return None
        if not len(ranked.result.ranking.user_index):
            st.markdown(t("fairness.nobody"))
            return None
        with components.working(t("segment.working"), once=("segment", page.selection.ref, variant, segment)):
            report = cached_fairness.segment_report(page.selection.ref, variant, segment)
        own = report.groups[0]
        if own.suppressed:
            st.markdown(sentences.too_small(segment.name, own.n, report.least_size))
            return {"segment": segment.name, "n": own.n}
        st.markdown(sentences.quality(report, segment.name))
        components.table(tables.quality(report, segment.name), key="segment_quality", alt=plain("segment.quality.alt"))
        components.caveats([*sentences.quality_caveats(report), *left_out(report)])
    return {"segment": segment.name} | report_json(report)


def kept(page, limit: UserLimit) -> dict | None:
    """What a compressed model keeps of the segment's lists, quality and reasons; worked out when opened."""
    segment, variant, ref = page.selection.segment, page.selection.variant, page.selection.ref
    details = page.details("of_segment")
    if not details.open:
        return None
    with details:
        if segment is None or variant.is_dense:
            st.markdown(t("segment.kept.nobody" if segment is None else "segment.kept.dense"))
            return None
        for model in (variant.dense, variant):
            job = cached_fairness.evaluation(ref, model, limit)
            if not components.finished(job, t("cases.working"), key=f"kept_{model.key}"):
                return None
        with components.working(t("segment.working"), once=("segment", ref, variant, segment, limit)):
            found = cached_fairness.segment_change(ref, variant, segment, limit)
        n = 0 if found is None else found.n_users
        least = cached_fairness.least_size()
        if found is None or n < least:
            st.markdown(sentences.too_small(segment.name, n, least))
            return {"segment": segment.name, "n_users": n}
        st.markdown(sentences.kept(found, segment.name))
        components.caveats(sentences.kept_caveats(found))
    return {"segment": segment.name, **asdict(found)}
