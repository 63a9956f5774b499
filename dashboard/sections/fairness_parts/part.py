"""FairnessPart: one question more about who is served worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.parameters import Parameter, opened
from dashboard.sections.lab.card import LabCard
from dashboard.workspaces import WorkspaceRef
from recsys_core.fairness import ScanResult
from recsys_core.models.user_sample import UserLimit
from recsys_core.results import FairnessReport
from recsys_core.variant import ModelVariant


@dataclass(frozen=True, slots=True, eq=False)
class Audited:
    """What the page shows.

    Attributes
    ----------
    page
        The frame.
    variant, report, scan
        The first of the models that are looked at, its figures by ``by``, and its audit of all columns.
    by
        The column, or those that are crossed.
    metric
        The measure, as reports name it.
    limit
        On how many users.
    least
        Of how many users (items) a group must be to be shown with figures.
    reports
        Those of all models that are looked at, by ``dense`` and ``compressed``; ``report`` is the first.
    """

    page: Any
    ref: WorkspaceRef
    variant: ModelVariant
    by: tuple[str, ...]
    metric: str
    report: FairnessReport
    scan: ScanResult
    limit: UserLimit
    least: int
    reports: dict[str, FairnessReport]


class FairnessPart(LabCard):
    """One part, as a card of Explain; ``draw`` takes an `Audited`, ``fairness.part.KEY`` is its title."""

    __slots__ = ()

    @property
    def declared(self) -> tuple[Parameter, ...]:
        return (opened(self.key, f"fairness.part.{self.key}"), *self.parameters)
