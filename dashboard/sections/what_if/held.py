"""The edits of a session: read from the address, changed, undone, pinned, and left behind with whom they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

import streamlit as st

from dashboard import components, state
from dashboard.presentation.sentences import what_if as sentences
from dashboard.presentation.texts import t
from recsys_core.data.dataset import Dataset
from recsys_core.what_if.edit_texts import EditTexts, joined, of_side

MOST_UNDONE, MOST_PINS = 50, 3
BETWEEN_PINS, BETWEEN_KINDS, SAFE = "|", "!", ";:"


@dataclass(frozen=True, slots=True)
class Whose:
    """Who and what edits were made for."""

    workspace: str
    user_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Last:
    """What the page was drawn with the last time."""

    whose: Whose
    texts: EditTexts
    pins: tuple[EditTexts, ...]


def texts() -> EditTexts:
    """The edits as the address says them."""
    bar = state.bar()
    return EditTexts(bar.value("set"), bar.value("add"), bar.value("off"))


def pins() -> tuple[EditTexts, ...]:
    """Pinned edits, in the order of their letters."""
    found = []
    for pin in filter(None, state.bar().value("pins").split(BETWEEN_PINS)):
        kinds = pin.split(BETWEEN_KINDS)
        if len(kinds) == len(EditTexts.__dataclass_fields__):
            found.append(EditTexts(*map(unquote, kinds)))
    return tuple(found[:MOST_PINS])


def has_bad_pins() -> bool:
    """Whether the address holds pins that are none."""
    return len(pins()) < len([pin for pin in state.bar().value("pins").split(BETWEEN_PINS) if pin])


def control_key(name: str) -> str:
    """Key of a control that edits: another one wherever something else than the control has changed its value.

    A browser that has not heard of that yet sends the control's old value with the next click.
    """
    return f"{name}@{state.recall('controls') or 0}"


def _renew_controls() -> None:
    state.remember("controls", (state.recall("controls") or 0) + 1)


def use(new: EditTexts) -> None:
    """In a callback: edits that came from elsewhere than from a control."""
    _renew_controls()
    change(new)


def change(new: EditTexts, *, touched: str = "") -> None:
    """In a callback: other edits; what stood before can be undone.

    ``touched``: the column whose response curve is shown, where that is not the one of the last edit.
    """
    before = texts()
    if new != before:
        state.remember("undo", [*(state.recall("undo") or []), before][-MOST_UNDONE:])
        state.remember("put_aside", None)
        _write(new, pins(), curve=touched)


def undo() -> None:
    """In a callback: the edits before the last change."""
    stack = list(state.recall("undo") or [])
    if stack:
        before = stack.pop()
        state.remember("undo", stack)
        _renew_controls()
        _write(before, pins())


def reset() -> None:
    """In a callback: no edits; they can be had back by undo."""
    use(EditTexts())


def can_undo() -> bool:
    return bool(state.recall("undo"))


def pin() -> None:
    """In a callback: keep these edits beside the next ones."""
    new = texts()
    if new and new not in pins() and len(pins()) < MOST_PINS:
        _write(new, (*pins(), new))


def unpin(at: int) -> None:
    """In a callback: no longer keep the pin at this place."""
    _write(texts(), tuple(p for i, p in enumerate(pins()) if i != at))


def replace(edits: EditTexts, pinned: tuple[EditTexts, ...], **choice: str | None) -> None:
    """Callback, its last step: edits and pins of a file, for the user and the item that it names."""
    state.remember("undo", [])
    state.remember("put_aside", None)
    state.remember("what_if_last", None)
    _renew_controls()
    state.choose(**_said(edits, pinned), curve="", **choice)


def follow(whose: Whose) -> EditTexts:
    """Before the page is drawn: edits of another user or item are put aside and handed back.

    Edits that came with the address belong to whom the address names.
    """
    last: Last | None = state.recall("what_if_last")
    now, dropped = texts(), EditTexts()
    if last is not None and (now, pins()) == (last.texts, last.pins) and whose != last.whose:
        sides = [side for side in ("user", "item") if _moved(side, last.whose, whose)]
        left = [side for side in ("user", "item") if side not in sides]
        for side in sides:
            dropped = joined(dropped, of_side(now, side))
        still = [_of_sides(edits, left) for edits in (now, *pins())]
        _write(still[0], tuple(dict.fromkeys(p for p in still[1:] if p)))
        state.remember("undo", [])
        _renew_controls()
    state.remember("what_if_last", Last(whose, texts(), pins()))
    if dropped:
        state.remember("put_aside", (whose, dropped))
    aside = state.recall("put_aside")
    return aside[1] if aside and aside[0] == whose else EditTexts()


def put_aside(dropped: EditTexts, data: Dataset) -> None:
    """Say which edits were put aside, with the button that makes them here."""
    components.notice(sentences.put_aside(dropped, data))
    st.button(t("what_if.put_aside.back"), key="bring_back", on_click=bring_back)


def bring_back() -> None:
    """In a callback: make the edits that were put aside here too."""
    aside = state.recall("put_aside")
    if aside:
        use(joined(texts(), aside[1]))


def _moved(side: str, before: Whose, now: Whose) -> bool:
    if before.workspace != now.workspace:
        return True
    return before.user_id != now.user_id if side == "user" else before.item_id != now.item_id


def _of_sides(edits: EditTexts, sides: list[str]) -> EditTexts:
    found = EditTexts()
    for side in sides:
        found = joined(found, of_side(edits, side))
    return found


def _write(new: EditTexts, pinned: tuple[EditTexts, ...], *, curve: str | None = None) -> None:
    state.bar().change(**_said(new, pinned), curve=state.bar().value("curve") if curve is None else curve)


def _said(new: EditTexts, pinned: tuple[EditTexts, ...]) -> dict[str, str]:
    """Edits and pins as the address holds them."""
    kinds = (BETWEEN_KINDS.join(quote(text, safe=SAFE) for text in (p.set, p.add, p.off)) for p in pinned[:MOST_PINS])
    return {"set": new.set, "add": new.add, "off": new.off, "pins": BETWEEN_PINS.join(kinds)}
