"""AddressBar: what the address says, read and written in one place.

The address holds raw ids (``user=17``), a picker shows names. Streamlit binds a widget to the address by the text
that it shows, so the raw values live in small text fields that nobody sees and are bound; the pickers write to them
(``choose``), all at once, as one entry of the browser's history. What the address says and nobody knows (an unknown
user, 7 bits) stays there until another is picked. A ``bound`` parameter has a visible control that shows what the
address holds and is bound itself.

A ``live`` parameter is changed by a part of the page that is drawn alone. Its hidden field is not drawn then, so the
browser would send the old value with the next click: the session holds the value, the address follows, and is read
when the session begins and when the browser goes back or forward.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import get_session_state

from dashboard.parameters import Parameter
from dashboard.presentation import texts
from dashboard.problem import Problem

HIDDEN = "address"  # key of the container that holds the text fields
UNUSABLE, LIVE, SHOWN = "_unusable", "_live", "_shown"
LONGEST_LIVE = 1500  # letters: what is longer stands in no address, as servers and chats cut it


class AddressBar:
    """The parameters of the frame and of every page; the values are those of the session that asks.

    Raises ``ValueError`` where two pages declare one key differently.
    """

    def __init__(self, frame: Iterable[Parameter], pages: Mapping[str, Iterable[Parameter]]) -> None:
        self.frame = {p.key: p for p in frame}
        self.of_page = {name: {p.key: p for p in declared} for name, declared in pages.items()}
        self.parameters: dict[str, Parameter] = dict(self.frame)
        for name, declared in self.of_page.items():
            for key, parameter in declared.items():
                if self.parameters.setdefault(key, parameter) != parameter:
                    raise ValueError(f"page {name}: {key} is declared differently elsewhere")

    def draw(self) -> None:
        """Draw the hidden fields; call first in every run. Bound controls do not see what they cannot take."""
        self.note_unusable()
        if self.unusable:  # a control that read them would take the nearest value, or clear the address
            usable = {k: v for k, v in st.query_params.to_dict().items() if k not in self.unusable}
            with get_session_state().query_params() as held:
                held.set_initial_query_params(urlencode(usable))
        with st.container(key=HIDDEN):
            where = f'.st-key-{HIDDEN}, [data-testid="stLayoutWrapper"]:has(> .st-key-{HIDDEN})'
            st.html(f"<style>{where} {{ display: none; }}</style>")
            held = self._read_live()
            for at, key in enumerate(k for k, p in self.parameters.items() if not p.bound):
                if key in held:
                    st.session_state[key] = _as_addressed(held[key])
                st.text_input(f"#{at}", key=key, bind="query-params")

    def _read_live(self) -> dict[str, str]:
        """What the session holds of live parameters; those of the address where the browser brought another one."""
        context, keys = get_script_run_ctx(), [key for key, p in self.parameters.items() if p.live]
        held = st.session_state.setdefault(LIVE, {})
        if not held or (context is not None and context.is_history_navigation):
            for key in keys:
                said = st.query_params.get(key, "")
                if said != _as_addressed(held.get(key, "")):  # equal: the address had no room for what is held
                    held[key] = said
        return {key: held.setdefault(key, "") for key in keys}

    @property
    def unusable(self) -> dict[str, str]:
        """What the address holds of bound parameters although their controls cannot take it."""
        return st.session_state.get(UNUSABLE) or {}

    def note_unusable(self) -> None:
        """Before the controls are drawn: remember which values of the address the bound ones cannot take."""
        raw = {key: st.query_params.get(key) for key, p in self.parameters.items() if p.bound}
        st.session_state[UNUSABLE] = {
            key: value for key, value in raw.items() if value is not None and not self._takes(key, value)
        }

    def keep_unusable(self) -> None:
        """The controls are drawn: what they cannot take stays in the address, so that a reload says so again."""
        with get_session_state().query_params() as held:
            for key, raw in self.unusable.items():
                if not held.has_param(key):
                    held.set_with_no_forward_msg(key, raw)

    def value(self, key: str) -> str:
        """What the address holds, as it is written there; of a bound parameter what its control shows."""
        if self.parameters[key].live:
            return st.session_state.get(LIVE, {}).get(key, "")
        held = st.session_state.get(key)
        if held is None or held == "":
            return self.parameters[key].default if self.parameters[key].bound else ""
        return str(held).lower() if isinstance(held, bool) else str(held)

    def query(self, keys: Iterable[str]) -> dict[str, str]:
        """What the address holds of these parameters, without those that it does not name."""
        return {key: value for key in keys if (value := self.value(key))}

    def known(self, key: str, values: Container[str]) -> str | None:
        """The value where it is among ``values``."""
        raw = self.value(key)
        return raw if raw in values else None

    def unknown(self, key: str, values: Container[str]) -> str | None:
        """What the address holds although there is no such thing; None where all is well."""
        raw = self.value(key)
        return raw if raw and raw not in values else None

    def number(self, key: str, top: float = math.inf) -> float | None:
        """A number from 0 to ``top``; None for anything else."""
        try:
            value = float(self.value(key))
        except ValueError:
            return None
        return value if math.isfinite(value) and 0 <= value <= top else None

    def problems(self, page: str) -> list[Problem]:
        """What the address says of the frame and the page that no control can show, and what is shown instead."""
        found = []
        for key, parameter in (self.frame | self.of_page.get(page, {})).items():
            raw = self.unusable.get(key, "") if parameter.bound else self.value(key)
            if raw and not self._takes(key, raw):
                found.append(self.problem(key, raw, parameter.instead))
        return found

    def problem(self, key: str, raw: str, shown: str) -> Problem:
        """The sentence that says that ``raw`` is no value of a parameter, and what is shown instead."""
        parameter = self.parameters[key]
        values = (("name", texts.plain(parameter.name)), ("value", raw), ("shown", shown))
        return Problem(parameter.problem, values)

    def _takes(self, key: str, raw: str) -> bool:
        takes = self.parameters[key].takes
        return takes is None or takes(raw)

    def choose(self, **values: str | None) -> None:
        """Callback, its last step: choose by raw id or value (``user="17"``, ``item=None`` for the top recommendation).

        Draws everything again, from a fragment too, as the hidden fields must tell the address.
        """
        cleared = {later: "" for key in values for later in self.parameters[key].clears}
        self.write(cleared | {key: value or "" for key, value in values.items()})
        st.rerun()

    def change(self, **values: str) -> None:
        """In a callback inside the page: give live parameters other values; the page alone is drawn again.

        All of them are written: of two quick changes the second one comes from a browser without the first.
        """
        live = {key: self.value(key) for key, p in self.parameters.items() if p.live}
        if live | values != live:
            self.write(live | values)

    def is_too_long(self, keys: Iterable[str]) -> bool:
        """Whether the address has no room for what the session holds of some live parameters."""
        return any(_as_addressed(self.value(key)) != self.value(key) for key in keys)

    def write(self, values: Mapping[str, object]) -> None:
        """Give the controls their values and write them to the address together.

        Each control alone would write an entry of its own to the browser's history.
        """
        for key, value in values.items():
            if self.parameters[key].live:
                st.session_state.setdefault(LIVE, {})[key] = str(value)
            else:
                st.session_state[key] = value
        with get_session_state().query_params() as held:
            for key, value in values.items():
                parameter = self.parameters[key]
                value = _as_addressed(str(value)) if parameter.live else value
                if str(value) == (parameter.default if parameter.bound else ""):
                    held.discard_param_no_forward_msg(key)
                else:
                    held.set_with_no_forward_msg(key, str(value))
        st.query_params.update()  # sends them all

    def picker(self, key: str, value: object) -> str:
        """Before a picker is drawn: let it show the value; returns the picker's own key."""
        st.session_state[f"pick_{key}"] = value
        st.session_state.setdefault(SHOWN, {})[key] = value
        return f"pick_{key}"

    def choose_picked(self, key: str) -> None:
        """Callback of a picker: what it shows becomes what the address holds; a number cleared leaves none.

        A page that is left calls it, too, with what the picker showed anyway: that is no choice.
        """
        value = st.session_state[f"pick_{key}"]
        if (key, value) in st.session_state.get(SHOWN, {}).items():
            return
        self.choose(**{key: f"{value:g}" if isinstance(value, float) else value})


def _as_addressed(value: str) -> str:
    """What the address holds of a live value: nothing where it is too long."""
    return value if len(value) <= LONGEST_LIVE else ""
