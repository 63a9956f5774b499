"""Overview: what data and which model this is, how good it is, and what to know before trusting it."""

from __future__ import annotations

import streamlit as st

from dashboard import components, frame, state
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import Parameter, opened
from dashboard.presentation.charts import overview as charts
from dashboard.presentation.sentences import overview as sentences
from dashboard.presentation.sentences import quality
from dashboard.presentation.texts import numbers, t
from dashboard.sections import overview as cards
from dashboard.sections import retrain, segment_figures, self_explaining


@frame.page(
    "overview",
    order=10,
    parameters=(
        Parameter("groups", "overview.groups.by"),
        opened("columns_read", "overview.columns"),
        *retrain.PARAMETERS,
    ),
)
def show(page: frame.Frame) -> None:
    ref = page.selection.ref
    model, profile = cached_workspace.model(ref, page.selection.variant.model), cached_workspace.profile(ref)
    page.title(t("overview.title"))
    sentence = quality.sentence(model)
    page.sentence(sentence)
    made = [sentences.made(model, page.selection.language), *sentences.learned(model)]
    components.caveats([*sentences.meaning(model), *made])
    stats = sentences.stat_cards(profile)
    with components.grid(len(stats), min_width=165):
        for label, value, note in stats:
            components.stat_card(label, value, note)
    with components.grid(3, min_width=290) as wide:
        with wide.cell(column_span=2), components.card(t("overview.quality"), stretch=True):
            cards.quality(model)
        with components.card(t("overview.verdict"), stretch=True):
            cards.verdict(model)
            place_of_gap = st.container()
    of_segment = segment_figures.quality(page)
    with components.grid(3, min_width=290):
        with components.card(t("overview.time"), stretch=True):
            cards.over_time(profile, page.selection.language)
        with components.card(t("overview.tail"), stretch=True):
            components.draw(charts.long_tail(profile), key="tail")
            components.caveats([t("overview.tail.sentence", share=numbers.percent(profile.head_share))])
        with components.card(t("overview.groups"), stretch=True):
            cards.groups(page)
    with components.card(t("overview.problems")):
        cards.problems(model)
        cards.columns(page)
    with components.card(t("overview.chosen")):
        cards.chosen(ref, model)
    with components.card(t("cost.title")):
        self_explaining.cost(page.selection)
    cards.stages(page.selection.ref, model)
    beside = retrain.card(page)
    next_links(page)
    everything = {"profile": stats, "metrics": model.training.to_json(), "config": model.config}
    everything |= {"segment": of_segment, "beside": beside}
    page.download("overview", quality.quality_table(model), everything)
    with place_of_gap:
        cards.gap(page, sentence)


def next_links(page: frame.Frame) -> None:
    chosen = page.selection
    st.markdown(f"**{t('overview.next')}**")
    with st.container(horizontal=True):
        if chosen.user_index is not None:
            user = cached_workspace.short_name(chosen.ref, chosen.user_index, chosen.language)
            state.page_link("explain", t("overview.next.explain", user=user))
        for name in ("global", "compress", "fairness"):
            state.page_link(name, t(f"overview.next.{name}"))
