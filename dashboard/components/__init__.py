"""What pages are put together from: cards, doubt strips, tables, empty states, errors, progress."""

from dashboard.components.cards import card, doubt, figure_card, grid
from dashboard.components.drawing import draw, table
from dashboard.components.notices import empty, error_box, failed, notice, still_working, unavailable, working

__all__ = [
    "card",
    "doubt",
    "draw",
    "empty",
    "error_box",
    "failed",
    "figure_card",
    "grid",
    "notice",
    "still_working",
    "table",
    "unavailable",
    "working",
]
