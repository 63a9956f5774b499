"""The controls that every page follows: workspace, user, item, model; drawn by the entry script alone."""

from __future__ import annotations

import random

import streamlit as st

from dashboard import cached, state, texts
from dashboard.cached import Entry, Place
from dashboard.texts import plain, t
from dashboard.texts.markdown import escape
from recsys_core.variant import BITS, PRUNINGS

MOST_OPTIONS = 3000  # a list of more is searched on the server
MOST_HITS = 50


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


def workspace_picker(entries: list[Entry], chosen: Entry | None) -> None:
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


def user_and_item(place: Place) -> None:
    """Pickers by name; the item's empty value is the user's top recommendation."""
    language = state.language()
    people, items = cached.people(place, language), cached.item_names(place, language)
    user = state.chosen_id("user", people)
    _picker("user", people, user or (None if state.is_named("user") else next(iter(people))))
    _random(place, list(people))
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


def _random(place: Place, ids: list[str]) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            t("control.random"), key="random", on_click=lambda: state.choose(user=random.choice(ids)), type="tertiary"
        )
        fitting = st.popover(t("control.random.filter"), type="tertiary", key="random_filter", on_change="rerun")
        if fitting.open:
            with fitting:
                _filter(place)


def _filter(place: Place) -> None:
    data = cached.dataset(place)
    columns = [c.name for c in data.schema.users if c.kind in ("category", "ordered")]
    columns += [c for c in ("age", "occupation") if c in data.users.columns and c not in columns]
    if not columns:
        return
    column = st.selectbox(
        t("control.random.column"), columns, format_func=texts.names_of("column", columns), key="filter_column"
    )
    texts_of = cached.user_values(place, column)
    value = st.selectbox(t("control.random.value"), sorted(set(texts_of), key=_by_number), key=f"filter_{column}")
    fitting = [i for i, text in zip(data.users["user_id"], texts_of, strict=True) if text == value]
    st.button(
        t("control.random.go"),
        key="filter_go",
        on_click=lambda: state.choose(user=random.choice(fitting)),
        type="primary",
    )


def _by_number(text: str) -> tuple[float, str]:
    return (float(text) if text.replace(".", "", 1).isdecimal() else float("inf"), text)


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
            format_func=texts.names_of("pruning", PRUNINGS),
            required=True,
            key=state.show_in_picker("pruning", state.pruning()),
            on_change=state.choose_picked,
            args=("pruning",),
            help=t("control.pruning.help"),
            width="stretch",
        )


@st.fragment(key=state.MODEL)
def model_badge() -> None:
    """Which model is being looked at."""
    chosen = state.variant()
    st.badge(escape(plain_variant(chosen)), color="gray" if chosen.is_dense else "blue")


def plain_variant(chosen) -> str:
    """A variant in words: "50 % of neurons removed, 8 bits"."""
    if chosen.is_dense:
        return plain("variant.dense")
    parts = []
    if chosen.distill:
        parts.append(plain("variant.name.student", width=chosen.distill))
    if chosen.sparsity:
        share = texts.numbers.percent(chosen.sparsity)
        parts.append(plain("variant.name.cut", sparsity=share, pruning=plain(f"pruning.{chosen.pruning}")))
    if chosen.bits != BITS[0]:
        parts.append(plain("variant.name.bits", bits=chosen.bits))
    return plain("variant.join").join(parts)
