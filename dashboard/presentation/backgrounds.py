"""What to call the background of an explanation."""

from __future__ import annotations

from dashboard.presentation.texts import plain
from dashboard.presentation.wording import shorten
from recsys_core.data.dataset import Dataset
from recsys_core.explain.backgrounds import BackgroundChoice


def background_name(data: Dataset, key: str) -> str:
    """The average case, a segment's, or another item by its title, as a line of a chart says it."""
    choice = BackgroundChoice.parse(key)
    if choice.kind == "segment":
        return plain("background.segment", segment=shorten(choice.name))
    if choice.kind == "item":
        return plain("background.item", item=shorten(data.titles[data.item_index(choice.name)]))
    return plain("explain.base")
