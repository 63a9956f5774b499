"""Overview: what data and which model this is, how good it is, and what to know before trusting it."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, components, frame, state
from dashboard.charts import overview as charts
from dashboard.stories import overview as story
from dashboard.texts import names_of, numbers, t, word
from dashboard.texts.markdown import escape
from recsys_core.data.profile import group_sizes
from recsys_core.models.anatomy import anatomy


def show(page: frame.Frame) -> None:
    place = page.selection.place
    workspace, profile = cached.workspace(place), cached.profile(place)
    page.title(t("overview.title"))
    page.sentence(story.sentence(workspace))
    figures = story.figures(profile, page.selection.language)
    with components.grid(len(figures), min_width=120):
        for label, value, note in figures:
            components.figure_card(label, value, note)
    with components.grid(3, min_width=290) as cards:
        with cards.cell(column_span=2), components.card(t("overview.quality"), stretch=True):
            quality(workspace)
        with components.card(t("overview.problems"), stretch=True):
            problems(workspace)
    with components.grid(3, min_width=290):
        with components.card(t("overview.time"), stretch=True):
            over_time(profile)
        with components.card(t("overview.tail"), stretch=True):
            components.draw(charts.long_tail(profile), key="tail")
            components.doubt([t("overview.tail.sentence", share=numbers.percent(profile.head_share))])
        with components.card(t("overview.groups"), stretch=True):
            groups(page)
    stages(workspace)
    next_links(page)
    everything = {"profile": figures, "metrics": workspace.metrics, "config": workspace.config}
    page.download("overview", story.quality_table(workspace), everything)


def quality(workspace) -> None:
    best = story.best_possible(workspace)
    components.draw(charts.quality(workspace.metrics, best), key="quality")
    if best:
        components.doubt([t("overview.quality.best")])
    components.doubt(story.doubts(workspace))


def problems(workspace) -> None:
    found = story.problems(workspace)
    st.markdown(t("overview.problems.n", n=len(found)) if found else t("overview.problems.none"))
    for sentence in [*found, *story.lists_sentence(workspace), story.ids_sentence(workspace)]:
        st.markdown(f"- {sentence}")


def over_time(profile) -> None:
    if profile.first_time is None:
        st.markdown(t("overview.time.none"))
    else:
        components.draw(charts.over_time(profile), key="time")


@st.fragment
def groups(page: frame.Frame) -> None:
    data = cached.dataset(page.selection.place)
    columns = [c.name for c in data.schema.users if c.kind in ("category", "ordered", "number")]
    if not columns:
        st.markdown(t("overview.groups.none"))
        return
    column = st.selectbox(
        t("overview.groups.by"),
        columns,
        format_func=names_of("column", columns),
        key="group_by",
        persist_state="session",
    )
    components.draw(charts.groups(group_sizes(data, column), word("column", column)), key="groups")


def stages(workspace) -> None:
    found = anatomy(workspace.ranker, workspace.config["encoder"])
    st.markdown(f"**{t('overview.anatomy')}**")
    with components.grid(4, min_width=180):
        for stage in found:
            lines = story.stage_lines(stage)
            with components.card(t(f"stage.{stage.name}"), stretch=True):
                st.markdown(t(f"stage.{stage.name}.job"))
                st.markdown(f":blue[**{escape(lines['shapes'])}**]")
                components.doubt([escape(lines[key]) for key in ("parameters", "size", "trained")])


def next_links(page: frame.Frame) -> None:
    chosen = page.selection
    st.markdown(f"**{t('overview.next')}**")
    with st.container(horizontal=True):
        if chosen.user_index is not None:
            user = cached.short_name(chosen.place, chosen.user_index, chosen.language)
            state.page_link("explain", t("overview.next.explain", user=user))
        for name in ("global", "compress", "fairness"):
            state.page_link(name, t(f"overview.next.{name}"))


frame.page(show)
