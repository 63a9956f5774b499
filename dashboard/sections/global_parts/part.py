"""GlobalPart: one question more about what drives the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.parameters import Parameter, opened
from dashboard.sections.lab.card import LabCard
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.dataset import Dataset
from recsys_core.data.segments import Segment
from recsys_core.explain.global_explanation import GlobalExplanation
from recsys_core.player import Player
from recsys_core.results.units import Units
from recsys_core.variant import ModelVariant


@dataclass(frozen=True, slots=True, eq=False)
class Overall:
    """What the page shows.

    Attributes
    ----------
    page
        The frame.
    segment
        Whose pairs were explained; None for everyone's.
    asked
        How many pairs were asked for; ``found`` holds fewer where there are no more.
    found
        Contributions of the pairs, in logits.
    names
        What to call each reason.
    reason
        The picked one.
    """

    page: Any
    ref: WorkspaceRef
    variant: ModelVariant
    segment: Segment | None
    asked: int
    data: Dataset
    found: GlobalExplanation
    names: dict[Player, str]
    reason: Player

    @property
    def explained(self) -> tuple[WorkspaceRef, ModelVariant, int, Segment | None, Units]:
        """What the contributions are kept under: `dashboard.cached.explain.overall`; of as many pairs as are shown."""
        return self.ref, self.variant, self.asked, self.segment, self.found.units


class GlobalPart(LabCard):
    """One part, as a card of Explain; ``draw`` takes an `Overall`, ``global.part.KEY`` is its title."""

    __slots__ = ()

    @property
    def declared(self) -> tuple[Parameter, ...]:
        return (opened(self.key, f"global.part.{self.key}"), *self.parameters)
