"""What explanations are compared with: the parameter of the address, read and checked."""

from __future__ import annotations

from dashboard import state
from dashboard.cached import explain as cached_explain
from dashboard.cached.explain import AVERAGE_CASE, Compared
from dashboard.parameters import Parameter
from dashboard.problem import Problem
from recsys_core.errors import RecLensError

COMPARED_PARAMETER = Parameter("compared", "lab.trust.compared")


def compared_of(page, where: tuple) -> Compared:
    """The background that the address asks for; the average case, with a notice, where it cannot be had."""
    raw = state.bar().value("compared")
    try:
        compared = cached_explain.compared(where[0], raw)
        cached_explain.question(*where, compared)
    except RecLensError as error:
        page.notice(Problem(f"core.{error.key}", tuple(error.values.items())))
        return AVERAGE_CASE
    return compared
