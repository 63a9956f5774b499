"""What a report is asked of, and what its sections read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dashboard.cached import fairness as cached_fairness
from dashboard.cached import workspace as cached_workspace
from dashboard.workspaces import WorkspaceRef
from recsys_core.data.dataset import Dataset
from recsys_core.fairness import ScanResult, find_column
from recsys_core.fairness.columns import SEGMENT
from recsys_core.models.trained_model import TrainedModel
from recsys_core.models.user_sample import STORED, UserLimit
from recsys_core.results import Evaluation, FairnessReport
from recsys_core.variant import ModelVariant


@dataclass(frozen=True)
class ReportRequest:
    """Of which variant, by which columns, in which language, on how many users."""

    ref: WorkspaceRef
    variant: ModelVariant
    by: tuple[str, ...]
    language: str = "en"
    limit: UserLimit = STORED

    @cached_property
    def model(self) -> TrainedModel:
        return cached_workspace.model(self.ref, self.variant.model)

    @property
    def dataset(self) -> Dataset:
        return cached_workspace.dataset(self.ref)

    @property
    def evaluation(self) -> Evaluation:
        """Lists and scored pairs that every figure rests on."""
        return cached_fairness.evaluation(self.ref, self.variant, self.limit).outcome()

    @property
    def scan(self) -> ScanResult:
        """The audit of every column of users."""
        return cached_fairness.fairness_scan(self.ref, self.variant, self.limit).outcome()

    @property
    def groupings(self) -> tuple[tuple[str, ...], ...]:
        """Each column alone, then those of users crossed where there are several."""
        alone = tuple((column,) for column in self.by)
        of_users = tuple(column for column in self.by if not self.is_of_items(column))
        return (*alone, of_users) if len(of_users) > 1 else alone

    @property
    def of_users(self) -> tuple[tuple[str, ...], ...]:
        """The `groupings` of users."""
        return tuple(by for by in self.groupings if not self.is_of_items(by[0]))

    def is_of_items(self, column: str) -> bool:
        """Whether a column, by its full name, makes groups of items."""
        return find_column(self.dataset, column)[0] == "item" if not column.startswith(SEGMENT) else False

    def report(self, by: tuple[str, ...]) -> FairnessReport:
        """Figures of every group. Raises ``RecLensError`` where crossing makes too many."""
        if self.is_of_items(by[0]):
            return cached_fairness.item_report(self.ref, self.variant, by[0], self.limit)
        return cached_fairness.fairness_report(self.ref, self.variant, by, self.limit)
