"""The controls that every page follows: workspace, user, item, model; drawn by the entry script alone."""

from __future__ import annotations

import streamlit as st

from dashboard import components, state
from dashboard.cached import segments as cached_segments
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import FURTHER, MAX_SPARSITY
from dashboard.presentation import texts
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.texts.markdown import escape
from dashboard.presentation.variants import plain_variant
from dashboard.sections.cases import ways_to_a_user
from dashboard.sections.segments import segment_picker
from dashboard.workspaces import WorkspaceEntry, WorkspaceRef
from recsys_core.models.item_item import ItemItemTerm
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
            key=state.bar().picker("lang", chosen if chosen in texts.LANGUAGES else None),
            on_change=state.bar().choose_picked,
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
        key=state.bar().picker("workspace", chosen.name if chosen else None),
        on_change=state.bar().choose_picked,
        args=("workspace",),
    )


def user_and_item(ref: WorkspaceRef) -> None:
    """Pickers by name, of a segment's users first; the item's empty value is the user's top recommendation."""
    language, segment = state.language(), segment_picker(ref)
    people, items = cached_workspace.people(ref, language), cached_workspace.item_names(ref, language)
    if segment is not None:
        people = cached_segments.people_first(ref, segment, language)
    user = state.bar().known("user", people)
    shown = user or (None if state.bar().value("user") else next(iter(people)))
    _picker("user", people, shown)
    if len(people.get(shown, "")) > LONGEST_SHOWN:
        st.markdown(f":small[:gray[{escape(people[shown])}]]")  # the box cuts it off, and the id stands last
    ways_to_a_user(ref, segment)
    _picker("item", items, state.bar().known("item", items), placeholder=plain("control.item.top"))


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
        key=state.bar().picker(what, chosen),
        on_change=state.bar().choose_picked,
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


def model_controls(ref: WorkspaceRef, *, large: bool = False) -> None:
    """Sparsity, bits, pruning and neighbours; ``large`` where a page is about them (side by side, in the page)."""
    term = cached_workspace.model(ref, state.variant().model).term
    with st.grid(3 if term is None else 4, min_column_width=220) if large else st.container():
        st.slider(
            t("control.sparsity"),
            min_value=0,
            max_value=MAX_SPARSITY,
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
            format_func=texts.names_of("pruning" if large and term is None else "pruning.short", PRUNINGS),
            required=True,
            key=state.bar().picker("pruning", state.pruning()),
            on_change=state.bar().choose_picked,
            args=("pruning",),
            help=t("control.pruning.help"),
            width="stretch",
        )
        if term is not None:
            _neighbours(term)


def _neighbours(term: ItemItemTerm) -> None:
    """How many entries a column of the item-item term keeps: all, or fewer; a level of the address is among them."""
    chosen = state.variant().compression.neighbours
    levels = sorted({*term.levels, *([chosen] if chosen else [])}, reverse=True)
    names = {"": plain("control.neighbours.all", n=term.widest)} | {str(n): numbers.count(n) for n in levels}
    st.selectbox(
        t("control.neighbours"),
        list(names),
        format_func=names.get,
        key=state.bar().picker("neighbours", str(chosen or "")),
        on_change=state.bar().choose_picked,
        args=("neighbours",),
        help=t("control.neighbours.help"),
    )


def model_picker(ref: WorkspaceRef) -> None:
    """Which of the workspace's models, where there are several; the current one needs no name in the address."""
    models = cached_workspace.models(ref)
    if all(m.current for m in models):  # one, or none that can be read
        return
    called = [m.name for m in models]
    names = {m.id: m.name if called.count(m.name) == 1 else f"{m.name} ({m.id})" for m in models}
    learned = {m.id: m.n_learned for m in models if m.n_learned}
    names |= {key: plain("control.model.learned", name=names[key], n=n) for key, n in learned.items()}
    current = next((m.id for m in models if m.current), None)  # none where the current one cannot be read
    if current:
        names[current] = plain("control.model.current", name=names[current])
    key = state.bar().picker("model", state.variant().model or current)
    st.selectbox(
        t("control.model"),
        list(names),
        format_func=names.get,
        key=key,
        on_change=lambda: state.choose(model=None if st.session_state[key] == current else st.session_state[key]),
    )


def further_settings() -> None:
    """Settings of the address that no control shows, in words, each with the way to clear it."""
    said = state.variant().to_query()
    for parameter in FURTHER:
        if parameter.key in said:
            st.button(
                t("control.clear", name=plain(parameter.name), value=said[parameter.key]),
                key=f"clear_{parameter.key}",
                icon=":material/close:",
                on_click=lambda key=parameter.key: state.choose(**{key: None}),
            )


@components.fragment(key=state.MODEL)
def model_badge() -> None:
    """Which model is being looked at."""
    chosen = state.variant()
    st.badge(escape(plain_variant(chosen)), color="gray" if chosen.is_dense else "blue")
