"""Part of the Global page: permutation importance beside the size of contributions, and where the two disagree."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import overall as cached_overall
from dashboard.presentation.charts import importance as charts
from dashboard.presentation.charts import overall as overall_charts
from dashboard.presentation.sentences import global_parts as sentences
from dashboard.presentation.sentences.fairness import short_name
from dashboard.presentation.texts import t
from dashboard.sections.global_parts.part import GlobalPart, Overall
from recsys_core.compare.permutation_importance import disagreements


def permutation(shown: Overall) -> dict | None:
    """What AUC and NDCG@10 lose where a reason is shuffled, reasons in order of their mean size."""
    job = cached_overall.permutation_importance(shown.ref, shown.variant, shown.segment)
    if not components.finished(job, t("global.permutation.working"), key="permutation_working"):
        return None
    found = job.result
    if not found.metrics:
        st.markdown(t("global.permutation.none"))
        return None
    said = disagreements(shown.found, found)
    st.markdown(sentences.disagreements(said, shown.names))
    ordered = {shown.found.players[i]: shown.names[shown.found.players[i]] for i in shown.found.order}
    with components.grid(1 + len(found.metrics), min_width=300):
        with st.container():
            st.markdown(f"**{t('global.sizes')}**")
            components.draw(overall_charts.mean_sizes(shown.found, shown.names), key="permutation_sizes")
        for metric, drops in found.metrics.items():
            with st.container():
                st.markdown(f"**{t('global.permutation.lost', metric=short_name(metric))}**")
                chart = charts.drops(drops, found.players, ordered, short_name(metric))
                components.draw(chart, key=f"permutation_{metric}")
    components.caveats(sentences.permutation_caveats(found))
    rows = [
        {"feature": player.key}
        | {
            f"{metric}_{name}": float(getattr(drops, name)[i])
            for metric, drops in found.metrics.items()
            for name in ("drop", "low", "high")
        }
        for i, player in enumerate(found.players)
    ]
    about = {metric: {"base": drops.base, "n_users": drops.n_users} for metric, drops in found.metrics.items()}
    disagree = [{"feature": d.player.key, "kind": d.kind, "share": d.share} for d in said]
    how = {"n_pairs": found.n_pairs, "n_repeats": found.n_repeats, "seed": found.seed}
    return how | {"metrics": about, "reasons": rows, "disagreements": disagree}


PERMUTATION = GlobalPart("permutation", permutation)
