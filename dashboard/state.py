"""The only place that touches session state and query parameters: what the person has chosen.

The address holds raw ids (``user=17``), a picker shows names. Streamlit binds a widget to the
address by the text that it shows, so the raw values live in small text fields that nobody sees
(``CARRIED``) and are bound; the pickers write to them (``choose``), all at once, as one entry of the
browser's history. What the address says and nobody knows (an unknown user, 7 bits) stays there until
another is picked. The controls in ``BOUND`` show what the address holds and are bound themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from urllib.parse import unquote, urlencode

import streamlit as st
from streamlit.runtime.state import get_session_state

from dashboard.address import root_and_page
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import texts
from dashboard.problem import Problem
from dashboard.workspaces import WorkspaceEntry, WorkspaceRef
from recsys_core.errors import RecLensError
from recsys_core.variant import BITS, DENSE, PRUNINGS, Compression, ModelVariant

CARRIED = (
    "workspace", "user", "item", "model", "pruning", "lang", "filter", "groups", "by", "cross", "measure", "models",
    "watch", "kb", "lists_kept", "both", "within", "bytes_of", "method", "history", "order", "reason", "items_by",
)  # fmt: skip
SPARSITIES = tuple(range(0, 100, 10))
PAIRS = (100, 200, 500, 1000)  # of the Global page
BOUND = {  # controls that are bound themselves: which values of the address they take
    "sparsity": lambda raw: raw.isdecimal() and int(raw) <= SPARSITIES[-1],
    "bits": lambda raw: raw in map(str, BITS),
    "pairs": lambda raw: raw in map(str, PAIRS),
}
DEFAULTS = {"sparsity": "0", "bits": str(BITS[0]), "pairs": "500"}  # what the address leaves out
MODELS = ("dense", "compressed", "both")
KNOWN = {"pruning": PRUNINGS, "lang": (*texts.LANGUAGES, texts.PSEUDO), "models": MODELS}
ONLY_ON = {"models": "fairness", "pairs": "global"}  # settings that one page alone has
MOST_DONE = 500
PAGE, MODEL = "page", "model"  # keys of the fragments that follow the model's controls
_HIDDEN = "address"  # key of the container that holds the carriers


@dataclass(frozen=True, slots=True)
class Selection:
    """What every page follows.

    ``user_index`` is None where the address names an unknown user; ``item_index`` is None for "the
    user's top recommendation" (``item_unknown`` tells the unknown item from it).
    """

    ref: WorkspaceRef
    title: str
    user_index: int | None
    item_index: int | None
    variant: ModelVariant
    language: str
    item_unknown: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def workspace(self) -> str:
        return self.ref.name

    @property
    def user_id(self) -> str | None:
        users = cached_workspace.dataset(self.ref).users
        return None if self.user_index is None else users["user_id"].iloc[self.user_index]

    @property
    def item_id(self) -> str | None:
        items = cached_workspace.dataset(self.ref).items
        return None if self.item_index is None else items["item_id"].iloc[self.item_index]

    @property
    def user_name(self) -> str:
        return cached_workspace.people(self.ref, self.language)[self.user_id] if self.user_id is not None else ""


def read_address() -> None:
    """Draw the carriers; call first in every run. Keeps values from the bound controls that they do not take."""
    note_unusable()
    if recall("unusable"):  # a control that read them would take the nearest value, or clear the address
        usable = {k: v for k, v in st.query_params.to_dict().items() if k not in recall("unusable")}
        with get_session_state().query_params() as held:
            held.set_initial_query_params(urlencode(usable))
    with st.container(key=_HIDDEN):
        where = f'.st-key-{_HIDDEN}, [data-testid="stLayoutWrapper"]:has(> .st-key-{_HIDDEN})'
        st.html(f"<style>{where} {{ display: none; }}</style>")
        for at, key in enumerate(CARRIED):
            st.text_input(f"#{at}", key=key, bind="query-params")


def note_unusable() -> None:
    """Before the controls are drawn: remember which values of the address the bound ones cannot take."""
    raw = {key: st.query_params.get(key) for key in BOUND}
    remember("unusable", {k: v for k, v in raw.items() if v is not None and not BOUND[k](v)})


def begin_page() -> None:
    """Drawn alone, a page looks at the address itself; in a whole run that was done before the controls."""
    if recall("whole"):
        note_unusable()


def end_page() -> None:
    """The controls are drawn: what they cannot take stays in the address, so that a reload says so again."""
    with get_session_state().query_params() as held:
        for key, raw in recall("unusable").items():
            if not held.has_param(key):
                held.set_with_no_forward_msg(key, raw)


def language() -> str:
    """The chosen language, else the browser's, else English."""
    chosen = st.session_state.get("lang") or ""
    if chosen in (*texts.LANGUAGES, texts.PSEUDO):
        return chosen
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def chosen_workspace(entries: list[WorkspaceEntry]) -> tuple[WorkspaceEntry | None, Problem | None]:
    """The entry that the address names, else the first; a problem where it names an unknown one."""
    name = st.session_state.get("workspace") or ""
    found = next((e for e in entries if e.name == name), None)
    if found or not name:
        return found or (entries[0] if entries else None), None
    return None, Problem("frame.workspace_unknown", (("workspace", name),))


def variant() -> ModelVariant:
    """The compression settings of the controls; the address is checked, so this cannot fail."""
    sparsity = st.session_state.get("sparsity") or 0
    compression = Compression(sparsity / 100, st.session_state.get("bits") or BITS[0], pruning())
    return ModelVariant(recall("model") or "", compression)


def note_model(ref: WorkspaceRef) -> None:
    """Before the controls of the model are drawn: which model the address names; empty for the current one."""
    models, named = cached_workspace.workspace(ref).models, address_value("model")
    remember("model", named if named in models.ids() and named != models.current else "")


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


def unknown_id(key: str, known: dict[str, str]) -> str | None:
    """What the address holds although there is no such thing; None where all is well."""
    raw = st.session_state.get(key) or ""
    return raw if raw and raw not in known else None


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


def select(entry: WorkspaceEntry, ref: WorkspaceRef, page: str) -> Selection:
    """Everything chosen, after the controls were drawn."""
    data, problems = cached_workspace.dataset(ref), _setting_problems(page)
    model, known = address_value("model"), cached_workspace.workspace(ref).models.ids()
    if model and model not in known:
        values = (("model", model), ("workspace", entry.title), ("known", ", ".join(known)))
        problems.append(Problem("core.model.unknown", values))
    user, problem = _index(data.user_index, "user", entry)
    problems += [problem] if problem else []
    if user is None and problem is None:
        user = 0
    item, problem = _index(data.item_index, "item", entry)
    problems += [problem] if problem else []
    return Selection(ref, entry.title, user, item, variant(), language(), problem is not None, tuple(problems))


def _index(find, what: str, entry: WorkspaceEntry) -> tuple[int | None, Problem | None]:
    raw = st.session_state.get(what) or ""
    if not raw:
        return None, None
    try:
        return find(raw, entry.title), None
    except RecLensError as error:
        return None, Problem(f"core.{error.key}", tuple(error.values.items()))


def other_page() -> str:
    """A name in the address that is no page's, else empty; the first page is shown under it."""
    name = unquote(root_and_page()[1])
    return "" if name in [page.url_path for page in recall("pages").values()] else name


def _setting_problems(page: str) -> list[Problem]:
    """What the address says of the page's settings that have no such level, and what is shown instead."""
    held, other = st.session_state, other_page()
    found = [Problem("frame.page_unknown", (("page", other),))] if other not in ("", *recall("pages")) else []
    raw = {key: held.get(key) for key in ("pruning", "lang", "models")} | dict(recall("unusable"))
    shown = {  # name of the control, what is shown instead of an unknown value
        "sparsity": ("control.sparsity", f"{held.get('sparsity') or 0} %"),
        "bits": ("control.bits", held.get("bits") or BITS[0]),
        "pruning": ("control.pruning", texts.plain(f"pruning.{PRUNINGS[0]}")),
        "lang": ("control.language", texts.NAMES.get(language(), language())),
        "pairs": ("global.pairs", held.get("pairs") or DEFAULTS["pairs"]),
        "models": ("fairness.models", texts.plain(f"fairness.models.{'dense' if variant().is_dense else 'both'}")),
    }
    for key, value in raw.items():
        known = key in KNOWN and value in KNOWN[key]
        if value and not known and ONLY_ON.get(key, page) == page:
            name, instead = shown[key]
            values = (("name", texts.plain(name)), ("value", value), ("shown", instead))
            found.append(Problem("frame.setting_unknown", values))
    return found


def begin_run() -> None:
    """A whole run begins: until it ends, its fragments are those of the last one."""
    remember("whole", False)


def end_run() -> None:
    """Everything is drawn, so a slider may draw the page alone again."""
    remember("whole", True)


def settled() -> None:
    """Callback of a bound control of the model: draws again what depends on the model, and nothing else.

    Everything where a whole run was broken off.
    """
    if recall("whole"):
        st.rerun([PAGE, MODEL])


def choose(**values: str | None) -> None:
    """Callback, its last step: choose by raw id or value (``user="17"``, ``item=None`` for the top recommendation).

    Draws everything again, from a fragment too, as the carriers must tell the address.
    """
    follows = {"workspace": ("user", "item"), "user": ("item",)}  # another user: the own top recommendation
    left = {later: "" for key in values for later in follows.get(key, ())}
    _set(left | {key: value or "" for key, value in values.items()})
    st.rerun()


def _set(values: dict[str, object]) -> None:
    """Give the controls their values and write them to the address together.

    Each control alone would write an entry of its own to the browser's history.
    """
    for key, value in values.items():
        st.session_state[key] = value
    with get_session_state().query_params() as held:
        for key, value in values.items():
            if str(value) == DEFAULTS.get(key, ""):
                held.discard_param_no_forward_msg(key)
            else:
                held.set_with_no_forward_msg(key, str(value))
    st.query_params.update()  # sends them all


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


def choose_variant(wanted: ModelVariant = DENSE) -> None:
    """Callback: set the compression controls, as presets and "back to the full model" do."""
    kind = wanted.compression.pruning if wanted.compression.sparsity else st.session_state.get("pruning") or ""
    _set({"sparsity": round(100 * wanted.compression.sparsity), "bits": wanted.compression.bits, "pruning": kind})
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


def page_link(name: str, label: str) -> None:
    """A link to another page, where everything chosen stays; nothing where there is no such page."""
    page = (recall("pages") or {}).get(name)
    if page is not None:
        st.page_link(page, label=label, icon=":material/arrow_forward:", help="")


def parameters(selection: Selection, item_id: str | None = None) -> dict[str, object]:
    """Every value of the selection as the address writes it."""
    v = selection.variant.compression
    return {
        "workspace": selection.workspace,
        "user": selection.user_id or st.session_state.get("user") or "",
        "item": item_id or selection.item_id or "",
        "model": selection.variant.model,
        "sparsity": round(100 * v.sparsity),
        "bits": v.bits,
        "pruning": st.session_state.get("pruning") or v.pruning,
        "lang": selection.language,
    }
