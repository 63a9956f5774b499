"""The switch between logits and percentage points: one parameter of the address, the same on every page.

A page declares ``UNITS_PARAMETER`` among its parameters, asks ``units_of(page)`` wherever it explains something, and
draws the switch with ``pick_units(page)`` where a person expects it.
"""

from __future__ import annotations

from dashboard import state
from dashboard.cached import workspace as cached_workspace
from dashboard.parameters import Parameter
from dashboard.presentation.texts import plain
from dashboard.problem import Problem
from recsys_core.errors import SettingError
from recsys_core.explain.probability_games import check_units
from recsys_core.results.units import LOGIT, UNITS, Units

UNITS_PARAMETER = Parameter("units", "units.choice")


def units_of(page) -> Units:
    """The units that the address asks for; logits where it says nothing or the model knows no probability."""
    asked = state.bar().value("units")
    return next((units for units in UNITS if units == asked and _has(page, units)), LOGIT)


def pick_units(page) -> Units:
    """The switch, and what it says. A model of ratings has no probability: there is no switch then."""
    if not _has(page, UNITS[-1]):
        if state.bar().value("units") == UNITS[-1]:
            page.notice(Problem("units.no_probability", ()))
        return LOGIT
    names = {units: plain(f"units.{units}") for units in UNITS}
    chosen = page.pick("units", names, buttons=True)
    return next(units for units in UNITS if units == chosen)


def _has(page, units: Units) -> bool:
    try:
        check_units(units, cached_workspace.workspace(page.selection.ref).split.task)
    except SettingError:
        return False
    return True
