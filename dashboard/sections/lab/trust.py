"""Can this explanation be trusted? Other methods, its reasons taken away, small changes, and another background."""

from __future__ import annotations

import streamlit as st

from dashboard import components
from dashboard.backgrounds import background_names
from dashboard.cached import explain as cached_explain
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.explain import AVERAGE_CASE
from dashboard.presentation import wording as reasons
from dashboard.presentation.backgrounds import background_name
from dashboard.presentation.charts import explain as explain_charts
from dashboard.presentation.charts import trust as charts
from dashboard.presentation.sentences import trust as sentences
from dashboard.presentation.tables import reasons as reason_tables
from dashboard.presentation.tables import trust as tables
from dashboard.presentation.texts import plain, t
from dashboard.sections.lab.card import Explained, LabCard


def draw(explained: Explained) -> dict:
    """Sentence, curve, doubt, tables, and what another background changes; everything raw."""
    units, compared = explained.explanation.units, explained.compared
    asked = (*explained.where, units, compared)
    with components.working(t("lab.trust.working"), once=("trust", *asked)):
        trust = cached_explain.trust(*explained.where, units=units, compared=compared)
    data = cached_workspace.dataset(explained.ref)
    st.markdown(sentences.sentence(trust))
    components.draw(charts.removal(trust.removal, units), key="removal")
    components.caveats(sentences.caveats(trust, explained.explanation))
    with components.grid(2, min_width=380) as grid:
        with grid.cell():
            st.markdown(f"**{t('lab.trust.methods')}**")
            table, alt = tables.agreement_table(trust), plain("lab.trust.methods.alt")
            components.rows(table, tables.agreement_columns(), key="agreement", alt=alt)
            components.caveats([t("lab.trust.methods.caveat"), sentences.unanswered(trust)])
        with grid.cell():
            st.markdown(f"**{t('lab.trust.small')}**")
            if trust.stability:
                table, alt = tables.stability_table(data, trust), plain("lab.trust.small.alt")
                components.rows(table, tables.stability_columns(), key="stability", alt=alt)
            components.caveats([t("lab.trust.small.caveat", n=trust.n_strongest)])
    return trust.to_json() | {"background": background(explained)}


def background(explained: Explained) -> dict | None:
    """The switch of what the page is compared with, and what it changes against the average case."""
    page, units, chosen = explained.page, explained.explanation.units, explained.explanation.compared_with
    st.markdown(f"**{t('lab.trust.background')}**")
    page.pick("compared", background_names(explained))
    if explained.compared == AVERAGE_CASE:
        components.caveats([t("lab.trust.background.hint")])
        return None
    data = cached_workspace.dataset(explained.ref)
    before = cached_explain.explanation(*explained.where, units=units)
    found = reasons.reasons(data, before)
    names = plain("explain.base"), background_name(data, chosen)
    words = {r.feature: r.label for r in found}
    st.markdown(sentences.switched(before, explained.explanation, words, names))
    by_feature = {c.feature: c.contribution for c in explained.explanation.contributions}
    components.draw(explain_charts.two_methods(found, by_feature, names, units), key="switched")
    is_item = explained.compared.choice.kind == "item"
    components.caveats(
        [
            t("explain.second.legend", first=names[0], second=names[1]),
            t("lab.trust.item") if is_item else "",
            t("lab.trust.item.term") if is_item and before.item_item is not None else "",
        ]
    )
    return {"compared_with": chosen, "average": reason_tables.explanation_json(before)}


CARD = LabCard("trust", draw)
