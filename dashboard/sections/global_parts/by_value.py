"""Card of the Global page: what one reason does to the score, value by value."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dashboard import components
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation.charts import overall as charts
from dashboard.presentation.sentences import overall as sentences
from dashboard.presentation.texts import t
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.explain.value_effects import effects_by_value
from recsys_core.player import Player


def by_value(page, found: GlobalExplanation, names: dict[Player, str]) -> tuple[Player, dict]:
    """The chosen reason's mean contribution by value; a click on a bar chooses it too. Returns both, raw."""
    data = cached_workspace.dataset(page.selection.ref)
    order = {found.players[i].key: names[found.players[i]] for i in found.order}
    with components.card(t("global.values"), key="values"):
        chosen = page.pick("reason", order)
        player = Player.parse(chosen)
        effects = effects_by_value(data, found, player)
        if not effects:
            st.markdown(t("global.values.none", reason=order[chosen]))
        else:
            st.markdown(sentences.value_sentence(data, player, order[chosen], effects, found.units))
            rows = [(sentences.value_words(data, player, effect), effect) for effect in effects]
            components.draw(charts.by_value(rows, found.units), key="by_value")
            components.caveats([t("global.values.caveat"), t("global.caveat.pairs", n=found.n_pairs)])
    return player, {"feature": chosen, "values": [asdict(effect) for effect in effects]}
