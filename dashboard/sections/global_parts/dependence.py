"""Part of the Global page: what the picked reason adds against its value, coloured by a reason that interacts."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.cached import overall as cached_overall
from dashboard.parameters import Parameter
from dashboard.presentation.charts import dependence as charts
from dashboard.presentation.sentences import global_parts as sentences
from dashboard.presentation.texts import numbers, plain, t
from dashboard.sections.global_parts.part import GlobalPart, Overall


def dependence(shown: Overall) -> dict | None:
    """The dots, their colour to be picked (the strongest interaction first), and how much the colour decides."""
    found, names = shown.found, shown.names
    held = cached_overall.interactions(shown.explained, shown.reason)
    own = names[shown.reason]
    if not held:
        st.markdown(t("global.values.none", reason=own))
        return None
    keys = {
        i.player.key: plain("global.dependence.colour", name=names[i.player], share=numbers.percent(i.share))
        for i in held
    }
    chosen = shown.page.pick("colour", keys)
    colour = next(i.player for i in held if i.player.key == chosen)
    st.markdown(sentences.interaction(held, own, colour, names))
    components.draw(charts.dependence(shown.data, found, shown.reason, colour, names), key="dependence_chart")
    components.caveats([t("global.caveat.pairs", n=found.n_pairs), t("global.dependence.measure")])
    shares = [{"feature": i.player.key, "share": i.share} for i in held]
    return {"feature": shown.reason.key, "colour": chosen, "interactions": shares}


DEPENDENCE = GlobalPart("dependence", dependence, (Parameter("colour", "global.colour"),))
