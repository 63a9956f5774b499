"""What the person has chosen: the only place, beside the address bar, that touches session state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from dashboard.address import root_and_page
from dashboard.address_bar import AddressBar
from dashboard.cached import segments as cached_segments
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import CONTROLLED, SETTINGS
from dashboard.presentation import texts
from dashboard.problem import Problem
from dashboard.registry import address_bar, pages
from dashboard.workspaces import WorkspaceEntry, WorkspaceRef
from recsys_core.data.segments import Segment
from recsys_core.errors import RecLensError
from recsys_core.rerank import is_reranking
from recsys_core.variant import DENSE, PRUNINGS, ModelVariant

MAX_DONE = 500
PAGE, MODEL = "page", "model"  # keys of the fragments that follow the model's controls


@dataclass(frozen=True, slots=True)
class Selection:
    """What every page follows.

    ``user_index`` is None where the address names an unknown user; ``item_index`` is None for "the
    user's top recommendation" (``item_unknown`` tells the unknown item from it). ``segment`` is None for everyone.
    """

    ref: WorkspaceRef
    title: str
    user_index: int | None
    item_index: int | None
    variant: ModelVariant
    language: str
    item_unknown: bool = False
    problems: tuple[Problem, ...] = ()
    segment: Segment | None = None

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


def bar() -> AddressBar:
    """What the address says."""
    return address_bar()


def choose(**values: str | None) -> None:
    """Callback, its last step: `AddressBar.choose`."""
    bar().choose(**values)


def begin_page() -> None:
    """Drawn alone, a page looks at the address itself; in a whole run that was done before the controls."""
    if recall("whole"):
        bar().note_unusable()


def language() -> str:
    """The chosen language, else the browser's, else English."""
    chosen = bar().value("lang")
    if chosen in (*texts.LANGUAGES, texts.PSEUDO):
        return chosen
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def chosen_workspace(entries: list[WorkspaceEntry]) -> tuple[WorkspaceEntry | None, Problem | None]:
    """The entry that the address names, else the first; a problem where it names an unknown one."""
    name = bar().value("workspace")
    found = next((e for e in entries if e.name == name), None)
    if found or not name:
        return found or (entries[0] if entries else None), None
    return None, Problem("frame.workspace_unknown", (("workspace", name),))


def variant() -> ModelVariant:
    """The variant of the address; what is no value counts as not said, so this cannot fail."""
    misfits = recall("misfits") or {}
    said = bar().query(p.key for p in SETTINGS if p.key not in misfits)
    if not is_reranking(said.get("rerank", "")):
        said.pop("rerank", None)
    found, _ = ModelVariant.usable(said)
    return ModelVariant(recall("model") or "", found.compression, found.reranking)


def note_model(ref: WorkspaceRef) -> None:
    """Before the controls of the model are drawn: which model the address names; empty for the current one."""
    named, store = bar().value("model"), cached_workspace.workspace(ref).models
    remember("model", named if named in store.ids() and named != store.current else "")


def note_misfits(ref: WorkspaceRef) -> None:
    """The model is open: which settings of the address it does not take (a student wider than itself)."""
    remember("misfits", {})
    remember("misfits", cached_workspace.misfits(ref, variant()))


def pruning() -> str:
    """The kind of pruning, also where nothing is pruned."""
    return bar().known("pruning", PRUNINGS) or PRUNINGS[0]


def select(entry: WorkspaceEntry, ref: WorkspaceRef, page: str) -> Selection:
    """Everything chosen, after the controls were drawn."""
    data, problems = cached_workspace.dataset(ref), [*_unknown_page(), *bar().problems(page)]
    known = cached_workspace.workspace(ref).models.ids()
    model = bar().unknown("model", known)
    if model is not None:
        values = (("model", model), ("workspace", entry.title), ("known", ", ".join(known)))
        problems.append(Problem("core.model.unknown", values))
    misfits: dict[str, RecLensError] = recall("misfits") or {}
    problems += [Problem(f"core.{error.key}", tuple(error.values.items())) for error in misfits.values()]
    user, problem = _index(data.user_index, "user", entry)
    problems += [problem] if problem else []
    chosen, unusable = segment(ref)
    problems += [unusable] if unusable else []
    if user is None and problem is None:
        user = first_user(ref, chosen)
    item, problem = _index(data.item_index, "item", entry)
    problems += [problem] if problem else []
    return Selection(ref, entry.title, user, item, variant(), language(), problem is not None, tuple(problems), chosen)


def segment(ref: WorkspaceRef) -> tuple[Segment | None, Problem | None]:
    """The segment that the address names, None for everyone; a problem where it cannot be used."""
    name = bar().value("segment")
    if not name:
        return None, None
    try:
        return cached_segments.named(ref, name), None
    except RecLensError as error:
        return None, Problem(f"core.{error.key}", tuple(error.values.items()))


def first_user(ref: WorkspaceRef, chosen: Segment | None) -> int:
    """Who is looked at where nobody is named: the first user of the segment, else of all."""
    users = cached_segments.users(ref, chosen) if chosen else ()
    return int(users[0]) if len(users) else 0


def _index(find: Callable[[str, str], int], what: str, entry: WorkspaceEntry) -> tuple[int | None, Problem | None]:
    raw = bar().value(what)
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


def _unknown_page() -> list[Problem]:
    other = other_page()
    return [Problem("frame.page_unknown", (("page", other),))] if other not in ("", *pages()) else []


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


def choose_variant(wanted: ModelVariant | None = None) -> None:
    """Callback: set every setting, as presets and "back to the full model" do; the model stays."""
    said = (wanted or DENSE).to_query()
    values = {p.key: said.get(p.key, p.default if p.bound else "") for p in SETTINGS}
    if not (wanted or DENSE).compression.sparsity:
        values["pruning"] = bar().value("pruning")  # it says nothing of a model that is not pruned
    bar().write({key: int(float(value)) if key in ("sparsity", "bits") else value for key, value in values.items()})
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
    while len(done) > MAX_DONE:
        del done[next(iter(done))]


def recall(key: str) -> object:
    return st.session_state.get(f"_{key}")


def page_link(name: str, label: str) -> None:
    """A link to another page, where everything chosen stays; nothing where there is no such page."""
    page = (recall("pages") or {}).get(name)
    if page is not None:
        st.page_link(page, label=label, icon=":material/arrow_forward:", help="")


def open_page(name: str) -> None:
    """Go to another page, after a callback has written what it is to show; stays where there is no such page.

    ``st.switch_page`` would clear the address, which it cannot where controls are bound to it.
    """
    page, context = (recall("pages") or {}).get(name), get_script_run_ctx()
    if page is not None and context is not None and context.script_requests is not None:
        wanted = RerunData(query_string=context.query_string, page_script_hash=page._script_hash)
        context.script_requests.request_rerun(wanted)
        st.empty()  # where the run looks at what is requested, and ends


def close(key: str) -> None:
    """Callback: close the menu of that key."""
    st.session_state[key] = False


def draw_page() -> None:
    """From a part of the page that is drawn alone: draw the page again, and nothing else.

    Outside a callback ``st.rerun`` knows this part and everything only.
    """
    context = get_script_run_ctx()
    if context is not None and context.script_requests is not None:
        wanted = RerunData(
            query_string=context.query_string,
            page_script_hash=context.page_script_hash,
            fragment_id_queue=context.fragment_storage.resolve_target(PAGE),
            is_fragment_scoped_rerun=True,
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
        context.script_requests.request_rerun(wanted)
        st.empty()  # where the run looks at what is requested, and ends


def parameters(selection: Selection, item_id: str | None = None) -> dict[str, object]:
    """Every value of the selection as the address writes it, also those that it could leave out."""
    settings = {p.key: bar().value(p.key) or p.default for p in SETTINGS if p.key in CONTROLLED and p.default}
    return {
        "workspace": selection.workspace,
        "user": selection.user_id or bar().value("user"),
        "item": item_id or selection.item_id or "",
        "segment": selection.segment.name if selection.segment else "",
        **settings,
        **selection.variant.to_query(),
        "lang": selection.language,
    }
