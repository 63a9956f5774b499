"""Part of the Global page: scores with the picked reason set to one value after another, mean and pair by pair."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import overall as cached_overall
from dashboard.presentation.charts import dependence as charts
from dashboard.presentation.sentences import global_parts as sentences
from dashboard.presentation.texts import t
from dashboard.sections.global_parts.part import GlobalPart, Overall
from recsys_core.explain.player_values import player_column


def partial(shown: Overall) -> dict | None:
    """Partial dependence over its ICE lines."""
    name, units = shown.names[shown.reason], shown.found.units
    with components.working(t("global.partial.working"), once=("partial", shown.explained, shown.reason)):
        found = cached_overall.partial_dependence(
            shown.ref, shown.variant, shown.segment, shown.found.n_pairs, shown.reason
        )
    if found is None or not found.values or not found.n_pairs:
        st.markdown(t("global.partial.none", reason=name))
        return None
    st.markdown(sentences.partial(shown.data, found, name, units))
    components.draw(charts.partial(shown.data, found, name, units), key="partial_chart")
    column = player_column(shown.data, shown.reason)
    n_lines = min(found.n_pairs, charts.MOST_LINES)
    components.caveats(sentences.partial_caveats(found, n_lines, is_set=column is not None and column.kind == "set"))
    mean = found.mean(units).tolist()
    curve = [{"value": v, "mean": m} for v, m in zip(found.values, mean, strict=True)]
    about = {"feature": shown.reason.key, "units": units, "n_pairs": found.n_pairs, "seed": found.seed}
    return about | {"curve": curve, "ice": found.curves(units).tolist()}


PARTIAL = GlobalPart("partial", partial)
