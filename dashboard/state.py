"""The only place that touches session state and query parameters: what the person has chosen.

The address holds raw ids (``user=17``), a picker shows names. Streamlit binds a widget to the
address by the text that it shows, so the raw values live in small text fields that nobody sees
(``CARRIED``) and are bound; the pickers write to them. What the address says and nobody knows (an
unknown user) stays there until another is picked. ``sparsity`` and ``bits`` show what the address
holds and are bound themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import urlencode

import streamlit as st

from dashboard import cached, texts
from dashboard.cached import Entry, Place
from recsys_core.errors import RecLensError
from recsys_core.variant import BITS, DENSE, PRUNINGS, Variant

CARRIED = (
    "workspace", "user", "item", "pruning", "lang", "by", "cross", "measure", "models", "watch", "kb", "lists_kept",
    "method", "history", "order", "reason",
)  # fmt: skip
SPARSITIES = tuple(range(0, 100, 10))
MOST_DONE = 500
PARAMETERS = ("workspace", "user", "item", "sparsity", "bits", "pruning", "lang")
PAGE, MODEL = "page", "model"  # keys of the fragments that follow the model's controls
_HIDDEN = "address"  # key of the container that holds the carriers


@dataclass(frozen=True, slots=True)
class Problem:
    """A value of the address that cannot be used: a sentence's key and its values, to be shown as a notice."""

    key: str
    values: tuple[tuple[str, object], ...]

    @property
    def text(self) -> texts.Markdown:
        if self.key.startswith("core."):
            return texts.core_message(self.key.removeprefix("core."), dict(self.values))
        return texts.t(self.key, **dict(self.values))


@dataclass(frozen=True, slots=True)
class Selection:
    """What every page follows.

    ``user_index`` is None where the address names an unknown user; ``item_index`` is None for "the
    user's top recommendation" (``item_unknown`` tells the unknown item from it).
    """

    place: Place
    title: str
    user_index: int | None
    item_index: int | None
    variant: Variant
    language: str
    item_unknown: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def workspace(self) -> str:
        return self.place.name

    @property
    def user_id(self) -> str | None:
        return None if self.user_index is None else cached.dataset(self.place).users["user_id"].iloc[self.user_index]

    @property
    def item_id(self) -> str | None:
        return None if self.item_index is None else cached.dataset(self.place).items["item_id"].iloc[self.item_index]

    @property
    def user_name(self) -> str:
        return cached.people(self.place, self.language)[self.user_id] if self.user_id is not None else ""


def read_address() -> None:
    """Draw the carriers; call first in every run. Notes values of the bound controls that Streamlit would drop."""
    for key, allowed in (("sparsity", _is_sparsity), ("bits", _is_bits)):
        raw = st.query_params.get(key)
        if raw is not None and not allowed(raw):
            st.session_state[f"unusable_{key}"] = raw
    with st.container(key=_HIDDEN):
        where = f'.st-key-{_HIDDEN}, [data-testid="stLayoutWrapper"]:has(> .st-key-{_HIDDEN})'
        st.html(f"<style>{where} {{ display: none; }}</style>")
        for at, key in enumerate(CARRIED):
            st.text_input(f"#{at}", key=key, bind="query-params")


def _is_sparsity(raw: str) -> bool:
    return raw.isdecimal() and int(raw) <= SPARSITIES[-1]


def _is_bits(raw: str) -> bool:
    return raw in {str(b) for b in BITS}


def language() -> str:
    """The chosen language, else the browser's, else English."""
    chosen = st.session_state.get("lang") or ""
    if chosen in (*texts.LANGUAGES, texts.PSEUDO):
        return chosen
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def chosen_workspace(entries: list[Entry]) -> tuple[Entry | None, Problem | None]:
    """The entry that the address names, else the first; a problem where it names an unknown one."""
    name = st.session_state.get("workspace") or ""
    found = next((e for e in entries if e.name == name), None)
    if found or not name:
        return found or (entries[0] if entries else None), None
    return None, Problem("frame.workspace_unknown", (("workspace", name),))


def variant() -> Variant:
    """The compression settings of the controls; the address is checked, so this cannot fail."""
    sparsity = st.session_state.get("sparsity") or 0
    return Variant(sparsity / 100, st.session_state.get("bits") or BITS[0], pruning())


def pruning() -> str:
    raw = st.session_state.get("pruning") or PRUNINGS[0]
    return raw if raw in PRUNINGS else PRUNINGS[0]


def is_named(key: str) -> bool:
    """Whether the address says something for this parameter."""
    return bool(st.session_state.get(key))


def chosen_id(key: str, known: dict[str, str]) -> str | None:
    """The raw id that the address holds, where there is such a one."""
    raw = st.session_state.get(key) or ""
    return raw if raw in known else None


def address_value(key: str) -> str:
    """What the address holds for this parameter, as it is written there."""
    return st.session_state.get(key) or ""


def address_number(key: str, top: float = math.inf) -> float | None:
    """A number from 0 to ``top`` that the address holds; None for anything else."""
    try:
        value = float(address_value(key))
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= top else None


def unknown_id(key: str, known: dict[str, str]) -> str | None:
    """What the address holds although there is no such thing; None where all is well."""
    raw = st.session_state.get(key) or ""
    return raw if raw and raw not in known else None


def select(entry: Entry, place: Place) -> Selection:
    """Everything chosen, after the controls were drawn."""
    data, problems = cached.dataset(place), [*_setting_problems()]
    user, problem = _index(data.user_index, "user", entry)
    problems += [problem] if problem else []
    if user is None and problem is None:
        user = 0
    item, problem = _index(data.item_index, "item", entry)
    problems += [problem] if problem else []
    return Selection(place, entry.title, user, item, variant(), language(), problem is not None, tuple(problems))


def _index(find, what: str, entry: Entry) -> tuple[int | None, Problem | None]:
    raw = st.session_state.get(what) or ""
    if not raw:
        return None, None
    try:
        return find(raw, entry.title), None
    except RecLensError as error:
        return None, Problem(f"core.{error.key}", tuple(error.values.items()))


def _setting_problems() -> list[Problem]:
    found = []
    shown = {"sparsity": f"{st.session_state.get('sparsity') or 0} %", "bits": st.session_state.get("bits") or BITS[0]}
    for key in ("sparsity", "bits"):
        raw = st.session_state.get(f"unusable_{key}")
        if raw is not None:
            values = (("name", texts.plain(f"control.{key}")), ("value", raw), ("shown", shown[key]))
            found.append(Problem("frame.setting_unknown", values))
    raw = st.session_state.get("pruning") or PRUNINGS[0]
    if raw not in PRUNINGS:
        shown = texts.plain(f"pruning.{PRUNINGS[0]}")
        values = (("name", texts.plain("control.pruning")), ("value", raw), ("shown", shown))
        found.append(Problem("frame.setting_unknown", values))
    return found


def begin_run() -> None:
    """A whole run begins: until it ends, its fragments are those of the last one."""
    remember("whole", False)


def end_run() -> None:
    """Everything is drawn, so a slider may draw the page alone again."""
    remember("whole", True)


def settled(key: str) -> None:
    """Callback of a bound control: the person has chosen, so the address's unusable value is forgotten.

    Draws again what depends on the model, and nothing else; everything where a whole run was broken off.
    """
    st.session_state.pop(f"unusable_{key}", None)
    if recall("whole"):
        st.rerun([PAGE, MODEL])


def choose(**values: str | None) -> None:
    """Callback, its last step: choose by raw id or value (``user="17"``, ``item=None`` for the top recommendation).

    Draws everything again, from a fragment too, as the carriers must tell the address.
    """
    follows = {"workspace": ("user", "item"), "user": ("item",)}  # another user: the own top recommendation
    for key in values:
        for later in follows.get(key, ()):
            st.session_state[later] = ""
    for key, value in values.items():
        st.session_state[key] = value or ""
    st.rerun()


def choose_picked(key: str) -> None:
    """Callback of a picker: what it shows becomes what the address holds."""
    choose(**{key: st.session_state[f"pick_{key}"]})


def choose_number(key: str) -> None:
    """Callback of a picker of a number; cleared, the address holds none."""
    value = st.session_state[f"pick_{key}"]
    choose(**{key: None if value is None else f"{value:g}"})


def show_in_picker(key: str, value: str | float | None) -> str:
    """Before a picker is drawn: let it show the value; returns the picker's key."""
    st.session_state[f"pick_{key}"] = value
    return f"pick_{key}"


def choose_variant(wanted: Variant = DENSE) -> None:
    """Callback: set the compression controls, as presets and "back to the full model" do."""
    st.session_state["sparsity"] = round(100 * wanted.sparsity)
    st.session_state["bits"] = wanted.bits
    st.session_state["pruning"] = wanted.pruning if wanted.sparsity else st.session_state.get("pruning", "")
    for key in ("sparsity", "bits"):
        st.session_state.pop(f"unusable_{key}", None)
    st.rerun()


def remember(key: str, value: object) -> None:
    """Keep a value for the later parts of this run and for its fragments."""
    st.session_state[f"_{key}"] = value


def was_done(key: tuple) -> bool:
    """Whether this session has waited for this piece of work before."""
    return key in st.session_state.get("_done", ())


def note_done(key: tuple) -> None:
    """Remember a piece of work, of the last 500."""
    done = st.session_state.setdefault("_done", {})
    done[key] = True
    while len(done) > MOST_DONE:
        del done[next(iter(done))]


def recall(key: str) -> object:
    return st.session_state.get(f"_{key}")


def address(page: str, values: dict[str, object]) -> str:
    """The full address of a page with these values; from the address that the browser used."""
    base = (st.context.url or "").split("?")[0].rstrip("/")
    known = {"", *(recall("page_addresses") or ())}
    last = base.rsplit("/", 1)[-1]
    root = base.rsplit("/", 1)[0] if last in known and base.count("/") > 2 else base
    return f"{root}/{page}?{urlencode({k: v for k, v in values.items() if v not in (None, '')})}"


def page_link(name: str, label: str, **values: str) -> None:
    """A link to another page, where everything chosen stays but ``values``; nothing where there is no such page."""
    page = (recall("pages") or {}).get(name)
    if page is not None:
        held = {k: v for k, v in (st.query_params.to_dict() | values).items() if v} if values else None
        st.page_link(page, label=label, icon=":material/arrow_forward:", help="", query_params=held)


def parameters(selection: Selection, item_id: str | None = None) -> dict[str, object]:
    """Every value of the selection as the address writes it."""
    v = selection.variant
    return {
        "workspace": selection.workspace,
        "user": selection.user_id or st.session_state.get("user") or "",
        "item": item_id or selection.item_id or "",
        "sparsity": round(100 * v.sparsity),
        "bits": v.bits,
        "pruning": st.session_state.get("pruning") or v.pruning,
        "lang": selection.language,
    }


texts.language_from(language)
