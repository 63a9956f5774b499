"""What pages are put together from: cards, lines of caveats, tables, empty states, errors, progress."""

from dashboard.components.cards import card, caveats, grid, stat_card
from dashboard.components.copying import copyable
from dashboard.components.drawing import draw, table
from dashboard.components.fragments import fragment
from dashboard.components.long_jobs import job_list, long_job
from dashboard.components.marked_text import marked_text
from dashboard.components.notices import (
    empty,
    error_box,
    failed,
    finished,
    notice,
    unavailable,
    working,
)
from dashboard.components.plotly_drawing import draw_plotly, draw_to_mark
from dashboard.components.rows import rows
from dashboard.components.top import open_at_top, page_links

__all__ = [
    "card",
    "caveat",
    "caveats",
    "copyable",
    "draw",
    "draw_plotly",
    "draw_to_mark",
    "empty",
    "error_box",
    "failed",
    "finished",
    "fragment",
    "grid",
    "job_list",
    "long_job",
    "marked_text",
    "notice",
    "open_at_top",
    "page_links",
    "rows",
    "stat_card",
    "table",
    "unavailable",
    "working",
]
