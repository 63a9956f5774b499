"""Who and what the What-if page asks about: the chosen user and item, or a new one that starts from empty."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import streamlit as st

from dashboard import components, state, units
from dashboard.cached import explain as cached_explain
from dashboard.cached import what_if as cached
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.what_if import Asked
from dashboard.presentation.sentences.what_if import Situations
from dashboard.presentation.texts import message, plain, t
from dashboard.presentation.texts.markdown import Markdown
from dashboard.sections.what_if import held
from dashboard.sections.what_if.held import Whose
from recsys_core.data.dataset import Dataset
from recsys_core.results.what_if import WhatIf
from recsys_core.what_if.edit_texts import EditTexts, ReadEdits, column_pairs

NEW = ("user", "item", "both")
SIDES = ("user", "item")


@dataclass(frozen=True, slots=True)
class Names:
    """What to call the user and the item, and whom edits belong to."""

    user: str
    item: str
    whose: Whose


def is_new(side: str) -> bool:
    """Whether the page starts from an empty user (or item)."""
    return state.bar().value("new") in (side, "both")


def asked(page) -> Asked | None:
    """Who and what is asked about; None where there is nobody or nothing, and the page has said so."""
    chosen = page.selection
    user = None if is_new("user") else chosen.user_index
    is_lost = {"user": user is None and not is_new("user"), "item": chosen.item_unknown and not is_new("item")}
    for which, lost in is_lost.items():
        if lost:
            page.title(t("what_if.title"))
            components.empty(t(f"what_if.{which}_unknown"), t("frame.pick_user") if which == "user" else "")
            return None
    if is_new("item") or chosen.item_index is not None:
        return Asked(chosen.ref, user, None if is_new("item") else chosen.item_index, chosen.variant)
    with components.working(t("working.variant"), once=("variant", chosen.ref, chosen.variant)):
        first = _first_item(page, user)
    if first is None:
        page.title(t("what_if.title"))
        components.empty(t("what_if.nothing_left", user=chosen.user_name))
        return None
    return Asked(chosen.ref, user, first, chosen.variant)


def _first_item(page, user: int | None) -> int | None:
    """The top recommendation of the user as the tables know it."""
    chosen = page.selection
    if user is None:
        top = cached.changed(Asked(chosen.ref, None, 0, chosen.variant), EditTexts()).top.before
        return top[0].item.item_index if top else None
    items = cached_explain.recommendation(chosen.ref, user, chosen.variant).items
    return items[0].item_index if items else None


def names(page, asked: Asked) -> Names:
    """Names for titles and sentences; the link names the item."""
    chosen, data = page.selection, cached_workspace.dataset(asked.ref)
    item_id = user_id = ""
    item, user = _new_title(data) or plain("what_if.new_item"), plain("what_if.new_user")
    if asked.item_index is not None:
        item_id = str(data.items["item_id"].iloc[asked.item_index])
        item = cached_workspace.item_names(asked.ref, chosen.language)[item_id]
        page.shows_item(item_id)
    if asked.user_index is not None:
        user_id = str(data.users["user_id"].iloc[asked.user_index])
        user = cached_workspace.short_name(asked.ref, asked.user_index, chosen.language)
    return Names(user, item, Whose(asked.ref.name, user_id, item_id))


def _new_title(data: Dataset) -> str:
    """The title that a new item was given."""
    return dict(column_pairs(held.texts())).get(f"item.{data.schema.item_title}", "")


def about(asked: Asked, found: Names) -> Situations:
    """What a sentence about edits needs to know."""
    own = {
        stops.player: cached.own_value(asked, stops)
        for side in SIDES
        for stops in cached.columns(asked.ref, asked.variant.model, side)
    }
    return Situations(cached_workspace.dataset(asked.ref), found.item, found.user, own)


def notices(page, asked: Asked, read: ReadEdits, dropped: EditTexts) -> None:
    """What of the address cannot be used, what was put aside, and what no address has room for."""
    said = [message(problem) for problem in read.problems]
    if held.has_bad_pins():
        said.append(t("what_if.pins.unknown"))
    if state.bar().is_too_long(("set", "add", "off", "pins")):
        said.append(t("what_if.too_long"))
    with page.slots["notices"]:
        if said:
            components.notice(Markdown("\n\n".join(said)))
        if dropped:
            held.put_aside(dropped, cached_workspace.dataset(asked.ref))


def changed(page, asked: Asked, texts: EditTexts) -> WhatIf:
    """What the model says after the edits; the encoder is loaded where a text is read for the first time."""
    every = (c for side in SIDES for c in cached.columns(asked.ref, asked.variant.model, side))
    kinds = {c.player.key: c.group.kind for c in every}
    has_text = any(kinds.get(key) == "text" for key, _ in column_pairs(texts))
    once = ("encoder", asked.ref, asked.variant.model)
    with components.working(t("what_if.working"), once=once) if has_text else nullcontext():
        return cached.changed(asked, texts, units.units_of(page))


def start_from(page, side: str) -> None:
    """The way to a new user or item, and back."""
    other = "item" if side == "user" else "user"
    both = {True: "both", False: side}
    new = (other if is_new(other) else "") if is_new(side) else both[is_new(other)]
    label = t(f"what_if.{'back_to' if is_new(side) else 'new'}.{side}")
    icon = ":material/arrow_back:" if is_new(side) else ":material/add:"
    st.button(label, key=f"new_{side}", icon=icon, type="tertiary", on_click=state.choose, kwargs={"new": new})
