"""The library's own plots of what the Global page shows, drawn when their files are asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dashboard.cached import overall as cached_overall
from dashboard.presentation import shap_plots
from dashboard.sections.global_parts.part import Overall


def pictures(shown: Overall) -> dict[str, Callable[[], bytes]]:
    """Beeswarm of all reasons, and dependence of the picked one with its strongest interaction as colour."""
    return {
        "beeswarm": partial(shap_plots.beeswarm, shown.data, shown.found, shown.names),
        "dependence": partial(_dependence, shown),
    }


def _dependence(shown: Overall) -> bytes:
    strongest = next(iter(cached_overall.interactions(shown.explained, shown.reason)), None)
    colour = None if strongest is None else strongest.player
    return shap_plots.dependence(shown.data, shown.found, shown.reason, colour, shown.names)
