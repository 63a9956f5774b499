"""What explanations are compared with: the parameter of the address, read and checked."""

from __future__ import annotations

from dashboard import state
from dashboard.cached import explain as cached_explain
from dashboard.cached import segments as cached_segments
from dashboard.cached import workspace as cached_workspace
from dashboard.cached.explain import AVERAGE_CASE, Compared
from dashboard.parameters import Parameter
from dashboard.presentation.texts import plain
from dashboard.problem import Problem
from recsys_core.errors import RecLensError
from recsys_core.explain.backgrounds import AVERAGE, BackgroundChoice

COMPARED_PARAMETER = Parameter("compared", "lab.trust.compared")


def compared_of(page, where: tuple) -> Compared:
    """The background that the address asks for; the average case, with a notice, where it cannot be had."""
    raw = state.bar().value("compared")
    try:
        compared = cached_explain.compared(where[0], raw)
        if compared != AVERAGE_CASE:
            cached_explain.question(*where, compared)
    except RecLensError as error:
        page.notice(Problem(f"core.{error.key}", tuple(error.values.items())))
        return AVERAGE_CASE
    return compared


def background_names(explained) -> dict[str, str]:
    """What a page can be compared with, by key: the average case, segments, the other items of the list, the chosen."""
    names = cached_workspace.item_names(explained.ref, explained.page.selection.language)
    own = explained.item.item_id
    found = {AVERAGE.key: plain("explain.base")}
    for segment in cached_segments.usable(explained.ref):
        found[BackgroundChoice("segment", segment.name).key] = plain("background.option.segment", segment=segment.name)
    for item in explained.top.items:
        if item.item_id != own:
            found[BackgroundChoice("item", item.item_id).key] = plain(
                "background.option.item", item=names[item.item_id]
            )
    chosen = explained.compared.choice
    if chosen.key not in found:
        found[chosen.key] = plain(
            f"background.option.{chosen.kind}", item=names.get(chosen.name, ""), segment=chosen.name
        )
    return found
