"""LabCard: one question more about the pair that the Explain page explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.cached.explain import AVERAGE_CASE, Compared
from dashboard.parameters import Parameter, opened
from dashboard.workspaces import WorkspaceRef
from recsys_core.results import Explanation, RankedItem, Recommendation
from recsys_core.variant import ModelVariant


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What the page explains: who, what, by which model, and its reasons.

    ``page`` is the frame; ``top`` the user's ten best, ``item`` the one explained, ``explanation`` its Shapley values,
    in the units and against the background that the page was asked for (``compared``).
    """

    page: Any
    ref: WorkspaceRef
    user_index: int
    item_index: int
    variant: ModelVariant
    top: Recommendation
    item: RankedItem
    explanation: Explanation
    compared: Compared = AVERAGE_CASE

    @property
    def where(self) -> tuple[WorkspaceRef, int, int, ModelVariant]:
        """The arguments that every cached question about the pair begins with."""
        return self.ref, self.user_index, self.item_index, self.variant


@dataclass(frozen=True, slots=True)
class LabCard:
    """One card.

    Attributes
    ----------
    key
        Its parameter in the address (``contrast=true`` when open); ``lab.KEY`` is its title.
    draw
        Draws it, opened, and returns what a download should hold of it, JSON-ready; None for nothing.
    parameters
        What it reads from the address besides.
    """

    key: str
    draw: Callable[[Explained], dict | list | None]
    parameters: tuple[Parameter, ...] = ()

    @property
    def declared(self) -> tuple[Parameter, ...]:
        """All its parameters, for the page's declaration."""
        return (opened(self.key, f"lab.{self.key}"), *self.parameters)


def draw_cards(cards: tuple[LabCard, ...], explained: Explained) -> dict[str, dict | list]:
    """Draw the cards, closed ones as a line; what the open ones hold, by key."""
    found = {}
    for card in cards:
        details = explained.page.details(card.key)
        if details.open:
            with details:
                held = card.draw(explained)
            if held is not None:
                found[card.key] = held
    return found
