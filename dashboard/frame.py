"""The frame around every page: its title as a question, the sentence that answers it, controls, then the page.

A page is a script that hands over the function that fills the frame's slots::

    from dashboard import cached, components, frame
    from dashboard.presentation.texts import plain, t

    def show(page: frame.Frame) -> None:            # page.selection: place, user_index, item_index, variant, language
        page.title(t("explain.title", item=…))      # at once; t() escapes values, plain() does not (charts, tables)
        with components.card(t("…")):               # then the page's own cards, in order
            components.draw(charts.…(result), key="…")
            components.caveats([plain("…"), …])
        page.sentence(t("explain.sentence", …))     # its slot is above the cards, whenever it is known
        page.download("explanation", table, everything)

    frame.page(show)

The page is a fragment: a slider of the model draws it again, and nothing else (half the time of a whole run). What
stands in the address and is picked by name (``state.choose``) draws everything again.

Short work is a job of a queue in ``cached``, waited for by ``components.finished``; long work is a process of its own
(``jobs.processes``), listed by the frame. A page's own control that belongs into the address is bound
(``bind="query-params"``, raw values) and told to the link: ``page.link_also(by="gender")``. The compression controls
stand in ``page.slots["controls"]`` on the pages in ``LARGE_CONTROLS``, else in the sidebar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from dashboard import components, controls, state
from dashboard.address import address, is_local
from dashboard.cached import workspace as cached_workspace
from dashboard.presentation import exports
from dashboard.presentation.texts import plain, t
from dashboard.presentation.texts.markdown import Markdown
from dashboard.state import Selection
from dashboard.workspaces import WorkspaceEntry, WorkspaceRef, list_workspaces, workspace_ref, workspaces_folder
from recsys_core.errors import RecLensError

TITLE_WIDTH = 580  # px; where title and actions do not fit side by side, the actions go below
MOST_OFFERED = 8
LARGE_CONTROLS = ("compress",)  # pages that are about the compression settings


@dataclass(eq=False)
class Frame:
    """Slots of the frame in one run, and what the page asks it to show."""

    name: str
    slots: dict[str, object]
    selection: Selection | None = None
    shown_item: str | None = None
    more: dict[str, object] = field(default_factory=dict)

    def title(self, text: Markdown) -> None:
        """The page's question."""
        self.slots["title"].markdown(f"# {text}", anchors=False)

    def sentence(self, text: Markdown) -> None:
        """The answer, with its figure and size; said again, it takes the place of what stood there."""
        self.slots["sentence"].markdown(f"##### {text}", anchors=False)

    def shows_item(self, item_id: str) -> None:
        """The page shows this item although none was chosen: the link names it."""
        self.shown_item = item_id

    def link_also(self, **values: object) -> None:
        """Parameters of the page's own that the link must carry."""
        self.more |= values

    def choice(self, key: str, names: dict[str, str], label: Markdown) -> str:
        """A list whose choice stands in the address; the first name is the default, an unknown one is named."""
        chosen, unknown = state.chosen_id(key, names) or next(iter(names)), state.unknown_id(key, names)
        if unknown is not None:
            with self.slots["notices"]:
                components.notice(t("frame.choice_unknown", name=label, value=unknown, shown=names[chosen]))
        self.link_also(**{key: chosen})
        picker = state.show_in_picker(key, chosen)
        return st.selectbox(
            label, list(names), format_func=names.get, key=picker, on_change=state.choose_picked, args=(key,)
        )

    def download(self, name: str, table: pd.DataFrame, everything: dict | list) -> None:
        """Offer what is on the screen as a table and as JSON; both are made when the menu is opened."""
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
        values = state.parameters(self.selection, self.shown_item) | self.more
        with menu:
            st.markdown(t("action.link.what"))
            components.copyable(address(self.name, values), label=plain("action.link"), key="link_text")
            if is_local():
                st.markdown(f":small[{t('action.link.local')}]")


def page(show: Callable[[Frame], None], *, below: Callable[[Selection], None] | None = None) -> None:
    """What a page's script ends with: ``show`` draws the page, now and whenever a slider was moved.

    ``below`` draws what stands under it and follows no slider: in whole runs only.
    """
    state.remember("show", show)
    state.remember("below", below)


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
            cached_workspace.model(ref, state.variant().model)
    except RecLensError as error:
        components.error_box(t("frame.workspace_broken"), error, t("frame.workspace_broken.how"))
        return
    name = "" if state.other_page() else chosen_page.url_path
    with st.sidebar:
        controls.user_and_item(ref)
        if name not in LARGE_CONTROLS:
            controls.model_controls()
            controls.model_badge()
        badge = st.container()
        components.job_list()
    chosen_page.run()
    _page(name, chosen, ref, state.recall("show"))
    _below(state.recall("below"), state.select(chosen, ref, name))
    if name in LARGE_CONTROLS:
        with badge:  # only now the controls have read the address
            controls.model_badge()
    state.end_run()


def _below(draw: Callable[[Selection], None] | None, selection: Selection) -> None:
    """What stands under the page, where it has such a thing."""
    try:
        if draw:
            draw(selection)
    except RecLensError as error:
        components.error_box(t("frame.failed"), error)


@components.fragment(key=state.PAGE)
def _page(name: str, entry: WorkspaceEntry, ref: WorkspaceRef, show: Callable[[Frame], None]) -> None:
    state.begin_page()
    frame = Frame(name, _slots())
    if name in LARGE_CONTROLS:
        with frame.slots["controls"]:
            controls.model_controls(large=True)
    frame.selection = state.select(entry, ref, name)
    for problem in frame.selection.problems:
        with frame.slots["notices"]:
            components.notice(problem.text)
    try:
        show(frame)
    except RecLensError as error:
        components.error_box(t("frame.failed"), error)
    finally:
        frame.link()
        state.end_page()


def _slots() -> dict[str, object]:
    """Reserve every slot in reading order; they are filled as soon as their content is known."""
    slots = {"notices": st.container()}
    row = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    slots["title"] = row.container(width=TITLE_WIDTH)
    actions = row.container(horizontal=True, width="content", gap="xsmall")
    slots["link"], slots["download"] = (actions.container(width="content") for _ in range(2))
    slots["sentence"], slots["controls"] = st.empty(), st.container()
    return slots


def _choose_workspace(problem: state.Problem, entries: list[WorkspaceEntry]) -> None:
    """The address names a workspace that is not there: say so, and offer those that are."""
    st.warning(problem.text)
    with st.container(horizontal=True):
        for entry in entries[:MOST_OFFERED]:
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
