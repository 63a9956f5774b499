"""The frame around every page: its title as a question, the sentence that answers it, controls, then the page.

A page is a script whose function fills the frame's slots; on top of it stands what the page is::

    from dashboard import components, frame
    from dashboard.parameters import Parameter
    from dashboard.presentation.texts import numbers, plain, t

    @frame.page("explain", order=20, parameters=(Parameter("method", "explain.method.choice"),))
    def show(page: frame.Frame) -> None:            # page.selection: ref, user_index, item_index, variant, language
        page.title(t("explain.title", item=…))      # at once; t() escapes values, plain() does not (charts, tables)
        method = page.pick("method", {"lime": plain("…"), …}, buttons=True)
        with components.card(t("…")):               # then the page's own cards, in order
            components.draw(charts.…(result), key="…")
            components.caveats([plain("…"), …])
        page.sentence(t("explain.sentence", …))     # its slot is above the cards, whenever it is known
        page.download("explanation", table, everything)

The page is a fragment: a slider of the model draws it again, and nothing else (half the time of a whole run). What
stands in the address and is picked by name (``page.pick``, ``state.choose``) draws everything again.

Short work is a job of a queue (``jobs.shared_queue``), waited for by ``components.finished``; long work is a process of
its own (``jobs.processes``), listed by the frame. The compression controls stand in ``page.slots["controls"]`` on pages
with ``large_controls``, else in the sidebar.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import components, controls, state
from dashboard.address import address, is_local
from dashboard.cached import segments as cached_segments
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import exports, texts
from dashboard.presentation.sentences import segments as segment_sentences
from dashboard.presentation.texts import numbers, plain, t
from dashboard.presentation.texts.markdown import Markdown
from dashboard.problem import Problem
from dashboard.registry import Page, declared_by, page, pages
from dashboard.state import Selection
from dashboard.workspaces import WorkspaceEntry, WorkspaceRef, list_workspaces, workspace_ref, workspaces_folder
from recsys_core.errors import RecLensError

__all__ = ["Frame", "page", "run"]

TITLE_WIDTH = 580  # px; where title and actions do not fit side by side, the actions go below
MAX_OFFERED = 8


@dataclass(eq=False)
class Frame:
    """Slots of the frame in one run, and what the page asks it to show."""

    page: Page
    slots: dict[str, Any]
    selection: Selection
    shown_item: str | None = None
    shown: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The page's name in an address; the first page needs none."""
        return "" if self.page.name == next(iter(pages())) else self.page.name

    def title(self, text: Markdown) -> None:
        """The page's question."""
        self.slots["title"].markdown(f"# {text}", anchors=False)

    def sentence(self, text: Markdown) -> None:
        """The answer, with its figure and size; said again, it takes the place of what stood there."""
        self.slots["sentence"].markdown(f"##### {text}", anchors=False)

    def shows_item(self, item_id: str) -> None:
        """The page shows this item although none was chosen: the link names it."""
        self.shown_item = item_id

    def pick(
        self,
        key: str,
        names: Mapping[str, str],
        *,
        default: str | None = None,
        aliases: Mapping[str, str] | None = None,
        buttons: bool = False,
        **how: Any,
    ) -> str:
        """The picker of a parameter of the page: a list, or ``buttons``; what is picked stands in the address.

        Nothing said is the ``default``, else the first of ``names``; what is no name is named in a notice.
        ``aliases`` are other spellings, by what they stand for.
        """
        bar, spelled = state.bar(), {name: name for name in names} | dict(aliases or {})
        chosen = spelled.get(bar.value(key), next(iter(names)) if default is None else default)
        unknown = bar.unknown(key, spelled)
        if unknown is not None:
            self.notice(bar.problem(key, unknown, names[chosen]))
        self.shown[key] = chosen
        how |= {"key": bar.picker(key, chosen), "on_change": bar.choose_picked, "args": (key,)}
        label = t(bar.parameters[key].name)
        if buttons:
            how = {"label_visibility": "collapsed"} | how
            return st.segmented_control(label, list(names), format_func=names.get, required=True, **how)
        return st.selectbox(label, list(names), format_func=names.get, **how)

    def number(self, key: str, top: float) -> float | None:
        """The field of a number from 0 to ``top``; a notice where the address holds something else."""
        bar = state.bar()
        value = bar.number(key, top)
        if bar.value(key) and value is None:
            self.notice(bar.problem(key, bar.value(key), numbers.UNKNOWN))
        st.number_input(
            t(bar.parameters[key].name),
            min_value=0.0,
            max_value=top if math.isfinite(top) else None,
            step=1.0,
            format="%0.4g",
            placeholder=numbers.UNKNOWN,
            key=bar.picker(key, value),
            on_change=bar.choose_picked,
            args=(key,),
        )
        return value

    def switch(self, key: str, *, help: str = "") -> bool:
        """The switch of a parameter of the page; whether it is on."""
        bar = state.bar()
        is_on = bar.value(key) == "true"

        def flip() -> None:
            state.choose(**{key: "" if is_on else "true"})

        st.toggle(t(bar.parameters[key].name), key=bar.picker(key, is_on), on_change=flip, help=help or None)
        return is_on

    def details(self, key: str):
        """A part of the page that is worked out when it is opened; open in the address as here."""
        label = t(state.bar().parameters[key].name)
        found = st.expander(label, key=key, on_change="rerun", bind="query-params")
        self.shown[key] = "true" if found.open else ""
        return found

    def notice(self, problem: Problem) -> None:
        """Say above the page what cannot be used."""
        with self.slots["notices"]:
            components.notice(problem.text)

    def download(
        self,
        name: str,
        table: pd.DataFrame,
        everything: dict | list,
        pictures: Mapping[str, Callable[[], bytes]] | None = None,
    ) -> None:
        """Offer what is on the screen as a table and as JSON, made when the menu is opened, and PNG ``pictures``.

        A picture is drawn when its file is asked for, in a thread of its own that speaks the page's language.
        """
        where = self.slots["download"]
        menu = where.popover(t("action.download"), icon=":material/download:", key="download", on_change="rerun")
        if not menu.open:
            return
        with menu:
            origin = self._origin()
            for kind, content, media in (
                ("csv", exports.as_csv(table, origin), "text/csv"),
                ("json", exports.as_json(everything, origin), "application/json"),
            ):
                said, key = t(f"action.download.{kind}"), f"download_{kind}"
                st.download_button(said, content, f"{name}.{kind}", media, key=key, on_click="ignore")
            for kind, draw in (pictures or {}).items():
                said, file = t(f"action.download.{kind}"), f"{name}-{kind}.png"
                picture = _in_language(state.language(), draw)
                st.download_button(said, picture, file, "image/png", key=f"download_{kind}", on_click="ignore")

    def say_segment(self) -> None:
        """Under the sentence: which segment is chosen, its size, and what it does on this page."""
        ref, chosen = self.selection.ref, self.selection.segment
        if chosen is not None:
            n, data = len(cached_segments.users(ref, chosen)), cached_workspace.dataset(ref)
            with self.slots["segment"]:
                components.caveats([segment_sentences.on_page(self.page.name, chosen, n, data)])

    def _origin(self) -> dict[str, object]:
        chosen = self.selection
        return exports.about(
            workspace=chosen.workspace,
            model=cached_workspace.model(chosen.ref, chosen.variant.model).fingerprint,
            variant=chosen.variant.key,
            seed=cached_workspace.workspace(chosen.ref).split.seed,
        )

    def link(self) -> None:
        """The address of exactly this view, to be copied."""
        menu = self.slots["link"].popover(t("action.link"), icon=":material/link:", key="link", on_change="rerun")
        if not menu.open:
            return
        own = {p.key: state.bar().value(p.key) for p in self.page.parameters}
        values = state.parameters(self.selection, self.shown_item) | own | self.shown
        with menu:
            st.markdown(t("action.link.what"))
            components.copyable(address(self.url, values), label=plain("action.link"), key="link_text")
            if is_local():
                st.markdown(f":small[{t('action.link.local')}]")


def _in_language(language: str, work: Callable[[], bytes]) -> Callable[[], bytes]:
    """Work that a thread does where nobody has chosen a language yet."""

    def spoken() -> bytes:
        texts.use_language(language)
        return work()

    return spoken


def run(chosen_page) -> None:
    """Draw the frame and the page in it. ``chosen_page`` is what ``st.navigation`` returned."""
    state.begin_run()
    components.open_at_top(chosen_page.url_path)
    components.page_links(state.recall("pages").values())
    entries = list_workspaces()
    chosen, problem = state.chosen_workspace(entries)
    with st.sidebar:
        controls.language_switch()
        if entries:
            controls.workspace_picker(entries, chosen)
    if not chosen:
        _choose_workspace(problem, entries) if entries else _no_workspaces()
        return
    try:
        ref = workspace_ref(chosen.folder)
        with components.working(t("working.workspace"), once=("workspace", ref)):
            state.note_model(ref)
    except RecLensError as error:
        components.error_box(t("frame.workspace_broken"), error, t("frame.workspace_broken.how"))
        return
    if not _model_opens(ref):
        return
    with st.sidebar:
        controls.user_and_item(ref)
        controls.model_picker(ref)
        own = st.container()
        components.job_list()
    page = declared_by(chosen_page.run)
    with own:
        if not page.large_controls:
            controls.model_controls(ref)
            controls.model_badge()
        badge = st.container()
    _page(page, chosen, ref)
    _below(page, state.select(chosen, ref, page.name))
    with badge:
        if page.large_controls:  # only now the controls have read the address
            controls.model_badge()
        controls.further_settings()
    state.end_run()


def _model_opens(ref: WorkspaceRef) -> bool:
    """Whether the chosen model can be opened; where not, says why and offers the workspace's others."""
    try:
        cached_workspace.model(ref, state.variant().model)
        state.note_misfits(ref)
        return True
    except RecLensError as error:
        broken = "frame.model_broken" if state.variant().model else "frame.workspace_broken"
        with st.sidebar:
            controls.model_picker(ref)
        components.error_box(t(broken), error, t(f"{broken}.how"))
        return False


def _below(page: Page, selection: Selection) -> None:
    """What stands under the page, where it has such a thing."""
    try:
        if page.below:
            page.below(selection)
    except RecLensError as error:
        components.error_box(t("frame.failed"), error)


@components.fragment(key=state.PAGE)
def _page(page: Page, entry: WorkspaceEntry, ref: WorkspaceRef) -> None:
    state.begin_page()
    slots = _slots()
    if page.large_controls:
        with slots["controls"]:
            controls.model_controls(ref, large=True)
    frame = Frame(page, slots, state.select(entry, ref, page.name))
    for problem in frame.selection.problems:
        frame.notice(problem)
    frame.say_segment()
    try:
        page.show(frame)
    except RecLensError as error:
        components.error_box(t("frame.failed"), error)
    finally:
        frame.link()
        state.bar().keep_unusable()


def _slots() -> dict[str, Any]:
    """Reserve every slot in reading order; they are filled as soon as their content is known."""
    slots = {"notices": st.container()}
    row = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    slots["title"] = row.container(width=TITLE_WIDTH)
    actions = row.container(horizontal=True, width="content", gap="xsmall")
    slots["link"], slots["download"] = (actions.container(width="content") for _ in range(2))
    slots["sentence"], slots["segment"], slots["controls"] = st.empty(), st.container(), st.container()
    return slots


def _choose_workspace(problem: Problem, entries: list[WorkspaceEntry]) -> None:
    """The address names a workspace that is not there: say so, and offer those that are."""
    st.warning(problem.text)
    with st.container(horizontal=True):
        for entry in entries[:MAX_OFFERED]:
            st.button(
                t("frame.workspace_open", workspace=entry.title),
                key=f"open_{entry.name}",
                on_click=lambda name=entry.name: state.choose(workspace=name),
            )


def _no_workspaces() -> None:
    out = workspaces_folder()
    code = (
        f"python -m recsys_core import --format tables sample_data/shop --out {out / 'shop-data'}\n"
        f"python -m recsys_core train --data {out / 'shop-data'} --out {out / 'shop'}"
    )
    what = t("frame.no_workspaces.what", folder=str(out))
    components.empty(t("frame.no_workspaces"), f"{what}\n\n{t('frame.no_workspaces.how')}", code=code)
