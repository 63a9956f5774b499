"""The controls that every page follows: workspace, user, item, model; drawn by the entry script alone."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import texts
from dashboard.presentation.texts import plain, t
from dashboard.presentation.texts.markdown import escape
from dashboard.presentation.variants import plain_variant
from dashboard.sections.cases import ways_to_a_user
from dashboard.workspaces import WorkspaceEntry, WorkspaceRef
from recsys_core.variant import BITS, PRUNINGS

MOST_OPTIONS = 3000  # a list of more is searched on the server
MOST_HITS = 50
LONGEST_SHOWN = 26  # letters that the box of users shows at the sidebar's width


def language_switch() -> None:
    """Name of the app and the two languages."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{t('app.name')}**")
        chosen = state.language()
        st.segmented_control(
            t("control.language"),
            texts.LANGUAGES,
            format_func=texts.NAMES.get,
            required=True,
            key=state.show_in_picker("lang", chosen if chosen in texts.LANGUAGES else None),
            on_change=state.choose_picked,
            args=("lang",),
            label_visibility="collapsed",
        )


def workspace_picker(entries: list[WorkspaceEntry], chosen: WorkspaceEntry | None) -> None:
    titles = [e.title for e in entries]
    names = {
        e.name: e.title if titles.count(e.title) == 1 else plain("workspace.option", name=e.title, folder=e.name)
        for e in entries
    }
    st.selectbox(
        t("control.workspace"),
        list(names),
        format_func=names.get,
        key=state.show_in_picker("workspace", chosen.name if chosen else None),
        on_change=state.choose_picked,
        args=("workspace",),
    )


def user_and_item(ref: WorkspaceRef) -> None:
    """Pickers by name; the item's empty value is the user's top recommendation."""
    language = state.language()
    people, items = cached_workspace.people(ref, language), cached_workspace.item_names(ref, language)
    user = state.chosen_id("user", people)
    shown = user or (None if state.is_named("user") else next(iter(people)))
    _picker("user", people, shown)
    if len(people.get(shown, "")) > LONGEST_SHOWN:
        st.markdown(f":small[:gray[{escape(people[shown])}]]")  # the box cuts it off, and the id stands last
    ways_to_a_user(ref, list(people))
    _picker("item", items, state.chosen_id("item", items), placeholder=plain("control.item.top"))


def _picker(what: str, names: dict[str, str], chosen: str | None, *, placeholder: str | None = None) -> None:
    options = list(names)
    if len(names) > MOST_OPTIONS:
        hint = plain("control.search.hint")
        wanted = st.text_input(
            t(f"control.{what}.search"), key=f"search_{what}", type="search", placeholder=hint, live="300ms"
        )
        options = hits(names, wanted, chosen)
    st.selectbox(
        t(f"control.{what}"),
        options,
        index=None if what == "item" else 0,  # an item can be cleared: back to the top recommendation
        format_func=lambda option: names.get(option, option),
        key=state.show_in_picker(what, chosen),
        on_change=state.choose_picked,
        args=(what,),
        placeholder=placeholder or plain("control.user.pick"),
        filter_mode="contains",
    )


def hits(names: dict[str, str], wanted: str | None, chosen: str | None) -> list[str]:
    """Ids whose id or name holds the wanted text, at most 50, the chosen one always among them.

    >>> hits({"1": "Anna, 34 (user 1)", "2": "Ben, 20 (user 2)"}, "ann", "2")
    ['2', '1']
    """
    words = (wanted or "").casefold().split()
    found = (i for i, name in names.items() if all(w in f"{i} {name}".casefold() for w in words))
    first = [chosen] if chosen in names else []
    return first + [i for i, _ in zip((i for i in found if i != chosen), range(MOST_HITS), strict=False)]


def model_controls(*, large: bool = False) -> None:
    """Sparsity, bits and pruning; ``large`` where a page is about them (side by side, in the page)."""
    with st.grid(3, min_column_width=240) if large else st.container():
        st.slider(
            t("control.sparsity"),
            min_value=0,
            max_value=state.SPARSITIES[-1],
            step=10,
            format="%d %%",
            key="sparsity",
            bind="query-params",
            on_change=state.settled,
            help=t("control.sparsity.help"),
        )
        st.segmented_control(
            t("control.bits"),
            BITS,
            default=BITS[0],
            required=True,
            key="bits",
            bind="query-params",
            on_change=state.settled,
            help=t("control.bits.help"),
            width="stretch",
        )
        st.segmented_control(
            t("control.pruning"),
            PRUNINGS,
            format_func=texts.names_of("pruning" if large else "pruning.short", PRUNINGS),
            required=True,
            key=state.show_in_picker("pruning", state.pruning()),
            on_change=state.choose_picked,
            args=("pruning",),
            help=t("control.pruning.help"),
            width="stretch",
        )


@components.fragment(key=state.MODEL)
def model_badge() -> None:
    """Which model is being looked at."""
    chosen = state.variant()
    st.badge(escape(plain_variant(chosen)), color="gray" if chosen.is_dense else "blue")
